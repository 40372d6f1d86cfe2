//! Where copies are: buckets, stated regions, networks with many sites, and what the operator says of them.

use serde_json::{Value, json};
use testribute::{
    config::Locations,
    domain::{
        geo::Host,
        sites::{Place, PlaceSource},
    },
    locations::{DataUri, LocateError, Locator, LocatorError, Region},
};

use crate::support::{
    client,
    network::{Service, request, tes, tes_root, warnings},
    recorder::Recorder,
    texts::Warning,
};

fn locator(locations: Value) -> Result<Locator, LocatorError> {
    let locations: Locations = serde_json::from_value(locations).unwrap();
    Locator::new(&locations, &client())
}

async fn places(locator: &Locator, host: &Host) -> Result<Vec<Place>, LocateError> {
    locator.locate(&client().detached_scope(), host).await
}

fn host(uri: &str) -> Host {
    DataUri::parse(uri).unwrap().host.unwrap()
}

fn in_region(cloud: &str, name: &str, host: &str) -> Host {
    Host::Region {
        region: Region::named(Some(cloud), name).unwrap().id(),
        host: Some(Box::new(Host::parse(host))),
    }
}

#[tokio::test]
async fn every_url_of_a_bucket_is_at_the_place_of_the_bucket() {
    let known = locator(json!({"database": "none", "buckets": {
        "s3://genomes": {"region": "eu-central-1"},
        "https://storage.googleapis.com/cohort": {"region": "europe-west6"},
        "az://container": {"latitude": 1.5, "longitude": 2.5},
        "anywhere": {"latitude": 3.5, "longitude": 4.5}
    }}))
    .unwrap();
    for (uri, latitude) in [
        ("s3://genomes/a", 50.12),
        ("https://s3.amazonaws.com/genomes/a", 50.12),
        ("https://genomes.s3.amazonaws.com/a", 50.12),
        ("https://genomes.s3.eu-west-1.amazonaws.com/a", 50.12),
        ("arn:aws:s3:::genomes", 50.12),
        ("gs://cohort/a", 47.37),
        ("https://cohort.storage.googleapis.com/a", 47.37),
        ("https://storage.cloud.google.com/cohort/a", 47.37),
        ("az://container/a", 1.5),
        ("abfs://container/a", 1.5),
        ("s3://anywhere/a", 3.5),
        ("gs://anywhere/a", 3.5),
        ("az://anywhere/a", 3.5),
    ] {
        let found = places(&known, &host(uri)).await.unwrap();
        let found = found[0].coordinates.unwrap().latitude();
        assert!((found - latitude).abs() < 1e-9, "{uri}: {found}");
    }
    for key in [
        "https://data.example/x",
        "ftp://ftp.example",
        "a/b",
        "s3:b",
        "",
    ] {
        let refused = locator(json!({"buckets": {key: {"region": "eu-west-1"}}})).unwrap_err();
        assert!(
            matches!(refused, LocatorError::NotABucket { .. }),
            "{key}: {refused}"
        );
    }
}

#[tokio::test]
async fn hosts_that_answer_for_all_regions_have_no_place() {
    let known = locator(json!({})).unwrap();
    for uri in [
        "https://storage.googleapis.com/",
        "https://s3.amazonaws.com/",
    ] {
        assert_eq!(
            places(&known, &host(uri)).await,
            Err(LocateError::Global),
            "{uri}"
        );
    }
    for uri in [
        "https://storage.googleapis.com/bucket/a",
        "https://s3.amazonaws.com/bucket/a",
        "https://bucket.s3-accelerate.amazonaws.com/a",
        "gs://bucket/a",
        "az://container/a",
    ] {
        assert_eq!(
            places(&known, &host(uri)).await,
            Err(LocateError::Bucket),
            "{uri}"
        );
    }
    for uri in [
        "globus://ddb59aef-6d04-11e5-ba46-22000b92c6ec/a",
        "swift://container/a",
    ] {
        assert_eq!(
            places(&known, &host(uri)).await,
            Err(LocateError::Collection),
            "{uri}"
        );
    }
}

