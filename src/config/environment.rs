//! Variables such as `TESTRIBUTE__SERVER__PORT=9000`: which key they set, and to what.

use yaml_serde::{Mapping, Value};

use super::{fault::ConfigFault, read::parse};

/// Two underscores: the program has other variables that begin with `TESTRIBUTE_`.
const PREFIX: &str = "TESTRIBUTE__";

/// The variables of this process, without those that are not Unicode (on which `std::env::vars` would panic).
pub fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// A variable that sets a key.
pub(super) struct Variable {
    pub(super) name: String,
    keys: Vec<String>,
    text: String,
}

impl Variable {
    /// `None` if the variable does not set a key.
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
            // The only keys in upper case.
            currency.make_ascii_uppercase();
        }
        Some(Self { name, keys, text })
    }

    /// Sections before their keys, so that the more precise variable wins.
    pub(super) fn precedence(&self) -> impl Ord + use<> {
        (self.keys.len(), self.name.clone())
    }

    /// What the text can be, in this order: YAML, a string, and a list with commas. `[a, b]` is such a list too, where
    /// YAML has another meaning for it, as for `[::1/128]`.
    pub(super) fn readings(&self) -> [Result<Value, ConfigFault>; 3] {
        let text = self.text.trim();
        let brackets = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'));
        let list = brackets.unwrap_or(text).split(',').map(str::trim);
        let yaml = parse(self.text.as_bytes());
        [
            yaml.map_err(|fault| fault.within(&self.keys.join("."))),
            Ok(Value::from(self.text.as_str())),
            Ok(list.collect()),
        ]
        .map(|reading| reading.map(|value| self.nested(value)))
    }

    fn nested(&self, value: Value) -> Value {
        self.keys.iter().rfold(value, |inner, key| {
            Mapping::from_iter([(key.as_str().into(), inner)]).into()
        })
    }
}
