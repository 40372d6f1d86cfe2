//! From a file and the environment to a [`Config`] that is complete and in range.

use std::{fs, path::Path};

use yaml_serde::Value;

use super::{
    Config,
    environment::Variable,
    fault::{ConfigError, ConfigFault, ConfigFaultReason, Origin},
    read::{parse, read},
};

impl Config {
    /// Reads `file`, merges the variables of `environment` that begin with `TESTRIBUTE__` over it, and checks all
    /// values. Keys that are set nowhere have their defaults.
    ///
    /// The value of a variable is YAML, or bare text for a key that is a string, or a list with commas. Of two
    /// variables for one key the one that names it more precisely wins.
    ///
    /// # Errors
    /// [`ConfigError::Unreadable`] if the file cannot be read; [`ConfigError::Key`] for the first fault in it or in a
    /// variable.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut layers = Layers::default();
        let (origin, text) = match file {
            None => (Origin::Default, Vec::new()),
            Some(path) => match fs::read(path) {
                Ok(text) => (Origin::File(path.to_owned()), text),
                Err(source) => {
                    let file = path.to_owned();
                    return Err(ConfigError::Unreadable { file, source });
                }
            },
        };
        layers.add(origin, [parse(&text)])?;
        let mut variables: Vec<_> = environment
            .into_iter()
            .filter_map(|(name, text)| Variable::parse(name, text))
            .collect();
        variables.sort_by_cached_key(Variable::precedence);
        for variable in variables {
            let readings = variable.readings();
            layers.add(Origin::Variable(variable.name), readings)?;
        }

        complete(&layers.merged).map_err(|fault| ConfigError::Key {
            origin: layers.origin_of(&fault.key),
            fault,
        })
    }

    /// Reads `text`, which is YAML or JSON, and checks all values. Keys that are not set have their defaults; the
    /// environment is not read, but for the secrets that `credentials` names.
    ///
    /// # Errors
    /// The first [`ConfigFault`].
    pub fn from_text(text: &str) -> Result<Self, ConfigFault> {
        complete(&parse(text.as_bytes())?)
    }
}

/// The configuration in `document`, with all values in range.
fn complete(document: &Value) -> Result<Config, ConfigFault> {
    let config = read(document)?;
    config.check()?;
    Ok(config)
}

/// Documents that are merged over one another. All types in them are right.
#[derive(Default)]
struct Layers {
    all: Vec<(Origin, Value)>,
    merged: Value,
}

impl Layers {
    /// Adds the first of `readings` whose types are right. If there is none, the fault is that of the reading that got
    /// furthest, which is the one that was meant.
    fn add<const N: usize>(
        &mut self,
        origin: Origin,
        readings: [Result<Value, ConfigFault>; N],
    ) -> Result<(), ConfigError> {
        let rank = |fault: &ConfigFault| match fault.reason {
            ConfigFaultReason::UnknownKey { .. } => usize::MAX,
            ConfigFaultReason::Syntax(_) => usize::MAX - 1,
            _ => fault.key.matches(['.', '[']).count(),
        };
        let mut furthest: Option<ConfigFault> = None;
        for reading in readings {
            let mut merged = self.merged.clone();
            let layer = reading.and_then(|mut layer| {
                rename_aliases(&mut layer);
                merge(&mut merged, layer.clone());
                read(&merged).map(|_| layer)
            });
            match layer {
                Ok(layer) => {
                    self.all.push((origin, layer));
                    self.merged = merged;
                    return Ok(());
                }
                Err(fault) if furthest.as_ref().is_some_and(|f| rank(f) >= rank(&fault)) => {}
                Err(fault) => furthest = Some(fault),
            }
        }
        furthest.map_or(Ok(()), |fault| Err(ConfigError::Key { origin, fault }))
    }

    /// Where the value at `key` was set: the last layer that has it, otherwise the first layer.
    fn origin_of(&self, key: &str) -> Origin {
        let mut last_first = self.all.iter().rev();
        let layer = last_first.find(|(_, layer)| sets(layer, key));
        let layer = layer.or(self.all.first());
        layer.map_or(Origin::Default, |(origin, _)| origin.clone())
    }
}

/// Merges mappings; anything else in `over` replaces what is below.
fn merge(below: &mut Value, over: Value) {
    match (below, over) {
        (Value::Mapping(below), Value::Mapping(over)) => {
            for (key, value) in over {
                merge(below.entry(key).or_insert(Value::Null), value);
            }
        }
        (below, over) => *below = over,
    }
}

/// Gives a key with two names the one of its field, so that a layer can replace what another sets by the alias. Both
/// names in one layer are left for serde to refuse.
fn rename_aliases(layer: &mut Value) {
    let security = layer.get_mut("security");
    if let Some(Value::Mapping(jwt)) = security.and_then(|security| security.get_mut("jwt"))
        && !jwt.contains_key("cache_ttl_sec")
        && let Some(value) = jwt.remove("cache_ttl")
    {
        jwt.insert("cache_ttl_sec".into(), value);
    }
}

/// Whether `layer` has a value at the dotted `key`, or at a key above it.
fn sets(layer: &Value, key: &str) -> bool {
    let Value::Mapping(map) = layer else {
        return true;
    };
    map.iter().any(|(name, value)| {
        let rest = name.as_str().and_then(|name| key.strip_prefix(name));
        rest.is_some_and(|rest| match rest.strip_prefix('.') {
            Some(inner) => sets(value, inner),
            None => rest.is_empty() || rest.starts_with('['),
        })
    })
}
