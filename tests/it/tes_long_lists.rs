//! Lists of tasks that are long, or break off: waiting tasks are found behind others, in whatever order and state they are
//! listed, and a list that was not read to its end says so.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use rand::{RngExt, SeedableRng, rngs::Xoshiro256PlusPlus};
use serde_json::{Value, json};

use crate::{
    support::{
        network::Service,
        recorder::Recorder,
        texts::{HistoryPart, ListCut, NoQueueTime, queue_time_assumed, status, tasks_not_read},
    },
    tes_history::{BOOK, DAY, HOUR, assert_about, assert_left_out, one_of, page_of, read, task},
};

/// How a server lists its tasks.
#[derive(Debug, Clone, Copy)]
struct Manner {
    newest_first: bool,
    filters: bool,
    /// The largest page that it gives.
    page: usize,
}

const MANNERS: [Manner; 4] = [
    manner(true, false),
    manner(true, true),
    manner(false, false),
    manner(false, true),
];

const fn manner(newest_first: bool, filters: bool) -> Manner {
    Manner {
        newest_first,
        filters,
        page: 200,
    }
}

/// The states that servers know.
const STATES: [&str; 10] = [
    "QUEUED",
    "INITIALIZING",
    "PAUSED",
    "RUNNING",
    "COMPLETE",
    "EXECUTOR_ERROR",
    "SYSTEM_ERROR",
    "PREEMPTED",
    "CANCELED",
    "CANCELING",
];

impl Manner {
    /// Answers with pages of `tasks`.
    fn answer(
        self,
        mut tasks: Vec<Value>,
    ) -> impl Fn(&str) -> (u16, Value) + Clone + Send + Sync + 'static {
        tasks.sort_by_key(|task| task["creation_time"].as_str().unwrap().to_owned());
        if self.newest_first {
            tasks.reverse();
        }
        let tasks = Arc::new(tasks);
        move |line| {
            let state = line
                .split_once("state=")
                .map(|(_, rest)| rest.split('&').next().unwrap());
            let size = line
                .split_once("page_size=")
                .map_or(self.page, |(_, rest)| {
                    let size: usize = rest.split('&').next().unwrap().parse().unwrap();
                    size.min(self.page)
                });
            let (path, query) = line.split_once('?').unwrap_or((line, ""));
            let rest: Vec<_> = query
                .split('&')
                .filter(|part| !part.starts_with("page_size"))
                .collect();
            let line = format!("{path}?{}&page_size={size}", rest.join("&"));
            match state {
                Some(state) if self.filters => {
                    let is_in_state = |task: &&Value| task["state"] == state;
                    let filtered: Vec<_> = tasks.iter().filter(is_in_state).cloned().collect();
                    page_of(&filtered, &line)
                }
                _ => page_of(&tasks, &line),
            }
        }
    }
}

/// `count` tasks, the first `age` seconds old and each other one `step` seconds older.
fn many(
    count: usize,
    first: usize,
    state: &str,
    (age, step): (f64, f64),
    waited: Option<f64>,
) -> Vec<Value> {
    (0..count)
        .map(|n| {
            let later = f64::from(u32::try_from(n).unwrap()) * step;
            task(first + n, state, age + later, waited)
        })
        .collect()
}

/// `count` tasks that were created six hours ago.
fn jam(count: usize, state: &str) -> Vec<Value> {
    many(count, 0, state, (6.0 * HOUR, 1.0), None)
}

#[tokio::test]
async fn waiting_tasks_are_found_behind_those_that_started_since() {
    for state in [
        "QUEUED",
        "INITIALIZING",
        "PAUSED",
        "PENDING",
        "1.0",
        "State.QUEUED",
    ] {
        let started = many(60, 1000, "COMPLETE", (600.0, 30.0), Some(10.0));
        for manner in MANNERS {
            let all = [jam(100, state), started.clone()].concat();
            let (seconds, told) = read(manner.answer(all)).await;
            assert!(told.is_empty(), "{state} {manner:?} {told:?}");
            assert_about(seconds, 6.0 * HOUR + 100.0);
        }
    }
}

#[tokio::test]
async fn waiting_tasks_are_found_far_behind_or_said_to_be_missing() {
    // More than are read behind those that started.
    let started = many(1500, 1000, "COMPLETE", (600.0, 10.0), Some(10.0));
    let all = [jam(100, "QUEUED"), started].concat();
    let (seconds, told) = read(manner(true, true).answer(all.clone())).await;
    assert!(told.is_empty(), "{told:?}");
    assert_about(seconds, 6.0 * HOUR + 100.0);
    let (seconds, told) = read(manner(true, false).answer(all)).await;
    assert_about(seconds, 10.0);
    let part = HistoryPart::Newest {
        tasks: 1050,
        days: (600.0 + 10.0 * 1049.0) / DAY,
        cause: ListCut::Pages(6),
    };
    assert_eq!(told, [tasks_not_read("TES", part)]);
}

#[tokio::test]
async fn a_healthy_server_with_thousands_of_tasks_keeps_its_estimate_and_gets_few_calls() {
    for (filters, most, expected) in [(true, 8, None), (false, 9, Some(1050))] {
        let service = Service::start_with(BOOK).await;
        let all = many(5000, 0, "COMPLETE", (600.0, 60.0), Some(10.0));
        let answer = manner(true, filters).answer(all);
        let tes = Recorder::start(move |line, _| Some(answer(line))).await;
        let ranked = service.rank(&one_of(&tes)).await;
        assert_about(crate::tes_history::queue(&ranked), 10.0);
        let calls = tes.lines();
        assert!(calls.len() <= most, "{} {calls:?}", calls.len());
        let told = ranked["warnings"].as_array().map_or(0, Vec::len);
        assert_eq!(told, usize::from(expected.is_some()), "{ranked:#}");
    }
}

