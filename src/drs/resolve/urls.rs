//! Objects that are requested by their own URL.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use percent_encoding::percent_decode_str;
use tracing::debug;
use url::Url;

use super::Resolution;
use crate::{
    domain::{
        object::{Access, DrsRecord},
        object_id::IdForm,
        unrankable::UnrankableReason,
    },
    locations::DataUri,
};

/// How many sizes are asked for at a time.
const HEADS_AT_ONCE: usize = 16;

/// What precedes the id in the path of an object's metadata.
const METADATA: &str = "/ga4gh/drs/v1/objects/";

impl Resolution<'_> {
    /// The objects that are URLs, by their positions in the query: each is its own copy.
    pub(super) async fn urls(self) -> Vec<(usize, Result<DrsRecord, UnrankableReason>)> {
        let objects = self.query.objects().iter().enumerate();
        let lookups: Vec<_> = objects
            .filter_map(|(position, id)| match id.form() {
                IdForm::Url(url) => {
                    Some(async move { (position, self.record_of_url(id.given(), url).await) })
                }
                IdForm::Bare | IdForm::Drs(_) => None,
            })
            .collect();
        stream::iter(lookups)
            .buffered(HEADS_AT_ONCE)
            .collect()
            .await
    }

    async fn record_of_url(
        self,
        given: &Arc<str>,
        url: &Url,
    ) -> Result<DrsRecord, UnrankableReason> {
        if let Some((id, drs)) = id_of_metadata(url) {
            return Err(UnrankableReason::MetadataUrl {
                object: Arc::clone(given),
                id,
                drs,
            });
        }
        let host = DataUri::parse(given).and_then(|uri| uri.host);
        let size_bytes = match self.query.object_size(given) {
            Some(size) => Some(size),
            None => self.size_at(url).await,
        };
        Ok(DrsRecord {
            size_bytes,
            access: vec![Access {
                uri: given.to_string(),
                host,
                ..Access::default()
            }],
            ..DrsRecord::default()
        })
    }

    /// The size that an HTTP server tells. No token goes there: it is no service that the caller named as one.
    async fn size_at(self, url: &Url) -> Option<u64> {
        if !matches!(url.scheme(), "http" | "https") {
            return None;
        }
        match self.client.client.content_length(self.scope, url).await {
            Ok(size) => size,
            Err(error) => {
                debug!(host = url.host_str(), %error, "the size of a URL is unknown");
                None
            }
        }
    }
}

/// The id of the object whose metadata, or whose access URL, `url` names: its `drs://` URI, or, where the API of the DRS
/// does not begin at the root of its host, the bare id and the root of the DRS.
fn id_of_metadata(url: &Url) -> Option<(String, Option<String>)> {
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let (before, rest) = url.path().split_once(METADATA)?;
    let id = rest.split_once("/access/").map_or(rest, |(id, _)| id);
    let host = url.host_str()?;
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    if id.is_empty() {
        return None;
    }
    if before.is_empty() {
        let id = id.replace('/', "%2F");
        return Some((format!("drs://{host}{port}/{id}"), None));
    }
    let id = percent_decode_str(id).decode_utf8_lossy();
    let root = METADATA.trim_end_matches("objects/");
    let root = format!("{}://{host}{port}{before}{root}", url.scheme());
    Some((id.into_owned(), Some(root)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_metadata_is_no_url_of_an_object() {
        let id = |url: &str| id_of_metadata(&url.parse().unwrap());
        for (url, expected, drs) in [
            (
                "https://drs.example:8443/ga4gh/drs/v1/objects/dg.1/x",
                "drs://drs.example:8443/dg.1%2Fx",
                None,
            ),
            (
                "https://drs.example/ga4gh/drs/v1/objects/dg.1%2Fx/access/s3",
                "drs://drs.example/dg.1%2Fx",
                None,
            ),
            (
                "http://h.example/index/ga4gh/drs/v1/objects/a%20b?expand=true",
                "a b",
                Some("http://h.example/index/ga4gh/drs/v1/"),
            ),
        ] {
            let expected = (expected.to_owned(), drs.map(str::to_owned));
            assert_eq!(id(url), Some(expected), "{url}");
        }
        for data in [
            "https://data.example/objects/x",
            "https://drs.example/ga4gh/drs/v1/objects/",
            "https://drs.example/ga4gh/drs/v1/objects",
            "s3://bucket/ga4gh/drs/v1/objects/x",
        ] {
            assert_eq!(id(data), None, "{data}");
        }
    }
}
