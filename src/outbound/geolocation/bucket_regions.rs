//! Where S3 says that its buckets are.

use std::time::Duration;

use moka::future::Cache;
use reqwest::header::HeaderName;

use super::{GeolocationError, NoPlace};
use crate::{domain::service::ServiceUri, locations::Region, outbound::fetch::Fetcher};

/// What S3 says of a bucket, to those too who may not read it.
const REGION: HeaderName = HeaderName::from_static("x-amz-bucket-region");

/// Buckets never move; but a bucket that was not there may be made.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// How many buckets are remembered.
const MOST_BUCKETS: u64 = 10_000;

/// Asks S3 for the regions of buckets, each once an hour.
#[derive(Debug)]
pub(super) struct BucketRegions {
    fetcher: Fetcher,
    s3: ServiceUri,
    known: Cache<String, Option<&'static Region>>,
}

impl BucketRegions {
    /// # Errors
    /// [`GeolocationError::S3Url`] if `s3_url` is no URL of a service.
    pub(super) fn new(s3_url: &str, fetcher: Fetcher) -> Result<Self, GeolocationError> {
        Ok(Self {
            fetcher,
            s3: ServiceUri::parse(s3_url).map_err(GeolocationError::S3Url)?,
            known: Cache::builder()
                .max_capacity(MOST_BUCKETS)
                .time_to_live(REMEMBERED)
                .build(),
        })
    }

    /// The region of `bucket`, such as `s3://name`; `None` if it is in another store, or S3 does not know it.
    ///
    /// # Errors
    /// [`NoPlace::S3`] if S3 cannot be asked.
    pub(super) async fn find(&self, bucket: &str) -> Result<Option<&'static Region>, NoPlace> {
        let Some(name) = bucket.strip_prefix("s3://").filter(|name| is_name(name)) else {
            return Ok(None);
        };
        let asked = async {
            let region = self.fetcher.header(&self.s3.endpoint(name), REGION).await?;
            Ok(region.and_then(|region| Region::named(Some("aws"), &region)))
        };
        self.fetcher
            .ask_once(&self.known, name.to_owned(), self.s3.root(), asked)
            .await
            .map_err(NoPlace::S3)
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
