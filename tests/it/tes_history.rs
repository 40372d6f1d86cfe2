//! How long a task would wait is read from the lists of tasks of servers, however they give them.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::{
    faulty::{Manner, RawServer, nobody},
    network::{Service, request, warnings},
    recorder::Recorder,
    texts::{
        ANY, FetchError, HistoryPart, ListCut, NoQueueTime, assert_like, queue_time_assumed,
        status, tasks_not_read, tes_unavailable, timeout, unreadable_tasks,
    },
};

pub const BOOK: &str = "
timeout: 20
server: {request_deadline_sec: 120}
outbound: {max_response_bytes: 100000}
tes:
    task_info: never
    price_book:
      - match: \"*\"
        currency: EUR
        unit_costs: {cpu_usage: 1, memory_consumption: 0, data_storage: 0, data_transfer: 0}
        queue: {signal: history, default_sec: 77}
";

pub const HOUR: f64 = 3600.0;
pub const DAY: f64 = 24.0 * HOUR;

/// The time so many seconds ago.
fn ago(seconds: f64) -> String {
    let ago = SignedDuration::from_secs_f64(seconds);
    (Timestamp::now() - ago).to_string()
}

pub fn task(id: usize, state: &str, age: f64, waited: Option<f64>) -> Value {
    let logs = waited.map_or_else(
        || json!([]),
        |waited| json!([{"start_time": ago(age - waited), "logs": []}]),
    );
    json!({
        "id": format!("{id:08}"), "state": state, "creation_time": ago(age),
        "resources": {"cpu_cores": 4, "ram_gb": 8, "disk_gb": 10}, "logs": logs
    })
}

/// A task that was created a day ago and waited for `seconds`.
fn finished(seconds: u32) -> Value {
    task(seconds as usize, "COMPLETE", DAY, Some(f64::from(seconds)))
}

/// `count` tasks of `age` and, if they have started, of one wait; their ids begin at `first`.
fn tasks(count: usize, first: usize, state: &str, age: f64, waited: Option<f64>) -> Vec<Value> {
    (first..first + count)
        .map(|id| task(id, state, age, waited))
        .collect()
}

fn page(tasks: &[Value]) -> (u16, Value) {
    (200, json!({"tasks": tasks}))
}

/// A page of `all` as servers give it: by `page_size` and the number of the first task. Nothing is filtered.
pub fn page_of(all: &[Value], line: &str) -> (u16, Value) {
    let number = |name: &str| -> Option<usize> {
        let (_, rest) = line.split_once(&format!("{name}="))?;
        rest.split('&').next()?.parse().ok()
    };
    let start = number("page_token").unwrap_or(0);
    let end = all.len().min(start + number("page_size").unwrap_or(256));
    let token = (end < all.len()).then(|| end.to_string());
    (
        200,
        json!({"tasks": all[start.min(end)..end], "next_page_token": token}),
    )
}

pub fn one_of(tes: &Recorder) -> Value {
    request(&[tes.server.url("/v1/")], &[], &[])
}

pub fn queue(answer: &Value) -> f64 {
    answer["service_combinations"][0]["time_breakdown"]["queue"]
        .as_f64()
        .unwrap()
}

#[track_caller]
pub fn assert_about(seconds: f64, expected: f64) {
    assert!(
        (seconds - expected).abs() < f64::max(5.0, 0.01 * expected),
        "{seconds} instead of {expected}"
    );
}

/// The queue time that `answer` gives rise to, and the warnings.
pub async fn read(
    answer: impl Fn(&str) -> (u16, Value) + Clone + Send + Sync + 'static,
) -> (f64, Vec<String>) {
    let service = Service::start_with(BOOK).await;
    let tes =
        Recorder::start(move |line, _| line.starts_with("GET /v1/tasks").then(|| answer(line)))
            .await;
    let ranked = service.rank(&one_of(&tes)).await;
    let told = warnings(&ranked)
        .into_iter()
        .map(|warning| warning.replace(&tes.server.url("/v1/"), "TES"))
        .collect();
    (queue(&ranked), told)
}

async fn read_tasks(all: Vec<Value>) -> (f64, Vec<String>) {
    read(move |line| page_of(&all, line)).await
}

