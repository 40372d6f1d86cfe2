//! Tables that are made from small databases.

use ip_locations::{BuildError, Builder, IpLocations};
use proptest::prelude::*;

use super::{
    at, build,
    city_database::{Value, database, flat, nested},
    distance_km, lookup, sample,
};

#[test]
fn both_layouts_of_databases_are_read() {
    let file = sample();
    assert!(IpLocations::is_location_table(&file));
    let table = IpLocations::read(&file).unwrap();
    assert_eq!(table.attribution(), "Sample data");
    assert_eq!(lookup(&table, "1.0.2.0"), at(-33.5, 151.25));
    assert_eq!(lookup(&table, "1.0.3.255"), at(-33.5, 151.25));
    assert_eq!(lookup(&table, "8.8.8.8"), at(37.5, -122.25));
    assert_eq!(lookup(&table, "2a00:1::1"), at(60.25, 24.75));
    for address in [
        "0.255.255.255",
        "1.0.4.0",
        "8.8.8.7",
        "8.8.8.9",
        "2a01::",
        "29ff::",
    ] {
        assert_eq!(lookup(&table, address), None, "{address}");
    }
}

#[test]
fn adjacent_networks_in_one_cell_are_one_range_at_their_mean() {
    let file = sample();
    let table = IpLocations::read(&file).unwrap();
    assert_eq!(lookup(&table, "1.0.0.255"), at(47.5, 7.5));
    assert_eq!(lookup(&table, "1.0.1.0"), at(47.5, 7.5));
    // Two ranges, the gap, one address; and one range.
    assert_eq!(table.range_counts(), (4, 1));
}

#[test]
fn records_without_coordinates_have_no_location() {
    let city = Value::Map(vec![("city", Value::Text("Somewhere"))]);
    let v4 = database(4, &[("1.0.0.0/24", city), ("1.0.1.0/24", flat(1.5, 1.5))]);
    let file = build(&[v4], "").unwrap();
    let table = IpLocations::read(&file).unwrap();
    assert_eq!(lookup(&table, "1.0.0.1"), None);
    assert_eq!(lookup(&table, "1.0.1.1"), at(1.5, 1.5));
}

#[test]
fn a_range_may_reach_to_the_last_address() {
    let v6 = database(
        6,
        &[("2000::/3", flat(1.5, 1.5)), ("8000::/1", flat(2.5, 1.5))],
    );
    let file = build(&[v6], "").unwrap();
    let table = IpLocations::read(&file).unwrap();
    assert_eq!(lookup(&table, "2a00::1"), at(1.5, 1.5));
    assert_eq!(lookup(&table, "7fff::1"), None);
    let last = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    assert_eq!(lookup(&table, last), at(2.5, 1.5));
}

#[test]
fn tables_of_several_blocks_are_searched() {
    let location = |m: u8, n: u8| (f32::from(n) / 4.0, f32::from(m + n / 3));
    let names: Vec<((u8, u8), String)> = (0..32)
        .flat_map(|m| (0..=255).map(move |n| ((m, n), format!("9.{m}.{n}.0/24"))))
        .collect();
    let networks: Vec<(&str, Value)> = names
        .iter()
        .map(|((m, n), name)| {
            let (latitude, longitude) = location(*m, *n);
            (name.as_str(), flat(latitude, longitude))
        })
        .collect();
    let file = build(&[database(4, &networks)], "").unwrap();
    let table = IpLocations::read(&file).unwrap();
    assert!(table.range_counts().0 > 3 * 1_024, "{table:?}");
    for ((m, n), name) in names.iter().step_by(13) {
        let (latitude, longitude) = location(*m, *n);
        let expected = at(latitude.into(), longitude.into()).unwrap();
        let found = lookup(&table, &format!("9.{m}.{n}.77")).unwrap();
        assert!(distance_km(found, expected) < 120.0, "{name}: {found:?}");
    }
    assert_eq!(lookup(&table, "8.255.255.255"), None);
    assert_eq!(lookup(&table, "9.32.0.0"), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_address_of_a_network_has_its_location(
        // The middles of cells, so that networks in one cell have their location and not a mean of several.
        latitudes in prop::collection::btree_map(any::<u16>(), -90_i8..90, 1..40),
    ) {
        let latitude = |number: u16| latitudes.get(&number).map(|degrees| f64::from(*degrees) + 0.5);
        let names: Vec<(String, f64)> = latitudes
            .keys()
            .map(|number| {
                let [a, b] = number.to_be_bytes();
                (format!("2a00:{a:02x}{b:02x}::/32"), latitude(*number).unwrap())
            })
            .collect();
        let networks: Vec<(&str, Value)> = names
            .iter()
            .map(|(name, latitude)| (name.as_str(), nested(*latitude, 7.5)))
            .collect();
        let file = build(&[database(6, &networks)], "").unwrap();
        let table = IpLocations::read(&file).unwrap();
        for number in latitudes.keys() {
            for near in [number.wrapping_sub(1), *number, number.wrapping_add(1)] {
                let expected = latitude(near).and_then(|latitude| at(latitude, 7.5));
                for end in ["::", ":ffff:ffff:ffff:ffff:ffff:ffff"] {
                    let address = format!("2a00:{near:x}{end}");
                    prop_assert_eq!(lookup(&table, &address), expected, "{}", address);
                }
            }
        }
    }
}

#[test]
fn a_database_without_coordinates_makes_no_table() {
    let city = Value::Map(vec![("city", Value::Text("Somewhere"))]);
    let empty = database(4, &[("1.0.0.0/24", city)]);
    assert!(matches!(
        build(&[empty], ""),
        Err(BuildError::NoCoordinates)
    ));
    assert!(matches!(
        build(&[b"no database"], ""),
        Err(BuildError::Database(_))
    ));
}

#[test]
fn the_first_database_of_an_address_family_counts() {
    let one = database(4, &[("1.0.0.0/24", flat(1.5, 1.5))]);
    let other = database(4, &[("1.0.0.0/16", flat(2.5, 2.5))]);
    let mut builder = Builder::default();
    builder.add(&one).unwrap();
    builder.add(&other).unwrap();
    let file = builder.finish(None).unwrap();
    let table = IpLocations::read(&file).unwrap();
    assert_eq!(table.attribution(), "made from sample, sample");
    assert_eq!(lookup(&table, "1.0.0.1"), at(1.5, 1.5));
    assert_eq!(lookup(&table, "1.0.1.1"), None);
}
