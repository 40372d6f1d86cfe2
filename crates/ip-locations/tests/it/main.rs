//! Tests of location tables through the public interface: the embedded one, and ones made from small databases.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that fails may stop at once"
)]

mod city_database;
mod damage;
mod embedded;
mod tables;

use ip_locations::{BuildError, Builder, Coordinates, IpLocations};

use self::city_database::{database, flat, nested};

fn build(databases: &[impl AsRef<[u8]>], attribution: &str) -> Result<Vec<u8>, BuildError> {
    let mut builder = Builder::default();
    for database in databases {
        builder.add(database.as_ref())?;
    }
    builder.finish(Some(attribution))
}

fn at(latitude: f64, longitude: f64) -> Option<Coordinates> {
    let coordinates = Coordinates::new(latitude, longitude);
    assert!(coordinates.is_some(), "{latitude} {longitude}");
    coordinates
}

fn lookup(table: &IpLocations<'_>, address: &str) -> Option<Coordinates> {
    table.lookup(address.parse().unwrap())
}

fn distance_km(a: Coordinates, b: Coordinates) -> f64 {
    let (latitude_a, latitude_b) = (a.latitude.to_radians(), b.latitude.to_radians());
    let longitude = (a.longitude - b.longitude).to_radians();
    let cosine =
        latitude_a.sin() * latitude_b.sin() + latitude_a.cos() * latitude_b.cos() * longitude.cos();
    6371.0 * cosine.clamp(-1.0, 1.0).acos()
}

/// A file with locations for both address families.
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
    build(&[v4, v6], "Sample data").unwrap()
}
