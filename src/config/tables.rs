//! The tables of prices and rates: embedded, or from a file.

use std::{
    fs,
    sync::{Arc, LazyLock},
};

use super::{
    estimation::TablesSource,
    fault::{ConfigFault, ConfigFaultReason},
};
use crate::domain::transfer::tables::{Tables, TablesFile};

/// Sources and licences of the tables, as their licences require them to be passed on.
pub const NOTICE: &str = include_str!("data/NOTICE");

/// Parsed at first use. A test makes sure that the file is valid.
static EMBEDDED: LazyLock<Result<Arc<Tables>, String>> =
    LazyLock::new(|| parse(include_str!("data/network_tables.yaml")));

impl TablesSource {
    /// The tables.
    ///
    /// # Errors
    /// A fault of the key `tables` if the file cannot be read or has another schema.
    pub fn load(&self) -> Result<Arc<Tables>, ConfigFault> {
        let tables = match self {
            Self::Embedded => EMBEDDED.clone(),
            Self::File(path) => fs::read_to_string(path)
                .map_err(|error| format!("cannot be read: {error}"))
                .and_then(|text| parse(&text).map_err(|error| format!("is not valid: {error}")))
                .map_err(|error| format!("'{}' {error}", path.display())),
        };
        tables.map_err(|reason| ConfigFault {
            key: "tables".to_owned(),
            reason: ConfigFaultReason::Malformed(reason),
        })
    }
}

fn parse(text: &str) -> Result<Arc<Tables>, String> {
    let file: TablesFile = yaml_serde::from_str(text).map_err(|error| error.to_string())?;
    Tables::new(file)
        .map(Arc::new)
        .map_err(|error| error.to_string())
}
