//! The table that comes with the crate.

use ip_locations::{Coordinates, IpLocations, NOTICE};

use super::{distance_km, lookup};

#[test]
fn well_known_hosts_are_where_they_are() {
    let table = IpLocations::embedded().unwrap();
    for (address, latitude, longitude) in [
        ("131.152.229.70", 47.56, 7.59),
        ("193.166.24.111", 60.17, 24.94),
        ("45.55.99.72", 40.86, -74.16),
        ("2001:1458:201:a8::100:1a7", 46.20, 6.14),
    ] {
        let found = lookup(table, address).unwrap();
        let km = distance_km(found, Coordinates::new(latitude, longitude).unwrap());
        assert!(km <= 80.0, "{address}: {found:?}, {km} km away");
    }
    let found = lookup(table, "8.8.8.8").unwrap();
    assert!((24.0..50.0).contains(&found.latitude), "{found:?}");
    assert!((-125.0..-66.0).contains(&found.longitude), "{found:?}");
}

#[test]
fn a_mapped_address_is_looked_up_as_ipv4() {
    let table = IpLocations::embedded().unwrap();
    let found = lookup(table, "131.152.229.70");
    assert!(found.is_some());
    assert_eq!(lookup(table, "::ffff:131.152.229.70"), found);
}

#[test]
fn the_table_is_complete_and_names_its_source() {
    let table = IpLocations::embedded().unwrap();
    table.verify().unwrap();
    let (v4, v6) = table.range_counts();
    assert!(v4 > 1_000_000 && v6 > 1_000_000, "{v4} {v6}");
    assert!(table.attribution().contains("https://db-ip.com"));
    assert!(NOTICE.contains("https://db-ip.com"));
}