#[tokio::test]
async fn a_jammed_site_is_not_told_as_a_fast_one() {
    for (case, all) in [
        // The newest first, and the oldest first.
        (
            "queued",
            [
                tasks(500, 0, "QUEUED", 6.0 * HOUR, None),
                tasks(50, 1000, "COMPLETE", 7.0 * HOUR, Some(10.0)),
            ],
        ),
        (
            "reverse",
            [
                tasks(50, 0, "COMPLETE", 7.0 * HOUR, Some(10.0)),
                tasks(500, 1000, "QUEUED", 6.0 * HOUR, None),
            ],
        ),
        (
            "initializing",
            [
                tasks(40, 0, "INITIALIZING", 6.0 * HOUR, None),
                tasks(5, 100, "COMPLETE", 7.0 * HOUR, Some(10.0)),
            ],
        ),
        (
            "paused",
            [
                tasks(40, 0, "PAUSED", 6.0 * HOUR, None),
                tasks(5, 100, "SYSTEM_ERROR", 7.0 * HOUR, Some(10.0)),
            ],
        ),
        (
            "unknown",
            [
                tasks(40, 0, "PENDING", 6.0 * HOUR, None),
                tasks(5, 100, "CANCELED", 7.0 * HOUR, Some(10.0)),
            ],
        ),
        (
            "only queued",
            [tasks(30, 0, "QUEUED", 6.0 * HOUR, None), Vec::new()],
        ),
    ] {
        let (seconds, told) = read_tasks(all.concat()).await;
        assert!(told.is_empty(), "{case} {told:?}");
        assert_about(seconds, 6.0 * HOUR);
    }
}

#[tokio::test]
async fn the_recent_tasks_of_a_list_with_the_oldest_first_are_found() {
    let mut all = tasks(1800, 0, "COMPLETE", 3.0 * 365.0 * DAY, Some(10.0));
    // The creation times of a list tell its order.
    for (number, task) in all.iter_mut().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "there are few")]
        let age = 3.0 * 365.0 * DAY - 60.0 * number as f64;
        task["creation_time"] = json!(ago(age));
    }
    all.extend(tasks(100, 2000, "COMPLETE", 2.0 * DAY, Some(3.0 * HOUR)));
    all.extend(tasks(100, 3000, "QUEUED", 5.0 * HOUR, None));
    let (seconds, told) = read_tasks(all).await;
    assert!(told.is_empty(), "{told:?}");
    assert!(
        (3.0 * HOUR..=5.0 * HOUR + 5.0).contains(&seconds),
        "{seconds}"
    );
}

#[tokio::test]
async fn a_list_that_never_gets_to_the_recent_tasks_is_no_history() {
    // The server gives five tasks a page, whatever is asked for.
    let old: Vec<_> = (0..2000)
        .map(|id| {
            task(
                id,
                "COMPLETE",
                900.0 * DAY - 60.0 * f64::from(u32::try_from(id).unwrap()),
                Some(10.0),
            )
        })
        .collect();
    let (seconds, told) = read(move |line| {
        let start = line
            .split_once("page_token=")
            .map_or(0, |(_, token)| token.parse().unwrap());
        (
            200,
            json!({"tasks": old[start..start + 5], "next_page_token": start + 5}),
        )
    })
    .await;
    assert_about(seconds, 77.0);
    let cause = NoQueueTime::TooOld {
        newest_days: 900.0,
        max_age_days: 7.0,
    };
    assert_eq!(told, [queue_time_assumed("TES", cause, 77.0)]);
}

#[tokio::test]
async fn a_list_of_old_tasks_only_is_no_history() {
    let (seconds, told) = read_tasks(tasks(5, 0, "COMPLETE", 900.0 * DAY, Some(10.0))).await;
    assert_about(seconds, 77.0);
    let cause = NoQueueTime::NoRecentTask { max_age_days: 7.0 };
    assert_eq!(told, [queue_time_assumed("TES", cause, 77.0)]);
    let (seconds, _) = read_tasks(Vec::new()).await;
    assert_about(seconds, 77.0);
}

