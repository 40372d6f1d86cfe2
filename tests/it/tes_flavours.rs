//! Servers as they are in production, beside each other in one ranking.

use serde_json::{Value, json};
use testribute_mock::{TesFlavour, replay_tes};

use crate::support::{
    Server,
    network::{Service, request, tes, tes_of, tes_root},
    texts::{Exclusion, tes_excluded},
};

/// What each flavour's file tells of its queue: the median of the waits. What waits has just come.
const QUEUES: [(&str, f64); 7] = [
    // 20 s, 10 s and 60 s.
    ("funnel", 20.0),
    // 90 s, 90 s and 150 s.
    ("tesk", 90.0),
    ("poiesis", 10.0),
    ("azure", 400.0),
    ("tesp", 20.0),
    ("planetary", 5.0),
    ("protes", 15.0),
];

const BOOK: &str = "
tes:
    price_book:
      - match: \"*\"
        currency: EUR
        unit_costs: {cpu_usage: 1, memory_consumption: 0, data_storage: 0, data_transfer: 0}
";

/// Poiesis wants a token.
const TOKEN: &str = "callers-token";

async fn start(flavour: TesFlavour, queue_seconds: Option<f64>) -> Server {
    Server::start(replay_tes::router(flavour, queue_seconds).unwrap()).await
}

async fn rank(service: &Service, request: &Value) -> Value {
    let asked = service.post().bearer_auth(TOKEN).json(request);
    let response = asked.send().await.unwrap();
    let status = response.status();
    let answer: Value = response.json().await.unwrap();
    assert_eq!(status, 200, "{answer:#}");
    answer
}

fn queues(answer: &Value) -> Vec<f64> {
    let combinations = answer["service_combinations"].as_array().unwrap();
    combinations
        .iter()
        .map(|combination| combination["time_breakdown"]["queue"].as_f64().unwrap())
        .collect()
}

#[tokio::test]
async fn a_task_is_ranked_over_a_mix_of_servers() {
    let service = Service::start_with(BOOK).await;
    let own = tes("127.0.0.1", "EUR", 1.0, 1.0, 1.0).await;
    let mut servers = Vec::new();
    let mut expected = vec![(tes_root(&own), 1.0)];
    for flavour in TesFlavour::ALL {
        let server = start(*flavour, None).await;
        let (_, queue) = QUEUES
            .iter()
            .find(|(name, _)| *name == flavour.name())
            .unwrap();
        // Only the host is given: where the API begins is for the service to find out.
        expected.push((server.url("/"), *queue));
        servers.push(server);
    }
    let roots: Vec<_> = expected.iter().map(|(root, _)| root.clone()).collect();
    expected.sort_by(|(_, one), (_, other)| one.total_cmp(other));
    let mut request = request(&roots, &[], &[]);
    request["mode"] = json!("time");
    request["explain"] = json!(true);
    // Once with nothing known of the servers, once with all of it.
    for _ in 0..2 {
        let answer = rank(&service, &request).await;
        let told = answer["warnings"].as_array().unwrap();
        // None has task info; a running task of TESK has no start.
        assert_eq!(told.len(), TesFlavour::ALL.len() + 1, "{told:?}");
        let ranked: Vec<_> = tes_of(&answer).into_iter().zip(queues(&answer)).collect();
        for ((found, queue), (root, wait)) in ranked.iter().zip(&expected) {
            assert!((queue - wait).abs() < 0.01, "{ranked:?} {expected:?}");
            // Two have the same queue time.
            assert!(found == root || [15.0, 20.0].contains(wait), "{ranked:?}");
        }
        for combination in answer["service_combinations"].as_array().unwrap() {
            let by_itself = combination["access_uris"]["tes_uri"] == tes_root(&own);
            let (offer, signal) = if by_itself {
                ("task-info", "task-info")
            } else {
                ("price-book", "history")
            };
            assert_eq!(combination["offer"], offer);
            assert_eq!(combination["queue"]["signal"], signal);
        }
    }
}

