//! Access methods: where each leads to, without revealing what only its caller may know.

use serde::Deserialize;
use url::Url;

use super::lenient;
use crate::{
    domain::{
        cloud::CloudRegion,
        geo::Host,
        object::{Access, Source},
    },
    locations::Region,
};

/// An access method. Its type does not matter: where it leads to does.
#[derive(Deserialize)]
pub(super) struct AccessMethod {
    access_url: Option<AccessUrl>,
    #[serde(default, deserialize_with = "lenient::text")]
    access_id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    cloud: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    region: Option<String>,
    /// Called `availability` in drafts of DRS 1.5.
    #[serde(default, alias = "availability", deserialize_with = "lenient::flag")]
    available: Option<bool>,
}

/// A URL to read an object from, also as the answer to an access id.
#[derive(Deserialize)]
#[serde(untagged, expecting = "an access URL")]
pub(super) enum AccessUrl {
    /// As in the specification.
    Object {
        #[serde(default, deserialize_with = "lenient::text")]
        url: Option<String>,
    },
    /// The URL alone.
    Text(String),
}

impl AccessMethod {
    /// Whether the DRS does not say that it cannot be used.
    pub(super) fn is_available(&self) -> bool {
        self.available != Some(false)
    }

    /// Where it leads to; `object_uri` replaces a URL that must not be shown. `None` if it leads nowhere.
    pub(super) fn into_access(self, object_uri: &str) -> Option<Access> {
        let url = self.access_url.and_then(AccessUrl::into_text);
        let region = region_of(
            self.cloud.as_deref(),
            self.region.as_deref(),
            self.access_id.as_deref(),
        );
        let host = url.as_deref().and_then(host_of);
        let in_region = |region: CloudRegion| Host::Region {
            region,
            host: host.clone().map(Box::new),
        };
        match url {
            Some(uri) if !is_signed(&uri) => Some(Access {
                uri,
                source: match (region, &host) {
                    (Some(region), Some(_)) => Source::Host(in_region(region)),
                    _ => Source::Uri,
                },
                access_id: None,
            }),
            None if self.access_id.is_none() => None,
            _ => Some(Access {
                uri: object_uri.to_owned(),
                source: region
                    .map(in_region)
                    .or(host)
                    .map_or(Source::Drs, Source::Host),
                access_id: self.access_id,
            }),
        }
    }
}

impl AccessUrl {
    fn into_text(self) -> Option<String> {
        match self {
            Self::Object { url } => url,
            Self::Text(url) => Some(url),
        }
    }

    /// The host that it leads to: all that may be kept of a signed URL.
    pub(super) fn into_host(self) -> Option<Host> {
        host_of(&self.into_text()?)
    }
}

fn host_of(url: &str) -> Option<Host> {
    Host::of(&Url::parse(url).ok()?)
}

/// The region that an access method names, or that its access id has the shape of. `None` if no cloud has it.
fn region_of(
    cloud: Option<&str>,
    name: Option<&str>,
    access_id: Option<&str>,
) -> Option<CloudRegion> {
    let cloud = cloud.filter(|cloud| !cloud.is_empty());
    let region = name
        .and_then(|name| Region::named(cloud, name))
        .or_else(|| Region::of_access_id(access_id?))?;
    Some(region.id())
}

/// Whether the URL is presigned, so that anyone who has it can read the object: with a signature of AWS (`X-Amz-Signature`, `Signature`),
/// Google (`X-Goog-Signature`, `Signature`) or Azure (`sig`).
fn is_signed(url: &str) -> bool {
    // Also where it is no valid URL: a false positive does no harm.
    url.split(['?', '&', '#', ';']).skip(1).any(|pair| {
        let key = pair.split('=').next().unwrap_or_default();
        let key = key.to_ascii_lowercase();
        key == "sig" || key.ends_with("signature") || key.ends_with("security-token")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const OBJECT: &str = "drs://drs.example/x";

    fn access(method: Value) -> Option<Access> {
        serde_json::from_value::<AccessMethod>(method)
            .unwrap()
            .into_access(OBJECT)
    }

    fn at_drs(access_id: &str) -> Access {
        Access {
            uri: OBJECT.to_owned(),
            source: Source::Drs,
            access_id: Some(access_id.to_owned()),
        }
    }

    #[test]
    fn an_access_id_alone_leads_to_the_object_at_its_drs() {
        assert_eq!(
            access(json!({"type": "s3", "access_id": "xyz"})),
            Some(at_drs("xyz"))
        );
        assert_eq!(
            access(json!({"access_id": 7, "access_url": {"url": null}})),
            Some(at_drs("7"))
        );
        assert_eq!(access(json!({"access_id": "None"})), None);
        assert_eq!(access(json!({"type": "s3"})), None);
    }

    #[test]
    fn a_region_tells_where_the_bytes_are() {
        let region = |host: Option<&str>| {
            Source::Host(Host::Region {
                region: Region::named(Some("aws"), "us-east-1").unwrap().id(),
                host: host.map(|host| Box::new(Host::parse(host))),
            })
        };
        for (method, host) in [
            (json!({"access_id": "aws-us-east-1"}), None),
            (
                json!({"access_id": "x", "cloud": "aws", "region": "us-east-1"}),
                None,
            ),
            (
                json!({"access_url": {"url": "s3://genomes/x"}, "region": "us-east-1"}),
                Some("s3://genomes"),
            ),
            (
                json!({"access_url": {"url": "https://data.example/x?sig=1"}, "region": "us-east-1"}),
                Some("data.example"),
            ),
        ] {
            assert_eq!(
                access(method.clone()).unwrap().source,
                region(host),
                "{method}"
            );
        }
        let unknown = access(json!({"access_url": {"url": "s3://b/x"}, "region": "atlantis-1"}));
        assert_eq!(unknown.unwrap().source, Source::Uri);
    }

    #[test]
    fn a_url_counts_more_than_an_access_id() {
        let access =
            access(json!({"access_id": "gs", "access_url": {"url": "gs://bucket/x"}})).unwrap();
        assert_eq!(
            (access.uri.as_str(), access.access_id),
            ("gs://bucket/x", None)
        );
    }

    #[test]
    fn of_a_signed_url_only_the_host_is_kept() {
        for query in [
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=af07",
            "x-amz-signature=af07",
            "X-Goog-Credential=c&X-Goog-Signature=af07",
            "AWSAccessKeyId=k&Signature=af07&Expires=1",
            "sv=2020&se=2030&sig=af07",
            "a=b&X-Amz-Security-Token=af07",
        ] {
            let url = format!("https://data.example/x?{query}");
            let access = access(json!({"access_url": {"url": url}, "access_id": "s3"})).unwrap();
            assert_eq!(access.uri, OBJECT, "{query}");
            assert_eq!(access.source, Source::Host(Host::parse("data.example")));
            assert!(!format!("{access:?}").contains("af07"));
        }
    }

    #[test]
    fn other_queries_are_no_signatures() {
        for url in [
            "https://data.example/x?alt=media",
            "https://data.example/x?design=1&sigma=2",
            "https://data.example/sig=1",
        ] {
            let access = access(json!({"access_url": {"url": url}})).unwrap();
            assert_eq!(access.uri, url);
        }
    }
}