#[tokio::test]
async fn tasks_that_wait_for_longer_than_the_history_goes_back_are_told() {
    let mut all = tasks(5, 0, "COMPLETE", 20.0 * DAY, Some(10.0));
    all.extend(tasks(3, 9, "QUEUED", 8.0 * DAY, None));
    let (seconds, told) = read_tasks(all.clone()).await;
    assert_about(seconds, 77.0);
    let cause = NoQueueTime::OnlyOldWaiting {
        waiting: 3,
        max_age_days: 7.0,
    };
    assert_eq!(told, [queue_time_assumed("TES", cause, 77.0)]);
    // Forgotten tasks say nothing where others start.
    all.extend(tasks(5, 20, "COMPLETE", DAY, Some(10.0)));
    let (seconds, told) = read_tasks(all).await;
    assert_about(seconds, 10.0);
    assert!(told.is_empty(), "{told:?}");
}

#[tokio::test]
async fn those_that_started_are_found_behind_thousands_that_wait() {
    let mut all = Vec::new();
    for id in 0..8000_u32 {
        all.push(task(
            id as usize,
            "QUEUED",
            f64::from(id) / 4000.0 * HOUR,
            None,
        ));
    }
    all.extend(tasks(50, 9000, "COMPLETE", 3.0 * HOUR, Some(HOUR)));
    let (seconds, told) = read(move |line| {
        let state = line
            .split_once("state=")
            .map(|(_, rest)| rest.split('&').next().unwrap().to_owned());
        let in_state = |task: &&Value| state.as_ref().is_none_or(|state| task["state"] == **state);
        let filtered: Vec<_> = all.iter().filter(in_state).cloned().collect();
        page_of(&filtered, line)
    })
    .await;
    // Not all of those that wait were read.
    let part = HistoryPart::Newest {
        tasks: 650,
        days: 649.0 / 4000.0 * HOUR / DAY,
        cause: ListCut::Pages(4),
    };
    assert_eq!(told, [tasks_not_read("TES", part)]);
    // The last start is two hours ago; of those that wait, the newest 2000 or so were read.
    assert!(
        (0.4 * HOUR..=2.0 * HOUR + 5.0).contains(&seconds),
        "{seconds}"
    );
}

#[tokio::test]
async fn an_answer_says_what_its_queue_time_rests_on() {
    let service = Service::start_with(BOOK).await;
    let all = [
        tasks(12, 0, "QUEUED", 90.0, None),
        tasks(60, 100, "COMPLETE", HOUR, Some(30.0)),
    ]
    .concat();
    let tes = Recorder::start(move |line, _| Some(page_of(&all, line))).await;
    let mut request = one_of(&tes);
    request["explain"] = json!(true);
    let answer = service.rank(&request).await;
    let explained = &answer["service_combinations"][0]["queue"];
    assert_eq!(explained["signal"], "history");
    assert_eq!(
        (&explained["started"], &explained["waiting"]),
        (&json!(50), &json!(12))
    );
    assert_about(explained["median_sec"].as_f64().unwrap(), 30.0);
    assert_about(explained["oldest_waiting_sec"].as_f64().unwrap(), 90.0);
    request["explain"] = json!(false);
    let answer = service.rank(&request).await;
    assert_eq!(answer["service_combinations"][0].get("queue"), None);

    let empty = Recorder::start(|_, _| Some(page(&[]))).await;
    let mut request = one_of(&empty);
    request["explain"] = json!(true);
    let answer = service.rank(&request).await;
    assert_eq!(
        answer["service_combinations"][0]["queue"],
        json!({"signal": "assumed"})
    );
}

#[tokio::test]
async fn the_example_of_the_specification_is_read() {
    // All examples of the TES 1.1 schema in one list, brought up to date: the task waits for two minutes.
    let mut example: Value =
        serde_json::from_str(include_str!("fixtures/tes/tasks-1.1.json")).unwrap();
    example["tasks"][0]["creation_time"] = json!(ago(HOUR));
    let times = json!({"start_time": ago(HOUR - 120.0), "end_time": ago(60.0)});
    for key in ["start_time", "end_time"] {
        example["tasks"][0]["logs"][0][key] = times[key].clone();
        example["tasks"][0]["logs"][0]["logs"][0][key] = times[key].clone();
    }
    let (seconds, told) = read(move |_| (200, example.clone())).await;
    assert_about(seconds, 120.0);
    assert!(told.is_empty(), "{told:?}");
}

