//! What the URI of a copy points at: a bucket, an endpoint of an object store, a host, or a path.

use std::fmt;

use url::Url;

use super::{Region, stores};
use crate::domain::{
    cloud::{Cloud, CloudRegion},
    disclosure::{is_arn, is_path, strip_s3},
    geo::Host,
};

/// The longest authority that is read, in bytes.
const MAX_AUTHORITY_BYTES: usize = 512;

/// Schemes of file systems and services whose authority is a host.
const HOST_SCHEMES: [&str; 31] = [
    "ftp", "ftps", "sftp", "scp", "ssh", "rsync", "root", "roots", "xroot", "xroots", "dav",
    "davs", "webdav", "webdavs", "srm", "gsiftp", "dcap", "gsidcap", "irods", "hdfs", "webhdfs",
    "swebhdfs", "smb", "cifs", "nfs", "git", "drs", "htsget", "fasp", "ascp", "gridftp",
];

/// The URI of a copy of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataUri {
    /// What it points at.
    pub kind: UriKind,
    /// What is located: a bucket where there is one, also of URLs with a host that answers for many buckets, and with the
    /// region that the URI itself names. `None` for paths.
    pub host: Option<Host>,
    /// The provider whose regions the names of regions are, where scheme or host decide it.
    pub cloud: Option<Cloud>,
}

/// What a URI points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UriKind {
    /// A bucket of a provider's object store.
    Bucket,
    /// An access point of S3.
    AccessPoint,
    /// An endpoint that speaks S3, and is a host of its own.
    Endpoint,
    /// A host.
    Host,
    /// Something that a service knows by a name which is no host name, such as a collection of Globus.
    Collection,
    /// A path in a file system.
    Path,
}

impl fmt::Display for UriKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bucket => "bucket",
            Self::AccessPoint => "access point",
            Self::Endpoint => "endpoint",
            Self::Host => "host",
            Self::Collection => "collection",
            Self::Path => "path",
        })
    }
}

impl DataUri {
    /// What `text` points at; `None` if it is no URI and no absolute path.
    pub fn parse(text: &str) -> Option<Self> {
        if text.contains(|c: char| c.is_control() || c == '\\') {
            return None;
        }
        if is_path(text) {
            return Some(Self::path());
        }
        if is_arn(strip_s3(text)) {
            return Self::of_arn(strip_s3(text));
        }
        let url = Url::parse(text).ok()?;
        if url.cannot_be_a_base() {
            return None;
        }
        let name = url.host_str().unwrap_or_default();
        if name.len() > MAX_AUTHORITY_BYTES {
            return None;
        }
        match url.scheme() {
            "file" => Some(Self::path()),
            // A scheme with a local default, such as `irods:///zone/x`, names a thing that only a client can find.
            scheme if name.is_empty() => Some(Self::collection(scheme, "")),
            "s3" | "s3a" | "s3n" => Some(Self::of_s3(&url, name)),
            "gs" | "gcs" => Some(Self::bucket(Cloud::Gcp, name)),
            "az" | "azure" | "wasb" | "wasbs" | "abfs" | "abfss" | "adl" => {
                Some(Self::of_azure(name))
            }
            "http" | "https" => Some(Self::of_web(&url, name)),
            scheme if HOST_SCHEMES.contains(&scheme) => Some(Self::host(Host::of(&url)?)),
            scheme if Host::STORES.contains(&scheme) => Some(Self::collection(scheme, name)),
            _ if url.port().is_some() || is_host_name(name) => Some(Self::host(Host::of(&url)?)),
            scheme => Some(Self::collection(scheme, name)),
        }
    }

    /// The bucket, without its region.
    pub fn bucket_host(&self) -> Option<&Host> {
        let host = self.host.as_ref()?.machine();
        matches!(host, Host::Bucket(_)).then_some(host)
    }

    /// The region in the URI itself.
    pub fn region(&self) -> Option<CloudRegion> {
        match self.host.as_ref()? {
            Host::Region { region, .. } => Some(*region),
            host => Region::of_host(host).map(Region::id),
        }
    }

    const fn path() -> Self {
        Self {
            kind: UriKind::Path,
            host: None,
            cloud: None,
        }
    }

    const fn host(host: Host) -> Self {
        Self {
            kind: UriKind::Host,
            host: Some(host),
            cloud: None,
        }
    }

