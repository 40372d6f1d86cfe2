//! CPU time, requests per second and latency, beside the bare handler.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use axum::body::Bytes;
use futures_util::future::join_all;
use reqwest::{Client, StatusCode, header::CONTENT_TYPE};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{median, percentile, process::Process, world};

/// In seconds; nothing else in a request looks like it.
const EXECUTION_TIME: u32 = 1800;

const CONCURRENCY: [usize; 3] = [1, 8, 64];

/// Both are measured once a round, one right after the other, so that what else the machine does hits both.
const ROUNDS: u32 = 9;

const ROUND_LENGTH: Duration = Duration::from_millis(1200);

/// Which requests callers send, and what the service remembers.
struct Case {
    title: &'static str,
    execution_time: fn(u32) -> u32,
    cache_ttl_sec: u64,
}

const CASES: [Case; 3] = [
    Case {
        title: "equal tasks: objects are remembered, equal fetches are joined",
        execution_time: |_| EXECUTION_TIME,
        cache_ttl_sec: 60,
    },
    Case {
        title: "other tasks: objects are remembered, 2 calls are made",
        execution_time: |number| EXECUTION_TIME + number % 1000,
        cache_ttl_sec: 60,
    },
    Case {
        title: "nothing remembered: the same 6 calls (drs.cache_ttl_sec 0)",
        execution_time: |number| EXECUTION_TIME + number % 1000,
        cache_ttl_sec: 0,
    },
];

pub(crate) fn run() {
    println!(
        "\na request with 2 TES, 2 DRS and 2 objects; the bare handler makes 6 calls for it, parses them, and answers as \
         many bytes"
    );
    println!(
        "CPU time is that of the one process; ratios are medians of {ROUNDS} alternating rounds"
    );
    let callers = Runtime::new().unwrap();
    let mocks = Process::start("mocks", &json!({"tes": 2, "drs": 2, "objects": 2}));
    for case in &CASES {
        compare(&callers, &mocks.ready, case);
    }
}

/// What a round gave.
struct Round {
    per_second: f64,
    /// Of the serving process, for one request.
    cpu_microseconds: f64,
    p50_ms: f64,
    p99_ms: f64,
}

fn compare(callers: &Runtime, request: &Value, case: &Case) {
    let service = Process::start("service", &json!({"cache_ttl_sec": case.cache_ttl_sec}));
    let requests = Arc::new(Requests {
        template: request.to_string(),
        execution_time: case.execution_time,
        number: AtomicU32::default(),
    });
    let client = world::caller();
    let answer = callers.block_on(answer_of(&client, url(&service), requests.next()));
    let bare = Process::start("bare", &json!({"request": request, "answer": answer}));
    let measure = |process: &Process, concurrency| {
        callers.block_on(round(&client, process, &requests, concurrency))
    };
    println!("\n{}", case.title);
    println!(
        "| callers | CPU us, bare | CPU us, service | ratio | requests/s, bare | requests/s, service | ratio | p50 ms, bare | p50 ms, service | p99 ms, bare | p99 ms, service |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for concurrency in CONCURRENCY {
        // Connections are made before anything counts.
        measure(&bare, concurrency);
        measure(&service, concurrency);
        let rounds = (0..ROUNDS).map(|round| {
            if round % 2 == 0 {
                let floor = measure(&bare, concurrency);
                (floor, measure(&service, concurrency))
            } else {
                let ours = measure(&service, concurrency);
                (measure(&bare, concurrency), ours)
            }
        });
        let rounds: Vec<_> = rounds.collect();
        let floor =
            |figure: fn(&Round) -> f64| middle(rounds.iter().map(|(floor, _)| figure(floor)));
        let ours = |figure: fn(&Round) -> f64| middle(rounds.iter().map(|(_, ours)| figure(ours)));
        let ratio = |figure: fn(&Round) -> f64| {
            middle(
                rounds
                    .iter()
                    .map(|(floor, ours)| figure(ours) / figure(floor)),
            )
        };
        let cpu: fn(&Round) -> f64 = |round| round.cpu_microseconds;
        let rate: fn(&Round) -> f64 = |round| round.per_second;
        let p50: fn(&Round) -> f64 = |round| round.p50_ms;
        let p99: fn(&Round) -> f64 = |round| round.p99_ms;
        println!(
            "| {concurrency} | {:.0} | {:.0} | {:.2} | {:.0} | {:.0} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} |",
            floor(cpu),
            ours(cpu),
            ratio(cpu),
            floor(rate),
            ours(rate),
            ratio(rate),
            floor(p50),
            ours(p50),
            floor(p99),
            ours(p99),
        );
    }
}

fn middle(figures: impl Iterator<Item = f64>) -> f64 {
    median(&mut figures.collect::<Vec<_>>())
}

pub(crate) fn url(process: &Process) -> &str {
    process.ready["url"].as_str().unwrap()
}

/// The requests that callers send, one after the other.
struct Requests {
    template: String,
    execution_time: fn(u32) -> u32,
    number: AtomicU32,
}

impl Requests {
    fn next(&self) -> Bytes {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let execution_time = (self.execution_time)(number).to_string();
        let usual = EXECUTION_TIME.to_string();
        self.template.replacen(&usual, &execution_time, 1).into()
    }
}

/// The service's answer, which must rank the whole space.
async fn answer_of(client: &Client, service: &str, request: Bytes) -> String {
    let response = post_json(client, service, request).await;
    assert_eq!(response.status(), StatusCode::OK);
    let body = response.text().await.unwrap();
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        answer["service_combinations"].as_array().unwrap().len(),
        8,
        "{answer:#}"
    );
    assert_eq!(answer["warnings"], json!([]), "{answer:#}");
    body
}

/// A round of `concurrency` callers that each send one request after the other.
async fn round(
    client: &Client,
    process: &Process,
    requests: &Arc<Requests>,
    concurrency: usize,
) -> Round {
    let (started, cpu) = (Instant::now(), process.cpu_microseconds());
    let callers = (0..concurrency).map(|_| {
        let (client, url, requests) = (
            client.clone(),
            url(process).to_owned(),
            Arc::clone(requests),
        );
        tokio::spawn(async move {
            let mut latencies = Vec::new();
            while started.elapsed() < ROUND_LENGTH {
                let sent = Instant::now();
                let response = post_json(&client, &url, requests.next()).await;
                assert_eq!(response.status(), StatusCode::OK);
                response.bytes().await.unwrap();
                latencies.push(sent.elapsed().as_secs_f64() * 1e3);
            }
            latencies
        })
    });
    let latencies = join_all(callers).await;
    let elapsed = started.elapsed().as_secs_f64();
    let cpu = process.cpu_microseconds() - cpu;
    let mut latencies: Vec<_> = latencies.into_iter().flat_map(Result::unwrap).collect();
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let answered = latencies.len() as f64;
    Round {
        per_second: answered / elapsed,
        cpu_microseconds: cpu / answered,
        p50_ms: percentile(&mut latencies, 0.5),
        p99_ms: percentile(&mut latencies, 0.99),
    }
}

pub(crate) async fn post_json(client: &Client, url: &str, body: Bytes) -> reqwest::Response {
    let request = client.post(url).header(CONTENT_TYPE, "application/json");
    request.body(body).send().await.unwrap()
}