#[tokio::test]
async fn a_list_with_the_newest_first_ends_at_the_oldest_tasks_that_count() {
    let recent = many(300, 0, "COMPLETE", (600.0, 60.0), Some(10.0));
    let old = many(3000, 1000, "COMPLETE", (8.0 * DAY, 60.0), Some(10.0));
    // One that is out of order ends nothing.
    let mut all = [recent, jam(100, "QUEUED"), old].concat();
    all[0]["creation_time"] = json!("2010-01-01T00:00:00Z");
    for manner in MANNERS {
        let (seconds, told) = read(manner.answer(all.clone())).await;
        assert!(told.is_empty(), "{manner:?} {told:?}");
        assert!(seconds < 6.0 * HOUR + 200.0, "{manner:?} {seconds}");
    }
}

#[tokio::test]
async fn a_list_with_the_oldest_first_that_is_too_long_is_no_history() {
    for (page, started, jammed) in [(200, 8500, 400), (5, 300, 100)] {
        let recent = many(
            started,
            1000,
            "COMPLETE",
            (6.0 * HOUR + 500.0, 60.0),
            Some(10.0),
        );
        let all = [recent, jam(jammed, "QUEUED")].concat();
        let read_tasks = if page == 200 { 50 + 39 * 200 } else { 40 * 5 };
        let cause = ListCut::Pages(40);
        let slow = |filters| Manner {
            page,
            ..manner(false, filters)
        };
        let (seconds, told) = read(slow(false).answer(all.clone())).await;
        assert_about(seconds, 77.0);
        let unknown = NoQueueTime::NotReadToEnd {
            tasks: read_tasks,
            cause: cause.clone(),
        };
        assert_eq!(told, [queue_time_assumed("TES", unknown, 77.0)]);
        // Those that wait are known.
        let (seconds, told) = read(slow(true).answer(all)).await;
        assert_about(seconds, 6.0 * HOUR + 250.0);
        let part = HistoryPart::Unfinished {
            tasks: read_tasks,
            cause,
        };
        assert_eq!(told, [tasks_not_read("TES", part)]);
    }
}

#[tokio::test]
async fn a_list_whose_later_pages_fail_is_no_history() {
    let all = [
        many(300, 1000, "COMPLETE", (7.0 * HOUR, 60.0), Some(10.0)),
        jam(200, "QUEUED"),
    ]
    .concat();
    for code in [404, 410, 500, 503] {
        let failing = |manner: Manner| {
            let answer = manner.answer(all.clone());
            read(move |line| {
                if line.contains("page_token") {
                    return (code, json!({}));
                }
                answer(line)
            })
        };
        let (seconds, told) = failing(manner(false, false)).await;
        assert_about(seconds, 77.0);
        let unknown = NoQueueTime::NotReadToEnd {
            tasks: 50,
            cause: ListCut::Failure(status(code).to_string()),
        };
        assert_eq!(told, [queue_time_assumed("TES", unknown, 77.0)], "{code}");
        // The newest tasks are a history.
        let (seconds, told) = failing(manner(true, false)).await;
        assert_about(seconds, 6.0 * HOUR + 50.0);
        assert_eq!(told.len(), 1, "{told:?}");
    }
}

#[tokio::test]
async fn a_list_whose_later_pages_are_guarded_is_guarded() {
    for code in [401, 403] {
        for newest_first in [true, false] {
            let service = Service::start_with(BOOK).await;
            let all = many(300, 0, "COMPLETE", (600.0, 60.0), Some(10.0));
            let answer = manner(newest_first, false).answer(all);
            let tes = Recorder::start(move |line, _| {
                Some(if line.contains("page_token") {
                    (code, json!({}))
                } else {
                    answer(line)
                })
            })
            .await;
            assert_left_out(&service, &tes, code).await;
        }
    }
}

#[tokio::test]
async fn a_server_that_ignores_the_token_of_the_page_is_read_once() {
    let service = Service::start_with(BOOK).await;
    let count = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&count);
    let tasks = many(20, 0, "COMPLETE", (600.0, 60.0), Some(10.0));
    let tes = Recorder::start(move |_, _| {
        let token = seen.fetch_add(1, Ordering::SeqCst).to_string();
        Some((200, json!({"tasks": tasks, "next_page_token": token})))
    })
    .await;
    let ranked = service.rank(&one_of(&tes)).await;
    assert_about(crate::tes_history::queue(&ranked), 10.0);
    assert!(count.load(Ordering::SeqCst) <= 5, "{count:?}");
}

#[tokio::test]
async fn the_order_of_a_list_that_is_read_whole_changes_nothing() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(15);
    for round in 0..6 {
        let all: Vec<_> = (0..rng.random_range(60..350))
            .map(|id| {
                let state = STATES[rng.random_range(0..STATES.len())];
                let age = rng.random_range(60.0..5.0 * DAY);
                let waits = ["QUEUED", "INITIALIZING", "PAUSED"].contains(&state);
                let waited = (!waits).then(|| rng.random_range(0.0..age));
                task(
                    id,
                    if waits && round % 2 == 1 {
                        "PENDING"
                    } else {
                        state
                    },
                    age,
                    waited,
                )
            })
            .collect();
        let mut found = Vec::new();
        for manner in MANNERS {
            let (seconds, told) = read(manner.answer(all.clone())).await;
            assert!(told.is_empty(), "{manner:?} {told:?}");
            found.push(seconds);
        }
        for seconds in &found {
            assert_about(*seconds, found[0]);
        }
    }
}
