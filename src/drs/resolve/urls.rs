//! Objects that are requested by their own URL.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
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
        if let Some(id) = id_of_metadata(url) {
            return Err(UnrankableReason::MetadataUrl {
                object: Arc::clone(given),
                id,
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

/// The `drs://` URI of the object whose metadata `url` names.
fn id_of_metadata(url: &Url) -> Option<String> {
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let (before, id) = url.path().split_once(METADATA)?;
    let host = url.host_str()?;
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    let is_id = before.is_empty() && !id.is_empty() && !id.contains("/access/");
    is_id.then(|| format!("drs://{host}{port}/{}", id.replace('/', "%2F")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_metadata_is_no_url_of_an_object() {
        let id = |url: &str| id_of_metadata(&url.parse().unwrap());
        assert_eq!(
            id("https://drs.example:8443/ga4gh/drs/v1/objects/dg.1/x").as_deref(),
            Some("drs://drs.example:8443/dg.1%2Fx")
        );
        for data in [
            "https://data.example/objects/x",
            "https://drs.example/ga4gh/drs/v1/objects/",
            "s3://bucket/ga4gh/drs/v1/objects/x",
        ] {
            assert_eq!(id(data), None, "{data}");
        }
    }
}
