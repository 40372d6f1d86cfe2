//! DRS instances: how large is an object, and where may it be had?
//!
//! Reads tolerantly: servers in production leave out, null or spell differently most of what is not needed here.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::StatusCode;
use serde::Deserialize;

use super::{
    failure::FetchError,
    fetch::{Fetcher, Pass},
};
use crate::domain::{findings::DrsRecord, service::ServiceUri};

/// Everything but the unreserved characters of RFC 3986: an id must stay one segment of the path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Asks DRS instances for objects.
#[derive(Debug, Clone)]
pub struct DrsClient {
    fetcher: Fetcher,
}

impl DrsClient {
    /// A client that calls through `fetcher`.
    pub const fn new(fetcher: Fetcher) -> Self {
        Self { fetcher }
    }

    /// Asks `drs` for the object `id`; `None` if it is not there.
    ///
    /// # Errors
    /// [`FetchError`]; [`FetchError::Malformed`] if the answer is not an object with a size.
    pub async fn fetch_object(
        &self,
        drs: &ServiceUri,
        id: &str,
        pass: Pass<'_>,
    ) -> Result<Option<DrsRecord>, FetchError> {
        // These two would climb up the path instead of naming an object, however they are encoded.
        if matches!(id, "." | "..") {
            return Ok(None);
        }
        let url = drs.endpoint(&format!("objects/{}", utf8_percent_encode(id, SEGMENT)));
        match self.fetcher.get::<DrsObject>(&url, pass).await {
            Ok(object) => object.check().map(Some),
            Err(FetchError::Status(StatusCode::NOT_FOUND)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

#[derive(Deserialize)]
struct DrsObject {
    size: Option<Size>,
    #[serde(default)]
    checksums: Option<Vec<Checksum>>,
    #[serde(default)]
    access_methods: Option<Vec<AccessMethod>>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a number of bytes")]
enum Size {
    Number(u64),
    /// Some servers write all numbers as strings.
    Text(String),
}

#[derive(Deserialize)]
struct Checksum {
    checksum: Option<String>,
    r#type: Option<String>,
}

#[derive(Deserialize)]
struct AccessMethod {
    access_url: Option<AccessUrl>,
}

#[derive(Deserialize)]
struct AccessUrl {
    url: Option<String>,
}

impl DrsObject {
    fn check(self) -> Result<DrsRecord, FetchError> {
        let size_bytes = match self.size {
            Some(Size::Number(size)) => size,
            Some(Size::Text(text)) => text.trim().parse().map_err(|_| {
                FetchError::Malformed("size: is not a whole number of bytes".to_owned())
            })?,
            None => return Err(FetchError::Malformed("size: is missing".to_owned())),
        };
        Ok(DrsRecord {
            size_bytes,
            checksums: self
                .checksums
                .unwrap_or_default()
                .into_iter()
                .filter_map(Checksum::normalised)
                .collect::<BTreeMap<_, _>>(),
            access_uris: self
                .access_methods
                .unwrap_or_default()
                .into_iter()
                .filter_map(|method| method.access_url?.url)
                .filter(|uri| !uri.trim().is_empty())
                .collect(),
        })
    }
}

impl Checksum {
    /// Type and value so that they can be compared; `None` for what is absent, however that is spelt, and for entity
    /// tags, which each server makes up for itself.
    fn normalised(self) -> Option<(String, String)> {
        let kind = self.r#type?.trim().to_ascii_lowercase();
        let value = self.checksum?.trim().to_ascii_lowercase();
        let kind = kind
            .strip_prefix("sha-")
            .map_or_else(|| kind.clone(), |bits| format!("sha{bits}"));
        let absent = |text: &str| text.is_empty() || text == "none";
        (!absent(&kind) && !absent(&value) && kind != "etag").then_some((kind, value))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(object: serde_json::Value) -> Result<DrsRecord, FetchError> {
        serde_json::from_value::<DrsObject>(object).unwrap().check()
    }

    #[test]
    fn spellings_of_one_checksum_are_equal() {
        let of = |kind: &str, value: &str| {
            read(json!({"size": "12", "checksums": [{"type": kind, "checksum": value}]})).unwrap()
        };
        assert_eq!(of("sha-256", "AB"), of("SHA256", "ab"));
        assert_eq!(of("etag", "x"), of("md5", "None"));
    }

    #[test]
    fn what_is_not_needed_may_be_missing_or_null() {
        let record = read(json!({
            "size": 7, "checksums": null, "name": null,
            "access_methods": [
                {"type": "s3", "access_id": "x"},
                {"type": "https", "access_url": {"url": "https://a/b", "headers": ["None"]}},
                {"access_url": null}
            ]
        }))
        .unwrap();
        assert_eq!(record.size_bytes, 7);
        assert_eq!(record.access_uris, ["https://a/b"]);
        assert_eq!(
            read(json!({})),
            Err(FetchError::Malformed("size: is missing".to_owned()))
        );
    }
}
