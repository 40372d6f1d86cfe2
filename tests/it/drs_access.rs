//! Access methods that tell no URL, or one that no one else may see.

use axum::{
    Json, Router,
    http::{StatusCode, Uri},
    response::IntoResponse,
};
use serde_json::{Value, json};

use crate::support::{
    Server,
    network::{Service, request, tes, tes_root, warnings},
    recorder::Recorder,
    texts::Warning,
};

const GB: u64 = 1_000_000_000;
const SECRET: &str = "af07361682c2c65e6537c99152b3d5a9";

/// A DRS on `host` with one object, which `methods` lead to; its access ids are host names.
async fn drs(host: &str, methods: Value) -> Server {
    let router = Router::new().fallback(async move |uri: Uri| {
        match uri.path().split('/').collect::<Vec<_>>().as_slice() {
            ["", "objects", _] => {
                Json(json!({"size": GB, "access_methods": methods})).into_response()
            }
            ["", "objects", _, "access", "denied"] => StatusCode::FORBIDDEN.into_response(),
            ["", "objects", _, "access", host] => {
                let url = format!("https://{host}/bucket/x?X-Amz-Signature={SECRET}");
                Json(json!({"url": url, "headers": null})).into_response()
            }
            _ => StatusCode::NOT_FOUND.into_response(),
        }
    });
    Server::start_on(host, router).await
}

/// The access URIs and costs of transfer of each combination, and all that was answered.
async fn ranked(config: &str, drs: &Server, id: &str) -> (Vec<(String, f64)>, Value) {
    let service = Service::start_with(config).await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let answer = service
        .rank(&request(&[tes_root(&tes)], &[drs.url("/")], &[id]))
        .await;
    let combinations = answer["service_combinations"].as_array().unwrap();
    let told = combinations.iter().map(|combination| {
        (
            combination["access_uris"][id].as_str().unwrap().to_owned(),
            combination["cost_breakdown"]["transfer"].as_f64().unwrap(),
        )
    });
    (told.collect(), answer)
}

#[tokio::test]
async fn an_access_id_is_at_the_drs_and_its_uri_leads_there() {
    let drs = drs(
        "127.0.0.2",
        json!([{"type": "s3", "access_id": "near.example"}]),
    )
    .await;
    let (told, answer) = ranked("", &drs, "a/b").await;
    let [(uri, cost)] = told.as_slice() else {
        panic!("{told:?}");
    };
    let port = drs.address.port();
    assert_eq!(*uri, format!("drs://127.0.0.2:{port}/a%2Fb"));
    assert!((1.5..2.0).contains(cost), "Basel to Helsinki, not {cost}");
    assert_eq!(answer["warnings"], json!([]));
}

#[tokio::test]
async fn a_resolved_access_id_places_the_object_and_is_not_told() {
    let methods = json!([
        {"type": "s3", "access_id": "far.example"},
        {"type": "https", "access_id": "denied"},
        {"type": "gs", "access_id": "near.example"}
    ]);
    let drs = drs("127.0.0.2", methods).await;
    let (told, answer) = ranked("drs: {resolve_access_ids: true}", &drs, "x").await;
    let [(uri, cost)] = told.as_slice() else {
        panic!("one URI, of which the nearest place counts: {told:?}");
    };
    assert!(uri.starts_with("drs://127.0.0.2:"), "{uri}");
    assert!(*cost < 0.1, "near.example, not {cost}");
    assert!(!answer.to_string().contains(SECRET), "{answer:#}");
}

#[tokio::test]
async fn a_signed_url_is_not_told_and_its_host_is_the_place() {
    let signed = |query: &str| {
        let url = format!("https://near.example/x?{query}={SECRET}&Expires=1");
        json!({"type": "https", "access_url": {"url": url}})
    };
    let methods = json!([
        signed("X-Amz-Signature"),
        signed("X-Goog-Signature"),
        signed("Signature"),
        signed("sig"),
        {"type": "https", "access_url": {"url": "https://far.example/x?alt=media"}}
    ]);
    let drs = drs("127.0.0.2", methods).await;
    let (told, answer) = ranked("", &drs, "x").await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].0.starts_with("drs://") && told[0].1 < 0.1,
        "{told:?}"
    );
    assert_eq!(told[1].0, "https://far.example/x?alt=media");
    assert!(!answer.to_string().contains(SECRET), "{answer:#}");
}

/// A DRS whose object has access ids of all kinds, and whose access ids lead to these URLs.
async fn with_access_ids() -> Recorder {
    Recorder::start(|line, _| {
        let url = |url: &str| Some((200, json!({"url": url, "headers": ["Authorization: af07"]})));
        let (_, path) = line.split_once(' ').unwrap();
        match path {
            "/objects/x" => Some((
                200,
                json!({"size": GB, "access_methods": [
                    {"type": "https", "access_id": "unplaced"},
                    {"type": "s3", "access_id": "stated", "region": "us-east-1"},
                    {"type": "gs", "access_id": "gcp-europe-west6*1"},
                    {"type": "s3", "access_id": "elsewhere", "cloud": "aws", "region": "us-west-2"},
                    {"type": "s3", "access_id": "denied"},
                    {"type": "s3", "access_id": "odd"},
                    {"type": "https", "access_id": "shown", "access_url": {"url": "https://near.example/x"}}
                ]}),
            )),
            "/objects/x/access/unplaced" => url("https://far.example/x?sig=af07"),
            "/objects/x/access/stated" => url("s3://genomes/x"),
            "/objects/x/access/gcp-europe-west6%2A1" => url("gs://cohort/x"),
            "/objects/x/access/elsewhere" => {
                url("https://b.s3.eu-west-1.amazonaws.com/x?X-Amz-Signature=af07")
            }
            "/objects/x/access/odd" => url("not a uri"),
            "/objects/x/access/denied" => Some((403, json!({}))),
            _ => None,
        }
    })
    .await
}

