//! `POST /rank-tasks` with tasks that are wrong: every fault is told with a pointer to it, and nothing is a failure of the
//! service.

use std::{path::Path, sync::LazyLock};

use proptest::{collection::vec, prelude::*, sample::select};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    Server,
    network::{Service, assert_problem, tes, tes_root},
    program::program,
};

const CONFIG: &str = "
timeout: 2
drs: {missing_size: zero}
estimation: {transfer_model: network}
";

/// A service, and a TES.
struct Network {
    service: Service,
    tes: Server,
}

impl Network {
    async fn start() -> Self {
        Self {
            service: Service::start_with(CONFIG).await,
            tes: tes("127.0.0.1", "EUR", 1.0, 0.1, 500.0).await,
        }
    }

    fn request(&self) -> Value {
        json!({
            "task": {
                "name": "n",
                "description": "d",
                "resources": {
                    "cpu_cores": 1, "ram_gb": 1, "disk_gb": 1, "preemptible": true, "zones": ["eu"],
                    "backend_parameters": {"a": "b"}, "backend_parameters_strict": false
                },
                "inputs": [{"url": "s3://bucket/a", "path": "/in/a", "type": "FILE", "streamable": true}],
                "outputs": [{"url": "s3://bucket/b", "path": "/out/b", "type": "FILE"}],
                "executors": [{
                    "image": "alpine", "command": ["true"], "workdir": "/", "stdin": "/in/a", "stdout": "/out/b",
                    "stderr": "/out/e", "env": {"A": "b"}, "ignore_error": false
                }],
                "volumes": ["/v"],
                "tags": {"a": "b"}
            },
            "tes_uris": [tes_root(&self.tes)],
            "drs_uris": [],
            "registries": [],
            "mode": 0.5,
            "limit": 5,
            "explain": true,
            "execution_time_sec": 10,
            "sizes": {"/in/a": 1, "/out/b": 1}
        })
    }

    async fn ask(&self, request: &Value) -> (StatusCode, Value) {
        let response = self.service.post_to("/rank-tasks").json(request).send();
        let response = response.await.unwrap();
        (response.status(), response.json().await.unwrap())
    }
}

/// Where a valid request is spoilt, by what, and where the fault is told.
fn faults() -> Vec<(&'static str, Value, &'static str)> {
    let same = |at: &'static str, value: Value| (at, value, at);
    vec![
        same("/task/name", json!(7)),
        same("/task/description", json!([])),
        same("/task/resources/cpu_cores", json!("two")),
        same("/task/resources/ram_gb", json!(-0.5)),
        same("/task/resources/disk_gb", json!(true)),
        same("/task/resources/preemptible", json!("yes")),
        same("/task/resources/zones/0", json!(1)),
        same("/task/resources/backend_parameters/a", json!({})),
        same("/task/resources/backend_parameters_strict", json!(1)),
        same("/task/inputs/0/url", json!("drs://")),
        same("/task/inputs/0/path", json!("in/a")),
        same("/task/inputs/0/type", json!("SOCKET")),
        same("/task/inputs/0/streamable", json!("no")),
        same("/task/outputs/0/url", json!("")),
        same("/task/outputs/0/path", json!("")),
        same("/task/outputs/0/type", json!(3)),
        same("/task/executors/0/image", json!("")),
        same("/task/executors/0/command", json!("true")),
        same("/task/executors/0/workdir", json!(1)),
        same("/task/executors/0/stdin", json!(1)),
        same("/task/executors/0/stdout", json!(1)),
        same("/task/executors/0/stderr", json!(1)),
        same("/task/executors/0/env/A", json!(1)),
        same("/task/executors/0/ignore_error", json!("no")),
        same("/task/volumes/0", json!({})),
        same("/task/tags/a", json!(7)),
        same("/tes_uris/0", json!("file:///etc/passwd")),
        same("/drs_uris", json!("https://drs.example/")),
        ("/registries", json!(["x"]), "/registries/0"),
        same("/mode", json!("Cost")),
        same("/limit", json!(0)),
        same("/explain", json!("yes")),
        same("/execution_time_sec", json!(-1)),
        same("/sizes/~1in~1a", json!(-1)),
        same("/sizes/~1out~1b", json!(1.5)),
    ]
}

