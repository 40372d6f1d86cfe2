//! Where hosts are: overrides, DNS and database files of every layout.

use std::{path::Path, time::Duration};

use testribute::{
    config::{Database, Locations},
    domain::geo::{Coordinates, Host},
    locations::{LocateError, Locator, LocatorError},
};

use crate::support::{
    client,
    mmdb::{
        Mmdb,
        Value::{self, Double, Float, List, Map, Short, Text},
    },
    program::RunningService,
    texts::ResolveError,
};

fn geolocation(database: Database, overrides: &[(&str, f64, f64)]) -> Locator {
    let overrides = overrides.iter().map(|(pattern, latitude, longitude)| {
        serde_json::json!({"match": pattern, "latitude": latitude, "longitude": longitude})
    });
    let locations = Locations {
        database,
        overrides: serde_json::from_value(overrides.collect()).unwrap(),
        ..Locations::default()
    };
    Locator::new(&locations, &client()).unwrap()
}

/// A geolocation with the file `name`, in which there are `networks`.
fn with_file(name: &str, ip_version: u16, networks: Vec<(&'static str, Value)>) -> Locator {
    let file = Mmdb {
        ip_version,
        record_bits: 24,
        networks,
    };
    geolocation(Database::File(file.write(name)), &[])
}

async fn place(geolocation: &Locator, uri: &str) -> Result<(f64, f64), LocateError> {
    let host = Host::of(&uri.parse().unwrap()).unwrap();
    let places = geolocation
        .locate(&client().detached_scope(), &host)
        .await?;
    let [place] = places.as_slice() else {
        panic!("{uri} is in several places: {places:?}");
    };
    let place: Coordinates = place.coordinates.unwrap();
    Ok((place.latitude(), place.longitude()))
}

fn flat(latitude: f64, longitude: f64) -> Value {
    Map(vec![
        ("latitude", Double(latitude)),
        ("longitude", Double(longitude)),
    ])
}

fn nested(latitude: f64, longitude: f64) -> Value {
    let city = (
        "city",
        Map(vec![("names", Map(vec![("en", Text("Basel"))]))]),
    );
    Map(vec![city, ("location", flat(latitude, longitude))])
}

#[tokio::test]
async fn an_override_matches_every_spelling_of_its_host() {
    let known = geolocation(
        Database::None,
        &[
            ("TES.Example.org.", 47.5, 7.5),
            ("10.1.2.3", 60.0, 25.0),
            ("10.2.0.0/16", 1.0, 2.0),
            ("2001:db8::/32", 3.0, 4.0),
            ("[2001:db9::1]", 5.0, 6.0),
            ("s3://genomes", 7.0, 8.0),
        ],
    );
    for (uri, expected) in [
        ("https://tes.example.org/ga4gh", (47.5, 7.5)),
        ("http://TES.EXAMPLE.ORG.:8080/", (47.5, 7.5)),
        ("ftp://user:secret@tes.example.org/", (47.5, 7.5)),
        ("https://10.1.2.3/", (60.0, 25.0)),
        ("https://[::ffff:10.1.2.3]:443/", (60.0, 25.0)),
        ("https://10.2.255.1/", (1.0, 2.0)),
        ("https://[2001:db8:1::9]/", (3.0, 4.0)),
        ("https://[2001:0DB9:0::1]/", (5.0, 6.0)),
        ("s3://genomes/a/b", (7.0, 8.0)),
    ] {
        assert_eq!(place(&known, uri).await, Ok(expected), "{uri}");
    }
    for other in [
        "https://10.1.2.4/",
        "https://example.org/",
        "s3://Genomes/a",
        "gs://genomes/a",
        "https://genomes/",
    ] {
        assert!(place(&known, other).await.is_err(), "{other}");
    }
}

#[tokio::test]
async fn the_first_override_that_matches_wins() {
    let networks = [
        ("10.0.0.0/8", 1.0, 1.0),
        ("10.1.0.0/16", 2.0, 2.0),
        ("0.0.0.0/0", 3.0, 3.0),
    ];
    let known = geolocation(Database::None, &networks);
    assert_eq!(place(&known, "https://10.1.0.1/").await, Ok((1.0, 1.0)));
    assert_eq!(place(&known, "https://11.1.0.1/").await, Ok((3.0, 3.0)));
}

#[tokio::test]
async fn a_network_matches_the_addresses_of_a_name() {
    let known = geolocation(
        Database::None,
        &[("::/0", 9.0, 9.0), ("127.0.0.0/8", 1.0, 2.0)],
    );
    assert!(place(&known, "http://localhost:8080/").await.is_ok());
    let known = geolocation(
        Database::None,
        &[("127.0.0.0/8", 1.0, 2.0), ("::/0", 9.0, 9.0)],
    );
    assert_eq!(
        place(&known, "http://localhost:8080/").await,
        Ok((1.0, 2.0))
    );
}

#[tokio::test]
async fn a_name_comes_before_a_network_as_it_needs_no_dns() {
    let known = geolocation(
        Database::None,
        &[("127.0.0.0/8", 1.0, 2.0), ("localhost", 3.0, 4.0)],
    );
    assert_eq!(place(&known, "http://localhost/").await, Ok((3.0, 4.0)));
}

#[tokio::test]
async fn an_override_comes_before_the_database() {
    let file = Mmdb {
        ip_version: 4,
        record_bits: 24,
        networks: vec![("8.8.8.0/24", nested(1.0, 1.0))],
    };
    let database = Database::File(file.write("overridden.mmdb"));
    let known = geolocation(database, &[("8.8.8.8", 2.0, 2.0)]);
    assert_eq!(place(&known, "https://8.8.8.8/").await, Ok((2.0, 2.0)));
    assert_eq!(place(&known, "https://8.8.8.9/").await, Ok((1.0, 1.0)));
}

#[tokio::test]
async fn a_file_of_either_layout_and_width_places_addresses() {
    for ip_version in [4, 6] {
        for record_bits in [24, 32] {
            let networks = vec![
                ("131.152.0.0/16", nested(47.5, 7.5)),
                ("193.166.24.0/24", flat(60.25, 25.0)),
                (
                    "45.55.99.72/32",
                    Map(vec![
                        ("latitude", Text("40.75")),
                        ("longitude", Text(" -74.25 ")),
                    ]),
                ),
                (
                    "9.0.0.0/8",
                    Map(vec![("latitude", Short(12)), ("longitude", Float(-5.5))]),
                ),
            ];
            let file = Mmdb {
                ip_version,
                record_bits,
                networks,
            };
            let path = file.write(&format!("layouts-{ip_version}-{record_bits}.mmdb"));
            let known = geolocation(Database::File(path), &[]);
            for (uri, expected) in [
                ("https://131.152.229.70/", (47.5, 7.5)),
                ("https://[::ffff:131.152.229.70]/", (47.5, 7.5)),
                ("https://193.166.24.111/", (60.25, 25.0)),
                ("https://45.55.99.72/", (40.75, -74.25)),
                ("https://9.9.9.9/", (12.0, -5.5)),
            ] {
                assert_eq!(place(&known, uri).await, Ok(expected), "{uri}");
            }
            let unknown = place(&known, "https://1.1.1.1/").await;
            assert_eq!(unknown, Err(LocateError::UnplacedAddress));
        }
    }
}

#[tokio::test]
async fn ipv6_addresses_are_placed_and_are_no_fault_in_a_file_without_them() {
    let networks = vec![
        ("2001:1458::/32", nested(46.25, 6.125)),
        ("8.8.8.0/24", flat(1.0, 1.0)),
    ];
    let both = with_file("both.mmdb", 6, networks);
    let cern = "https://[2001:1458:201:a8::100:1a7]/";
    assert_eq!(place(&both, cern).await, Ok((46.25, 6.125)));
    let ipv4_only = with_file("ipv4-only.mmdb", 4, vec![("8.8.8.0/24", flat(1.0, 1.0))]);
    assert_eq!(
        place(&ipv4_only, cern).await,
        Err(LocateError::UnplacedAddress)
    );
}

#[tokio::test]
async fn a_record_without_coordinates_is_no_place() {
    let nowhere = vec![
        ("1.0.0.0/8", Map(vec![])),
        ("2.0.0.0/8", Map(vec![("location", Map(vec![]))])),
        ("3.0.0.0/8", Map(vec![("latitude", Double(47.5))])),
        ("4.0.0.0/8", flat(0.0, 0.0)),
        ("5.0.0.0/8", flat(90.5, 7.5)),
        ("6.0.0.0/8", nested(f64::NAN, 7.5)),
        (
            "7.0.0.0/8",
            Map(vec![("latitude", Text("")), ("longitude", Text("-"))]),
        ),
        ("9.0.0.0/8", Text("Basel")),
        (
            "11.0.0.0/8",
            Map(vec![
                ("location", List(vec![Double(1.0)])),
                ("latitude", Map(vec![])),
            ]),
        ),
        ("12.0.0.0/8", Map(vec![("location", Text("47.5,7.5"))])),
    ];
    let networks: Vec<_> = nowhere
        .iter()
        .cloned()
        .chain([("8.0.0.0/8", flat(0.0, 7.5))])
        .collect();
    let known = with_file("nowhere.mmdb", 4, networks);
    for (network, record) in nowhere {
        let uri = format!("https://{}/", network.replace("0/8", "1"));
        let found = place(&known, &uri).await;
        assert_eq!(found, Err(LocateError::UnplacedAddress), "{record:?}");
    }
    assert_eq!(place(&known, "https://8.8.8.8/").await, Ok((0.0, 7.5)));
}

#[tokio::test]
async fn a_name_is_at_the_first_of_its_addresses_that_is_placed() {
    let ipv6 = ("::1/128", flat(2.0, 2.0));
    let known = with_file("loopback.mmdb", 6, vec![("127.0.0.0/8", flat(1.0, 1.0))]);
    assert_eq!(place(&known, "http://localhost/").await, Ok((1.0, 1.0)));
    // Whether localhost has an IPv6 address is up to the machine; if so, it comes second.
    let known = with_file(
        "elsewhere.mmdb",
        6,
        vec![("8.8.8.0/24", flat(1.0, 1.0)), ipv6],
    );
    match place(&known, "http://localhost/").await {
        Ok(found) => assert_eq!(found, (2.0, 2.0)),
        Err(cause) => assert_eq!(
            cause,
            LocateError::Unplaced(vec!["127.0.0.1".parse().unwrap()])
        ),
    }
}

#[tokio::test]
async fn what_is_not_a_database_of_places_is_refused_at_the_start() {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let refusal = |path: &Path| {
        let locations = Locations {
            database: Database::File(path.to_owned()),
            ..Locations::default()
        };
        let error = Locator::new(&locations, &client()).unwrap_err();
        let message = error.to_string();
        assert!(
            message.starts_with(&format!("locations.database: '{}' ", path.display())),
            "{message}"
        );
        error
    };
    let text = directory.join("text.mmdb");
    std::fs::write(&text, "network,latitude,longitude\n").unwrap();
    assert!(matches!(refusal(&text), LocatorError::NotADatabase { .. }));
    let table = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("crates/ip-locations/data/dbip-city-lite.iplocs");
    assert!(matches!(
        refusal(&table),
        LocatorError::LocationTable { .. }
    ));
    let cut = directory.join("cut.mmdb");
    let file = Mmdb {
        ip_version: 4,
        record_bits: 24,
        networks: vec![("8.8.8.0/24", flat(1.0, 1.0))],
    };
    let whole = std::fs::read(file.write("whole.mmdb")).unwrap();
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(refusal(&cut), LocatorError::NotADatabase { .. }));
    assert!(matches!(
        refusal(&directory.join("missing.mmdb")),
        LocatorError::Unreadable { .. }
    ));
    let countries = Map(vec![("country", Map(vec![("iso_code", Text("CH"))]))]);
    let countries = Mmdb {
        ip_version: 4,
        record_bits: 24,
        networks: vec![("8.0.0.0/8", countries)],
    };
    let error = refusal(&countries.write("countries.mmdb"));
    assert!(
        matches!(&error, LocatorError::NoCoordinates { kind, .. } if kind == "Test-City"),
        "{error}"
    );
}

