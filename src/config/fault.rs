//! What can be wrong with a configuration, told in one line: where it was set, which key, and why it is refused.

use std::{borrow::Cow, fmt, io, path::PathBuf, str::Utf8Error};

use serde::de::{self, Expected, Unexpected};

/// Why there is no configuration. Displayed, it is one line for the operator.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is not there, or may not be read.
    #[error("{}: cannot be read: {source}", one_line(.file.display()))]
    Unreadable {
        /// The file, as it was named.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file is larger than any configuration needs to be.
    #[error("{}: is larger than {limit} bytes", one_line(.file.display()))]
    TooLarge {
        /// The file, as it was named.
        file: PathBuf,
        /// The largest file that is read.
        limit: usize,
    },
    /// The file holds something else than text.
    #[error("{}: is not UTF-8 text: {source}", one_line(.file.display()))]
    NotText {
        /// The file, as it was named.
        file: PathBuf,
        /// Where the first wrong byte is.
        source: Utf8Error,
    },
    /// The text is not YAML; the source names line and column.
    #[error("{}: is not valid YAML: {}", one_line(.file.display()), one_line(.source))]
    Syntax {
        /// The file, as it was named.
        file: PathBuf,
        /// What the parser says.
        source: yaml_serde::Error,
    },
    /// A key is unknown, or its value is of the wrong type or out of range.
    #[error("{}: {}", one_line(.origin), one_line(.fault))]
    Key {
        /// Where the key was set.
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
pub struct ConfigFault {
    /// The key in dotted form, such as `server.port` or `outbound.allowed_networks[0]`; empty for the whole.
    pub key: String,
    /// Why it is refused.
    pub reason: ConfigFaultReason,
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        self.reason.fmt(f)
    }
}

/// Why a key is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigFaultReason {
    /// There is no such key.
    UnknownKey {
        /// The keys that there are in its place.
        known: Vec<&'static str>,
    },
    /// A key that has no default is not there.
    MissingKey(&'static str),
    /// A key is there twice, under two of its names.
    DuplicateKey(&'static str),
    /// The value is of the wrong type or out of range.
    Value {
        /// What it must be.
        must_be: Cow<'static, str>,
        /// What it is, where that may be shown.
        is: Option<String>,
    },
    /// The value cannot be read as what the key stands for.
    Malformed(String),
}

impl fmt::Display for ConfigFaultReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey { known } => {
                write!(f, "unknown key; known keys here are {}", known.join(", "))
            }
            Self::MissingKey(key) => write!(f, "the key {key} is missing"),
            Self::DuplicateKey(key) => write!(f, "the key {key} is there under two names"),
            Self::Value { must_be, is } => {
                write!(f, "must be {must_be}")?;
                is.iter().try_for_each(|is| write!(f, ", is {is}"))
            }
            Self::Malformed(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for ConfigFaultReason {}

impl de::Error for ConfigFaultReason {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::Malformed(reason.to_string())
    }

    fn invalid_type(is: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Value {
            must_be: in_plain_words(&expected.to_string()),
            is: Some(shown(is)),
        }
    }

    fn invalid_value(is: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(is, expected)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::Value {
            must_be: one_of(expected).into(),
            is: Some(shown(Unexpected::Str(variant))),
        }
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

/// `a or b`, `one of a, b, c`.
pub(super) fn one_of(variants: &[&str]) -> String {
    match variants {
        [one, other] => format!("{one} or {other}"),
        many => format!("one of {}", many.join(", ")),
    }
}

/// What serde expects, for someone who does not know Rust.
fn in_plain_words(expected: &str) -> Cow<'static, str> {
    match expected {
        "u16" => "an integer from 0 to 65535".into(),
        "u64" | "usize" => "an integer of 0 or more".into(),
        "f64" => "a number".into(),
        "a boolean" => "true or false".into(),
        "a sequence" => "a list".into(),
        "a map" => "a mapping".into(),
        "path string" => "the path of a file".into(),
        structure if structure.starts_with("struct ") => "a mapping".into(),
        plain => plain.to_owned().into(),
    }
}

/// A value as it is shown in a message, cut to a length that leaves the message readable.
fn shown(value: Unexpected<'_>) -> String {
    const LONGEST: usize = 60;
    match value {
        Unexpected::Bool(value) => value.to_string(),
        Unexpected::Unsigned(value) => value.to_string(),
        Unexpected::Signed(value) => value.to_string(),
        Unexpected::Float(value) => format!("{value:?}"),
        Unexpected::Str(text) if text.chars().count() > LONGEST => {
            format!("{:?}...", text.chars().take(LONGEST).collect::<String>())
        }
        Unexpected::Str(text) => format!("{text:?}"),
        Unexpected::Unit | Unexpected::Option => "empty".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a mapping".to_owned(),
        other => other.to_string(),
    }
}

/// The text without line breaks and other control characters, which names of files, keys and variables may have.
fn one_line(text: impl fmt::Display) -> String {
    let shown = text.to_string();
    let mut line = String::with_capacity(shown.len());
    for character in shown.chars() {
        if character.is_control() {
            line.extend(character.escape_default());
        } else {
            line.push(character);
        }
    }
    line
}
