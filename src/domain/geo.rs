//! Where hosts are and how far they are from each other.

use std::{fmt, net::IpAddr};

use geographiclib_rs::{Geodesic, InverseGeodesic};

use super::cloud::CloudRegion;

/// A point on the WGS84 ellipsoid, in degrees; north and east are positive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coordinates {
    latitude: f64,
    longitude: f64,
}

/// The degrees are not those of a place on Earth.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error(
    "latitude {latitude}, longitude {longitude} is not on Earth: -90 to 90 and -180 to 180 are"
)]
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
        let metres: f64 = Geodesic::wgs84().inverse(
            self.latitude,
            self.longitude,
            other.latitude,
            other.longitude,
        );
        Kilometres(metres / 1000.0)
    }
}

/// A distance; never negative, never infinite.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Kilometres(f64);

impl Kilometres {
    /// No distance: both ends are the same host.
    pub const ZERO: Self = Self(0.0);

    /// `None` unless `km` is a number of at least 0.
    pub fn new(km: f64) -> Option<Self> {
        (km.is_finite() && km >= 0.0).then_some(Self(km))
    }

    /// The bare number.
    pub const fn get(self) -> f64 {
        self.0
    }
}

/// Whatever has a place: the host part of a URI, or a bucket of a cloud store, whose host no URI tells.
///
/// Spellings of one host are equal: names are in lower case and without the dot at their end, addresses parsed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// A name that DNS or the configuration can place.
    Name(String),
    /// A literal address.
    Address(IpAddr),
    /// A bucket such as `s3://name`, which only the configuration can place.
    Bucket(String),
    /// Somewhere in a region of a cloud, such as `aws:us-east-1`.
    Region {
        /// The cloud and the region.
        region: CloudRegion,
        /// The host that the URI names, if it names one: the configuration may know it better.
        host: Option<Box<Self>>,
    },
}

impl Host {
    /// Schemes whose authority is a bucket and not a host.
    const STORES: [&str; 2] = ["s3", "gs"];

    /// The host that is called, whatever else is known of its place: two hosts are the same if these are.
    pub fn machine(&self) -> &Self {
        match self {
            Self::Region {
                host: Some(host), ..
            } => host,
            _ => self,
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

    /// The host that is written `text` in a URI or a configuration: a name, an address with or without brackets, or
    /// `s3://bucket`.
    pub fn parse(text: &str) -> Self {
        if Self::STORES
            .iter()
            .any(|store| text.starts_with(&format!("{store}://")))
        {
            return Self::Bucket(text.trim_end_matches('/').to_owned());
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
    fn a_place_is_no_distance_from_itself() {
        assert_eq!(
            place(47.56, 7.59).distance_to(place(47.56, 7.59)),
            Kilometres::ZERO
        );
    }

    #[test]
    fn places_off_the_earth_are_refused() {
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
