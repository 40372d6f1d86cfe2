//! How long a task would wait is read from the lists of tasks of stock servers, however they give them.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use serde_json::{Value, json};

use crate::support::{
    faulty::{Manner, RawServer, nobody},
    network::{Service, request, warnings},
    recorder::Recorder,
    texts::{
        ANY, FetchError, NoQueueTime, assert_like, queue_time_assumed, status, tes_unavailable,
        timeout,
    },
};

const BOOK: &str = "
tes:
    task_info: never
    price_book:
      - match: \"*\"
        currency: EUR
        unit_costs: {cpu_usage: 1, memory_consumption: 0, data_storage: 0, data_transfer: 0}
        queue: {signal: history, default_sec: 77}
";

/// A task that is created at the full hour and waits for `seconds`.
fn finished(seconds: u32) -> Value {
    json!({
        "id": format!("task-{seconds}"), "state": "COMPLETE",
        "creation_time": "2024-05-01T10:00:00Z",
        "resources": {"cpu_cores": 4, "ram_gb": 8, "disk_gb": 10},
        "logs": [{"start_time": format!("2024-05-01T10:{:02}:{:02}+00:00", seconds / 60, seconds % 60), "logs": []}]
    })
}

fn queued() -> Value {
    json!({"id": "waiting", "state": "QUEUED"})
}

fn page(tasks: &[Value]) -> (u16, Value) {
    (200, json!({"tasks": tasks}))
}

fn one_of(tes: &Recorder) -> Value {
    request(&[tes.server.url("/v1/")], &[], &[])
}

fn queue(answer: &Value) -> f64 {
    answer["service_combinations"][0]["time_breakdown"]["queue"]
        .as_f64()
        .unwrap()
}

/// The queue time that `answer` gives rise to, and the warnings.
async fn read(
    answer: impl Fn(&str) -> (u16, Value) + Clone + Send + Sync + 'static,
) -> (f64, Vec<String>) {
    let service = Service::start_with(BOOK).await;
    let tes =
        Recorder::start(move |line, _| line.starts_with("GET /v1/tasks?").then(|| answer(line)))
            .await;
    let ranked = service.rank(&one_of(&tes)).await;
    let told = warnings(&ranked)
        .into_iter()
        .map(|warning| warning.replace(&tes.server.url("/v1/"), "TES"))
        .collect();
    (queue(&ranked), told)
}

#[tokio::test]
async fn the_wait_is_the_median_of_finished_tasks_scaled_by_those_that_wait() {
    let (seconds, told) = read(|line| {
        if line.contains("state=COMPLETE") {
            assert!(
                line.contains("view=BASIC") && line.contains("page_size=50"),
                "{line}"
            );
            page(&[finished(100), finished(900), finished(200)])
        } else if line.contains("state=QUEUED") {
            assert!(line.contains("view=MINIMAL"), "{line}");
            page(&[queued()])
        } else {
            page(&[])
        }
    })
    .await;
    // One of four still waits.
    assert!((seconds - 250.0).abs() < 1e-9, "{seconds}");
    assert!(told.is_empty(), "{told:?}");
}

#[tokio::test]
async fn the_example_of_the_specification_is_read() {
    // All examples of the TES 1.1 schema in one list: the task starts in the moment of its creation.
    let example: Value = serde_json::from_str(include_str!("fixtures/tes/tasks-1.1.json")).unwrap();
    let list = example.clone();
    let (seconds, told) = read(move |_| (200, list.clone())).await;
    assert!(seconds.abs() < 1e-9, "{seconds}");
    assert!(told.is_empty(), "{told:?}");

    let mut earlier = example;
    earlier["tasks"][0]["creation_time"] = json!("2020-10-02T14:58:00Z");
    let (seconds, _) = read(move |_| (200, earlier.clone())).await;
    assert!((seconds - 120.0).abs() < 1e-9, "{seconds}");
}

#[tokio::test]
async fn servers_that_filter_nothing_are_filtered_here() {
    let all = [
        finished(100),
        queued(),
        json!({"state": "RUNNING"}),
        finished(300),
        finished(200),
    ];
    let (seconds, told) = read(move |_| page(&all)).await;
    assert!((seconds - 250.0).abs() < 1e-9, "{seconds}");
    assert!(told.is_empty(), "{told:?}");
}

#[tokio::test]
async fn a_page_that_is_refused_is_asked_for_smaller() {
    let (seconds, told) = read(|line| {
        if line.contains("page_size=50") || line.contains("page_size=10") {
            return (
                400,
                json!({"status": 400, "message": "page size must be less than 10"}),
            );
        }
        page(&[finished(100)])
    })
    .await;
    assert!((seconds - 100.0).abs() < 1e-9, "{seconds}");
    assert!(told.is_empty(), "{told:?}");
}

#[tokio::test]
async fn small_pages_are_followed_and_circles_are_not() {
    let (seconds, told) = read(|line| {
        if line.contains("state=QUEUED") || !line.contains("state=") {
            return page(&[]);
        }
        let number = line
            .split("page_token=")
            .nth(1)
            .map_or(0, |token| token.parse().unwrap());
        let tasks: Vec<_> = (number * 5..number * 5 + 5).map(finished).collect();
        // The fourth page leads to itself.
        (
            200,
            json!({"tasks": tasks, "next_page_token": (number + 1).min(3).to_string()}),
        )
    })
    .await;
    // 0 to 19 seconds.
    assert!((seconds - 9.5).abs() < 1e-9, "{seconds}");
    assert!(told.is_empty(), "{told:?}");
}

