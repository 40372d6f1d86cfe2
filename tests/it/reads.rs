//! A copy that a TES cannot read is no choice there.

use serde_json::{Value, json};

use crate::support::{
    network::{Service, drs, drs_root, request, tes, tes_of, tes_root, warnings},
    recorder::Recorder,
    texts::{Exclusion, Warning, tes_excluded},
};

const GB: u64 = 1_000_000_000;

/// The TES on 127.0.0.1 reads these; all prices are its own.
fn reads(schemes: &str) -> String {
    format!(
        "
estimation: {{transfer_model: network}}
tes:
  price_book:
    - match: 127.0.0.1
      currency: EUR
      unit_costs: {{cpu_usage: 1, memory_consumption: 0, data_storage: 0, data_transfer: 0}}
      reads: {schemes}
"
    )
}

fn not_read(tes: &str, scheme: &str) -> String {
    let warning = Warning::SchemeNotRead {
        service: tes.to_owned(),
        scheme: testribute::domain::scheme::Scheme::parse(scheme).unwrap(),
    };
    warning.to_string()
}

/// The warnings about what is not read, and all about excluded TES.
fn told(answer: &Value) -> Vec<&str> {
    let is_about_reading =
        |text: &&str| text.starts_with("Access URIs left out") || text.starts_with("TES excluded");
    warnings(answer)
        .into_iter()
        .filter(is_about_reading)
        .collect()
}

/// The access URIs of object `a` at `tes`, in any order.
fn uris_at<'a>(answer: &'a Value, tes: &str) -> Vec<&'a str> {
    let combinations = answer["service_combinations"].as_array().unwrap();
    let mut uris: Vec<_> = combinations
        .iter()
        .filter(|combination| combination["access_uris"]["tes_uri"] == tes)
        .map(|combination| combination["access_uris"]["a"].as_str().unwrap())
        .collect();
    uris.sort_unstable();
    uris
}

#[tokio::test]
async fn a_copy_with_a_scheme_that_a_tes_does_not_read_is_no_choice_there() {
    let uris = [
        "HTTPS://near.example/a",
        "ftp://near.example/a",
        "gs://bucket/a",
        "s3://bucket/a",
    ];
    let data = drs(&[("a", GB, &uris), ("b", GB, &uris)]).await;
    let (picky, other) = (
        tes("127.0.0.1", "EUR", 1.0, 0.0, 0.0).await,
        tes("127.0.0.2", "EUR", 1.0, 0.0, 0.0).await,
    );
    let (picky, other) = (tes_root(&picky), tes_root(&other));
    let service = Service::start_with(&reads("[https, S3]")).await;
    let mut request = request(&[picky.clone(), other.clone()], &[drs_root(&data)], &["a"]);
    let answer = service.rank(&request).await;
    assert_eq!(uris_at(&answer, &picky), [uris[0], uris[3]]);
    assert_eq!(uris_at(&answer, &other).len(), 4);
    // One for each TES and scheme, however many objects there are.
    let expected = [not_read(&picky, "ftp"), not_read(&picky, "gs")];
    assert_eq!(told(&answer), expected);
    request["object_ids"] = json!(["a", "b"]);
    request["limit"] = json!(3);
    let answer = service.rank(&request).await;
    assert_eq!(told(&answer), expected);
    assert_eq!(answer["space_size"], "20", "2 * 2 and 4 * 4");
}

#[tokio::test]
async fn without_reads_all_schemes_are_read() {
    let data = drs(&[("a", GB, &["s3://bucket/a", "gs://bucket/a"])]).await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 0.0, 0.0).await;
    let request = request(&[tes_root(&tes)], &[drs_root(&data)], &["a"]);
    for schemes in ["[s3, gs]", "null", "['s3://', 'GS:']"] {
        let service = Service::start_with(&reads(schemes)).await;
        let answer = service.rank(&request).await;
        assert_eq!(uris_at(&answer, &tes_root(&tes)).len(), 2, "{schemes}");
        assert!(told(&answer).is_empty(), "{schemes}");
    }
}

#[tokio::test]
async fn a_tes_that_can_read_no_copy_is_left_out_with_the_reason() {
    let data = drs(&[("a", GB, &["gs://bucket/a"])]).await;
    let (picky, other) = (
        tes("127.0.0.1", "EUR", 1.0, 0.0, 0.0).await,
        tes("127.0.0.2", "EUR", 1.0, 0.0, 0.0).await,
    );
    let (picky, other) = (tes_root(&picky), tes_root(&other));
    let service = Service::start_with(&reads("[https]")).await;
    let both = request(&[picky.clone(), other.clone()], &[drs_root(&data)], &["a"]);
    let answer = service.rank(&both).await;
    assert_eq!(tes_of(&answer), [&other]);
    let expected = [
        not_read(&picky, "gs"),
        tes_excluded(&picky, Exclusion::NothingToRead { object: "a".into() }),
    ];
    assert_eq!(told(&answer), expected);
    let alone = request(std::slice::from_ref(&picky), &[drs_root(&data)], &["a"]);
    let messages = service.refuse(&alone, "ResourceUnavailableError").await;
    for text in expected {
        assert!(messages.contains(&text), "{messages:?}");
    }
    // A task without objects has nothing to read.
    let empty = request(std::slice::from_ref(&picky), &[], &[]);
    assert_eq!(tes_of(&service.rank(&empty).await), [&picky]);
}

#[tokio::test]
async fn urls_of_the_caller_and_uris_of_a_drs_are_read_by_their_scheme() {
    let tes = tes("127.0.0.1", "EUR", 1.0, 0.0, 0.0).await;
    let root = tes_root(&tes);
    // The URL is signed: it is answered as the URI of the object at its DRS.
    let data = drs(&[("a", GB, &["https://near.example/a?X-Amz-Signature=abc"])]).await;
    for (schemes, object, is_read) in [
        ("[s3]", "s3://bucket/a", true),
        ("[https]", "s3://bucket/a", false),
        ("[drs]", "a", true),
        ("[https]", "a", false),
    ] {
        let service = Service::start_with(&reads(schemes)).await;
        let mut request = request(std::slice::from_ref(&root), &[drs_root(&data)], &[object]);
        request["object_sizes"] = json!({object: 5});
        let (status, answer) = service.ask(&request).await;
        assert_eq!(status.is_success(), is_read, "{schemes} {object} {answer}");
    }
}

#[tokio::test]
async fn what_a_tes_says_of_its_storage_does_not_count() {
    let service = Service::start_with(&reads("null")).await;
    let data = drs(&[("a", GB, &["s3://bucket/a"])]).await;
    let tes = Recorder::start(|line, _| match line {
        "GET /v1/service-info" => Some((
            200,
            json!({"storage": ["file:///data"], "type": {"artifact": "tes"}}),
        )),
        line if line.starts_with("GET /v1/tasks?") => Some((200, json!({"tasks": []}))),
        _ => None,
    })
    .await;
    let root = tes.server.url("/v1/");
    let answer = service
        .rank(&request(
            std::slice::from_ref(&root),
            &[drs_root(&data)],
            &["a"],
        ))
        .await;
    assert_eq!(uris_at(&answer, &root), ["s3://bucket/a"]);
    assert!(told(&answer).is_empty());
}