/// Faults of whole parts, which hide those inside of them.
fn larger_faults() -> Vec<(&'static str, Value, &'static str)> {
    let same = |at: &'static str, value: Value| (at, value, at);
    vec![
        same("/task", json!(null)),
        same("/task", json!([])),
        same("/task", json!("task.json")),
        same("/task/inputs", json!({})),
        same("/task/inputs/0", json!("s3://bucket/a")),
        ("/task/inputs/0", json!({}), "/task/inputs/0/path"),
        (
            "/task/inputs/0",
            json!({"path": "/a"}),
            "/task/inputs/0/url",
        ),
        same("/task/outputs", json!("s3://bucket/b")),
        same("/task/outputs/0", json!(null)),
        (
            "/task/outputs/0",
            json!({"path": "/a"}),
            "/task/outputs/0/url",
        ),
        same("/task/executors", json!(null)),
        same("/task/executors", json!([])),
        same("/task/executors/0", json!([])),
        ("/task/executors/0", json!({}), "/task/executors/0/image"),
        ("/task/executors/0", json!({}), "/task/executors/0/command"),
        same("/task/executors/0/command/0", json!(1)),
        // A fault of the schema hides none of meaning.
        (
            "/task/inputs/0",
            json!({"path": "/a", "streamable": 1}),
            "/task/inputs/0/url",
        ),
        (
            "/task/inputs/0",
            json!({"path": "/a", "url": "drs://", "streamable": 1}),
            "/task/inputs/0/url",
        ),
        same("/task/executors/0/env", json!(["A=b"])),
        same("/task/resources", json!([])),
        same("/task/resources/zones", json!("eu")),
        same("/task/resources/backend_parameters", json!("a=b")),
        same("/task/volumes", json!("/v")),
        same("/task/tags", json!([])),
        same("/tes_uris", json!([])),
        same("/sizes", json!([1])),
        (
            "/sizes",
            json!({"/in/a": 9_007_199_254_740_993_u64}),
            "/sizes/~1in~1a",
        ),
        ("/sizes", json!({"/out/b": "1 GB"}), "/sizes/~1out~1b"),
        ("/sizes", json!({"/out/b": 1e300}), "/sizes/~1out~1b"),
    ]
}

fn spoil(request: &mut Value, at: &str, value: Value) {
    *request.pointer_mut(at).unwrap_or_else(|| panic!("{at}")) = value;
}

fn count(told: &[String], pointer: &str) -> usize {
    let prefix = format!("{pointer}: ");
    told.iter().filter(|one| one.starts_with(&prefix)).count()
}

#[tokio::test]
async fn every_kind_of_fault_is_told_where_it_is_alone_and_with_all_others() {
    let network = Network::start().await;
    let (status, body) = network.ask(&network.request()).await;
    assert_eq!(status, StatusCode::OK, "{body:#}");
    for (at, value, pointer) in faults().into_iter().chain(larger_faults()) {
        let mut request = network.request();
        spoil(&mut request, at, value.clone());
        let (status, body) = network.ask(&request).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{at} {value}: {body:#}");
        let told = assert_problem(&body, 400, "ValidationError");
        assert_eq!(count(&told, pointer), 1, "{at} {value}: {told:#?}");
        let elsewhere = told.iter().filter(|one| !one.starts_with(at));
        assert_eq!(elsewhere.count(), 0, "{at} {value}: {told:#?}");
    }
    let mut request = network.request();
    for (at, value, _) in faults() {
        spoil(&mut request, at, value);
    }
    let (status, body) = network.ask(&request).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let told = assert_problem(&body, 400, "ValidationError");
    for (_, value, pointer) in faults() {
        assert_eq!(count(&told, pointer), 1, "{pointer} {value}: {told:#?}");
    }
}

#[tokio::test]
async fn a_task_file_that_cannot_be_used_is_an_error_that_names_it() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("task-files");
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, text: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let missing = folder.join("missing.json").display().to_string();
    let directory = folder.display().to_string();
    let large = [b"\"", vec![b'x'; 17 << 20].as_slice(), b"\""].concat();
    for (task, told) in [
        (missing.clone(), missing.as_str()),
        (directory.clone(), directory.as_str()),
        (file("nothing.json", b""), "nothing.json"),
        (file("binary.json", b"\xff\xfe{"), "binary.json"),
        (file("large.json", &large), "large.json"),
        (file("object.json", b"{}"), "--task: /executors: "),
        (file("list.json", b"[]"), "--task: "),
        (
            file("wrapped.json", br#"{"task": {}}"#),
            "--task: /executors: ",
        ),
    ] {
        for command in [&["run"][..], &[]] {
            let output = program()
                .args(command)
                .args(["--task", &task, "--tes-uri", "http://127.0.0.1:1/"])
                .output()
                .await
                .unwrap();
            let error = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{task}: {error}");
            assert!(error.contains(told), "{task}: {error}");
            assert!(output.stdout.is_empty());
        }
    }
}

/// One service for all cases of a property.
struct Shared {
    runtime: tokio::runtime::Runtime,
    network: Network,
}

static SHARED: LazyLock<Shared> = LazyLock::new(|| {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let network = runtime.block_on(Network::start());
    Shared { runtime, network }
});

/// Any JSON, with the odd values of this interface.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(vec![
            "",
            "/",
            "/a",
            "a",
            "\u{0}",
            "FILE",
            "drs://",
            "drs://x/y/z",
            "s3://",
            "s3://b/x",
            "gs://b/x",
            "ftp://[::1/",
            "file:///a",
            "file://",
            "tes_uri",
            "https://",
            "//",
            "\u{1f600}",
            "data:,x",
            "arn:aws:s3:::b",
        ])
        .prop_map(Value::from),
        "[a-z/:\\\\\"{}%]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let keys = select(vec![
            "url", "path", "type", "image", "command", "inputs", "task", "x",
        ]);
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((keys, inner), 0..4).prop_map(|members| members
                .into_iter()
                .map(|(k, v)| (k.to_owned(), v))
                .collect()),
        ]
    })
}

