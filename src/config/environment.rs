//! Variables such as `TESTRIBUTE__SERVER__PORT=9000`: which key they set, and to what.

use std::cmp::Reverse;

use super::{
    fault::{ConfigError, ConfigFault, ConfigFaultReason, Origin},
    read::{in_our_names, read},
    tree::Tree,
};

/// What a variable's name begins with. One underscore more than other variables of the program have.
const PREFIX: &str = "TESTRIBUTE__";

/// The variables of this process, without those that are not Unicode (on which `std::env::vars` would panic).
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// A variable that sets a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variable {
    pub(super) name: String,
    keys: Vec<String>,
    text: String,
}

impl Variable {
    /// `None` if the variable is not about the configuration.
    pub(super) fn parse(name: String, text: String) -> Option<Self> {
        let (prefix, rest) = name.split_at_checked(PREFIX.len())?;
        if !prefix.eq_ignore_ascii_case(PREFIX) {
            return None;
        }
        let mut keys: Vec<_> = rest.split("__").map(str::to_ascii_lowercase).collect();
        if let [section, table, currency] = keys.as_mut_slice()
            && section == "exchange_rates"
            && table == "rates"
        {
            // The codes of currencies are the only keys that are not in lower case.
            currency.make_ascii_uppercase();
        }
        Some(Self { name, keys, text })
    }

    /// Sections before their keys, so that the more precise variable wins.
    pub(super) fn order(&self) -> impl Ord + use<> {
        (self.keys.len(), self.name.clone())
    }

    /// The dotted key.
    fn key(&self) -> String {
        self.keys.join(".")
    }

    /// What is to be laid over `below`, whose keys are all understood.
    ///
    /// # Errors
    /// Whatever is not understood now, which must be this variable's fault.
    pub(super) fn layer(&self, below: &Tree) -> Result<Tree, ConfigError> {
        let yaml = Tree::parse(&self.text);
        let mut faults = Vec::new();
        let readings = yaml.as_ref().ok().into_iter().cloned();
        for reading in readings.chain([Tree::Text(self.text.clone()), self.comma_separated()]) {
            let layer = in_our_names(Tree::nested(&self.keys, reading));
            let mut whole = below.clone();
            whole.merge(layer.clone());
            match read(&whole) {
                Ok(_) => return Ok(layer),
                Err(fault) => faults.push(fault),
            }
        }
        // The reading that got furthest is what was meant.
        faults.sort_by_key(|fault| Reverse(fault.key.matches(['.', '[']).count()));
        let furthest = faults.into_iter().next();
        let fault = match (yaml, furthest) {
            (_, Some(fault)) if matches!(fault.reason, ConfigFaultReason::UnknownKey { .. }) => {
                fault
            }
            (Err(error), _) => ConfigFault {
                key: self.key(),
                reason: ConfigFaultReason::Malformed(format!("is not valid YAML: {error}")),
            },
            (Ok(_), fault) => fault.unwrap_or_else(|| ConfigFault {
                key: self.key(),
                reason: ConfigFaultReason::Malformed("cannot be understood".to_owned()),
            }),
        };
        Err(ConfigError::Key {
            origin: Origin::Variable(self.name.clone()),
            fault,
        })
    }

    /// `a, b` and `[a, b]` as a list of texts, also where YAML sees something else in it, as in `[::1/128]`.
    fn comma_separated(&self) -> Tree {
        let text = self.text.trim();
        let inner = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'))
            .unwrap_or(text);
        Tree::List(
            inner
                .split(',')
                .map(|item| Tree::Text(item.trim().to_owned()))
                .collect(),
        )
    }
}
