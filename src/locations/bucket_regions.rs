//! The regions of buckets, as S3 tells them.

use std::time::Duration;

use http::header::HeaderName;

use super::{
    Region,
    error::{LocateError, LocatorError},
};
use crate::{
    client::{
        Cache, CallScope, Client,
        cache::TtlCache,
        cache_key::{CacheKey, CacheKeys},
        limit::single_flight::SingleFlight,
    },
    domain::service::ServiceUri,
};

/// The header that S3 sends of a bucket, also to callers who may not read it.
const REGION: HeaderName = HeaderName::from_static("x-amz-bucket-region");

/// Buckets never move; but an unknown one may be created.
const REGION_TTL: Duration = Duration::from_secs(3600);

/// How many buckets are remembered.
const MAX_BUCKETS: usize = 10_000;

/// Asks S3 for the regions of buckets, each once an hour.
#[derive(Debug)]
pub(super) struct BucketRegions {
    client: Client,
    s3: ServiceUri,
    keys: CacheKeys,
    regions: SingleFlight<CacheKey, Option<&'static Region>>,
}

impl BucketRegions {
    /// # Errors
    /// [`LocatorError::S3Url`] if `s3_url` is no URL of a service.
    pub(super) fn new(s3_url: &str, client: Client) -> Result<Self, LocatorError> {
        Ok(Self {
            client,
            s3: ServiceUri::parse(s3_url).map_err(LocatorError::S3Url)?,
            keys: CacheKeys::default(),
            regions: SingleFlight::with_cache(TtlCache::new(MAX_BUCKETS, REGION_TTL))
                .counted_as(Cache::BucketRegions),
        })
    }

    /// The region of `bucket`, such as `s3://name`; `None` if it is in another store, or S3 does not know it.
    ///
    /// # Errors
    /// [`LocateError::S3`] if S3 does not answer.
    pub(super) async fn find(
        &self,
        scope: &CallScope,
        bucket: &str,
    ) -> Result<Option<&'static Region>, LocateError> {
        let Some(name) = bucket.strip_prefix("s3://").filter(|name| is_name(name)) else {
            return Ok(None);
        };
        let fetch = async |scope: CallScope| {
            let region = self
                .client
                .head(&scope, &self.s3.endpoint(name), REGION)
                .await?;
            Ok(region.and_then(|region| Region::named(Some("aws"), &region)))
        };
        let (key, url) = (self.keys.of(name), self.s3.root());
        self.regions
            .get_or_fetch(&self.client, scope, key, url, |_| true, fetch)
            .await
            .map_err(LocateError::S3)
    }
}

/// Whether S3 lets a bucket have this name: then it needs no encoding as a part of a path.
fn is_name(name: &str) -> bool {
    let is_inner = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
    (3..=63).contains(&name.len())
        && name.bytes().all(is_inner)
        && !name.starts_with(['-', '.'])
        && !name.ends_with(['-', '.'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_buckets_can_have_are_asked_for() {
        for name in ["abc", "1000genomes", "gatk-test-data", "my.bucket.name"] {
            assert!(is_name(name), "{name}");
        }
        let long = "x".repeat(64);
        for name in [
            "", "ab", "..", "...", "a/b", "a?b", "Abc", "a%2e", "-ab", "ab.", &long,
        ] {
            assert!(!is_name(name), "{name}");
        }
    }
}
