//! Access methods: where each leads to, without revealing what only its caller may know.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use url::Url;

use super::lenient;
use crate::{
    domain::{
        cloud::{CloudRegion, Provider},
        disclosure::parsed_may_be_disclosed,
        geo::Host,
        object::Access,
    },
    locations::{DataUri, Region, UriKind},
};

/// The longest access URI that is answered, in bytes: each is repeated in many combinations.
const MAX_URI_BYTES: usize = 2048;

/// An access method, of which each part is read by itself.
#[derive(Default)]
pub(super) struct AccessMethod {
    r#type: Option<String>,
    access_url: AccessUrl,
    access_id: Option<String>,
    cloud: Option<String>,
    region: Option<String>,
    /// Called `availability` in drafts of DRS 1.5.
    available: Option<bool>,
}

/// A URL to read an object from, also as the answer to an access id. Empty if it cannot be read.
#[derive(Default)]
pub(super) struct AccessUrl {
    url: Option<String>,
    /// Whether the URL is of use only with headers.
    needs_headers: bool,
}

/// The region that an access method states.
enum Stated {
    /// The bytes are there.
    Counts(CloudRegion),
    /// It may be: a name without a provider, of a host that has a place of its own.
    Doubtful(CloudRegion),
    Nothing,
}

impl AccessMethod {
    /// Whether the DRS does not say that it cannot be used.
    pub(super) fn is_available(&self) -> bool {
        self.available != Some(false)
    }

    /// Where it leads to; `object_uri` replaces a URL that must not be shown. `None` if it leads nowhere.
    pub(super) fn into_access(self, object_uri: &str) -> Option<Access> {
        let url = self.access_url.parsed();
        let target = self.access_url.target(url.as_ref());
        let stated = self.region(target.as_ref());
        let may_be_shown = self.access_url.may_be_shown(url.as_ref());
        let is_path = target.as_ref().is_some_and(|uri| uri.kind == UriKind::Path);
        let uri = match (target.is_some(), self.access_url.url) {
            (true, Some(uri)) if may_be_shown => Some(uri),
            (true, _) => None,
            (false, _) if self.access_id.is_some() => None,
            (false, _) => return None,
        };
        let host = target.and_then(|target| target.host);
        let (host, doubtful) = match (host, stated) {
            // The host itself says where it is.
            (
                Some(host @ Host::Region { .. }),
                Stated::Counts(region) | Stated::Doubtful(region),
            ) => (Some(host), Some(region)),
            (host, Stated::Counts(region)) if !is_path => {
                let host = host.map(Box::new);
                (Some(Host::Region { region, host }), None)
            }
            (host, Stated::Doubtful(region)) => (host, Some(region)),
            (host, _) => (host, None),
        };
        Some(Access {
            is_local: is_path && uri.is_some(),
            access_id: if uri.is_some() { None } else { self.access_id },
            uri: uri.unwrap_or_else(|| object_uri.to_owned()),
            host,
            stated_region: doubtful,
        })
    }

    /// The region that it states, or that its access id has the shape of.
    fn region(&self, target: Option<&DataUri>) -> Stated {
        let of_name = self
            .region
            .as_deref()
            .and_then(|name| self.region_called(name, target));
        let of_id = || {
            let id = self.access_id.as_deref()?;
            let region = Region::of_access_id(id)?;
            let is_certain =
                target.is_none_or(|uri| uri.cloud.is_some()) || Region::with_provider(id).is_some();
            Some((region, is_certain))
        };
        match of_name.or_else(of_id) {
            None => Stated::Nothing,
            Some((region, true)) => Stated::Counts(region.id()),
            Some((region, false)) => Stated::Doubtful(region.id()),
        }
    }

    /// The region `name`, and whether it is certain to be one of a cloud: by the cloud that is stated, by the name itself
    /// (`aws:us-east-1`), by the scheme or host of the URL, or, where there is no URL, by the type.
    fn region_called(
        &self,
        name: &str,
        target: Option<&DataUri>,
    ) -> Option<(&'static Region, bool)> {
        if let Some(region) = Region::with_provider(name) {
            return Some((region, true));
        }
        if let Some(cloud) = &self.cloud {
            return Region::named(Some(cloud), name).map(|region| (region, true));
        }
        match target {
            Some(DataUri {
                cloud: Some(cloud), ..
            }) => Region::of(*cloud, name).map(|region| (region, true)),
            Some(_) => Region::named(None, name).map(|region| (region, false)),
            None => {
                let cloud = self.r#type.as_deref().and_then(Provider::parse);
                let region = match cloud {
                    Some(cloud) => Region::of(cloud, name),
                    None => Region::named(None, name),
                };
                region.map(|region| (region, true))
            }
        }
    }
}

