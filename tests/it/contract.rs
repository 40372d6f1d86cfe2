//! The routes, the OpenAPI document and every row of the error table.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use testribute::{config::Limits, http};

use crate::support::{
    faulty::{Manner, RawServer},
    network::{Service, assert_problem, request, tes, tes_root},
    texts::{ANY, RequestFaultReason, assert_like, fault},
};

#[test]
fn the_committed_document_is_the_one_that_is_served() {
    let committed = include_str!("../../openapi/testribute.openapi.yaml");
    let made = http::document(&Limits::default(), None).to_yaml().unwrap();
    assert_eq!(
        committed.trim_end(),
        made.trim_end(),
        "run: cargo run -- openapi > openapi/testribute.openapi.yaml"
    );
}

#[tokio::test]
async fn the_document_tells_the_configured_limits() {
    let service = Service::start_with("limits: {tes_uris: 3, combinations: 7}").await;
    let document: Value = service
        .get("/openapi.json")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let properties = &document["components"]["schemas"]["RankRequest"]["properties"];
    assert_eq!(properties["tes_uris"]["maxItems"], 3);
    // A generated client must not depend on the configuration of one service.
    assert_eq!(properties["limit"].get("maximum"), None);
    assert_eq!(properties["limit"].get("default"), None);
    let yaml = service
        .get("/openapi.yaml")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let yaml: Value = yaml_serde::from_str(&yaml).unwrap();
    assert_eq!(yaml, document);
}

#[tokio::test]
async fn every_field_and_every_answer_is_described() {
    let service = Service::start().await;
    let document: Value = service
        .get("/openapi.json")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let has_text = |what: &Value| {
        let text = what["description"].as_str();
        text.is_some_and(|text| text.len() > 3)
    };
    // What may be null is described beside its reference.
    let is_described = |what: &Value| {
        let options = what["oneOf"].as_array();
        has_text(what) || options.is_some_and(|options| options.iter().any(has_text))
    };
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(is_described(schema), "{name}");
        let no_fields = serde_json::Map::new();
        for (field, schema) in schema["properties"].as_object().unwrap_or(&no_fields) {
            assert!(is_described(schema), "{name}.{field}");
        }
    }
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            for (status, response) in operation["responses"].as_object().unwrap() {
                assert!(is_described(response), "{method} {path} {status}");
                let contents = response["content"].as_object();
                let mut contents = contents.into_iter().flat_map(serde_json::Map::values);
                let has_example = contents.all(|content| !content["example"].is_null());
                assert!(has_example, "{method} {path} {status}");
            }
        }
    }
}

/// What generated clients stumble over (the linters of `.ci/run` look for more).
#[test]
fn the_document_is_made_for_generated_clients() {
    let document = http::document(&Limits::default(), None);
    let document = serde_json::to_value(document).unwrap();
    assert_eq!(document["servers"][0]["url"], "/");
    let (token, nothing) = (json!([{}, {"bearer": []}]), json!([]));
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let needs_token = ["/metrics", "/rank-services", "/rank-tasks"].contains(&&**path);
            let expected = if needs_token { &token } else { &nothing };
            assert_eq!(&operation["security"], expected, "{method} {path}");
        }
    }
    let schemas = &document["components"]["schemas"];
    let options = schemas["RequestedMode"]["oneOf"].as_array().unwrap();
    let of_kind = |kind: &str| -> Vec<_> {
        options
            .iter()
            .filter(|option| option["type"] == kind)
            .collect()
    };
    let (numbers, names) = (of_kind("number"), of_kind("string"));
    assert_eq!((options.len(), numbers.len(), names.len()), (2, 1, 1));
    assert_eq!(numbers[0]["minimum"].as_f64(), Some(-1.0));
    assert_eq!(numbers[0]["maximum"].as_f64(), Some(1.0));
    // The schemas that a request is made of.
    let mut open = vec!["RankRequest".to_owned(), "TaskRequest".to_owned()];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(name) = open.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let text = schemas[&name].to_string();
        assert!(!text.contains("\"default\":"), "{name}: {text}");
        let references = text.split("#/components/schemas/").skip(1);
        open.extend(references.map(|rest| rest.split('"').next().unwrap().to_owned()));
    }
    assert!(seen.len() > 5, "{seen:?}");
}

