//! Cloud regions in host names and in the ids of DRS access methods.

use super::regions::Region;
use crate::domain::{cloud::Provider, geo::Host};

/// The domains of Amazon's services.
const AMAZON: [&str; 3] = ["amazonaws.com", "amazonaws.com.cn", "amazonaws.eu"];

/// Domains of services below which the next label is a region: `vm.westeurope.cloudapp.azure.com`.
const AFTER_REGION: [(&str, Provider); 9] = [
    ("compute.amazonaws.com", Provider::Aws),
    ("compute.amazonaws.com.cn", Provider::Aws),
    ("elb.amazonaws.com", Provider::Aws),
    ("rep.googleapis.com", Provider::Gcp),
    ("run.app", Provider::Gcp),
    ("cloudapp.azure.com", Provider::Azure),
    ("azurecontainer.io", Provider::Azure),
    ("azurecontainerapps.io", Provider::Azure),
    ("batch.azure.com", Provider::Azure),
];

impl Region {
    /// The region in the name of `host`. Most names have none; the name of a bucket does not count.
    ///
    /// Google's and Azure's object stores have one host name for all regions, except Google's regional endpoints.
    pub fn of_host(host: &Host) -> Option<&'static Self> {
        let Host::Name(name) = host else {
            return None;
        };
        of_s3(name)
            .or_else(|| before_service(name))
            .or_else(|| of_locational_endpoint(name))
    }

    /// The region in the id of a DRS access method, such as `aws-us-east-1`, `gs.US` or `gcp-us-central1*more`.
    ///
    /// An id that does not begin with a cloud has to be exactly the name of one region.
    pub fn of_access_id(id: &str) -> Option<&'static Self> {
        if begins_with_provider(id) {
            return Self::with_provider(id);
        }
        Self::named(None, id).filter(|region| !region.is_multiple)
    }

    /// The region in a text that begins with its provider, or with the scheme of the provider's object store:
    /// `aws:us-east-1`, `gs.US`.
    pub fn with_provider(text: &str) -> Option<&'static Self> {
        let (cloud, name) = text.split_once(is_separator)?;
        let cloud = Provider::parse(cloud)?;
        Self::of(cloud, name).or_else(|| Self::at_start_of(cloud, name))
    }
}

const fn is_separator(c: char) -> bool {
    !c.is_ascii_alphanumeric()
}

fn begins_with_provider(text: &str) -> bool {
    let provider = text
        .split_once(is_separator)
        .and_then(|(cloud, _)| Provider::parse(cloud));
    provider.is_some()
}

/// `s3.REGION`, `s3-REGION`, `BUCKET.s3.REGION` and so on below Amazon's domains; also with `dualstack.` before the
/// region, and for variants of the service: `s3-fips`, `s3-website`, `s3-accesspoint`, `s3-control`.
fn of_s3(name: &str) -> Option<&'static Region> {
    let labels = before_amazon(name)?.rsplit('.');
    // A bucket's name may have dots and look like a region, so only the last labels before the domain count.
    let mut labels = labels.skip_while(|label| *label == "vpce");
    let last = labels.next()?;
    if let Some(region) = last.strip_prefix("s3-") {
        return match region {
            "external-1" => Region::of(Provider::Aws, "us-east-1"),
            _ => Region::of(
                Provider::Aws,
                region.strip_prefix("website-").unwrap_or(region),
            ),
        };
    }
    let mut labels = labels.skip_while(|label| *label == "dualstack");
    let service = labels.next()?;
    if service == "s3" || service.starts_with("s3-") || service.starts_with("s3express-") {
        Region::of(Provider::Aws, last)
    } else {
        None
    }
}

/// `NAME.REGION.SERVICE`.
fn before_service(name: &str) -> Option<&'static Region> {
    let (labels, cloud) = AFTER_REGION
        .iter()
        .find_map(|(service, cloud)| Some((before(name, service)?, *cloud)))?;
    let label = labels.rsplit('.').next()?;
    Region::of(cloud, label)
}