#[tokio::test]
async fn one_odd_field_discards_nothing() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 12] = [
        ("cores in a string", |task| {
            task["resources"]["cpu_cores"] = json!("2");
        }),
        ("no number", |task| {
            task["resources"]["disk_gb"] = json!("unlimited");
        }),
        ("resources in a list", |task| task["resources"] = json!([])),
        ("null before the log", |task| {
            task["logs"] = json!([null, task["logs"][0]]);
        }),
        ("log without a list", |task| {
            task["logs"] = task["logs"][0].clone();
        }),
        ("attempt without times", |task| {
            task["logs"] = json!([{"logs": [{}]}, {}, task["logs"][0]]);
        }),
        ("state in another case", |task| {
            task["state"] = json!("Complete");
        }),
        ("state as a number", |task| task["state"] = json!(5)),
        ("id as a number", |task| task["id"] = json!(7)),
        ("time without a zone", |task| {
            let time = task["creation_time"]
                .as_str()
                .unwrap()
                .trim_end_matches('Z')
                .to_owned();
            task["creation_time"] = json!(time);
        }),
        ("RFC 2822", |task| {
            let time: Timestamp = task["creation_time"].as_str().unwrap().parse().unwrap();
            let text = jiff::fmt::rfc2822::DateTimePrinter::new()
                .timestamp_to_string(&time)
                .unwrap();
            task["creation_time"] = json!(text);
        }),
        ("milliseconds", |task| {
            let time: Timestamp = task["creation_time"].as_str().unwrap().parse().unwrap();
            task["creation_time"] = json!(time.as_millisecond());
        }),
    ];
    for (odd, change) in changes {
        let mut all: Vec<_> = (0..4).map(|n| finished(100 + n)).collect();
        all.iter_mut().for_each(change);
        let (seconds, told) = read_tasks(all).await;
        assert!(told.is_empty(), "{odd}: {told:?}");
        assert_about(seconds, 101.5);
    }
}

#[tokio::test]
async fn tasks_that_cannot_be_read_are_counted() {
    let mut all = tasks(30, 0, "COMPLETE", DAY, Some(100.0));
    for task in &mut all[..28] {
        task["logs"] = json!([{"start_time": "lately"}]);
    }
    let (seconds, told) = read_tasks(all.clone()).await;
    assert_about(seconds, 100.0);
    assert_eq!(told, [unreadable_tasks("TES", 30, 28)]);
    let (seconds, told) = read_tasks(all[..28].to_vec()).await;
    assert_about(seconds, 77.0);
    let cause = NoQueueTime::Unreadable {
        tasks: 28,
        unreadable: 28,
    };
    assert_eq!(told, [queue_time_assumed("TES", cause, 77.0)]);
}

#[tokio::test]
async fn a_page_that_is_refused_or_too_large_is_asked_for_smaller() {
    for refusal in [400, 413, 422, 429, 500, 502, 503] {
        let (seconds, told) = read(move |line| {
            if line.contains("page_size=50") || line.contains("page_size=200") {
                return (
                    refusal,
                    json!({"message": "grpc: received message larger than max"}),
                );
            }
            page(&[finished(100)])
        })
        .await;
        assert_about(seconds, 100.0);
        assert!(told.is_empty(), "{refusal} {told:?}");
    }
    let (seconds, told) = read(|line| {
        let text = if line.contains("page_size=50") || line.contains("page_size=10") {
            200_000
        } else {
            1
        };
        (
            200,
            json!({"tasks": [finished(100)], "more": "x".repeat(text)}),
        )
    })
    .await;
    assert_about(seconds, 100.0);
    assert!(told.is_empty(), "{told:?}");
}

#[tokio::test]
async fn parameters_that_are_refused_are_left_out() {
    for accepted in ["view=BASIC", ""] {
        let (seconds, told) = read(move |line| {
            let query = line.split_once('?').map_or("", |(_, query)| query);
            if query == accepted || query == "page_size=1" {
                page(&[finished(100)])
            } else {
                (400, json!({}))
            }
        })
        .await;
        assert_about(seconds, 100.0);
        assert!(told.is_empty(), "{told:?}");
    }
}

