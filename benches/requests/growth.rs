//! How long a request takes with more and more TES that each answer after 100 ms.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::json;
use testribute::config::Outbound;

use super::{median, world};

const DELAY: Duration = Duration::from_millis(100);

const TES: [usize; 4] = [1, 4, 16, 64];

const ROUNDS: u32 = 11;

pub(crate) fn run() {
    // One request may have half of all calls in flight: with twice the calls, all 64 TES are asked at once.
    let usual = Outbound::default().max_concurrency;
    println!("\na request with TES that each answer after {DELAY:?}, in milliseconds");
    println!(
        "| TES | outbound.max_concurrency {usual} (default) | outbound.max_concurrency {} |",
        2 * usual
    );
    println!("|--:|--:|--:|");
    for tes in TES {
        println!(
            "| {tes} | {:.0} | {:.0} |",
            milliseconds(tes, usual),
            milliseconds(tes, 2 * usual)
        );
    }
}

fn milliseconds(tes: usize, max_concurrency: usize) -> f64 {
    let outside = world::threads("outside");
    let inside = world::threads("inside");
    let mut config = world::config();
    config.outbound.max_concurrency = max_concurrency;
    let service = inside.block_on(world::testribute(&config));
    outside.block_on(async {
        let tes = join_all((0..tes).map(|_| world::tes("EUR", 0.0, DELAY))).await;
        let request = json!({"tes_uris": tes, "resource_requirements": world::needs()});
        let client = world::caller();
        let mut times = Vec::new();
        // The first one makes the connections.
        for round in 0..=ROUNDS {
            let started = Instant::now();
            let response = client.post(&service).json(&request).send().await.unwrap();
            assert_eq!(response.status(), StatusCode::OK);
            response.bytes().await.unwrap();
            if round > 0 {
                times.push(started.elapsed().as_secs_f64() * 1000.0);
            }
        }
        median(&mut times)
    })
}
