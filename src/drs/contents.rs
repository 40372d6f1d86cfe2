//! The contents of a bundle, as servers write them.

use serde::Deserialize;

use super::lenient;

/// An object or a bundle in a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Content {
    /// Its name in the bundle.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// Its id at the DRS that has the bundle.
    #[serde(default, deserialize_with = "lenient::text")]
    pub id: Option<String>,
    /// Its `drs://` URIs, also at other servers. Some servers write one text instead of a list.
    #[serde(default, rename = "drs_uri", deserialize_with = "lenient::texts")]
    pub drs_uris: Vec<String>,
    /// Its contents, if it is a bundle that the DRS has expanded.
    #[serde(default, deserialize_with = "lenient::list")]
    pub contents: Vec<Self>,
}
