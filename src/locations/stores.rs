//! The hosts of object stores: which bucket and region a URL of S3 or Google names, and which hosts are endpoints of
//! stores that speak S3.

use super::{Region, endpoints::before_amazon};
use crate::domain::{cloud::Provider, geo::Host};

/// Domains of providers and products whose endpoints speak S3.
const ENDPOINTS: [&str; 21] = [
    "r2.cloudflarestorage.com",
    "wasabisys.com",
    "digitaloceanspaces.com",
    "backblazeb2.com",
    "oraclecloud.com",
    "oraclecloud.eu",
    "customer-oci.com",
    "cloud-object-storage.appdomain.cloud",
    "aliyuncs.com",
    "myqcloud.com",
    "myhuaweicloud.com",
    "your-objectstorage.com",
    "cloud.ovh.net",
    "cloud.ovh.us",
    "scw.cloud",
    "exo.io",
    "linodeobjects.com",
    "vultrobjects.com",
    "idrivee2.com",
    "storjshare.io",
    "rgw.app",
];

/// First labels of hosts that speak S3.
const ENDPOINT_LABELS: [&str; 5] = ["s3", "minio", "rgw", "radosgw", "ceph-s3"];

/// Hosts of Google that answer for the buckets of all regions, with the bucket in the path, or before the name.
const GOOGLE: [&str; 6] = [
    "storage.googleapis.com",
    "storage.cloud.google.com",
    "commondatastorage.googleapis.com",
    "storage.mtls.googleapis.com",
    "storage-download.googleapis.com",
    "storage.mtls.cloud.google.com",
];

/// Paths of Google's APIs before the name of a bucket.
const GOOGLE_APIS: [&str; 4] = [
    "/storage/v1/b/",
    "/download/storage/v1/b/",
    "/upload/storage/v1/b/",
    "/v0/b/",
];

/// Domains of Azure's storage.
const AZURE: [&str; 5] = [
    "core.windows.net",
    "storage.azure.net",
    "core.chinacloudapi.cn",
    "core.usgovcloudapi.net",
    "azuredatalakestore.net",
];

/// What a host of an object store says.
pub(super) struct Store<'a> {
    pub(super) cloud: Provider,
    /// The bucket, if the URL names one.
    pub(super) bucket: Option<&'a str>,
    pub(super) region: Option<&'static Region>,
    pub(super) is_access_point: bool,
}

/// What a URL of S3 or Google names; `name` is its host, in lower case.
pub(super) fn of_web<'a>(name: &'a str, path: &'a str) -> Option<Store<'a>> {
    of_amazon(name, path).or_else(|| of_google(name, path))
}

/// Whether `name` is a host that speaks S3, of no provider whose regions are known.
pub(super) fn is_endpoint(name: &str) -> bool {
    let first = name.split('.').next().unwrap_or_default();
    name == "localhost"
        || (name.contains('.') && ENDPOINT_LABELS.contains(&first))
        || ENDPOINTS.iter().any(|domain| is_at_or_below(name, domain))
}

/// The provider of a host of Azure's storage, which resolves inside the region of its account, or of any host of Amazon.
pub(super) fn provider(name: &str) -> Option<Provider> {
    if AZURE.iter().any(|domain| is_at_or_below(name, domain)) {
        return Some(Provider::Azure);
    }
    before_amazon(name).map(|_| Provider::Aws)
}

/// Whether `name` answers for the buckets of all regions: where its address is says nothing.
pub(super) fn is_global(name: &str) -> bool {
    let is_google = GOOGLE.iter().any(|host| is_at_or_below(name, host));
    let is_amazon = before_amazon(name).is_some_and(|labels| {
        let last = labels.rsplit('.').next().unwrap_or_default();
        let is_service = matches!(last, "s3" | "s3-global" | "s3-accelerate");
        is_service || labels.ends_with("s3-accelerate.dualstack")
    });
    is_google || is_amazon
}

/// Names by which the store itself serves `bucket`, such as `s3://name`, in `region`.
pub(super) fn hosts_of(bucket: &str, region: Option<&str>) -> Vec<Host> {
    let mut hosts = Vec::new();
    let mut add = |name: &str, host: &str| {
        hosts.push(Host::Name(format!("{name}.{host}")));
        hosts.push(Host::Name(host.to_owned()));
    };
    if let Some(name) = bucket.strip_prefix("s3://") {
        if let Some(region) = region {
            add(name, &format!("s3.{region}.amazonaws.com"));
        }
        add(name, "s3.amazonaws.com");
    } else if let Some(name) = bucket.strip_prefix("gs://") {
        add(name, "storage.googleapis.com");
    }
    hosts
}

