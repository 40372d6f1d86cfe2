//! Locations of public addresses from the embedded table of the crate `ip-locations`.

use std::net::IpAddr;

use ip_locations::{FileError, IpLocations};

use crate::domain::{address::is_public, geo::Coordinates};

/// Where `address` is, to about a degree; `None` if that is not known or if the address is not public: the table has
/// locations for some special-purpose networks too.
///
/// # Errors
/// [`FileError`] if the program was built with a damaged table.
pub fn embedded_location(address: IpAddr) -> Result<Option<Coordinates>, FileError> {
    if !is_public(address) {
        return Ok(None);
    }
    let location = IpLocations::embedded()?.lookup(address);
    Ok(location.and_then(|at| Coordinates::new(at.latitude, at.longitude).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(address: &str) -> Option<Coordinates> {
        embedded_location(address.parse().unwrap()).unwrap()
    }

    #[test]
    fn public_addresses_have_a_location() {
        let basel = Coordinates::new(47.56, 7.59).unwrap();
        let found = location("131.152.229.70").unwrap();
        assert!(found.distance_to(basel).get() < 80.0, "{found:?}");
        assert_eq!(location("::ffff:131.152.229.70"), Some(found));
    }

    #[test]
    fn special_addresses_have_none() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "192.175.48.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "2001::1",
            "2001:db8::1",
            "2002::1",
            "3fff::1",
            "fc00::1",
            "fe80::1",
            "ff02::1",
        ] {
            assert_eq!(location(address), None, "{address}");
        }
    }
}