/// A task as py-tes sends it, `age` seconds old, of which it waited for `queued`.
fn task(state: &str, age: f64, queued: f64) -> Value {
    json!({
        "name": "hello", "description": "a task", "tags": {
            "mock-state": state, "mock-age-sec": age.to_string(), "mock-queue-sec": queued.to_string()
        },
        "executors": [{"image": "alpine", "command": ["true"], "env": {}}],
        "resources": {"cpu_cores": 1, "ram_gb": 1.0, "disk_gb": 1.0, "preemptible": false},
        "inputs": [], "outputs": [], "volumes": []
    })
}

/// Sites with 160 tasks, the oldest first, and the wait that is to be expected there.
fn sites() -> Vec<(&'static str, Vec<Value>, f64)> {
    const HOUR: f64 = 3600.0;
    let finished = |count: u32, from: f64, wait: f64| -> Vec<Value> {
        (0..count)
            .map(|n| {
                let state = ["COMPLETE", "RUNNING", "EXECUTOR_ERROR"][n as usize % 3];
                task(state, from + 60.0 * f64::from(count - n), wait)
            })
            .collect()
    };
    let waiting = |count, age| vec![task("QUEUED", age, 0.0); count];
    let ancient = finished(60, 1000.0 * 24.0 * HOUR, 7000.0);
    let idle = [ancient.clone(), finished(100, 30.0, 12.0)].concat();
    // Tasks wait 40 minutes, and those of the last 40 minutes still wait.
    let busy = [
        ancient.clone(),
        finished(100, 2400.0, 2400.0),
        (0..30)
            .map(|n| task("QUEUED", 2390.0 - 80.0 * f64::from(n), 0.0))
            .collect(),
    ]
    .concat();
    let jammed = [
        ancient,
        finished(60, 6.0 * HOUR, 10.0),
        waiting(40, 6.0 * HOUR),
    ]
    .concat();
    vec![
        ("idle", idle, 12.0),
        ("busy", busy, 2400.0),
        ("jammed", jammed, 6.0 * HOUR),
    ]
}

#[tokio::test]
async fn the_queue_time_of_every_server_is_that_of_its_tasks() {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for flavour in TesFlavour::ALL {
        let service = Service::start_with(BOOK).await;
        for (site, tasks, expected) in sites() {
            let server = start(*flavour, Some(0.0)).await;
            let base = server.url(&replay_tes::base_path(*flavour).unwrap());
            for task in &tasks {
                let created = client
                    .post(format!("{base}tasks"))
                    .bearer_auth(TOKEN)
                    .json(task);
                assert_eq!(created.send().await.unwrap().status(), 200, "{flavour}");
            }
            let request = request(std::slice::from_ref(&base), &[], &[]);
            let answer = rank(&service, &request).await;
            let queue = queues(&answer)[0];
            let tolerance = f64::max(0.05 * expected, 2.0);
            assert!(
                (queue - expected).abs() <= tolerance,
                "{flavour} {site}: {queue} instead of {expected}"
            );
        }
    }
}

#[tokio::test]
async fn no_flavour_knows_task_info() {
    let service = Service::start_with("").await;
    for flavour in TesFlavour::ALL {
        let server = start(*flavour, None).await;
        let request = request(&[server.url("")], &[], &[]);
        let asked = service.post().bearer_auth(TOKEN).json(&request);
        let answer: Value = asked.send().await.unwrap().json().await.unwrap();
        let told = answer["errors"][0]["message"][1].as_str().unwrap();
        if *flavour == TesFlavour::ProTes {
            assert!(told.contains("status 500"), "{told}");
        } else {
            let expected = tes_excluded(&server.url(""), Exclusion::NoPrices);
            assert_eq!(told, expected, "{flavour}");
        }
    }
}

