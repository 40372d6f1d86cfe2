//! `testribute locate`: what a URI is, how it was placed, and how sure that is.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::{program::program, recorder::Recorder, texts::LocateError};

/// One of each place that there can be.
const OVERRIDES: &str = "[{match: configured.example, latitude: 47.56, longitude: 7.59}, \
    {match: 198.51.100.0/24, latitude: 1, longitude: 2}, {match: 'globus://known', latitude: 1, longitude: 2}]";
const BUCKETS: &str = "{genomes: {region: eu-central-1}, 'az://container': {latitude: 1, longitude: 2}, \
    'https://storage.googleapis.com/cohort': {region: EU, cloud: gcp}}";

/// What is told of `uris`, in their order, and the table.
async fn located(uris: &[&str], more: &[(&str, &str)]) -> (Vec<Value>, String, String) {
    let run = async |output: &str| {
        program()
            .args(["locate", "--output", output])
            .args(uris)
            .env("TESTRIBUTE__LOCATIONS__DATABASE", "embedded")
            .env("TESTRIBUTE__LOCATIONS__OVERRIDES", OVERRIDES)
            .env("TESTRIBUTE__LOCATIONS__BUCKETS", BUCKETS)
            .envs(more.iter().copied())
            .output()
            .await
            .unwrap()
    };
    let (json, table) = (run("json").await, run("table").await);
    let warnings = String::from_utf8(json.stderr).unwrap();
    let told: Value =
        serde_json::from_slice(&json.stdout).unwrap_or_else(|error| panic!("{error}: {warnings}"));
    let told = told["uris"].as_array().unwrap().clone();
    assert_eq!(told.len(), uris.len());
    (told, String::from_utf8(table.stdout).unwrap(), warnings)
}

#[tokio::test]
async fn every_kind_of_place_is_explained() {
    // (URI, what it is, what is located, how, whether that is approximate)
    #[rustfmt::skip]
    let cases = [
        // Hosts.
        ("https://configured.example:8443/a", "host", "configured.example", "configuration", false),
        ("http://198.51.100.7/a", "host", "198.51.100.7", "configuration", false),
        ("http://131.152.229.70/a", "host", "131.152.229.70", "address", false),
        ("131.152.229.70:8080", "host", "131.152.229.70", "address", false),
        ("ftp://131.152.229.70/a", "host", "131.152.229.70", "address", false),
        ("http://tes.westeurope.cloudapp.azure.com/", "host", "tes.westeurope.cloudapp.azure.com", "region", false),
        ("https://g-1.europe-west6.run.app/", "host", "g-1.europe-west6.run.app", "region", false),
        // Networks with many sites.
        ("http://104.16.132.229/a", "host", "104.16.132.229", "address of many sites", true),
        ("http://13.32.1.1/a", "host", "13.32.1.1", "address of many sites", true),
        ("http://151.101.1.69/a", "host", "151.101.1.69", "address of many sites", true),
        ("http://23.1.2.3/a", "host", "23.1.2.3", "address of many sites", true),
        ("http://142.250.74.208/a", "host", "142.250.74.208", "address of many sites", true),
        // Endpoints.
        ("s3://131.152.229.70:9000/bucket/a", "endpoint", "131.152.229.70", "address", false),
        ("s3://configured.example:9000/bucket/a", "endpoint", "configured.example", "configuration", false),
        // Buckets, by the region that they name, or the configuration.
        ("s3://genomes/a", "bucket", "s3://genomes", "region", false),
        ("https://genomes.s3.us-west-2.amazonaws.com/a", "bucket", "s3://genomes (aws:us-west-2)", "region", false),
        ("https://s3.amazonaws.com/genomes/a", "bucket", "s3://genomes", "region", false),
        ("https://b.s3.eu-west-1.amazonaws.com/a", "bucket", "s3://b (aws:eu-west-1)", "region", false),
        ("https://us-central1-storage.googleapis.com/b/a", "bucket", "gs://b (gcp:us-central1)", "region", false),
        ("https://storage.googleapis.com/cohort/a", "bucket", "gs://cohort", "multi-region", true),
        ("https://cohort.storage.googleapis.com/a", "bucket", "gs://cohort", "multi-region", true),
        ("az://container/a", "bucket", "az://container", "configuration", false),
        ("arn:aws:s3:::genomes/a", "bucket", "s3://genomes", "region", false),
        // Access points.
        ("arn:aws:s3:us-west-2:123456789012:accesspoint/ap", "access point", "s3://ap-123456789012 (aws:us-west-2)", "region", false),
        ("s3://arn:aws:s3:us-west-2:123456789012:accesspoint/ap/a", "access point", "s3://ap-123456789012 (aws:us-west-2)", "region", false),
        ("https://ap-1.s3-accesspoint.eu-west-2.amazonaws.com/a", "access point", "s3://ap-1 (aws:eu-west-2)", "region", false),
        // What only its service knows, unless it is configured.
        ("globus://known/a", "collection", "globus://known", "configuration", false),
    ];
    let uris: Vec<_> = cases.iter().map(|case| case.0).collect();
    let (told, table, warnings) = located(&uris, &[]).await;
    for ((uri, is, place_of, placed_by, approximate), told) in cases.into_iter().zip(told) {
        assert_eq!(told["uri"], uri);
        assert_eq!(told["is"], is, "{uri}");
        assert_eq!(told["place_of"], place_of, "{uri}");
        assert_eq!(told["placed_by"], placed_by, "{uri}: {told}");
        assert_eq!(told["approximate"], approximate, "{uri}");
        let explanation = told["explanation"].as_str().unwrap();
        assert!(
            explanation.starts_with(&format!("{is} {place_of}")),
            "{explanation}"
        );
        assert_eq!(
            explanation.contains("ARN"),
            uri.contains("arn:"),
            "{explanation}"
        );
        let has_line = table.contains(&format!("{uri}: {explanation}\n"));
        assert_eq!(
            has_line || table.ends_with(explanation),
            uri.contains("://") || uri.contains("arn:"),
            "{uri} in\n{table}"
        );
    }
    // One for each of the networks with many sites.
    assert_eq!(warnings.lines().count(), 5, "{warnings}");
}