#[tokio::test]
async fn why_a_host_has_no_place_is_told() {
    let nothing = geolocation(Database::None, &[]);
    let file = with_file("told.mmdb", 4, vec![("8.8.8.0/24", flat(1.0, 1.0))]);
    assert_eq!(
        place(&nothing, "https://tes.example.org/").await,
        Err(LocateError::NoDatabase)
    );
    for (uri, cause) in [
        ("https://10.0.0.1/", LocateError::UnplacedAddress),
        ("https://[::1]/", LocateError::UnplacedAddress),
        ("s3://genomes/a", LocateError::Bucket),
        (
            "https://tes.invalid/",
            LocateError::Unresolved(ResolveError::Unknown),
        ),
    ] {
        assert_eq!(place(&file, uri).await, Err(cause), "{uri}");
    }
    // Whether localhost has an IPv6 address is up to the machine.
    let Err(LocateError::Unplaced(addresses)) = place(&file, "http://localhost/").await else {
        panic!("localhost has a location");
    };
    assert_eq!(addresses[0], std::net::Ipv4Addr::LOCALHOST);
}

#[tokio::test]
async fn a_database_that_changes_is_read_again_and_a_broken_one_is_not_taken() {
    let before = Mmdb {
        ip_version: 4,
        record_bits: 24,
        networks: vec![("9.9.9.0/24", flat(1.0, 2.0))],
    };
    let after = Mmdb {
        networks: vec![
            ("9.9.9.0/24", flat(30.0, 40.0)),
            ("8.8.8.0/24", flat(5.0, 6.0)),
        ],
        ..before
    };
    let path = before.write("changing");
    let known = geolocation(Database::File(path.clone()), &[]);
    let later = |seconds| std::time::Instant::now() + Duration::from_secs(seconds);
    assert_eq!(place(&known, "http://9.9.9.9/").await, Ok((1.0, 2.0)));
    std::fs::write(&path, "no database").unwrap();
    known.refresh(later(11)).await;
    assert_eq!(place(&known, "http://9.9.9.9/").await, Ok((1.0, 2.0)));
    std::fs::rename(after.write("changed"), &path).unwrap();
    known.refresh(later(12)).await;
    assert_eq!(
        place(&known, "http://9.9.9.9/").await,
        Ok((1.0, 2.0)),
        "not looked at yet"
    );
    known.refresh(later(25)).await;
    assert_eq!(place(&known, "http://9.9.9.9/").await, Ok((30.0, 40.0)));
    std::fs::remove_file(&path).unwrap();
    known.refresh(later(40)).await;
    assert_eq!(place(&known, "http://9.9.9.9/").await, Ok((30.0, 40.0)));
}

