//! Objects that are requested by their own URL.

use axum::{
    Router,
    http::{HeaderMap, Method, StatusCode, Uri, header::CONTENT_LENGTH},
    response::IntoResponse,
};
use serde_json::{Value, json};

use crate::support::{
    Server,
    network::{Service, drs, drs_root, request, tes, tes_root, warnings},
    recorder::Recorder,
    texts::{UnrankableReason, Warning},
};

const GB: u64 = 1_000_000_000;

/// A web server whose files are of this size.
async fn files(size: u64) -> Server {
    Server::start(Router::new().fallback(
        async move |method: Method, uri: Uri, headers: HeaderMap| {
            let has_token = headers.contains_key("authorization");
            if method != Method::HEAD || has_token || uri.path() == "/gone" {
                return StatusCode::NOT_FOUND.into_response();
            }
            if uri.path() == "/moved" {
                return (StatusCode::FOUND, [("location", "/here")]).into_response();
            }
            (StatusCode::OK, [(CONTENT_LENGTH, size.to_string())]).into_response()
        },
    ))
    .await
}

async fn rank(service: &Service, request: &Value) -> Value {
    let sent = service.post().bearer_auth("token").json(request).send();
    let response = sent.await.unwrap();
    let status = response.status();
    let answer: Value = response.json().await.unwrap();
    assert!(status.is_success(), "{answer:#}");
    answer
}

#[tokio::test]
async fn a_url_is_its_own_access_uri_and_needs_no_drs() {
    let service =
        Service::start_with("locations: {buckets: {genomes: {latitude: 38.9, longitude: -77.0}}}")
            .await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let urls = [
        "s3://genomes/a.bam",
        "gs://genomes/a.bam",
        "https://far.example/a.bam",
        "ftp://far.example/a.bam",
        "https://storage.googleapis.com/genomes/b.bam",
    ];
    let mut request = request(&[tes_root(&tes)], &[], &urls);
    request["object_sizes"] = json!(
        urls.iter()
            .map(|url| (*url, GB))
            .collect::<std::collections::BTreeMap<_, _>>()
    );
    let answer = rank(&service, &request).await;
    assert_eq!(answer["warnings"], json!([]));
    let best = &answer["service_combinations"][0];
    for url in urls {
        assert_eq!(best["access_uris"][url], url);
    }
    let transfer = best["cost_breakdown"]["transfer"].as_f64().unwrap();
    assert!(
        (30.0..37.0).contains(&transfer),
        "5 x Basel to Washington: {transfer}"
    );
}

#[tokio::test]
async fn the_size_of_a_url_is_stated_or_asked_for_without_a_token() {
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let files = files(2 * GB).await;
    let service = Service::start_with("drs: {missing_size: zero}").await;
    let asked = |url: &str| request(&[tes_root(&tes)], &[], &[url]);
    for path in ["/a", "/moved"] {
        let answer = rank(&service, &asked(&files.url(path))).await;
        assert_eq!(answer["warnings"], json!([]), "{path}");
    }
    let gone = files.url("/gone");
    let unknown = Warning::UnknownSize(gone.as_str().into()).to_string();
    assert_eq!(warnings(&rank(&service, &asked(&gone)).await), [unknown]);
    let mut stated = asked(&gone);
    stated["object_sizes"] = json!({ gone.as_str(): 7 });
    assert_eq!(rank(&service, &stated).await["warnings"], json!([]));

    let strict = Service::start().await;
    let messages = strict
        .refuse(&asked(&gone), "ResourceUnavailableError")
        .await;
    let unknown = UnrankableReason::UnknownSize(gone.as_str().into()).to_string();
    assert_eq!(messages, [unknown]);
}

#[tokio::test]
async fn a_url_is_asked_for_its_size_only_where_calls_may_go() {
    let service = Service::start_with("outbound: {allowed_networks: ['::1/128']}").await;
    let tes = tes("::1", "EUR", 1.0, 1.0, 0.0).await;
    let recorder = Recorder::start(|_, _| Some((200, json!({})))).await;
    let url = recorder.server.url("/a");
    let messages = service
        .refuse(
            &request(&[tes_root(&tes)], &[], &[&url]),
            "ResourceUnavailableError",
        )
        .await;
    let unknown = UnrankableReason::UnknownSize(url.as_str().into()).to_string();
    assert_eq!(messages, [unknown]);
    assert_eq!(recorder.lines(), [""; 0]);
}

#[tokio::test]
async fn a_signed_url_is_given_back_to_its_caller_and_named_without_the_signature() {
    let service = Service::start_with("drs: {missing_size: zero}").await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let url = "ftp://ann:zqxpassword@near.example/a?X-Amz-Signature=zqxsignature";
    let answer = service
        .rank(&request(&[tes_root(&tes)], &[], &[url, url]))
        .await;
    assert_eq!(answer["service_combinations"][0]["access_uris"][url], url);
    let told = warnings(&answer);
    assert_eq!(told.len(), 2, "a duplicate, and a size: {told:?}");
    for text in told {
        assert!(
            !text.contains("zqx") && text.contains("near.example/a"),
            "{text}"
        );
    }
    let strict = Service::start().await;
    let messages = strict
        .refuse(
            &request(&[tes_root(&tes)], &[], &[url]),
            "ResourceUnavailableError",
        )
        .await;
    assert!(!messages.concat().contains("zqx"), "{messages:?}");
}

#[tokio::test]
async fn the_url_of_metadata_is_refused_with_the_id_that_it_names() {
    let service = Service::start().await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let url = "https://drs.example/ga4gh/drs/v1/objects/a001";
    let messages = service
        .refuse(
            &request(&[tes_root(&tes)], &[], &[url]),
            "ResourceUnavailableError",
        )
        .await;
    let expected = UnrankableReason::MetadataUrl {
        object: url.into(),
        id: "drs://drs.example/a001".to_owned(),
        drs: None,
    };
    assert_eq!(messages, [expected.to_string()]);
}

#[tokio::test]
async fn a_size_that_the_caller_knows_stands_in_where_no_drs_gives_one() {
    let service = Service::start().await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let silent = Recorder::start(|line, _| {
        let method = json!({"access_url": {"url": "https://far.example/a"}});
        line.ends_with("/objects/a")
            .then(|| (200, json!({"access_methods": [method]})))
    })
    .await;
    let knows = drs(&[("a", GB, &["https://far.example/a"])]).await;
    for (root, stated, gigabytes) in [
        (silent.server.url("/"), 2 * GB, 2.0),
        (drs_root(&knows), 2 * GB, 1.0),
    ] {
        let mut asked = request(&[tes_root(&tes)], &[root], &["a"]);
        asked["object_sizes"] = json!({"a": stated});
        let answer = service.rank(&asked).await;
        let transfer = &answer["service_combinations"][0]["cost_breakdown"]["transfer"];
        let transfer = transfer.as_f64().unwrap();
        let range = (6.4 * gigabytes)..(7.0 * gigabytes);
        assert!(range.contains(&transfer), "{transfer}");
    }
}