#[tokio::test]
async fn an_override_wins_over_every_region() {
    let known = locator(json!({"database": "none", "overrides": [
        {"match": "data.example", "latitude": 1.5, "longitude": 2.5},
        {"match": "203.0.113.0/24", "latitude": 1.5, "longitude": 2.5},
        {"match": "127.0.0.0/8", "latitude": 1.5, "longitude": 2.5},
        {"match": "::1", "latitude": 1.5, "longitude": 2.5},
        {"match": "s3://genomes", "latitude": 1.5, "longitude": 2.5},
        {"match": "old.s3.eu-west-1.amazonaws.com", "latitude": 1.5, "longitude": 2.5},
        {"match": "storage.googleapis.com", "latitude": 1.5, "longitude": 2.5},
        {"match": "globus://collection", "latitude": 1.5, "longitude": 2.5}
    ]}))
    .unwrap();
    for host in [
        in_region("aws", "us-east-1", "data.example"),
        in_region("aws", "us-east-1", "203.0.113.7"),
        in_region("aws", "us-east-1", "localhost"),
        in_region("aws", "us-east-1", "s3://genomes"),
        host("https://genomes.s3.us-west-2.amazonaws.com/a"),
        host("https://old.s3.eu-west-1.amazonaws.com/a"),
        host("https://storage.googleapis.com/cohort/a"),
        host("globus://collection/a"),
    ] {
        let found = places(&known, &host).await.unwrap();
        assert_eq!(found[0].source, PlaceSource::Override, "{host}");
    }
    let found = places(&known, &in_region("aws", "us-east-1", "203.0.114.7")).await;
    assert_eq!(found.unwrap()[0].source, PlaceSource::Region);
}

#[tokio::test]
async fn a_multi_region_is_read_from_its_nearest_member_and_is_approximate() {
    let known = locator(json!({})).unwrap();
    let found = places(&known, &in_region("gcp", "eu", "gs://bucket"))
        .await
        .unwrap();
    assert!(found.len() > 5);
    assert!(
        found
            .iter()
            .all(|place| place.approximate && place.region.as_deref() == Some("eu"))
    );

    let service = Service::start().await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let drs = Recorder::start(|_, _| {
        let method =
            json!({"type": "gs", "access_url": {"url": "gs://bucket/a"}, "region": "gs.EU"});
        Some((
            200,
            json!({"size": 1_000_000_000, "access_methods": [method]}),
        ))
    })
    .await;
    let mut request = request(&[tes_root(&tes)], &[drs.server.url("/")], &["a"]);
    request["explain"] = json!(true);
    let answer = service.rank(&request).await;
    assert_eq!(warnings(&answer), [""; 0]);
    let copy = &answer["service_combinations"][0]["distances"]["a"];
    // Basel to Frankfurt.
    assert!(
        (200.0..330.0).contains(&copy["km"].as_f64().unwrap()),
        "{copy}"
    );
    assert_eq!(
        answer["places"]["gs://bucket (gcp:eu)"]["approximate"],
        true
    );
}

#[tokio::test]
async fn an_address_of_a_content_delivery_network_is_approximate() {
    let service = Service::start_with("locations: {database: embedded}").await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let drs = Recorder::start(|_, _| {
        let method = json!({"access_url": {"url": "http://104.16.132.229/a"}});
        Some((200, json!({"size": 1, "access_methods": [method]})))
    })
    .await;
    let mut request = request(&[tes_root(&tes)], &[drs.server.url("/")], &["a"]);
    request["explain"] = json!(true);
    let answer = service.rank(&request).await;
    let expected = Warning::ApproximateLocation {
        host: "104.16.132.229".to_owned(),
        operator: "Cloudflare",
    };
    assert_eq!(warnings(&answer), [expected.to_string()]);
    assert_eq!(answer["places"]["104.16.132.229"]["approximate"], true);
}

#[tokio::test]
async fn a_stated_region_far_from_its_host_is_a_warning() {
    let service = Service::start_with("locations: {database: embedded}").await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    // In Basel.
    let url = "http://131.152.229.70/a";
    for (method, counts, source) in [
        (
            json!({"access_url": {"url": url}, "cloud": "aws", "region": "us-east-1"}),
            Some(true),
            "region",
        ),
        (
            json!({"access_url": {"url": url}, "region": "us-east-1"}),
            Some(false),
            "database",
        ),
        (
            json!({"access_url": {"url": url}, "cloud": "aws", "region": "eu-central-2"}),
            None,
            "region",
        ),
        (
            json!({"access_url": {"url": url}, "region": "eu-central-2"}),
            None,
            "database",
        ),
    ] {
        let object = json!({"size": 1, "access_methods": [method]});
        let drs = Recorder::start(move |_, _| Some((200, object.clone()))).await;
        let mut request = request(&[tes_root(&tes)], &[drs.server.url("/")], &["a"]);
        request["explain"] = json!(true);
        let answer = service.rank(&request).await;
        let copy = &answer["service_combinations"][0]["distances"]["a"];
        assert_eq!(copy["source"], source, "{method}");
        match (warnings(&answer).as_slice(), counts) {
            ([], None) => {}
            ([told], Some(counts)) => {
                let is_like = |km: f64| {
                    let expected = Warning::RegionDoubtful {
                        host: "131.152.229.70".to_owned(),
                        region: "aws:us-east-1".to_owned(),
                        km,
                        counts,
                    };
                    expected.to_string() == *told
                };
                assert!((6000..7500).any(|km| is_like(f64::from(km))), "{told}");
            }
            (told, _) => panic!("{method}: {told:?}"),
        }
    }
}