/// The status and the ids of a list.
async fn list(server: &Server, path: &str, token: Option<&str>) -> (u16, Vec<String>, Value) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut asked = client.get(server.url(path));
    if let Some(token) = token {
        asked = asked.bearer_auth(token);
    }
    let response = asked.send().await.unwrap();
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap_or_default();
    let ids = body["tasks"].as_array().map_or_else(Vec::new, |tasks| {
        let id = |task: &Value| task["id"].as_str().unwrap().to_owned();
        tasks.iter().map(id).collect()
    });
    (status, ids, body["next_page_token"].clone())
}

/// When the tasks of a list were created, in its order.
async fn creation_times(server: &Server, path: &str) -> (u16, Vec<String>) {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let asked = client.get(server.url(path)).bearer_auth("x");
    let response = asked.send().await.unwrap();
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    let created = |task: &Value| task["creation_time"].as_str().unwrap().to_owned();
    let tasks = body["tasks"].as_array().unwrap();
    (status, tasks.iter().map(created).collect())
}

#[tokio::test]
async fn a_flavour_is_as_strict_as_the_server_that_it_plays() {
    let poiesis = start(TesFlavour::Poiesis, None).await;
    let planetary = start(TesFlavour::Planetary, None).await;
    let tesp = start(TesFlavour::Tesp, None).await;
    let tasks = "/ga4gh/tes/v1/tasks";
    assert_eq!(list(&poiesis, tasks, None).await.0, 401);
    for (query, expected) in [
        ("view=BASIC&state=INITIALIZING", 200),
        ("state=QUEUED", 400),
        ("view=basic", 400),
    ] {
        let path = format!("{tasks}?{query}");
        assert_eq!(
            list(&poiesis, &path, Some("x")).await.0,
            expected,
            "{query}"
        );
    }
    for (query, expected) in [
        ("state=QUEUED", 200),
        ("state=WAITING", 400),
        ("view=ALL", 400),
    ] {
        let path = format!("/v1/tasks?{query}");
        assert_eq!(list(&planetary, &path, None).await.0, expected, "{query}");
    }
    // Those that list the oldest first have more than a page; proTES lists the latest first.
    let protes = start(TesFlavour::ProTes, None).await;
    for (server, path, is_oldest_first) in [
        (&planetary, "/v1/tasks?view=FULL&page_size=1000", true),
        (
            &poiesis,
            "/ga4gh/tes/v1/tasks?view=FULL&page_size=1000",
            true,
        ),
        (&tesp, "/v1/tasks?view=FULL&page_size=1000", true),
        (
            &protes,
            "/ga4gh/tes/v1/tasks?view=FULL&page_size=1000",
            false,
        ),
    ] {
        let (status, created) = creation_times(server, path).await;
        assert_eq!(status, 200, "{path}");
        assert!(
            created.len() >= 100 || !is_oldest_first,
            "{}",
            created.len()
        );
        assert!(created.len() > 1 && created.first() != created.last());
        let is_sorted = if is_oldest_first {
            created.is_sorted()
        } else {
            created.iter().rev().is_sorted()
        };
        assert!(is_sorted, "{path}: {created:?}");
    }
    let (_, all, _) = list(&planetary, "/v1/tasks", None).await;
    assert_eq!(all.len(), 101);
    assert_eq!(all.last().map(String::as_str), Some("kf3dg5sm8s1vg2hx"));
    let (_, page, token) = list(&tesp, "/v1/tasks?page_size=7&state=COMPLETE", None).await;
    assert_eq!(token, json!(page.last()));
    let (_, next, _) = list(&tesp, &format!("/v1/tasks?page_token={}", page[6]), None).await;
    assert_eq!(next.len(), 102 - 7);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let nameless = client
        .post(planetary.url("/v1/tasks"))
        .json(&json!({"executors": []}));
    assert_eq!(nameless.send().await.unwrap().status(), 400);
}
