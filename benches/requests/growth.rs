//! How long a request takes with more and more TES that each answer after 100 ms.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::json;

use super::{median, world};

const DELAY: Duration = Duration::from_millis(100);

const TES: [usize; 4] = [1, 4, 16, 64];

const ROUNDS: u32 = 11;

pub(crate) fn run() {
    println!("\na request with TES that each answer after {DELAY:?}");
    println!("| TES | milliseconds |");
    println!("|--:|--:|");
    for tes in TES {
        println!("| {tes} | {:.0} |", milliseconds(tes));
    }
}

fn milliseconds(tes: usize) -> f64 {
    let outside = world::threads("outside");
    let inside = world::threads("inside");
    let service = inside.block_on(world::testribute(&world::config()));
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
