//! Errors of the configuration. Displayed, each is one line: file or variable, key, reason.

use std::{borrow::Cow, fmt, io, path::PathBuf};

use serde::de::{self, Expected, Unexpected};

/// Why there is no configuration. Displayed, it is one line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file does not exist or cannot be read.
    #[error("{}: cannot be read: {source}", one_line(.file.display()))]
    Unreadable {
        /// The path as given.
        file: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A key is unknown, its value is of the wrong type or out of range, or the text is not YAML.
    #[error("{}: {}", one_line(.origin), one_line(.fault))]
    Key {
        /// Where the value was set.
        origin: Origin,
        /// The key and the reason.
        #[source]
        fault: ConfigFault,
    },
}

/// Where a value was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In this file.
    File(PathBuf),
    /// In this environment variable.
    Variable(String),
    /// Nowhere: it is the default.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Variable(name) => f.write_str(name),
            Self::Default => f.write_str("defaults"),
        }
    }
}

/// One key with a value that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}{}{reason}", if .key.is_empty() { "" } else { ": " })]
pub struct ConfigFault {
    /// The key in dotted form, such as `server.port` or `outbound.allowed_networks[0]`; empty for the whole document.
    pub key: String,
    /// Why it is refused.
    pub reason: ConfigFaultReason,
}

impl ConfigFault {
    /// The same fault, its key in `section`.
    pub(crate) fn within(mut self, section: &str) -> Self {
        let separator = if self.key.is_empty() { "" } else { "." };
        self.key = format!("{section}{separator}{}", self.key);
        self
    }
}

/// Why a key is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigFaultReason {
    /// The text is not YAML; the parser's message has line and column.
    #[error("is not valid YAML: {0}")]
    Syntax(String),
    /// There is no such key.
    #[error("unknown key; known keys here are {}", .known.join(", "))]
    UnknownKey {
        /// The keys that its section has.
        known: Vec<&'static str>,
    },
    /// A key without default is not set.
    #[error("the key {0} is missing")]
    MissingKey(&'static str),
    /// A key is set twice, by its name and by an alias.
    #[error("the key {0} is there under two names")]
    DuplicateKey(&'static str),
    /// The value is of the wrong type or out of range.
    #[error("must be {must_be}{}", .is.as_ref().map(|is| format!(", is {is}")).unwrap_or_default())]
    Value {
        /// The type or range that is required.
        must_be: Cow<'static, str>,
        /// The value, unless it may hold a password.
        is: Option<String>,
    },
    /// The value does not parse, or contradicts another key.
    #[error("{0}")]
    Malformed(String),
}

impl ConfigFaultReason {
    /// The same reason, for a key that must be one of `variants`.
    pub(super) fn expecting(self, variants: &[&str]) -> Self {
        let must_be = match variants {
            [one, other] => format!("{one} or {other}"),
            many => format!("one of {}", many.join(", ")),
        };
        match self {
            Self::Value { is, .. } => Self::Value {
                must_be: must_be.into(),
                is,
            },
            other => other,
        }
    }
}

impl de::Error for ConfigFaultReason {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::Malformed(reason.to_string())
    }

    fn invalid_type(is: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Value {
            must_be: plain_type(expected.to_string()),
            is: Some(shown(is)),
        }
    }

    fn invalid_value(is: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(is, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::invalid_type(Unexpected::Str(variant), &"").expecting(expected)
    }

    fn unknown_field(_: &str, expected: &'static [&'static str]) -> Self {
        Self::UnknownKey {
            known: expected.to_vec(),
        }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::MissingKey(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::DuplicateKey(field)
    }
}

/// The type that serde expects, without the words of Rust.
fn plain_type(expected: String) -> Cow<'static, str> {
    match expected.as_str() {
        "u8" => "an integer from 0 to 255".into(),
        "u16" => "an integer from 0 to 65535".into(),
        "u32" | "u64" | "usize" => "an integer of 0 or more".into(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "an integer".into(),
        "f32" | "f64" => "a number".into(),
        "a boolean" => "true or false".into(),
        "a sequence" => "a list".into(),
        "path string" => "the path of a file".into(),
        map if map == "a map" || map.starts_with("struct ") => "a mapping".into(),
        _ => expected.into(),
    }
}

/// A value as it is shown in a message, cut to a length that leaves the message readable. What may be a URL with a
/// password is not shown.
pub(super) fn shown(value: Unexpected<'_>) -> String {
    const MAX_CHARS: usize = 60;
    match value {
        Unexpected::Bool(value) => value.to_string(),
        Unexpected::Unsigned(value) => value.to_string(),
        Unexpected::Signed(value) => value.to_string(),
        Unexpected::Float(value) => format!("{value:?}"),
        Unexpected::Str(text) if text.contains('@') => "a string with @ (not shown)".to_owned(),
        Unexpected::Str(text) => match text.char_indices().nth(MAX_CHARS) {
            Some((end, _)) => format!("{:?}...", text.get(..end).unwrap_or_default()),
            None => format!("{text:?}"),
        },
        Unexpected::Unit | Unexpected::Option => "empty".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a mapping".to_owned(),
        other => other.to_string(),
    }
}

/// The text with control characters escaped, such as line breaks in the name of a file.
fn one_line(text: impl fmt::Display) -> String {
    let mut line = String::new();
    for character in text.to_string().chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}
