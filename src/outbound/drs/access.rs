//! Ways to get an object: where each leads to, without telling what only its caller may know.

use serde::Deserialize;
use url::Url;

use super::lenient;
use crate::{
    domain::{
        geo::Host,
        object::{Access, Source},
    },
    locations::Region,
};

/// A way to get an object. Its type does not matter: where it leads to does.
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

/// A URL to get an object from, also as the answer to an access id.
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

/// A way that leads somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) access: Access,
    /// The access id that would tell more about where the bytes come from.
    pub(super) ask: Option<String>,
}

impl AccessMethod {
    /// Whether the DRS does not say that it cannot be used.
    pub(super) fn is_available(&self) -> bool {
        self.available != Some(false)
    }

    /// Where it leads to; `object_uri` stands in for what may not be told. `None` if it leads nowhere.
    pub(super) fn way(self, object_uri: &str) -> Option<Way> {
        let url = self.access_url.and_then(AccessUrl::into_text);
        let region = region_of(
            self.cloud.as_deref(),
            self.region.as_deref(),
            self.access_id.as_deref(),
        );
        let in_region = |host: Option<Host>| Host::Region {
            region: region.clone().unwrap_or_default(),
            host: host.map(Box::new),
        };
        let signed = match url {
            Some(uri) if !is_signed(&uri) => {
                let source = match (&region, host_of(&uri)) {
                    (Some(_), host @ Some(_)) => Source::Host(in_region(host)),
                    _ => Source::Uri,
                };
                return Some(Way {
                    access: Access { uri, source },
                    ask: None,
                });
            }
            signed => signed,
        };
        if signed.is_none() && self.access_id.is_none() {
            return None;
        }
        let named = signed.as_deref().and_then(host_of);
        let known = match region {
            Some(_) => Some(in_region(named)),
            None => named,
        };
        let (source, ask) = match known {
            Some(host) => (Source::Host(host), None),
            None => (Source::Drs, self.access_id),
        };
        let uri = object_uri.to_owned();
        Some(Way {
            access: Access { uri, source },
            ask,
        })
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

/// The region that an access method tells: by its own words, or by the shape of its access id. `None` if no cloud has it.
fn region_of(cloud: Option<&str>, name: Option<&str>, access_id: Option<&str>) -> Option<String> {
    let cloud = cloud.filter(|cloud| !cloud.is_empty());
    let region = name
        .and_then(|name| Region::named(cloud, name))
        .or_else(|| Region::of_access_id(access_id?))?;
    Some(format!("{}:{}", region.cloud, region.name))
}

/// Whether whoever has the URL may read the object for a while: with a signature of AWS (`X-Amz-Signature`, `Signature`),
/// Google (`X-Goog-Signature`, `Signature`) or Azure (`sig`).
fn is_signed(url: &str) -> bool {
    // Also where it cannot be read as a URL: better one too many.
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

    fn way(method: Value) -> Option<Way> {
        serde_json::from_value::<AccessMethod>(method)
            .unwrap()
            .way(OBJECT)
    }

    fn at_drs(ask: &str) -> Way {
        Way {
            access: Access {
                uri: OBJECT.to_owned(),
                source: Source::Drs,
            },
            ask: Some(ask.to_owned()),
        }
    }

    #[test]
    fn an_access_id_alone_leads_to_the_object_at_its_drs() {
        assert_eq!(
            way(json!({"type": "s3", "access_id": "xyz"})),
            Some(at_drs("xyz"))
        );
        assert_eq!(
            way(json!({"access_id": 7, "access_url": {"url": null}})),
            Some(at_drs("7"))
        );
        assert_eq!(way(json!({"access_id": "None"})), None);
        assert_eq!(way(json!({"type": "s3"})), None);
    }

    #[test]
    fn a_region_tells_where_the_bytes_are() {
        let region = |host: Option<&str>| {
            Source::Host(Host::Region {
                region: "aws:us-east-1".to_owned(),
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
                way(method.clone()).unwrap().access.source,
                region(host),
                "{method}"
            );
        }
        let nowhere = way(json!({"access_url": {"url": "s3://b/x"}, "region": "atlantis-1"}));
        assert_eq!(nowhere.unwrap().access.source, Source::Uri);
    }

    #[test]
    fn a_url_counts_more_than_an_access_id() {
        let way = way(json!({"access_id": "gs", "access_url": {"url": "gs://bucket/x"}})).unwrap();
        assert_eq!((way.access.uri.as_str(), way.ask), ("gs://bucket/x", None));
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
            let way = way(json!({"access_url": {"url": url}, "access_id": "s3"})).unwrap();
            assert_eq!(way.access.uri, OBJECT, "{query}");
            assert_eq!(way.access.source, Source::Host(Host::parse("data.example")));
            assert!(!format!("{way:?}").contains("af07"));
        }
    }

    #[test]
    fn other_queries_are_no_signatures() {
        for url in [
            "https://data.example/x?alt=media",
            "https://data.example/x?design=1&sigma=2",
            "https://data.example/sig=1",
        ] {
            let way = way(json!({"access_url": {"url": url}})).unwrap();
            assert_eq!(way.access.uri, url);
        }
    }
}
