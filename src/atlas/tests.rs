//! Tests of the atlas as a whole: what comes with the program, and what is made of small databases.

use super::{
    Atlas, Broken,
    build::{
        BuildError, Builder,
        sample::{Value, database, flat, nested},
    },
};
use crate::domain::geo::Coordinates;

fn build(databases: &[impl AsRef<[u8]>], attribution: &str) -> Result<Vec<u8>, BuildError> {
    let mut atlas = Builder::default();
    for database in databases {
        atlas.add(database.as_ref())?;
    }
    atlas.finish(Some(attribution))
}

fn place(latitude: f64, longitude: f64) -> Coordinates {
    Coordinates::new(latitude, longitude).unwrap()
}

fn lookup(atlas: &Atlas<'_>, address: &str) -> Option<Coordinates> {
    atlas.lookup(address.parse().unwrap())
}

/// An image with places for both families.
fn sample() -> Vec<u8> {
    let v4 = database(
        4,
        &[
            ("1.0.0.0/24", flat(47.25, 7.5)),
            ("1.0.1.0/24", flat(47.75, 7.5)),
            ("1.0.2.0/23", flat(-33.5, 151.25)),
            ("8.8.8.8/32", flat(37.5, -122.25)),
        ],
    );
    let v6 = database(6, &[("2a00::/16", nested(60.25, 24.75))]);
    build(&[v4, v6], "Work of others").unwrap()
}

#[test]
fn the_embedded_atlas_knows_where_well_known_hosts_are() {
    let atlas = Atlas::embedded().unwrap();
    for (address, latitude, longitude) in [
        ("131.152.229.70", 47.56, 7.59),
        ("193.166.24.111", 60.17, 24.94),
        ("45.55.99.72", 40.86, -74.16),
        ("2001:1458:201:a8::100:1a7", 46.20, 6.14),
    ] {
        let found = lookup(atlas, address).unwrap();
        let km = found.distance_to(place(latitude, longitude)).get();
        assert!(km <= 80.0, "{address}: {found:?}, {km} km away");
    }
    let found = lookup(atlas, "8.8.8.8").unwrap();
    assert!((24.0..50.0).contains(&found.latitude()), "{found:?}");
    assert!((-125.0..-66.0).contains(&found.longitude()), "{found:?}");
    assert_eq!(
        lookup(atlas, "::ffff:131.152.229.70"),
        lookup(atlas, "131.152.229.70")
    );
}

#[test]
fn special_addresses_are_nowhere() {
    let atlas = Atlas::embedded().unwrap();
    for address in [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.2.1",
        "192.168.1.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:10.0.0.1",
        "2001:db8::1",
        "3fff::1",
        "fc00::1",
        "fe80::1",
        "ff02::1",
    ] {
        assert_eq!(lookup(atlas, address), None, "{address}");
    }
}

#[test]
fn the_embedded_atlas_is_whole() {
    let atlas = Atlas::embedded().unwrap();
    atlas.verify().unwrap();
    assert!(atlas.attribution().contains("https://db-ip.com"));
    assert!(super::NOTICES.contains("https://db-ip.com"));
}

#[test]
fn both_layouts_of_databases_are_read() {
    let image = sample();
    let atlas = Atlas::read(&image).unwrap();
    assert_eq!(atlas.attribution(), "Work of others");
    assert_eq!(lookup(&atlas, "1.0.2.0"), Some(place(-33.5, 151.25)));
    assert_eq!(lookup(&atlas, "1.0.3.255"), Some(place(-33.5, 151.25)));
    assert_eq!(lookup(&atlas, "8.8.8.8"), Some(place(37.5, -122.25)));
    assert_eq!(lookup(&atlas, "2a00:1::1"), Some(place(60.25, 24.75)));
    for nowhere in [
        "0.255.255.255",
        "1.0.4.0",
        "8.8.8.7",
        "8.8.8.9",
        "2a01::",
        "29ff::",
    ] {
        assert_eq!(lookup(&atlas, nowhere), None, "{nowhere}");
    }
}

#[test]
fn neighbours_in_one_cell_are_one_range_in_the_middle_of_them() {
    let image = sample();
    let atlas = Atlas::read(&image).unwrap();
    assert_eq!(lookup(&atlas, "1.0.0.255"), Some(place(47.5, 7.5)));
    assert_eq!(lookup(&atlas, "1.0.1.0"), Some(place(47.5, 7.5)));
    // Two ranges, the gap, one address; and one range.
    assert_eq!(atlas.sizes(), (4, 1));
}