/// `REGION-storage.googleapis.com` or `BUCKET.REGION-storage.googleapis.com`.
fn of_locational_endpoint(name: &str) -> Option<&'static Region> {
    let label = before(name, "googleapis.com")?.rsplit('.').next()?;
    Region::of(Provider::Gcp, label.strip_suffix("-storage")?)
}

/// The labels of `name` below Amazon's domains.
pub(super) fn before_amazon(name: &str) -> Option<&str> {
    AMAZON.iter().find_map(|domain| before(name, domain))
}

/// The labels of `name` below `domain`.
fn before<'a>(name: &'a str, domain: &str) -> Option<&'a str> {
    name.strip_suffix(domain)?.strip_suffix('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_url(url: &str) -> Option<&'static str> {
        let host = Host::of(&url.parse().unwrap())?;
        Region::of_host(&host).map(|region| region.name.as_str())
    }

    #[test]
    fn regions_are_found_in_host_names_of_s3() {
        for (url, region) in [
            (
                "https://s3.eu-central-1.amazonaws.com/bucket/key",
                "eu-central-1",
            ),
            ("https://s3-eu-west-1.amazonaws.com/bucket/key", "eu-west-1"),
            ("https://bucket.s3.us-west-2.amazonaws.com/key", "us-west-2"),
            ("https://bucket.s3-us-west-2.amazonaws.com/key", "us-west-2"),
            (
                "https://BUCKET.S3.US-West-2.AmazonAWS.com./key",
                "us-west-2",
            ),
            (
                "https://a.b.c.s3.ap-southeast-2.amazonaws.com:443/key",
                "ap-southeast-2",
            ),
            (
                "https://bucket.s3.dualstack.eu-north-1.amazonaws.com/key",
                "eu-north-1",
            ),
            (
                "https://s3.dualstack.eu-north-1.amazonaws.com/bucket/key",
                "eu-north-1",
            ),
            (
                "https://bucket.s3-fips.us-gov-west-1.amazonaws.com/key",
                "us-gov-west-1",
            ),
            (
                "https://s3-fips.dualstack.us-east-1.amazonaws.com/b/key",
                "us-east-1",
            ),
            (
                "https://s3.cn-north-1.amazonaws.com.cn/bucket/key",
                "cn-north-1",
            ),
            (
                "https://bucket.s3.cn-northwest-1.amazonaws.com.cn/key",
                "cn-northwest-1",
            ),
            (
                "https://s3.eusc-de-east-1.amazonaws.eu/bucket/key",
                "eusc-de-east-1",
            ),
            (
                "http://bucket.s3-website-eu-west-1.amazonaws.com/",
                "eu-west-1",
            ),
            (
                "http://bucket.s3-website.eu-central-1.amazonaws.com/",
                "eu-central-1",
            ),
            (
                "https://ap-1234.s3-accesspoint.eu-west-2.amazonaws.com/key",
                "eu-west-2",
            ),
            (
                "https://s3-external-1.amazonaws.com/bucket/key",
                "us-east-1",
            ),
            (
                "https://bucket.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com/key",
                "us-east-1",
            ),
            // The bucket is named like another region, or like the service.
            (
                "https://us-west-2.s3.eu-west-1.amazonaws.com/key",
                "eu-west-1",
            ),
            (
                "https://s3.us-east-1.s3.eu-west-1.amazonaws.com/key",
                "eu-west-1",
            ),
        ] {
            assert_eq!(of_url(url), Some(region), "{url}");
        }
    }

    #[test]
    fn regions_are_found_in_host_names_of_google_azure_and_other_amazon_services() {
        for (url, region) in [
            (
                "https://storage.europe-west3.rep.googleapis.com/bucket/key",
                "europe-west3",
            ),
            (
                "https://bucket.storage.us-east4.rep.googleapis.com/key",
                "us-east4",
            ),
            (
                "https://us-central1-storage.googleapis.com/bucket/key",
                "us-central1",
            ),
            (
                "https://tes-123456.europe-west6.run.app/ga4gh/tes/v1",
                "europe-west6",
            ),
            (
                "https://tes.westeurope.cloudapp.azure.com/ga4gh/tes/v1",
                "westeurope",
            ),
            ("https://drs.northeurope.azurecontainer.io/", "northeurope"),
            (
                "https://tes.blue-sky-1a2b.swedencentral.azurecontainerapps.io/",
                "swedencentral",
            ),
            ("https://account.eastus2.batch.azure.com/", "eastus2"),
            (
                "http://ec2-3-120-0-1.eu-central-1.compute.amazonaws.com/",
                "eu-central-1",
            ),
            ("http://tes-1234.us-west-2.elb.amazonaws.com/", "us-west-2"),
        ] {
            assert_eq!(of_url(url), Some(region), "{url}");
        }
    }

    #[test]
    fn other_host_names_have_no_region() {
        for url in [
            "https://s3.amazonaws.com/bucket/key",
            "https://bucket.s3.amazonaws.com/key",
            "https://us-west-2.s3.amazonaws.com/key",
            "https://bucket.s3-accelerate.amazonaws.com/key",
            "https://bucket.s3-accelerate.dualstack.amazonaws.com/key",
            "https://s3.us-east-9.amazonaws.com/bucket/key",
            "https://s3.us-east-1.amazonaws.com.evil.example/bucket/key",
            "https://s3.us-east-1.evilamazonaws.com/bucket/key",
            "https://s3.eu-central-1.wasabisys.com/bucket/key",
            "https://us-east-1.example.org/",
            "https://amazonaws.com/",
            "https://s3-.amazonaws.com/",
            "https://storage.googleapis.com/bucket/key",
            "https://bucket.storage.googleapis.com/key",
            "https://storage.cloud.google.com/bucket/key",
            "https://-storage.googleapis.com/bucket/key",
            "https://account.blob.core.windows.net/container/blob",
            "https://account.dfs.core.windows.net/container/blob",
            "https://westeurope.blob.core.windows.net/container/blob",
            "https://run.app/",
            "https://52.216.0.1/bucket/key",
            "https://[2a05:d050:8080::1]/bucket/key",
            // The host of these is a bucket, whatever it looks like.
            "s3://s3.us-east-1.amazonaws.com/key",
            "gs://us-central1-storage.googleapis.com/key",
        ] {
            assert_eq!(of_url(url), None, "{url}");
        }
    }

    #[test]
    fn regions_are_found_in_access_ids() {
        for (id, region) in [
            ("aws-us-east-1", "us-east-1"),
            ("AWS-EU-WEST-1", "eu-west-1"),
            ("s3.us-east-1", "us-east-1"),
            ("s3-eu-central-1", "eu-central-1"),
            ("s3:us-west-2", "us-west-2"),
            ("aws-us-east-1-4fd5a9", "us-east-1"),
            ("gs.US", "us"),
            ("gs.us-central1", "us-central1"),
            ("gcp-us-central1", "us-central1"),
            ("gcp-us-central1*snapshot", "us-central1"),
            ("gcp-europe-west10-x", "europe-west10"),
            ("azure-westeurope", "westeurope"),
            ("az.eastus2/1", "eastus2"),
            ("us-east-1", "us-east-1"),
            ("europe-west6", "europe-west6"),
        ] {
            let found = Region::of_access_id(id).map(|region| region.name.as_str());
            assert_eq!(found, Some(region), "{id}");
        }
    }

    #[test]
    fn other_access_ids_have_no_region() {
        for id in [
            "",
            "s3",
            "gs",
            "us",
            "EU",
            "asia",
            "ncbi.public",
            "aws-",
            "aws-us",
            "aws-us-east-11",
            "gcp-us-east-1",
            "gs-us-bucket",
            "us-east-1-copy",
            "4fd5a9",
            "é-us-east-1",
        ] {
            assert_eq!(Region::of_access_id(id), None, "{id}");
        }
    }
}