impl<'de> Deserialize<'de> for AccessMethod {
    /// Anything but an object is a method that leads nowhere.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = [
            "type",
            "access_url",
            "access_id",
            "cloud",
            "region",
            "available",
            "availability",
        ];
        let [kind, url, id, cloud, region, available, availability] =
            lenient::members(deserializer, names)?;
        let text = |value: Option<Value>| value.as_ref().and_then(lenient::text_of);
        Ok(Self {
            available: available
                .or(availability)
                .as_ref()
                .and_then(lenient::flag_of),
            r#type: text(kind),
            access_id: text(id),
            cloud: text(cloud),
            region: text(region),
            access_url: AccessUrl::of(url.unwrap_or_default()),
        })
    }
}

impl AccessUrl {
    /// An object as in the specification, or the URL alone; anything else is no URL.
    fn of(value: Value) -> Self {
        match value {
            Value::Object(members) => Self {
                url: members
                    .get("url")
                    .and_then(Value::as_str)
                    .and_then(lenient::present)
                    .map(str::to_owned),
                needs_headers: has_headers(&members),
            },
            Value::String(url) => Self {
                url: lenient::present(&url).map(str::to_owned),
                needs_headers: false,
            },
            _ => Self::default(),
        }
    }

    fn parsed(&self) -> Option<Url> {
        Url::parse(self.url.as_deref()?).ok()
    }

    /// What it points at.
    fn target(&self, parsed: Option<&Url>) -> Option<DataUri> {
        DataUri::of(self.url.as_deref()?, parsed)
    }

    fn may_be_shown(&self, parsed: Option<&Url>) -> bool {
        let is_harmless =
            |url: &str| url.len() <= MAX_URI_BYTES && parsed_may_be_disclosed(url, parsed);
        !self.needs_headers && self.url.as_deref().is_some_and(is_harmless)
    }

    /// The host that it leads to: all that may be kept of a signed URL.
    pub(super) fn into_host(self) -> Option<Host> {
        self.target(self.parsed().as_ref())?.host
    }
}

impl<'de> Deserialize<'de> for AccessUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::of(Value::deserialize(deserializer)?))
    }
}