#[tokio::test]
async fn what_has_no_place_says_why() {
    #[rustfmt::skip]
    let cases = [
        ("s3://unknown/a", Some("bucket"), Some(LocateError::Bucket)),
        ("gs://unknown/a", Some("bucket"), Some(LocateError::Bucket)),
        ("az://unknown/a", Some("bucket"), Some(LocateError::Bucket)),
        ("https://b.s3-accelerate.amazonaws.com/a", Some("bucket"), Some(LocateError::Bucket)),
        ("arn:aws:s3::123456789012:accesspoint/m.mrap", Some("access point"), Some(LocateError::Bucket)),
        ("https://storage.googleapis.com/", Some("host"), Some(LocateError::Global)),
        ("https://s3.amazonaws.com/", Some("host"), Some(LocateError::Global)),
        ("globus://ddb59aef/a", Some("collection"), Some(LocateError::Collection)),
        ("swift://container/a", Some("collection"), Some(LocateError::Collection)),
        ("irods:///zone/a", Some("collection"), Some(LocateError::Collection)),
        ("http://10.0.0.7/a", Some("host"), Some(LocateError::UnplacedAddress)),
        ("s3://10.0.0.7:9000/b/a", Some("endpoint"), Some(LocateError::UnplacedAddress)),
        ("/data/a", Some("path"), None),
        ("file:///data/a", Some("path"), None),
        ("https://", None, None),
        ("mailto:ann@example.org", None, None),
        ("data/a", None, None),
        ("5 5", None, None),
        // So that there is one.
        ("http://131.152.229.70/", Some("host"), None),
    ];
    let uris: Vec<_> = cases.iter().map(|case| case.0).collect();
    let (told, table, _) = located(&uris, &[]).await;
    for ((uri, is, cause), told) in cases.into_iter().zip(told) {
        assert_eq!(told["is"].as_str(), is, "{uri}");
        let explanation = told["explanation"].as_str().unwrap();
        if let Some(cause) = &cause {
            assert!(
                explanation.contains(&cause.to_string()),
                "{uri}: {explanation}"
            );
        }
        if uri != "http://131.152.229.70/" {
            assert_eq!(told["placed_by"], Value::Null, "{uri}");
            assert!(
                table.contains(explanation),
                "{uri}: {explanation} in\n{table}"
            );
        }
    }
}

#[tokio::test]
async fn a_bucket_whose_region_s3_tells_is_in_that_region() {
    let s3 = Recorder::start(|_, _| None).await;
    let url = s3.server.url("/");
    let more = [
        ("TESTRIBUTE__LOCATIONS__ASK_BUCKET_REGION", "true"),
        ("TESTRIBUTE__LOCATIONS__S3_URL", url.as_str()),
    ];
    // S3 knows no such bucket; the others have no need of it.
    let uris = ["s3://no-such-bucket/a", "s3://genomes/a"];
    let (told, ..) = located(&uris, &more).await;
    let placed: BTreeMap<_, _> = uris
        .into_iter()
        .zip(told.iter().map(|one| one["placed_by"].as_str()))
        .collect();
    assert_eq!(placed[uris[0]], None);
    assert_eq!(placed[uris[1]], Some("region"));
    assert!(s3.lines().iter().all(|line| line == "HEAD /no-such-bucket"));
}

#[tokio::test]
async fn secrets_in_uris_are_not_printed() {
    let (told, table, warnings) = located(
        &[
            "https://ann:zqx@configured.example/a?sig=zqx#zqx",
            "s3://key:zqx@genomes/a?X-Amz-Signature=zqx",
            "http://131.152.229.70/",
            "https://ann:zq/x@h.example/zqx",
        ],
        &[],
    )
    .await;
    for text in [format!("{told:?}"), table, warnings] {
        assert!(!text.contains("zq"), "{text}");
    }
}
