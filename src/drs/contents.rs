//! The contents of a bundle, as servers write them.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

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
    #[serde(default, deserialize_with = "nested")]
    pub contents: Vec<Self>,
}

/// Reads the contents of a bundle; `None` if there is no list. `null` is left out, a text is an id, and what cannot be read
/// is content of which nothing is known: without it, the bundle would be another.
pub(super) fn read<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<Content>>, D::Error> {
    let Value::Array(list) = Value::deserialize(deserializer)? else {
        return Ok(None);
    };
    let present = list.into_iter().filter(|content| !content.is_null());
    Ok(Some(present.map(content).collect()))
}

fn content(value: Value) -> Content {
    let id = lenient::text_of(&value);
    Content::deserialize(value).unwrap_or_else(|_| Content {
        id,
        ..Content::default()
    })
}

fn nested<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Content>, D::Error> {
    Ok(read(deserializer)?.unwrap_or_default())
}