/// A list of `name: value`, or an object; some servers write `"None"` for none.
fn has_headers(members: &Map<String, Value>) -> bool {
    match members.get("headers") {
        None | Some(Value::Null | Value::Bool(_) | Value::Number(_)) => false,
        Some(Value::String(header)) => lenient::present(header).is_some(),
        Some(Value::Array(headers)) => headers.iter().any(|header| match header {
            Value::Null => false,
            Value::String(header) => lenient::present(header).is_some(),
            _ => true,
        }),
        Some(Value::Object(headers)) => !headers.is_empty(),
    }
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
            access_id: Some(access_id.to_owned()),
            ..Access::default()
        }
    }

    fn in_region(cloud: &str, name: &str, host: Option<&str>) -> Host {
        Host::Region {
            region: Region::named(Some(cloud), name).unwrap().id(),
            host: host.map(|host| Box::new(Host::parse(host))),
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
    fn what_is_no_uri_is_no_access_uri() {
        for odd in [
            json!(5),
            json!(true),
            json!("5"),
            json!("None"),
            json!(["globus://x"]),
            json!({"url": 5}),
            json!({"url": "5"}),
            json!({"url": ["s3://b/x"]}),
            json!({"url": "not a uri"}),
            json!({"url": "mailto:ann@example.org"}),
            json!({"url": "https://"}),
            json!({"url": "relative/path"}),
        ] {
            assert_eq!(access(json!({"access_url": odd})), None, "{odd}");
            let by_id = access(json!({"access_url": odd, "access_id": "a"}));
            assert_eq!(by_id, Some(at_drs("a")), "{odd}");
        }
        for odd in [json!(5), json!("s3"), json!([]), json!(true)] {
            assert_eq!(access(odd), None);
        }
    }

    #[test]
    fn a_region_tells_where_the_bytes_are() {
        let host = |method| access(method).unwrap().host;
        let s3 = |region: &str| json!({"access_url": {"url": "s3://genomes/x"}, "region": region});
        let id = |id: &str| json!({"access_id": id});
        let cases = [
            (id("aws-us-east-1"), in_region("aws", "us-east-1", None)),
            (
                json!({"access_id": "x", "cloud": "aws", "region": "us-east-1"}),
                in_region("aws", "us-east-1", None),
            ),
            (
                json!({"access_id": "x", "type": "s3", "region": "EU"}),
                in_region("aws", "eu-west-1", None),
            ),
            (
                json!({"access_id": "x", "type": "gs", "region": "EU"}),
                in_region("gcp", "eu", None),
            ),
            (
                s3("us-east-1"),
                in_region("aws", "us-east-1", Some("s3://genomes")),
            ),
            (
                s3("EU"),
                in_region("aws", "eu-west-1", Some("s3://genomes")),
            ),
            (
                s3("s3.us-east-1"),
                in_region("aws", "us-east-1", Some("s3://genomes")),
            ),
            (
                s3("aws:us-east-1"),
                in_region("aws", "us-east-1", Some("s3://genomes")),
            ),
            (
                json!({"access_url": {"url": "gs://genomes/x"}, "region": "gs.US"}),
                in_region("gcp", "us", Some("gs://genomes")),
            ),
            (
                json!({"access_url": {"url": "gs://genomes/x"}, "region": "EU"}),
                in_region("gcp", "eu", Some("gs://genomes")),
            ),
            (
                json!({"access_url": {"url": "https://a.blob.core.windows.net/c/x"}, "region": "West Europe"}),
                in_region("azure", "westeurope", Some("a.blob.core.windows.net")),
            ),
            (
                json!({"access_url": {"url": "https://data.example/x?sig=1"}, "cloud": "aws", "region": "us-east-1"}),
                in_region("aws", "us-east-1", Some("data.example")),
            ),
        ];
        for (method, expected) in cases {
            assert_eq!(host(method.clone()), Some(expected), "{method}");
        }
    }

    #[test]
    fn a_region_without_a_cloud_says_nothing_of_a_host_with_a_place_of_its_own() {
        for (url, host) in [
            ("https://data.example/x", "data.example"),
            ("s3://minio.example.org:9000/bucket/x", "minio.example.org"),
            ("ftp://ftp.example/x", "ftp.example"),
        ] {
            let method = json!({"access_url": {"url": url}, "region": "us-east-1"});
            let access = access(method).unwrap();
            assert_eq!(access.host, Some(Host::parse(host)));
            let region = access.stated_region.unwrap();
            assert_eq!(region.name, "us-east-1");
        }
    }

    #[test]
    fn the_region_in_a_url_counts_more_than_the_one_that_is_stated() {
        let url = "https://b.s3.eu-west-1.amazonaws.com/x";
        let access = access(json!({"access_url": {"url": url}, "region": "us-east-1"})).unwrap();
        let expected = in_region("aws", "eu-west-1", Some("s3://b"));
        assert_eq!(access.host, Some(expected));
        assert_eq!(access.stated_region.unwrap().name, "us-east-1");
    }

    #[test]
    fn an_unknown_region_says_nothing() {
        for region in ["", "RegionOne", "eu-west-99", "RUH"] {
            let method = json!({"access_url": {"url": "s3://genomes/x"}, "region": region});
            let access = access(method).unwrap();
            assert_eq!(access.host, Some(Host::parse("s3://genomes")));
            assert_eq!(access.stated_region, None);
        }
        let elsewhere = json!({"access_url": {"url": "s3://genomes/x"}, "cloud": "openstack", "region": "us-east-1"});
        assert_eq!(
            access(elsewhere).unwrap().host,
            Some(Host::parse("s3://genomes"))
        );
    }

    #[test]
    fn a_url_that_may_be_shown_is_preferred_to_an_access_id() {
        let access = access(json!({"access_url": {"url": "gs://bucket/x"}, "access_id": "gs"}));
        let access = access.unwrap();
        assert_eq!(
            (access.uri.as_str(), access.access_id),
            ("gs://bucket/x", None)
        );
    }

    #[test]
    fn of_a_url_with_a_secret_only_the_host_is_kept() {
        for url in [
            "https://data.example/x?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=af07",
            "https://data.example/x?temp_url_sig=af07&temp_url_expires=1",
            "https://data.example/x?access_token=af07",
            "https://data.example/x?alt=media;token=af07",
            "https://data.example/x?authz=af07",
            "https://data.example/x?ticket=af07",
            "https://data.example/x?hdnts=af07",
            "https://data.example/x?Authorization=af07",
            "https://ann:af07@data.example/x",
            "https://af07@data.example/x",
            "https://data.example/x#af07",
            "ftp://ann:af07@data.example/x",
        ] {
            let method = json!({"access_url": {"url": url}, "access_id": "s3"});
            let access = access(method).unwrap();
            assert_eq!(access.uri, OBJECT, "{url}");
            assert_eq!(access.host, Some(Host::parse("data.example")));
            assert!(!format!("{access:?}").contains("af07"));
        }
    }

    #[test]
    fn a_url_that_needs_headers_is_not_shown() {
        let shown = |headers: Value| {
            let url = json!({"url": "https://data.example/x", "headers": headers});
            access(json!({"access_url": url})).unwrap().uri
        };
        for headers in [
            json!(["Authorization: Bearer af07"]),
            json!("Authorization: Bearer af07"),
            json!({"Authorization": "Bearer af07"}),
            json!([{"name": "Authorization", "value": "af07"}]),
            json!(["None", "Range: bytes=0-1"]),
        ] {
            assert_eq!(shown(headers), OBJECT);
        }
        for none in [
            json!(null),
            json!([]),
            json!(["None"]),
            json!({}),
            json!(""),
            json!("None"),
        ] {
            assert_eq!(shown(none), "https://data.example/x");
        }
    }

    #[test]
    fn a_path_is_on_the_host_of_the_drs() {
        for uri in ["/data/x.bam", "file:///data/x.bam"] {
            let access =
                access(json!({"access_url": {"url": uri}, "region": "us-east-1"})).unwrap();
            assert_eq!((access.uri.as_str(), access.host), (uri, None));
            assert!(access.is_local);
        }
    }
}