/// Below Amazon's domains: `BUCKET.s3.REGION`, `s3.REGION` and `s3-REGION` with the bucket in the path, and their
/// variants; `s3` alone, `s3-accelerate` and `s3-global` answer for all regions.
fn of_amazon<'a>(name: &'a str, path: &'a str) -> Option<Store<'a>> {
    let labels = before_amazon(name)?;
    let region = Region::of_host(&Host::Name(name.to_owned()));
    let (bucket, service) = service_of(labels, region)?;
    let is_access_point = service.starts_with("s3-accesspoint") || service == "s3-global";
    let bucket = match bucket {
        "" if is_access_point => None,
        "" => first_segment(path),
        // An endpoint in a network of its own: which of the labels are the bucket is not certain.
        labels if labels.contains("vpce-") => None,
        labels => Some(labels),
    };
    Some(Store {
        cloud: Provider::Aws,
        bucket,
        region,
        is_access_point,
    })
}

/// What precedes the service in the labels of a host of S3, and the service; `None` for other services.
fn service_of<'a>(labels: &'a str, region: Option<&'static Region>) -> Option<(&'a str, &'a str)> {
    let labels = labels.strip_suffix(".vpce").unwrap_or(labels);
    let (rest, last) = split_last(labels);
    let (rest, service) = match region {
        // The region has a label of its own, after that of the service.
        Some(region) if last == region.name => {
            let rest = rest.strip_suffix(".dualstack").unwrap_or(rest);
            split_last(rest)
        }
        _ => {
            let labels = labels.strip_suffix(".dualstack").unwrap_or(labels);
            split_last(labels)
        }
    };
    let is_s3 = service == "s3" || service.starts_with("s3-") || service.starts_with("s3express-");
    let is_for_data = !service.starts_with("s3-control") && !service.starts_with("s3-outposts");
    (is_s3 && is_for_data && (region.is_some() || is_global_service(service)))
        .then_some((rest, service))
}

fn is_global_service(service: &str) -> bool {
    matches!(service, "s3" | "s3-accelerate" | "s3-global" | "s3-fips")
}

/// The global hosts and their virtual hosts, those of regions, and the JSON API.
fn of_google<'a>(name: &'a str, path: &'a str) -> Option<Store<'a>> {
    let store = |bucket: Option<&'a str>| Store {
        cloud: Provider::Gcp,
        bucket,
        region: Region::of_host(&Host::Name(name.to_owned())),
        is_access_point: false,
    };
    let is_api = GOOGLE_APIS.iter().find_map(|api| path.strip_prefix(api));
    if let Some(rest) = is_api
        && (GOOGLE.contains(&name)
            || matches!(
                name,
                "www.googleapis.com" | "firebasestorage.googleapis.com"
            ))
    {
        let bucket = rest.split('/').next().filter(|bucket| !bucket.is_empty());
        return Some(store(bucket));
    }
    if GOOGLE.contains(&name) {
        return Some(store(first_segment(path)));
    }
    if let Some(bucket) = GOOGLE.iter().find_map(|host| below(name, host)) {
        return Some(store(Some(bucket)));
    }
    // `REGION-storage.googleapis.com`, `storage.REGION.rep.googleapis.com`, and with a bucket before them.
    let region = Region::of_host(&Host::Name(name.to_owned()))?;
    let hosts = [
        format!("{}-storage.googleapis.com", region.name),
        format!("storage.{}.rep.googleapis.com", region.name),
    ];
    if hosts.iter().any(|host| host == name) {
        return Some(store(first_segment(path)));
    }
    let bucket = hosts.iter().find_map(|host| below(name, host))?;
    Some(store(Some(bucket)))
}

fn below<'a>(name: &'a str, domain: &str) -> Option<&'a str> {
    name.strip_suffix(domain)?.strip_suffix('.')
}

fn is_at_or_below(name: &str, domain: &str) -> bool {
    name == domain || below(name, domain).is_some()
}

/// What precedes the last label, and the last label.
fn split_last(labels: &str) -> (&str, &str) {
    labels.rsplit_once('.').unwrap_or(("", labels))
}

fn first_segment(path: &str) -> Option<&str> {
    let segment = path.strip_prefix('/')?.split('/').next()?;
    (!segment.is_empty()).then_some(segment)
}