    fn collection(scheme: &str, name: &str) -> Self {
        Self {
            kind: UriKind::Collection,
            host: Some(Host::Bucket(format!("{scheme}://{name}"))),
            cloud: None,
        }
    }

    fn bucket(cloud: Cloud, name: &str) -> Self {
        Self {
            kind: UriKind::Bucket,
            host: Some(bucket(cloud, name)),
            cloud: Some(cloud),
        }
    }

    /// `arn:partition:s3:region:account:resource`: a bucket, `accesspoint/name`, or one of their variants.
    fn of_arn(arn: &str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':').skip(3);
        let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
        let (first, rest) = resource.split_once(['/', ':']).unwrap_or((resource, ""));
        let region = Region::of(Cloud::Aws, region);
        let (kind, name) = if first == "accesspoint" || first == "outpost" {
            let name = rest
                .split(['/', ':'])
                .next()
                .filter(|name| !name.is_empty())?;
            (UriKind::AccessPoint, format!("{name}-{account}"))
        } else {
            (UriKind::Bucket, first.to_owned())
        };
        let found = bucket(Cloud::Aws, &name);
        Some(Self {
            kind,
            host: Some(with_region(region, found)),
            cloud: Some(Cloud::Aws),
        })
    }

    /// `s3://` with a bucket, or an endpoint and a bucket in its path.
    fn of_s3(url: &Url, name: &str) -> Self {
        let host = Host::parse(name);
        if let Host::Name(host_name) = &host
            && url.port().is_none()
        {
            if let Some(store) = stores::of_web(host_name, url.path()) {
                return Self::of_store(&store, &host);
            }
            if !stores::is_endpoint(host_name) {
                // As it is written: names of buckets in old regions may have upper case.
                return Self::bucket(Cloud::Aws, name);
            }
        }
        Self {
            kind: UriKind::Endpoint,
            host: Some(host),
            cloud: None,
        }
    }

    fn of_web(url: &Url, name: &str) -> Self {
        let host = Host::parse(name);
        let Host::Name(host_name) = &host else {
            return Self::host(host);
        };
        match stores::of_web(host_name, url.path()) {
            Some(store) => Self::of_store(&store, &host),
            None if stores::is_endpoint(host_name) => Self {
                kind: UriKind::Endpoint,
                cloud: stores::provider(host_name),
                host: Some(host),
            },
            None => Self {
                cloud: stores::provider(host_name),
                ..Self::host(host)
            },
        }
    }

    /// `host` is that of the URI: it is what is located where no bucket is named.
    fn of_store(store: &stores::Store<'_>, host: &Host) -> Self {
        let kind = if store.is_access_point {
            UriKind::AccessPoint
        } else {
            store.bucket.map_or(UriKind::Host, |_| UriKind::Bucket)
        };
        let host = match store.bucket {
            Some(name) => with_region(store.region, bucket(store.cloud, name)),
            None => host.clone(),
        };
        Self {
            kind,
            host: Some(host),
            cloud: Some(store.cloud),
        }
    }

    /// A container, or the host of an account; the container before it is user info.
    fn of_azure(name: &str) -> Self {
        if is_host_name(name) {
            return Self {
                cloud: Some(Cloud::Azure),
                ..Self::host(Host::parse(name))
            };
        }
        Self::bucket(Cloud::Azure, name)
    }
}

/// The bucket `name`, by the usual scheme of its store.
fn bucket(cloud: Cloud, name: &str) -> Host {
    let scheme = match cloud {
        Cloud::Aws => "s3",
        Cloud::Gcp => "gs",
        Cloud::Azure => "az",
    };
    Host::Bucket(format!("{scheme}://{name}"))
}

fn with_region(region: Option<&'static Region>, host: Host) -> Host {
    match region {
        Some(region) => Host::Region {
            region: region.id(),
            host: Some(Box::new(host)),
        },
        None => host,
    }
}

/// Whether an authority looks like a host: an address, or a name with a top-level domain.
fn is_host_name(name: &str) -> bool {
    matches!(Host::parse(name), Host::Address(_))
        || name == "localhost"
        || name.rsplit_once('.').is_some_and(|(_, top)| {
            top.len() > 1 && top.bytes().all(|byte| byte.is_ascii_alphabetic())
        })
}
