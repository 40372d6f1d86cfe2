//! Coordinates, distances and hosts.

use std::{cell::RefCell, fmt, net::IpAddr};

use geographiclib_rs::{Geodesic, InverseGeodesic};

use super::cloud::CloudRegion;

/// A point on the WGS84 ellipsoid, in degrees; north and east are positive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coordinates {
    latitude: f64,
    longitude: f64,
}

/// The latitude or longitude is out of range.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("latitude {latitude}, longitude {longitude} is out of range (-90 to 90, -180 to 180)")]
pub struct NotOnEarth {
    latitude: f64,
    longitude: f64,
}

impl Coordinates {
    /// # Errors
    /// [`NotOnEarth`] unless latitude is from -90 to 90 and longitude from -180 to 180.
    pub fn new(latitude: f64, longitude: f64) -> Result<Self, NotOnEarth> {
        if (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude) {
            Ok(Self {
                latitude,
                longitude,
            })
        } else {
            Err(NotOnEarth {
                latitude,
                longitude,
            })
        }
    }

    /// Degrees north of the equator.
    pub const fn latitude(self) -> f64 {
        self.latitude
    }

    /// Degrees east of Greenwich.
    pub const fn longitude(self) -> f64 {
        self.longitude
    }

    /// The length of the geodesic to `other` on WGS84, by Karney's method (doi:10.1007/s00190-012-0578-z).
    pub fn distance_to(self, other: Self) -> Kilometres {
        RECENT.with_borrow_mut(|recent| recent.distance(self, other))
    }

    fn computed_distance_to(self, other: Self) -> Kilometres {
        let metres: f64 = Geodesic::wgs84().inverse(
            self.latitude,
            self.longitude,
            other.latitude,
            other.longitude,
        );
        Kilometres(metres / 1000.0)
    }
}

thread_local! {
    static RECENT: RefCell<RecentDistances> = const { RefCell::new(RecentDistances(Vec::new())) };
}

/// Distances that were computed: the same few places are compared for each object and each request, and a geodesic costs
/// as much as parsing a URL. A pair of points has one slot, in which a later pair replaces it.
struct RecentDistances(Vec<Option<([u64; 4], Kilometres)>>);

impl RecentDistances {
    const SLOTS: usize = 256;

    fn distance(&mut self, from: Coordinates, to: Coordinates) -> Kilometres {
        let pair = [from.latitude, from.longitude, to.latitude, to.longitude].map(f64::to_bits);
        if self.0.is_empty() {
            self.0.resize(Self::SLOTS, None);
        }
        // Fibonacci hashing; the upper bits are the well mixed ones.
        let mixed = pair.iter().fold(0_u64, |mixed, bits| {
            (mixed.rotate_left(5) ^ bits).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        });
        let slot = self.0.get_mut(usize::from(mixed.to_be_bytes()[0]));
        match slot {
            Some(Some((known, distance))) if *known == pair => *distance,
            slot => {
                let distance = from.computed_distance_to(to);
                if let Some(slot) = slot {
                    *slot = Some((pair, distance));
                }
                distance
            }
        }
    }
}

/// A distance: finite and not negative.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Kilometres(f64);

impl Kilometres {
    /// The distance of a host to itself.
    pub const ZERO: Self = Self(0.0);

    /// `None` unless `km` is a number of at least 0.
    pub fn new(km: f64) -> Option<Self> {
        (km.is_finite() && km >= 0.0).then_some(Self(km))
    }

    /// The distance as a plain number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// Something with a location: the host of a URI, or a bucket of an object store, whose URI names no host.
///
/// Normalised for comparison: names are in lower case and without a trailing dot, addresses are parsed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// A host name.
    Name(String),
    /// An IP address.
    Address(IpAddr),
    /// A bucket such as `s3://name`.
    Bucket(String),
    /// A host in a cloud region.
    Region {
        /// The cloud and the region, such as `aws:us-east-1`.
        region: CloudRegion,
        /// The host of the URI, if it has one; its configured location takes precedence over the region.
        host: Option<Box<Self>>,
    },
}

impl Host {
    /// Schemes whose authority is a bucket, a container or a collection, and not a host.
    pub const STORES: [&str; 20] = [
        "s3", "gs", "az", "azure", "swift", "globus", "oss", "obs", "cos", "cosn", "oci", "b2",
        "r2", "ipfs", "hf", "dos", "syn", "synapse", "tos", "wasabi",
    ];

