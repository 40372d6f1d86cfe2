//! How time, CPU time and memory grow with the number of TES, DRS and objects.

use std::time::Instant;

use axum::body::Bytes;
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{
    median,
    process::Process,
    throughput::{post_json, url},
    world,
};

const ROUNDS: usize = 7;

pub(crate) fn run() {
    let callers = Runtime::new().unwrap();
    println!("\na request with TES that each answer after 100 ms");
    println!("| TES | milliseconds |");
    println!("|--:|--:|");
    for tes in [1, 4, 16, 64] {
        let size = json!({"tes": tes, "drs": 0, "objects": 0, "delay_ms": 100});
        println!(
            "| {tes} | {:.0} |",
            measure(&callers, &size, ROUNDS).milliseconds
        );
    }
    println!("\na request with nothing remembered, and no bulk calls");
    println!("| TES | objects | DRS | calls | CPU us a call | milliseconds | memory, kB a call |");
    println!("|--:|--:|--:|--:|--:|--:|--:|");
    for (tes, objects, drs) in [
        (1, 10, 5),
        (10, 10, 5),
        (100, 10, 5),
        (1, 1000, 1),
        (1, 1000, 5),
    ] {
        let size = json!({"tes": tes, "drs": drs, "objects": objects});
        let growth = measure(&callers, &size, ROUNDS);
        let calls = tes + objects * drs;
        let per_call = |figure: f64| figure / f64::from(calls);
        println!(
            "| {tes} | {objects} | {drs} | {calls} | {:.0} | {:.1} | {:.1} |",
            per_call(growth.cpu_microseconds),
            growth.milliseconds,
            per_call(growth.memory_bytes) / 1000.0,
        );
    }
}

/// CPU time for each object: where it stays the same, the whole grows linearly.
pub(crate) fn objects() {
    let callers = Runtime::new().unwrap();
    println!("\nobjects over 5 DRS, with nothing remembered");
    println!("| calls | objects | CPU us an object | ratio to 100 objects | milliseconds |");
    println!("|---|--:|--:|--:|--:|");
    for (kind, name) in [
        ("single", "one an object"),
        ("bulk", "bulk"),
        ("bundle", "one bundle, then bulk"),
    ] {
        let mut least = f64::NAN;
        for objects in [100, 500, 1000] {
            let size = json!({"tes": 1, "drs": 5, "objects": objects, "kind": kind});
            let growth = measure(&callers, &size, ROUNDS);
            let each = growth.cpu_microseconds / f64::from(objects);
            if objects == 100 {
                least = each;
            }
            println!(
                "| {name} | {objects} | {each:.0} | {:.2} | {:.1} |",
                each / least,
                growth.milliseconds
            );
        }
    }
}

struct Growth {
    milliseconds: f64,
    cpu_microseconds: f64,
    /// What the process took for the first request, and keeps.
    memory_bytes: f64,
}

fn measure(callers: &Runtime, size: &Value, rounds: usize) -> Growth {
    let mocks = Process::start("mocks", size);
    let service = Process::start("service", &json!({"cache_ttl_sec": 0, "large": true}));
    let body = Bytes::from(mocks.ready.to_string());
    let client = world::caller();
    let ask = || {
        callers.block_on(async {
            let response = post_json(&client, url(&service), body.clone()).await;
            assert_eq!(response.status(), StatusCode::OK);
            response.bytes().await.unwrap();
        });
    };
    let idle = service.memory_bytes();
    ask();
    let memory_bytes = service.memory_bytes() - idle;
    let cpu = service.cpu_microseconds();
    let mut times: Vec<_> = (0..rounds)
        .map(|_| {
            let started = Instant::now();
            ask();
            started.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "a few")]
    let cpu_microseconds = (service.cpu_microseconds() - cpu) / rounds as f64;
    Growth {
        milliseconds: median(&mut times),
        cpu_microseconds,
        memory_bytes,
    }
}