#[tokio::test]
async fn a_later_page_that_is_too_large_is_asked_for_smaller() {
    let all: Vec<_> = (0..120).map(finished).collect();
    let (seconds, told) = read(move |line| {
        if line.contains("page_size=200")
            || (line.contains("page_token=50") && line.contains("page_size=50"))
        {
            return (
                500,
                json!({"error": "grpc: received message larger than max"}),
            );
        }
        page_of(&all, line)
    })
    .await;
    assert!(told.is_empty(), "{told:?}");
    // All were created at about the same time.
    assert!((0.0..120.0).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn tokens_of_pages_may_be_numbers_or_encoded() {
    for token in [json!(17), json!("17"), json!("MTc%3D"), json!("a b+c/d=")] {
        let expected = match token.as_str() {
            Some("MTc%3D") => "MTc%3D".to_owned(),
            Some("a b+c/d=") => "a+b%2Bc%2Fd%3D".to_owned(),
            _ => "17".to_owned(),
        };
        let sent = token.clone();
        let (seconds, told) = read(move |line| {
            if line.ends_with(&format!("page_token={expected}")) {
                return page(&[finished(300), finished(301), finished(302)]);
            }
            assert!(!line.contains("page_token"), "{line}");
            (
                200,
                json!({"tasks": [finished(100)], "next_page_token": sent}),
            )
        })
        .await;
        assert_about(seconds, 300.5);
        assert!(told.is_empty(), "{token} {told:?}");
    }
}

#[tokio::test]
async fn circles_of_pages_come_to_an_end() {
    let (seconds, told) = read(|line| {
        let number = line
            .split("page_token=")
            .nth(1)
            .map_or(0, |token| token.parse().unwrap());
        let tasks: Vec<_> = (number * 5..number * 5 + 5).map(finished).collect();
        // The fourth page leads to the second.
        let next = if number == 3 { 1 } else { number + 1 };
        (
            200,
            json!({"tasks": tasks, "next_page_token": next.to_string()}),
        )
    })
    .await;
    // 0 to 19 seconds, each task once.
    assert_about(seconds, 9.5);
    assert!(told.is_empty(), "{told:?}");
}

#[tokio::test]
async fn endless_pages_come_to_an_end() {
    let service = Service::start_with(BOOK).await;
    let count = std::sync::Arc::new(AtomicUsize::new(0));
    let seen = std::sync::Arc::clone(&count);
    let task = finished(7);
    let tes = Recorder::start(move |_, _| {
        let token = seen.fetch_add(1, Ordering::SeqCst).to_string();
        Some((200, json!({"tasks": [task], "next_page_token": token})))
    })
    .await;
    let answer = service.rank(&one_of(&tes)).await;
    assert_about(queue(&answer), 7.0);
    assert!(count.load(Ordering::SeqCst) <= 50, "{count:?}");
}

#[tokio::test]
async fn a_tes_that_does_not_list_its_tasks_gets_the_default_with_a_warning() {
    // The small question is answered.
    for code in [400, 404, 405, 418, 422, 500, 501, 502, 503] {
        let (seconds, told) = read(move |line| {
            if line.ends_with("?page_size=1") {
                return page(&[]);
            }
            (code, json!({}))
        })
        .await;
        assert_about(seconds, 77.0);
        let cause = NoQueueTime::NoTaskList(status(code).to_string());
        assert_eq!(told, [queue_time_assumed("TES", cause, 77.0)]);
    }
}

/// That the only TES is left out, as it refuses with the status `code`.
pub async fn assert_left_out(service: &Service, tes: &Recorder, code: u16) {
    let messages = service
        .refuse(&one_of(tes), "ResourceUnavailableError")
        .await;
    assert!(
        messages[1].contains(&format!("status {code}")),
        "{messages:?}"
    );
}

#[tokio::test]
async fn a_tes_whose_long_list_is_guarded_is_left_out() {
    let service = Service::start_with(BOOK).await;
    for code in [401, 403] {
        let tes = Recorder::start(move |line, _| {
            Some(if line.ends_with("?page_size=1") {
                page(&[])
            } else {
                (code, json!({}))
            })
        })
        .await;
        assert_left_out(&service, &tes, code).await;
    }
}

#[tokio::test]
async fn that_waiting_tasks_cannot_be_filtered_is_no_failure() {
    let (seconds, told) = read(|line| {
        if line.contains("state=") {
            return (500, json!({}));
        }
        page(&[finished(100)])
    })
    .await;
    assert_about(seconds, 100.0);
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
    for wait in waits {
        assert_about(wait, 100.0);
    }
    let lists = |lines: Vec<String>| {
        lines
            .iter()
            .filter(|line| line.contains("view=BASIC") && !line.contains("state="))
            .count()
    };
    assert_eq!(lists(tes.lines()), 1);
    assert_about(wait("ann").await, 100.0);
    assert_eq!(lists(tes.lines()), 0);
    assert_about(wait("bob").await, 200.0);
    let response = service.post().bearer_auth("eve").json(&request).send();
    assert_eq!(response.await.unwrap().status(), 400);
}

#[tokio::test]
async fn that_a_server_is_busy_is_not_kept() {
    let service = Service::start_with(BOOK).await;
    let calls = std::sync::Arc::new(AtomicUsize::new(0));
    let seen = std::sync::Arc::clone(&calls);
    let tes = Recorder::start(move |line, _| {
        let is_busy = line.contains("view=BASIC") && seen.fetch_add(1, Ordering::SeqCst) < 9;
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
    assert_about(queue(&answer), 100.0);
}

#[tokio::test]
async fn a_server_that_is_slow_to_refuse_does_not_use_up_the_request() {
    let service = Service::start_with(&BOOK.replace("timeout: 20", "timeout: 0.2")).await;
    let refusal = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n".to_vec();
    let pause = Duration::from_millis(150);
    let slow = RawServer::start(Manner::Repeats(Vec::new(), refusal, pause)).await;
    let messages = service
        .refuse(
            &request(std::slice::from_ref(&slow.root), &[], &[]),
            "ResourceUnavailableError",
        )
        .await;
    // One call, all calls for one TES, or the refusal, if it comes in time.
    let failures = [timeout(0.2), timeout(0.4), status(400)];
    let is_told = |failure: &FetchError| messages[1].contains(&failure.to_string());
    assert!(failures.iter().any(is_told), "{messages:?}");
}

#[tokio::test]
async fn a_start_in_the_future_ends_no_jam() {
    let mut all = tasks(20, 0, "QUEUED", 6.0 * HOUR, None);
    all.extend(tasks(49, 100, "COMPLETE", 7.0 * HOUR, Some(10.0)));
    let early = task(200, "COMPLETE", 7.0 * HOUR, Some(9.0 * HOUR));
    all.push(early);
    let (seconds, told) = read_tasks(all).await;
    assert_about(seconds, 6.0 * HOUR);
    assert_eq!(told, [unreadable_tasks("TES", 70, 1)]);
}

#[tokio::test]
async fn tasks_count_once_whatever_their_ids_are() {
    let ids: [fn(usize) -> Value; 4] = [
        |number| json!(number),
        |_| json!(""),
        |_| json!(null),
        |number| json!(number.to_string()),
    ];
    for id in ids {
        let mut all = tasks(3, 0, "QUEUED", 2.0 * HOUR, None);
        all.extend(tasks(4, 10, "COMPLETE", 3.0 * HOUR, Some(60.0)));
        for (number, task) in all.iter_mut().enumerate() {
            task["id"] = id(number);
        }
        let service = Service::start_with(BOOK).await;
        let tes = Recorder::start(move |line, _| {
            let listed: Vec<_> = all
                .iter()
                .filter(|task| {
                    let state = task["state"].as_str().unwrap_or_default();
                    !line.contains("state=") || line.contains(&format!("state={state}"))
                })
                .cloned()
                .collect();
            line.starts_with("GET /v1/tasks").then(|| page(&listed))
        })
        .await;
        let mut asked = one_of(&tes);
        asked["explain"] = json!(true);
        let answer = service.rank(&asked).await;
        let rests_on = &answer["service_combinations"][0]["queue"];
        assert_eq!(rests_on["waiting"], 3, "{answer:#}");
        assert_eq!(rests_on["started"], 4, "{answer:#}");
    }
}