    /// The host that is called, without its region. It decides whether two hosts are the same.
    pub fn machine(&self) -> &Self {
        match self {
            Self::Region {
                host: Some(host), ..
            } => host,
            _ => self,
        }
    }

    /// The length of its text, in bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Name(text) | Self::Bucket(text) => text.len(),
            Self::Address(_) => 0,
            Self::Region { host, .. } => host.as_deref().map_or(0, Self::bytes),
        }
    }

    /// The host of `url`; `None` for URLs without one, such as `file:///data`.
    pub fn of(url: &url::Url) -> Option<Self> {
        match url.host()? {
            url::Host::Domain(name) if Self::STORES.contains(&url.scheme()) => {
                Some(Self::Bucket(format!("{}://{name}", url.scheme())))
            }
            url::Host::Domain("") => None,
            url::Host::Domain(name) => Some(Self::parse(name)),
            url::Host::Ipv4(address) => Some(Self::Address(address.into())),
            url::Host::Ipv6(address) => Some(Self::Address(IpAddr::from(address).to_canonical())),
        }
    }

    /// Parses the host of a URI or of the configuration: a name, an address with or without brackets, or a bucket
    /// such as `s3://bucket`.
    pub fn parse(text: &str) -> Self {
        if let Some((scheme, name)) = text.split_once("://")
            && Self::STORES.contains(&scheme)
        {
            return Self::Bucket(format!("{scheme}://{}", name.trim_end_matches('/')));
        }
        let bare = text.trim_start_matches('[').trim_end_matches([']', '.']);
        match bare.parse::<IpAddr>() {
            Ok(address) => Self::Address(address.to_canonical()),
            Err(_) => Self::Name(bare.to_ascii_lowercase()),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) | Self::Bucket(name) => f.write_str(name),
            Self::Address(address) => address.fmt(f),
            Self::Region {
                region,
                host: Some(host),
            } => write!(f, "{host} ({region})"),
            Self::Region { region, host: None } => region.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(latitude: f64, longitude: f64) -> Coordinates {
        Coordinates::new(latitude, longitude).unwrap()
    }

    #[test]
    fn distances_follow_the_ellipsoid() {
        // GeographicLib's own example: Wellington to Salamanca.
        let km = place(-41.32, 174.81).distance_to(place(40.96, -5.50)).get();
        assert!((km - 19_959.679_267_353_821).abs() < 1e-6, "{km}");
        // A degree of longitude on the equator: a * pi / 180.
        let km = place(0.0, 0.0).distance_to(place(0.0, 1.0)).get();
        assert!((km - 111.319_490_793_273).abs() < 1e-6, "{km}");
    }

    #[test]
    fn the_distance_of_a_location_to_itself_is_zero() {
        assert_eq!(
            place(47.56, 7.59).distance_to(place(47.56, 7.59)),
            Kilometres::ZERO
        );
    }

    #[test]
    fn coordinates_out_of_range_are_refused() {
        for (latitude, longitude) in [
            (90.1, 0.0),
            (0.0, -180.5),
            (f64::NAN, 0.0),
            (0.0, f64::INFINITY),
        ] {
            assert!(Coordinates::new(latitude, longitude).is_err());
        }
    }

    #[test]
    fn a_distance_is_the_same_whatever_was_computed_before() {
        let points: Vec<_> = (0..40)
            .map(|n| place(f64::from(n * 4 - 80), f64::from(n * 9 - 180)))
            .collect();
        // More pairs than are remembered, twice.
        for _ in 0..2 {
            for &from in &points {
                for &to in &points {
                    assert_eq!(from.distance_to(to), from.computed_distance_to(to));
                }
            }
        }
    }

    #[test]
    fn spellings_of_one_host_are_equal() {
        let host = |url: &str| Host::of(&url.parse().unwrap()).unwrap();
        assert_eq!(
            host("https://TES.Example.org./x"),
            host("http://tes.example.org:8080/")
        );
        assert_eq!(
            host("https://[::ffff:10.0.0.1]/"),
            host("https://10.0.0.1/")
        );
        assert_eq!(host("ftp://10.0.0.1/x"), Host::parse("10.0.0.1"));
        assert_eq!(host("sftp://[::1]/x"), Host::parse("[::1]"));
        assert_eq!(host("s3://Bucket/key"), Host::parse("s3://Bucket/"));
        assert_ne!(host("s3://bucket/key"), host("gs://bucket/key"));
        assert_eq!(Host::of(&"file:///data".parse().unwrap()), None);
    }
}
