//! What the URI of a copy points at: a bucket, an endpoint of an object store, a host, or a path.

use std::fmt;

use url::Url;

use super::{Region, stores};
use crate::domain::{
    cloud::{CloudRegion, Provider},
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
    pub cloud: Option<Provider>,
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
        Self::of(text, Url::parse(text).ok().as_ref())
    }

    /// What `text` points at, which is parsed as `url` if it can be.
    pub fn of(text: &str, url: Option<&Url>) -> Option<Self> {
        if text.contains(|c: char| c.is_control() || c == '\\') {
            return None;
        }
        if is_path(text) {
            return Some(Self::path());
        }
        if is_arn(strip_s3(text)) {
            return Self::of_arn(strip_s3(text));
        }
        let url = url?;
        if url.cannot_be_a_base() {
            return None;
        }
        let name = url.host_str().unwrap_or_default();
        if name.len() > MAX_AUTHORITY_BYTES {
            return None;
        }
        match url.scheme() {
            "file" => Some(Self::path()),
            // What should name a bucket, and does not.
            "s3" | "s3a" | "s3n" | "gs" | "gcs" | "az" | "azure" | "wasb" | "wasbs" | "abfs"
            | "abfss" | "adl"
                if name.is_empty() =>
            {
                None
            }
            // A scheme with a local default, such as `irods:///zone/x`, names a thing that only a client can find.
            scheme if name.is_empty() => Some(Self::collection(scheme, "")),
            "s3" | "s3a" | "s3n" => Some(Self::of_s3(url, name)),
            "gs" | "gcs" => Some(Self::bucket(Provider::Gcp, name)),
            "az" | "azure" | "wasb" | "wasbs" | "abfs" | "abfss" | "adl" => {
                Some(Self::of_azure(name))
            }
            "http" | "https" => Some(Self::of_web(url, name)),
            scheme if HOST_SCHEMES.contains(&scheme) => Some(Self::host(Host::of(url)?)),
            scheme if Host::STORES.contains(&scheme) => Some(Self::collection(scheme, name)),
            _ if url.port().is_some() || is_host_name(name) => Some(Self::host(Host::of(url)?)),
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

    fn bucket(cloud: Provider, name: &str) -> Self {
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
        let region = Region::of(Provider::Aws, region);
        let (kind, name) = if first == "accesspoint" || first == "outpost" {
            let name = rest
                .split(['/', ':'])
                .next()
                .filter(|name| !name.is_empty())?;
            (UriKind::AccessPoint, format!("{name}-{account}"))
        } else {
            (UriKind::Bucket, first.to_owned())
        };
        let found = bucket(Provider::Aws, &name);
        Some(Self {
            kind,
            host: Some(with_region(region, found)),
            cloud: Some(Provider::Aws),
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
                return Self::bucket(Provider::Aws, name);
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
                cloud: Some(Provider::Azure),
                ..Self::host(Host::parse(name))
            };
        }
        Self::bucket(Provider::Azure, name)
    }
}

/// The bucket `name`, by the usual scheme of its store.
fn bucket(cloud: Provider, name: &str) -> Host {
    let scheme = match cloud {
        Provider::Gcp => "gs",
        Provider::Azure => "az",
        _ => "s3",
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        UriKind::{AccessPoint, Bucket, Collection, Endpoint, Host as Machine, Path},
        *,
    };

    /// URIs as they are in use: what each is, what is located, and the region that it names.
    #[rustfmt::skip]
    const SHAPES: &[(&str, UriKind, &str, &str)] = &[
        // S3, by its own scheme.
        ("s3://1000genomes/phase3/a.bam", Bucket, "s3://1000genomes", ""),
        ("s3://my.bucket.name/a b#c", Bucket, "s3://my.bucket.name", ""),
        ("s3://Legacy_Bucket/a", Bucket, "s3://Legacy_Bucket", ""),
        ("s3a://bucket/a", Bucket, "s3://bucket", ""),
        ("s3n://bucket/a", Bucket, "s3://bucket", ""),
        ("s3://alias-ehse6a7bz8fkc4x1example-s3alias/a", Bucket, "s3://alias-ehse6a7bz8fkc4x1example-s3alias", ""),
        ("s3://s3.eu-central-1.amazonaws.com/bucket/a", Bucket, "s3://bucket (aws:eu-central-1)", "aws:eu-central-1"),
        ("s3://bucket.s3.us-west-2.amazonaws.com/a", Bucket, "s3://bucket (aws:us-west-2)", "aws:us-west-2"),
        ("s3://s3.amazonaws.com/bucket/a", Bucket, "s3://bucket", ""),
        // S3, by http.
        ("https://s3.amazonaws.com/bucket/a", Bucket, "s3://bucket", ""),
        ("https://bucket.s3.amazonaws.com/a", Bucket, "s3://bucket", ""),
        ("https://BUCKET.S3.US-West-2.AmazonAWS.com./a", Bucket, "s3://bucket (aws:us-west-2)", "aws:us-west-2"),
        ("https://a.b.s3.ap-southeast-2.amazonaws.com:443/a", Bucket, "s3://a.b (aws:ap-southeast-2)", "aws:ap-southeast-2"),
        ("https://s3-eu-west-1.amazonaws.com/bucket/a", Bucket, "s3://bucket (aws:eu-west-1)", "aws:eu-west-1"),
        ("https://bucket.s3-us-west-2.amazonaws.com/a", Bucket, "s3://bucket (aws:us-west-2)", "aws:us-west-2"),
        ("https://s3-external-1.amazonaws.com/bucket/a", Bucket, "s3://bucket (aws:us-east-1)", "aws:us-east-1"),
        ("https://bucket.s3.dualstack.eu-north-1.amazonaws.com/a", Bucket, "s3://bucket (aws:eu-north-1)", "aws:eu-north-1"),
        ("https://s3-fips.dualstack.us-east-1.amazonaws.com/bucket/a", Bucket, "s3://bucket (aws:us-east-1)", "aws:us-east-1"),
        ("https://bucket.s3-accelerate.amazonaws.com/a", Bucket, "s3://bucket", ""),
        ("https://bucket.s3-accelerate.dualstack.amazonaws.com/a", Bucket, "s3://bucket", ""),
        ("http://bucket.s3-website-eu-west-1.amazonaws.com/a", Bucket, "s3://bucket (aws:eu-west-1)", "aws:eu-west-1"),
        ("http://bucket.s3-website.eu-central-1.amazonaws.com/a", Bucket, "s3://bucket (aws:eu-central-1)", "aws:eu-central-1"),
        ("https://s3.cn-north-1.amazonaws.com.cn/bucket/a", Bucket, "s3://bucket (aws:cn-north-1)", "aws:cn-north-1"),
        ("https://s3.eusc-de-east-1.amazonaws.eu/bucket/a", Bucket, "s3://bucket (aws:eusc-de-east-1)", "aws:eusc-de-east-1"),
        ("https://b--use1-az5--x-s3.s3express-use1-az5.us-east-1.amazonaws.com/a", Bucket, "s3://b--use1-az5--x-s3 (aws:us-east-1)", "aws:us-east-1"),
        ("https://bucket.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com/a", Machine, "bucket.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com", "aws:us-east-1"),
        ("https://s3.amazonaws.com/", Machine, "s3.amazonaws.com", ""),
        // Access points and ARNs.
        ("s3://arn:aws:s3:us-west-2:123456789012:accesspoint/my-ap/a", AccessPoint, "s3://my-ap-123456789012 (aws:us-west-2)", "aws:us-west-2"),
        ("arn:aws:s3:eu-west-1:123456789012:accesspoint/my-ap/object/a", AccessPoint, "s3://my-ap-123456789012 (aws:eu-west-1)", "aws:eu-west-1"),
        ("arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap", AccessPoint, "s3://mfzwi23gnjvgw.mrap-123456789012", ""),
        ("arn:aws:s3-object-lambda:us-east-1:123456789012:accesspoint/my-ap", AccessPoint, "s3://my-ap-123456789012 (aws:us-east-1)", "aws:us-east-1"),
        ("https://mfzwi23gnjvgw.mrap.accesspoint.s3-global.amazonaws.com/a", AccessPoint, "s3://mfzwi23gnjvgw.mrap.accesspoint", ""),
        ("arn:aws:s3-outposts:us-west-2:123456789012:outpost/op-01ac5d/accesspoint/ap", AccessPoint, "s3://op-01ac5d-123456789012 (aws:us-west-2)", "aws:us-west-2"),
        ("https://my-ap-123456789012.s3-accesspoint.us-west-2.amazonaws.com/a", AccessPoint, "s3://my-ap-123456789012 (aws:us-west-2)", "aws:us-west-2"),
        ("arn:aws:s3:::bucket/a", Bucket, "s3://bucket", ""),
        ("arn:aws-cn:s3:::bucket/a", Bucket, "s3://bucket", ""),
        // Stores that speak S3.
        ("s3://minio.example.org:9000/bucket/a", Endpoint, "minio.example.org", ""),
        ("s3://minio.example.org/bucket/a", Endpoint, "minio.example.org", ""),
        ("s3://10.0.0.7:9000/bucket/a", Endpoint, "10.0.0.7", ""),
        ("s3://localhost:9000/bucket/a", Endpoint, "localhost", ""),
        ("s3://[2001:db8::1]:9000/bucket/a", Endpoint, "2001:db8::1", ""),
        ("https://minio.example.org:9000/bucket/a", Endpoint, "minio.example.org", ""),
        ("s3://rgw.ceph.example.org/bucket/a", Endpoint, "rgw.ceph.example.org", ""),
        ("https://radosgw.example.org/swift/v1/container/a", Endpoint, "radosgw.example.org", ""),
        ("https://s3.example.org/bucket/a", Endpoint, "s3.example.org", ""),
        ("https://account.r2.cloudflarestorage.com/bucket/a", Endpoint, "account.r2.cloudflarestorage.com", ""),
        ("https://s3.eu-central-1.wasabisys.com/bucket/a", Endpoint, "s3.eu-central-1.wasabisys.com", ""),
        ("s3://s3.eu-central-2.wasabisys.com/bucket/a", Endpoint, "s3.eu-central-2.wasabisys.com", ""),
        ("https://s3.us-west-004.backblazeb2.com/bucket/a", Endpoint, "s3.us-west-004.backblazeb2.com", ""),
        ("https://space.fra1.digitaloceanspaces.com/a", Endpoint, "space.fra1.digitaloceanspaces.com", ""),
        ("https://ns.compat.objectstorage.eu-frankfurt-1.oraclecloud.com/bucket/a", Endpoint, "ns.compat.objectstorage.eu-frankfurt-1.oraclecloud.com", ""),
        ("https://objectstorage.us-ashburn-1.oraclecloud.com/n/ns/b/bucket/o/a", Endpoint, "objectstorage.us-ashburn-1.oraclecloud.com", ""),
        ("https://s3.eu-de.cloud-object-storage.appdomain.cloud/bucket/a", Endpoint, "s3.eu-de.cloud-object-storage.appdomain.cloud", ""),
        ("https://ns.objectstorage.eu-frankfurt-1.oci.customer-oci.com/n/ns/b/bucket/o/a", Endpoint, "ns.objectstorage.eu-frankfurt-1.oci.customer-oci.com", ""),
        ("https://fsn1.your-objectstorage.com/bucket/a", Endpoint, "fsn1.your-objectstorage.com", ""),
        // Google.
        ("gs://gcp-public-data--gnomad/a.vcf", Bucket, "gs://gcp-public-data--gnomad", ""),
        ("gcs://bucket/a", Bucket, "gs://bucket", ""),
        ("https://storage.googleapis.com/bucket/a", Bucket, "gs://bucket", ""),
        ("https://bucket.storage.googleapis.com/a", Bucket, "gs://bucket", ""),
        ("https://storage.cloud.google.com/bucket/a", Bucket, "gs://bucket", ""),
        ("https://commondatastorage.googleapis.com/bucket/a", Bucket, "gs://bucket", ""),
        ("https://www.googleapis.com/storage/v1/b/bucket/o/a%2Fb?alt=media", Bucket, "gs://bucket", ""),
        ("https://storage.googleapis.com/download/storage/v1/b/bucket/o/a?alt=media", Bucket, "gs://bucket", ""),
        ("https://firebasestorage.googleapis.com/v0/b/app.appspot.com/o/a", Bucket, "gs://app.appspot.com", ""),
        ("https://us-central1-storage.googleapis.com/bucket/a", Bucket, "gs://bucket (gcp:us-central1)", "gcp:us-central1"),
        ("https://storage.europe-west3.rep.googleapis.com/bucket/a", Bucket, "gs://bucket (gcp:europe-west3)", "gcp:europe-west3"),
        ("https://storage.googleapis.com/", Machine, "storage.googleapis.com", ""),
        // Azure.
        ("https://account.blob.core.windows.net/container/a", Machine, "account.blob.core.windows.net", ""),
        ("https://account.z12.blob.storage.azure.net/container/a", Machine, "account.z12.blob.storage.azure.net", ""),
        ("https://account.dfs.core.windows.net/container/a", Machine, "account.dfs.core.windows.net", ""),
        ("az://container/a", Bucket, "az://container", ""),
        ("az://account.blob.core.windows.net/container/a", Machine, "account.blob.core.windows.net", ""),
        ("abfss://container@account.dfs.core.windows.net/a", Machine, "account.dfs.core.windows.net", ""),
        ("wasbs://container@account.blob.core.windows.net/a", Machine, "account.blob.core.windows.net", ""),
        ("abfs://container/a", Bucket, "az://container", ""),
        // Swift, Globus and others whose authority is no host.
        ("swift://container/a", Collection, "swift://container", ""),
        ("https://swift.example.org/v1/AUTH_x/container/a?temp_url_sig=s", Machine, "swift.example.org", ""),
        ("globus://ddb59aef-6d04-11e5-ba46-22000b92c6ec/share/a", Collection, "globus://ddb59aef-6d04-11e5-ba46-22000b92c6ec", ""),
        ("https://g-1a2b.data.globus.org/a", Machine, "g-1a2b.data.globus.org", ""),
        ("oss://bucket/a", Collection, "oss://bucket", ""),
        ("oci://bucket@namespace/a", Collection, "oci://namespace", ""),
        ("ipfs://bafybeigdyrzt5/a", Collection, "ipfs://bafybeigdyrzt5", ""),
        // Archives, grids and iRODS.
        ("ftp://ftp.sra.ebi.ac.uk/vol1/fastq/a.gz", Machine, "ftp.sra.ebi.ac.uk", ""),
        ("ftp://ftp.ncbi.nlm.nih.gov/genomes/a", Machine, "ftp.ncbi.nlm.nih.gov", ""),
        ("https://www.encodeproject.org/files/a", Machine, "www.encodeproject.org", ""),
        ("htsget://htsget.example.org/reads/a", Machine, "htsget.example.org", ""),
        ("https://htsget.example.org/reads/a", Machine, "htsget.example.org", ""),
        ("sftp://10.0.0.7/data/a", Machine, "10.0.0.7", ""),
        ("root://eospublic.cern.ch//eos/a", Machine, "eospublic.cern.ch", ""),
        ("davs://dcache.example.org:2880/pnfs/a", Machine, "dcache.example.org", ""),
        ("gsiftp://dcache.example.org/pnfs/a", Machine, "dcache.example.org", ""),
        ("srm://srm.example.org:8443/srm/managerv2?SFN=/a", Machine, "srm.example.org", ""),
        ("irods://irods.example.org:1247/zone/home/a", Machine, "irods.example.org", ""),
        ("irods://user@irods.example.org/zone/a", Machine, "irods.example.org", ""),
        ("irods:///zone/home/a", Collection, "irods://", ""),
        ("hdfs://namenode:8020/a", Machine, "namenode", ""),
        ("drs://drs.example/a", Machine, "drs.example", ""),
        ("https://tes.westeurope.cloudapp.azure.com/a", Machine, "tes.westeurope.cloudapp.azure.com", "azure:westeurope"),
        ("newscheme://data.example.org/a", Machine, "data.example.org", ""),
        ("newscheme://thing/a", Collection, "newscheme://thing", ""),
        ("file:///data/a", Path, "", ""),
        ("file://localhost/data/a", Path, "", ""),
        ("/data/a", Path, "", ""),
    ];

    #[test]
    fn uris_of_the_real_world_are_what_they_are() {
        assert!(SHAPES.len() >= 60);
        for &(text, kind, host, region) in SHAPES {
            let uri = DataUri::parse(text).unwrap_or_else(|| panic!("{text} is no URI"));
            assert_eq!(uri.kind, kind, "{text}");
            let found = uri.host.as_ref().map(ToString::to_string);
            assert_eq!(found.unwrap_or_default(), host, "{text}");
            let found = uri.region().map(|region| region.to_string());
            assert_eq!(found.unwrap_or_default(), region, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_parsed_is_nothing() {
        for text in [
            "",
            "5",
            "data/a",
            "a.bam",
            "//data.example/a",
            "s3:bucket/a",
            "mailto:a@b.example",
            "data:text/plain,a",
            "https://",
            "https://a b/",
            "https://data.example:99999/",
            "s3://a\\b/c",
            "ht\ntps://data.example/a",
            "arn:aws:iam::1:role/x",
            "arn:aws:s3:::",
            "urn:uuid:5",
            "s3:///key",
            "gs://",
            "az:///container",
        ] {
            assert_eq!(DataUri::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_parsed_or_refused(text in "\\PC{0,60}") {
            if let Some(uri) = DataUri::parse(&text) {
                prop_assert_eq!(uri.host.is_none(), uri.kind == Path);
            }
        }

        #[test]
        fn user_info_is_no_part_of_a_host(
            scheme in "(https|s3|gs|az|ftp|globus|x)",
            user in "[a-z0-9]{0,6}(:[a-z0-9]{0,6})?",
        ) {
            let with = DataUri::parse(&format!("{scheme}://{user}@data.example.org/a"));
            let without = DataUri::parse(&format!("{scheme}://data.example.org/a"));
            prop_assert_eq!(with, without);
        }
    }
}
