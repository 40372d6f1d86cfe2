//! The whole service on this machine: requests per second beside what is possible at all, and growth with the number
//! of TES.
//!
//! `cargo bench --bench requests`

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that fails may stop at once, and its output is its result"
)]

mod growth;
mod throughput;
mod world;

use std::{env, io};

use mimalloc::MiMalloc;
use testribute::{config::Log, telemetry};

/// As in the program, and for the bare handler too.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    let log = Log::default();
    let subscriber = telemetry::subscriber(&log, io::sink, false).unwrap();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    println!("log: level {}, written to a sink", log.level);
    throughput::run();
    growth::run();
}

/// The middle one; the measurements come back in order.
fn median(measurements: &mut [f64]) -> f64 {
    measurements.sort_by(f64::total_cmp);
    measurements
        .get(measurements.len() / 2)
        .copied()
        .unwrap_or(f64::NAN)
}
