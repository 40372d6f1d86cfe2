//! What a bundle holds, as servers write it.

use serde::Deserialize;

use super::lenient;

/// An object in a bundle, or a bundle in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Content {
    /// What it is called in the bundle.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// Its id at the DRS that has the bundle.
    #[serde(default, deserialize_with = "lenient::text")]
    pub id: Option<String>,
    /// Where it may be asked for, also elsewhere. Some servers write one text instead of a list.
    #[serde(default, rename = "drs_uri", deserialize_with = "lenient::texts")]
    pub drs_uris: Vec<String>,
    /// What it holds, if it is a bundle that the DRS has opened.
    #[serde(default, deserialize_with = "lenient::list")]
    pub contents: Vec<Self>,
}