/// The pointers of all parts of `value`.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            let name = name.replace('~', "~0").replace('/', "~1");
            pointers(value, &format!("{at}/{name}"), all);
        }),
        Value::Array(items) => (0..).zip(items).for_each(|(number, item): (usize, _)| {
            pointers(item, &format!("{at}/{number}"), all);
        }),
        _ => {}
    }
}

/// A change to a part of the task.
#[derive(Debug, Clone)]
enum Change {
    Replace(Value),
    Remove,
    Repeat(usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => any_json().prop_map(Change::Replace),
        1 => Just(Change::Remove),
        1 => (1..40_usize).prop_map(Change::Repeat),
    ]
}

fn mutate(task: &mut Value, place: usize, change: Change) {
    let mut all = Vec::new();
    pointers(task, "", &mut all);
    let at = all[place % all.len()].clone();
    match change {
        Change::Replace(value) => spoil(task, &at, value),
        Change::Remove => {
            let Some((parent, name)) = at.rsplit_once('/') else {
                return;
            };
            match task.pointer_mut(parent) {
                Some(Value::Object(members)) => drop(members.remove(name)),
                Some(Value::Array(items)) => drop(items.remove(name.parse().unwrap())),
                _ => {}
            }
        }
        Change::Repeat(times) => {
            if let Some(Value::Array(items)) = task.pointer_mut(&at) {
                let copies: Vec<_> = items
                    .iter()
                    .cloned()
                    .cycle()
                    .take(items.len() * times)
                    .collect();
                *items = copies;
            }
        }
    }
}

/// Asks for `task`: the answer is a ranking, or says where the fault is.
fn assert_sound(task: Value) -> Result<(), TestCaseError> {
    let shared = &*SHARED;
    let mut request = shared.network.request();
    request["task"] = task;
    let (status, body) = shared.runtime.block_on(shared.network.ask(&request));
    if status == StatusCode::OK {
        let listed = body["service_combinations"].as_array().unwrap();
        prop_assert!(!listed.is_empty());
        return Ok(());
    }
    prop_assert_eq!(status, StatusCode::BAD_REQUEST, "{:#}", body);
    for error in body["errors"].as_array().unwrap() {
        if error["reason"] != "ValidationError" {
            prop_assert_eq!(&error["reason"], "ResourceUnavailableError");
            continue;
        }
        for fault in error["message"].as_array().unwrap() {
            let fault = fault.as_str().unwrap();
            let (pointer, _) = fault.split_once(": ").unwrap_or((fault, ""));
            let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
            // What is missing is told at where it is missing.
            let is_there = request
                .pointer(pointer)
                .or(request.pointer(parent))
                .is_some();
            prop_assert!(pointer.starts_with('/') && is_there, "{}", fault);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_json_as_a_task_is_ranked_or_refused_with_pointers(task in any_json()) {
        assert_sound(task)?;
    }

    #[test]
    fn a_changed_task_is_ranked_or_refused_with_pointers(
        changes in vec((any::<usize>(), change()), 1..4)
    ) {
        let mut task = SHARED.network.request()["task"].take();
        for (place, change) in changes {
            mutate(&mut task, place, change);
        }
        assert_sound(task)?;
    }
}

#[tokio::test]
async fn null_in_a_map_leaves_the_key_out() {
    let network = Network::start().await;
    for at in [
        "/task/tags",
        "/task/resources/backend_parameters",
        "/task/executors/0/env",
    ] {
        let mut request = network.request();
        spoil(&mut request, at, json!({"k": "v", "n": null}));
        let (status, body) = network.ask(&request).await;
        assert_eq!(status, StatusCode::OK, "{at}: {body:#}");
        let rewritten = &body["service_combinations"][0];
        assert_eq!(rewritten.pointer(at), Some(&json!({"k": "v"})), "{at}");
    }
}

#[tokio::test]
async fn one_url_has_one_size() {
    let network = Network::start().await;
    let mut request = network.request();
    request["task"]["inputs"] = json!([
        {"url": "s3://bucket/a", "path": "/in/a"}, {"url": "s3://bucket/a", "path": "/in/b"}
    ]);
    request["sizes"] = json!({"/in/a": 1, "/in/b": 2});
    let (status, body) = network.ask(&request).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{body:#}");
    let told = assert_problem(&body, 400, "ValidationError");
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!(count(&told, "/sizes/~1in~1b"), 1, "{told:#?}");
    request["sizes"] = json!({"/in/a": 1, "/in/b": 1});
    let (status, body) = network.ask(&request).await;
    assert_eq!(status, StatusCode::OK, "{body:#}");
}