#[tokio::test]
async fn the_service_tells_what_it_is_and_how() {
    let service = Service::start().await;
    let info: Value = service
        .get("/service-info")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    for required in ["id", "name", "type", "organization", "version"] {
        assert!(!info[required].is_null(), "{required}");
    }
    for path in ["/healthz", "/readyz"] {
        let health: Value = service
            .get(path)
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        assert_eq!(health, json!({"status": "ok"}));
    }
    let page = service.get("/ui").send().await.unwrap();
    assert_eq!(page.url().path(), "/ui/");
    let page = page.text().await.unwrap();
    assert!(page.contains("swagger-ui"));
    assert!(
        !page.contains("https://"),
        "assets must not come from elsewhere"
    );
}

#[tokio::test]
async fn what_is_not_there_has_the_error_body() {
    let service = Service::start().await;
    for path in [
        "/rank-services/",
        "/assets/nothing.js",
        "/assets/",
        "/ui/nothing",
        "/nothing?x=1",
    ] {
        let response = service.get(path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert_problem(&response.json().await.unwrap(), 404, "NotFound");
    }
    for (method, path, allowed) in [
        (Method::GET, "/rank-services", "POST"),
        (Method::PUT, "/rank-services", "POST"),
        (Method::POST, "/healthz", "GET,HEAD"),
        (Method::DELETE, "/ui/", "GET,HEAD"),
    ] {
        let client = reqwest::Client::new();
        let response = client
            .request(method, service.url(path))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
        assert_eq!(response.headers()["allow"], allowed, "{path}");
        assert_problem(&response.json().await.unwrap(), 405, "MethodNotAllowed");
    }
}

#[tokio::test]
async fn a_body_must_be_said_to_be_json() {
    let service = Service::start().await;
    for (name, value) in [
        ("x-nothing", "x"),
        ("content-type", "text/plain"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("content-type", "application/json; charset=utf-16"),
    ] {
        let response = service
            .post()
            .header(name, value)
            .body("{}")
            .send()
            .await
            .unwrap();
        assert_eq!(
            response.status(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{value}"
        );
        assert_problem(&response.json().await.unwrap(), 415, "UnsupportedMediaType");
    }
    let compressed = service
        .post()
        .header("content-type", "application/json")
        .header("content-encoding", "gzip")
        .body("{}");
    assert_eq!(
        compressed.send().await.unwrap().status(),
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    for good in [
        "application/json",
        "Application/JSON; charset=UTF-8",
        "application/problem+json",
    ] {
        let response = service
            .post()
            .header("content-type", good)
            .body("{}")
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{good}");
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let service = Service::start_with("server: {max_body_bytes: 100}").await;
    let long = format!("{{\"x\": \"{}\"}}", "y".repeat(100));
    let announced = service.post().body(long.clone());
    let pieces: Vec<Result<_, std::io::Error>> = vec![Ok(long.clone()), Ok(long)];
    let in_pieces = service
        .post()
        .body(reqwest::Body::wrap_stream(futures_util::stream::iter(
            pieces,
        )));
    for request in [announced, in_pieces] {
        let response = request
            .header("content-type", "application/json")
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_problem(&response.json().await.unwrap(), 413, "PayloadTooLarge");
    }
}

#[tokio::test]
async fn bytes_that_are_no_request_are_refused() {
    let service = Service::start().await;
    let deep = "[".repeat(100_000);
    let not_json = |reason: &str| RequestFaultReason::NotJson(format!("{ANY}{reason}{ANY}"));
    let no_object = |is| RequestFaultReason::WrongType {
        must_be: "an object".to_owned(),
        is,
    };
    for (body, reason) in [
        (b"".to_vec(), not_json("")),
        (b"{\"tes_uris\": [\"ht".to_vec(), not_json("")),
        (b"{\"a\": \"\xff\xfe\"}".to_vec(), not_json("")),
        (deep.into_bytes(), not_json("recursion limit")),
        (
            br#"{"mode": 1, "mode": 0}"#.to_vec(),
            not_json(&format!("'mode' {ANY} twice")),
        ),
        (br#"{"x": 1e999}"#.to_vec(), not_json("out of range")),
        (b"[]".to_vec(), no_object("an array")),
        (b"null".to_vec(), no_object("null")),
        (b"7".to_vec(), no_object(ANY)),
    ] {
        let response = service
            .post()
            .header("content-type", "application/json")
            .body(body);
        let response = response.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{reason}");
        let messages = assert_problem(&response.json().await.unwrap(), 400, "ValidationError");
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert_like(&messages[0], fault("", reason));
    }
}

#[tokio::test]
async fn what_is_written_under_a_wrong_name_is_told_where_it_is_missing() {
    let service = Service::start().await;
    let tes = json!(["https://tes.example/"]);
    let needs =
        json!({"cpu_cores": 1, "ram_gb": 1, "disk_gb": 1, "execution_time_sec": 1, "zone": "a"});
    let named = |parent: &str, wrong: &str, right: &'static str| {
        let pointer = format!("{parent}/{wrong}");
        fault(&pointer, RequestFaultReason::Misnamed(right))
    };
    for wrong in [
        "tes_urls", "tes_url", "tesUris", "tes-uris", "TES_URIS", "tes",
    ] {
        let request = json!({(wrong): tes, "resource_requirements": needs, "other": 1});
        let messages = service.refuse(&request, "ValidationError").await;
        let expected = [
            fault("/tes_uris", RequestFaultReason::NoUri),
            named("", wrong, "tes_uris"),
        ];
        assert_eq!(messages, expected);
        let request =
            json!({(wrong): tes, "task": {"executors": [{"image": "i", "command": ["c"]}]}});
        let response = service
            .post_to("/rank-tasks")
            .json(&request)
            .send()
            .await
            .unwrap();
        let messages = assert_problem(&response.json().await.unwrap(), 400, "ValidationError");
        assert!(
            messages.contains(&named("", wrong, "tes_uris")),
            "{messages:?}"
        );
    }
    for wrong in ["resources", "resourceRequirements", "resource_requirement"] {
        let messages = service
            .refuse(&json!({"tes_uris": tes, (wrong): needs}), "ValidationError")
            .await;
        let expected = [
            fault("/resource_requirements", RequestFaultReason::Required),
            named("", wrong, "resource_requirements"),
        ];
        assert_eq!(messages, expected);
    }
    for (wrong, right) in [
        ("cpus", "cpu_cores"),
        ("cpuCores", "cpu_cores"),
        ("memory_gb", "ram_gb"),
        ("mem_mb", "ram_gb"),
        ("disk", "disk_gb"),
        ("runtime", "execution_time_sec"),
    ] {
        let mut needs = needs.clone();
        let members = needs.as_object_mut().unwrap();
        let value = members.remove(right).unwrap();
        members.insert(wrong.to_owned(), value);
        let request = json!({"tes_uris": tes, "resource_requirements": needs});
        let messages = service.refuse(&request, "ValidationError").await;
        let parent = "/resource_requirements";
        let expected = [
            fault(&format!("{parent}/{right}"), RequestFaultReason::Required),
            named(parent, wrong, right),
        ];
        assert_eq!(messages, expected);
    }
}

#[tokio::test]
async fn every_violation_is_told_at_once_with_its_pointer() {
    let service = Service::start_with("limits: {tes_uris: 4, object_ids: 3}").await;
    let messages = service
        .refuse(
            &json!({
                "tes_uris": ["ftp://a", 7, "http://", "http://good.example", "http://one.too.many"],
                "resource_requirements": {
                    "cpu_cores": -1, "ram_gb": "8", "disk_gb": -0.5, "execution_time_sec": "1.5", "preemptible": "yes",
                    "zones": [1]
                },
                "object_ids": ["", "tes_uri", null],
                "drs_uris": ["drs.example"],
                "mode": "Cost",
                "limit": 0
            }),
            "ValidationError",
        )
        .await;
    let mut pointers: Vec<_> = messages
        .iter()
        .map(|message| message.split(": ").next().unwrap())
        .collect();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        [
            "/drs_uris/0",
            "/limit",
            "/mode",
            "/object_ids/0",
            "/object_ids/1",
            "/object_ids/2",
            "/resource_requirements/cpu_cores",
            "/resource_requirements/disk_gb",
            "/resource_requirements/execution_time_sec",
            "/resource_requirements/preemptible",
            "/resource_requirements/ram_gb",
            "/resource_requirements/zones/0",
            "/tes_uris",
            "/tes_uris/0",
            "/tes_uris/1",
            "/tes_uris/2",
        ]
    );
}

#[tokio::test]
async fn what_is_required_is_asked_for_by_name() {
    let service = Service::start().await;
    let required = |pointer: &str| fault(pointer, RequestFaultReason::Required);
    let messages = service.refuse(&json!({}), "ValidationError").await;
    assert_eq!(
        messages,
        [
            required("/resource_requirements"),
            fault("/tes_uris", RequestFaultReason::NoUri)
        ]
    );
    let messages = service
        .refuse(
            &json!({"tes_uris": [], "resource_requirements": {}, "object_ids": ["a"]}),
            "ValidationError",
        )
        .await;
    assert_eq!(
        messages,
        [
            required("/resource_requirements/cpu_cores"),
            required("/resource_requirements/ram_gb"),
            required("/resource_requirements/disk_gb"),
            required("/resource_requirements/execution_time_sec"),
            fault("/tes_uris", RequestFaultReason::NoUri),
            fault("/drs_uris", RequestFaultReason::NoDrs),
        ]
    );
}

#[tokio::test]
async fn numbers_that_schema_and_program_see_differently_are_no_fault_of_ours() {
    let service = Service::start().await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let mut request = request(&[tes_root(&tes)], &[], &[]);
    request["resource_requirements"]["cpu_cores"] = json!(2.0);
    request["resource_requirements"]["execution_time_sec"] = json!(1e3);
    request["limit"] = json!(5.0);
    service.rank(&request).await;
    // Nothing is too much to ask for, but some of it has no plausible price.
    for (pointer, value) in [
        ("cpu_cores", json!(1e300)),
        ("execution_time_sec", json!(u64::MAX)),
        ("ram_gb", json!(1e308)),
    ] {
        let mut request = request.clone();
        request["resource_requirements"][pointer] = value;
        let (status, _) = service.ask(&request).await;
        assert!(status == StatusCode::OK || status == StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn one_request_too_many_is_told_to_come_back() {
    let service = Service::start_with("server: {max_in_flight: 1}").await;
    let hanging = RawServer::start(Manner::Hangs).await;
    let request = request(std::slice::from_ref(&hanging.root), &[], &[]);
    let (first, second) = tokio::join!(
        service.post().json(&request).send(),
        service.post().json(&request).send()
    );
    let mut answers = [first.unwrap(), second.unwrap()];
    answers.sort_by_key(reqwest::Response::status);
    let [served, refused] = answers;
    assert_eq!(served.status(), StatusCode::BAD_REQUEST);
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_problem(&refused.json().await.unwrap(), 503, "Overloaded");
    let health = service.get("/healthz").send().await.unwrap();
    assert_eq!(health.status(), StatusCode::OK);
}

#[tokio::test]
async fn every_answer_has_a_request_id() {
    let service = Service::start().await;
    let id = |response: &reqwest::Response| {
        response.headers()["x-request-id"]
            .to_str()
            .unwrap()
            .to_owned()
    };
    let first = service.get("/healthz").send().await.unwrap();
    let second = service.get("/nothing").send().await.unwrap();
    assert_eq!(id(&first).len(), 32);
    assert_ne!(id(&first), id(&second));
    let named = service
        .get("/healthz")
        .header("x-request-id", "job-7")
        .send()
        .await
        .unwrap();
    assert_eq!(id(&named), "job-7");
    let long = "x".repeat(65);
    for bad in ["two words", long.as_str()] {
        let response = service
            .get("/healthz")
            .header("x-request-id", bad)
            .send()
            .await
            .unwrap();
        assert_ne!(id(&response), bad);
    }
}

#[tokio::test]
async fn large_answers_are_compressed_for_those_who_take_it() {
    let service = Service::start().await;
    let plain = service.get("/openapi.json").send().await.unwrap();
    assert!(plain.headers().get("content-encoding").is_none());
    let client = reqwest::Client::builder().no_gzip().build().unwrap();
    let packed = client
        .get(service.url("/openapi.json"))
        .header("accept-encoding", "gzip")
        .send()
        .await
        .unwrap();
    assert_eq!(packed.headers()["content-encoding"], "gzip");
}