#[tokio::test]
async fn endless_pages_come_to_an_end() {
    let service = Service::start_with(BOOK).await;
    let count = std::sync::Arc::new(AtomicUsize::new(0));
    let seen = std::sync::Arc::clone(&count);
    let tes = Recorder::start(move |_, _| {
        let token = seen.fetch_add(1, Ordering::SeqCst).to_string();
        Some((
            200,
            json!({"tasks": [finished(7)], "next_page_token": token}),
        ))
    })
    .await;
    let answer = service.rank(&one_of(&tes)).await;
    assert!((queue(&answer) - 7.0).abs() < 1e-9);
    assert!(count.load(Ordering::SeqCst) <= 21, "{count:?}");
}

#[tokio::test]
async fn a_tes_that_does_not_tell_gets_the_default_with_a_warning() {
    for code in [401, 403, 500] {
        let (seconds, told) = read(move |_| (code, json!({}))).await;
        assert!((seconds - 77.0).abs() < 1e-9, "{seconds}");
        let cause = NoQueueTime::NoTaskList(status(code).to_string());
        assert_eq!(told, [queue_time_assumed("TES", cause, 77.0)]);
    }
    let (_, told) = read(|_| page(&[queued()])).await;
    let expected = queue_time_assumed("TES", NoQueueTime::NoFinishedTask, 77.0);
    assert_eq!(told, [expected]);
}

#[tokio::test]
async fn that_waiting_tasks_cannot_be_counted_is_no_failure() {
    let (seconds, told) = read(|line| {
        if line.contains("state=QUEUED") {
            return (500, json!({}));
        }
        page(&[finished(100)])
    })
    .await;
    assert!((seconds - 100.0).abs() < 1e-9, "{seconds}");
    assert!(told.is_empty(), "{told:?}");
}

#[tokio::test]
async fn a_tes_that_is_not_there_is_not_ranked() {
    let service = Service::start_with(BOOK).await;
    let root = nobody();
    let messages = service
        .refuse(
            &request(std::slice::from_ref(&root), &[], &[]),
            "ResourceUnavailableError",
        )
        .await;
    let cause = FetchError::Unreachable(ANY.to_owned());
    assert_like(&messages[1], tes_unavailable(&root, &cause));
}

#[tokio::test]
async fn a_history_is_fetched_once_for_many_and_kept_but_not_for_another_token() {
    let service = Service::start_with(BOOK).await;
    let tes = Recorder::start(|_, token| match token {
        Some("Bearer ann") => Some(page(&[finished(100)])),
        Some("Bearer bob") => Some(page(&[finished(200)])),
        _ => Some((401, json!({}))),
    })
    .await;
    let request = one_of(&tes);
    let wait = async |token: &str| {
        let response = service
            .post()
            .bearer_auth(token)
            .json(&request)
            .send()
            .await
            .unwrap();
        queue(&response.json().await.unwrap())
    };
    let waits = futures_util::future::join_all((0..8).map(|_| wait("ann"))).await;
    assert!(
        waits.iter().all(|wait| (wait - 100.0).abs() < 1e-9),
        "{waits:?}"
    );
    let lists = |lines: Vec<String>| {
        lines
            .iter()
            .filter(|line| line.contains("view=BASIC"))
            .count()
    };
    assert_eq!(lists(tes.lines()), 1);
    assert!((wait("ann").await - 100.0).abs() < 1e-9);
    assert_eq!(lists(tes.lines()), 0);
    assert!((wait("bob").await - 200.0).abs() < 1e-9);
    assert!((wait("eve").await - 77.0).abs() < 1e-9);
}

#[tokio::test]
async fn that_a_server_is_busy_is_not_kept() {
    let service = Service::start_with(BOOK).await;
    let calls = std::sync::Arc::new(AtomicUsize::new(0));
    let seen = std::sync::Arc::clone(&calls);
    let tes = Recorder::start(move |_, _| {
        let is_busy = seen.fetch_add(1, Ordering::SeqCst) == 0;
        Some(if is_busy {
            (503, json!({}))
        } else {
            page(&[finished(100)])
        })
    })
    .await;
    let answer = service.rank(&one_of(&tes)).await;
    let cause = NoQueueTime::NoTaskList(status(503).to_string());
    let expected = queue_time_assumed(&tes.server.url("/v1/"), cause, 77.0);
    assert_eq!(warnings(&answer), [expected]);
    let answer = service.rank(&one_of(&tes)).await;
    assert!((queue(&answer) - 100.0).abs() < 1e-9);
}

#[tokio::test]
async fn a_server_that_is_slow_to_refuse_does_not_use_up_the_request() {
    let service = Service::start_with(&format!(
        "{BOOK}\ntimeout: 0.2\nserver: {{request_deadline_sec: 20}}"
    ))
    .await;
    let refusal = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n".to_vec();
    let pause = Duration::from_millis(150);
    let slow = RawServer::start(Manner::Repeats(Vec::new(), refusal, pause)).await;
    let messages = service
        .refuse(
            &request(std::slice::from_ref(&slow.root), &[], &[]),
            "ResourceUnavailableError",
        )
        .await;
    // One call, or all calls for one TES.
    let expected = [0.2, 0.4].map(|seconds| tes_unavailable(&slow.root, &timeout(seconds)));
    assert!(expected.contains(&messages[1]), "{messages:?}");
}