#[tokio::test]
async fn a_service_reads_its_database_again_on_sighup_and_keeps_one_that_works() {
    let one = Mmdb {
        ip_version: 4,
        record_bits: 24,
        networks: vec![("9.9.9.0/24", flat(1.0, 2.0))],
    };
    let path = one.write("hang-up");
    let database = path.to_str().unwrap();
    let mut service = RunningService::start(&[("TESTRIBUTE__LOCATIONS__DATABASE", database)]).await;
    service
        .hang_up("the location database was read again")
        .await;
    std::fs::write(&path, "no database").unwrap();
    let line = service
        .hang_up("the location database stays as it was")
        .await;
    assert!(line.contains(database), "{line}");
    assert_eq!(service.stop().await.0, Some(0));
}

#[tokio::test]
async fn a_database_is_read_again_when_asked_to_and_has_an_age() {
    let one = |latitude| Mmdb {
        ip_version: 4,
        record_bits: 24,
        networks: vec![("9.9.9.0/24", flat(latitude, 2.0))],
    };
    let path = one(1.0).write("reloaded");
    let known = geolocation(Database::File(path.clone()), &[]);
    assert!(known.database_age().unwrap() < Duration::from_secs(600));
    one(30.0).write("reloaded");
    known.reload().unwrap();
    assert_eq!(place(&known, "http://9.9.9.9/").await, Ok((30.0, 2.0)));
    std::fs::write(&path, "no database").unwrap();
    known.reload().unwrap_err();
    assert_eq!(place(&known, "http://9.9.9.9/").await, Ok((30.0, 2.0)));
    let embedded = geolocation(Database::Embedded, &[]);
    assert!(embedded.database_age().is_some());
    assert_eq!(geolocation(Database::None, &[]).database_age(), None);
}