#[tokio::test]
async fn access_ids_are_resolved_never_where_nothing_else_places_them_or_always() {
    let call = |id: &str| format!("GET /objects/x/access/{id}");
    let unplaced = [call("denied"), call("odd"), call("unplaced")];
    let all = [
        call("denied"),
        call("elsewhere"),
        call("gcp-europe-west6%2A1"),
        call("odd"),
        call("stated"),
        call("unplaced"),
    ];
    // Without a URL, a copy is at its DRS, in Helsinki.
    let at_drs = ["drs"].as_slice();
    let behind_id = ["drs", "far.example"].as_slice();
    for (setting, calls, hosts) in [
        ("never", [].as_slice(), at_drs),
        ("false", &[], at_drs),
        ("auto", &unplaced, behind_id),
        ("true", &unplaced, behind_id),
        ("always", &all, behind_id),
    ] {
        let drs = with_access_ids().await;
        let service = Service::start_with(&format!("drs: {{resolve_access_ids: {setting}}}")).await;
        let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
        let mut asked = request(&[tes_root(&tes)], &[drs.server.url("/")], &["x"]);
        asked["explain"] = json!(true);
        let answer = service.rank(&asked).await;
        let mut lines = drs.lines();
        lines.retain(|line| line.contains("/access/"));
        lines.sort();
        assert_eq!(lines, calls, "{setting}");
        assert!(!answer.to_string().contains("af07"), "{answer:#}");

        let places = answer["places"].as_object().unwrap();
        let is_at = |host: &str| places.contains_key(host);
        assert_eq!(
            is_at("far.example"),
            hosts.len() > 1,
            "{setting}: {places:?}"
        );
        assert!(is_at("near.example"), "{setting}: {places:?}");
        let resolved = [
            "s3://genomes (aws:us-east-1)",
            "gs://cohort (gcp:europe-west6)",
            "s3://b (aws:eu-west-1)",
        ];
        let stated = ["aws:us-east-1", "gcp:europe-west6", "aws:us-west-2"];
        let is_always = setting == "always";
        for (found, stated) in resolved.into_iter().zip(stated) {
            assert_eq!(is_at(found), is_always, "{setting}: {found} of {places:?}");
            assert_eq!(
                is_at(stated),
                !is_always,
                "{setting}: {stated} of {places:?}"
            );
        }
        // The URL is in another region than the one that its access method states.
        let doubts: Vec<_> = warnings(&answer)
            .into_iter()
            .filter(|text| text.contains("aws:us-west-2"))
            .collect();
        let is_like = |km: f64| {
            let doubtful = Warning::RegionDoubtful {
                host: "s3://b".to_owned(),
                region: "aws:us-west-2".to_owned(),
                km,
                counts: false,
            };
            doubts == [doubtful.to_string()]
        };
        let has_doubt = (7000..9000).any(|km| is_like(f64::from(km)));
        assert_eq!(has_doubt, is_always, "{setting}: {:?}", warnings(&answer));
    }
}

#[tokio::test]
async fn access_ids_of_objects_in_bulk_answers_are_resolved_too() {
    let object = |id: &str| json!({"id": id, "size": GB, "access_methods": [{"type": "s3", "access_id": "far.example"}]});
    let drs = Recorder::start(move |line, _| match line.split_once(' ').unwrap() {
        ("GET", "/service-info") => Some((
            200,
            json!({"type": {"artifact": "drs", "version": "1.5.0"}, "maxBulkRequestLength": 50}),
        )),
        ("POST", "/objects") => {
            let ids = (0..12).map(|number| object(&format!("o{number}")));
            Some((200, json!({"resolved_drs_object": ids.collect::<Vec<_>>()})))
        }
        ("GET", path) if path.ends_with("/access/far.example") => {
            Some((200, json!({"url": "https://far.example/x?sig=af07"})))
        }
        _ => None,
    })
    .await;
    let service = Service::start_with("drs: {resolve_access_ids: auto}").await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let ids: Vec<_> = (0..12).map(|number| format!("o{number}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let mut asked = request(&[tes_root(&tes)], &[drs.server.url("/")], &ids);
    asked["explain"] = json!(true);
    let answer = service.rank(&asked).await;
    let places = answer["places"].as_object().unwrap();
    assert!(places.contains_key("far.example"), "{places:?}");
    let lines = drs.lines();
    let accesses = lines.iter().filter(|line| line.contains("/access/"));
    assert_eq!(accesses.count(), 12, "{lines:?}");
}