#[test]
fn records_without_coordinates_are_no_place() {
    let city = Value::Map(vec![("city", Value::Text("Atlantis"))]);
    let v4 = database(4, &[("1.0.0.0/24", city), ("1.0.1.0/24", flat(1.5, 1.5))]);
    let image = build(&[v4], "").unwrap();
    let atlas = Atlas::read(&image).unwrap();
    assert_eq!(lookup(&atlas, "1.0.0.1"), None);
    assert_eq!(lookup(&atlas, "1.0.1.1"), Some(place(1.5, 1.5)));
}

#[test]
fn a_range_may_reach_to_the_last_address() {
    let v6 = database(
        6,
        &[("2000::/3", flat(1.5, 1.5)), ("8000::/1", flat(2.5, 1.5))],
    );
    let image = build(&[v6], "").unwrap();
    let atlas = Atlas::read(&image).unwrap();
    assert_eq!(lookup(&atlas, "2a00::1"), Some(place(1.5, 1.5)));
}

#[test]
fn many_blocks_are_searched() {
    let networks: Vec<(String, Value)> = (0..=255_u8)
        .map(|n| {
            (
                format!("9.0.{n}.0/24"),
                flat(f32::from(n) / 4.0, f32::from(n / 3)),
            )
        })
        .collect();
    let networks: Vec<(&str, Value)> = networks
        .iter()
        .map(|(network, value)| (network.as_str(), value.clone()))
        .collect();
    let image = build(&[database(4, &networks)], "").unwrap();
    let atlas = Atlas::read(&image).unwrap();
    for n in 0..=255_u8 {
        let found = lookup(&atlas, &format!("9.0.{n}.77")).unwrap();
        let expected = place(f64::from(n) / 4.0, f64::from(n / 3));
        assert!(found.distance_to(expected).get() < 120.0, "{n}: {found:?}");
    }
    assert_eq!(lookup(&atlas, "9.1.0.0"), None);
}

#[test]
fn a_database_without_places_makes_no_atlas() {
    let city = Value::Map(vec![("city", Value::Text("Atlantis"))]);
    let empty = database(4, &[("1.0.0.0/24", city)]);
    assert!(matches!(build(&[empty], ""), Err(BuildError::NoPlaces)));
    assert!(matches!(
        build(&[b"no database"], ""),
        Err(BuildError::Database(_))
    ));
}

#[test]
fn an_image_that_is_cut_off_or_changed_is_an_error() {
    let image = sample();
    for length in 0..image.len() {
        assert!(Atlas::read(&image[..length]).is_err(), "{length}");
    }
    for position in 0..image.len() {
        let mut image = image.clone();
        image[position] ^= 0x10;
        assert!(Atlas::read(&image).is_err(), "{position}");
    }
    let longer = [&image[..], b"!"].concat();
    assert_eq!(Atlas::read(&longer).unwrap_err(), Broken::Altered);
    assert_eq!(Atlas::read(b"GIF89a").unwrap_err(), Broken::Foreign);
}

#[test]
fn a_forged_image_does_no_harm() {
    let image = sample();
    // After the magic, the size (two bytes here) and the checksum.
    let content = image.len() - usize::from(image[8] & 0x7f) - usize::from(image[9]) * 128;
    assert_eq!(content, 14);
    for position in content..image.len() {
        for bit in 0..8 {
            let mut image = image.clone();
            image[position] ^= 1 << bit;
            let checksum = crc32fast::hash(&image[content..]);
            image[content - 4..content].copy_from_slice(&checksum.to_le_bytes());
            let Ok(atlas) = Atlas::read(&image) else {
                continue;
            };
            let _ = atlas.verify();
            for address in ["1.0.0.0", "8.8.8.8", "223.0.0.0", "2a00::1", "3000::"] {
                let _ = lookup(&atlas, address);
            }
        }
    }
}

#[test]
fn the_first_database_of_a_family_counts() {
    let one = database(4, &[("1.0.0.0/24", flat(1.5, 1.5))]);
    let other = database(4, &[("1.0.0.0/16", flat(2.5, 2.5))]);
    let mut atlas = Builder::default();
    atlas.add(&one).unwrap();
    atlas.add(&other).unwrap();
    let image = atlas.finish(None).unwrap();
    let atlas = Atlas::read(&image).unwrap();
    assert_eq!(atlas.attribution(), "made from sample, sample");
    assert_eq!(lookup(&atlas, "1.0.0.1"), Some(place(1.5, 1.5)));
    assert_eq!(lookup(&atlas, "1.0.1.1"), None);
}