#[tokio::test]
async fn the_embedded_table_places_addresses_to_the_city() {
    let embedded = geolocation(Database::Embedded, &[]);
    for (uri, latitude, longitude) in [
        ("http://131.152.229.70/", 47.56, 7.59),
        ("http://193.166.24.111/", 60.17, 24.94),
        ("ftp://45.55.99.72/x", 40.86, -74.16),
        ("http://[2001:1458:201:a8::100:1a7]/", 46.2, 6.14),
    ] {
        let (found_latitude, found_longitude) = place(&embedded, uri).await.unwrap();
        let found = Coordinates::new(found_latitude, found_longitude).unwrap();
        let km = found
            .distance_to(Coordinates::new(latitude, longitude).unwrap())
            .get();
        assert!(km < 80.0, "{uri} is {km} km off");
    }
    for nowhere in [
        "http://10.0.0.1/",
        "http://192.0.2.1/",
        "http://[2001:db8::1]/",
    ] {
        assert_eq!(
            place(&embedded, nowhere).await,
            Err(LocateError::UnplacedAddress),
            "{nowhere}"
        );
    }
}

#[tokio::test]
async fn buckets_and_hosts_of_clouds_are_in_their_regions() {
    let locations: Locations = serde_json::from_value(serde_json::json!({
        "database": "none",
        "buckets": {
            "s3://genomes": {"region": "eu-central-1"},
            "archive": {"latitude": 1.5, "longitude": 2.5},
            "gs://here": {"region": "europe-west6", "cloud": "gcp"}
        }
    }))
    .unwrap();
    let known = Locator::new(&locations, &client()).unwrap();
    let near = async |uri: &str, latitude: f64, longitude: f64| {
        let (found_latitude, found_longitude) = place(&known, uri).await.unwrap();
        assert!(
            (found_latitude - latitude).abs() < 1.0,
            "{uri}: {found_latitude}"
        );
        assert!(
            (found_longitude - longitude).abs() < 1.5,
            "{uri}: {found_longitude}"
        );
    };
    near("s3://genomes/key", 50.1, 8.7).await;
    near("gs://here/key", 47.4, 8.5).await;
    near("s3://archive/key", 1.5, 2.5).await;
    near("gs://archive/key", 1.5, 2.5).await;
    near(
        "https://s3.eu-central-1.amazonaws.com/bucket/key",
        50.1,
        8.7,
    )
    .await;
    near("https://bucket.s3.eu-west-1.amazonaws.com/key", 53.3, -6.3).await;
    assert_eq!(
        place(&known, "s3://unknown/key").await,
        Err(LocateError::Bucket)
    );

    let wrong = |buckets: serde_json::Value| {
        let locations: Locations =
            serde_json::from_value(serde_json::json!({"buckets": buckets})).unwrap();
        Locator::new(&locations, &client()).unwrap_err()
    };
    for bad in [
        serde_json::json!({"b": {"region": "atlantis-1"}}),
        serde_json::json!({"b": {}}),
        serde_json::json!({"b": {"latitude": 91.0, "longitude": 0.0}}),
        serde_json::json!({"b": {"region": "eu-west-1", "latitude": 1.0, "longitude": 0.0}}),
    ] {
        let error = wrong(bad);
        assert!(
            error.to_string().starts_with("locations.buckets.b: "),
            "{error}"
        );
        assert!(matches!(error, LocatorError::UnknownRegion { .. }));
    }
}
