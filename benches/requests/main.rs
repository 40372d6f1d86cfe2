//! The whole service beside a bare handler that makes the same calls, each in a process of its own.
//!
//! `cargo bench --bench requests` prints CPU time, requests a second and latency, and how they grow with the number of
//! services and objects; `-- throughput`, `-- growth` or `-- objects` prints a part. This process is the callers; it starts itself again with a role for everything else.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark that fails may stop at once, and its output is its result"
)]

mod bare;
mod growth;
mod process;
mod throughput;
mod world;

use std::env;

use mimalloc::MiMalloc;

/// As in the program, and for the bare handler too.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() {
    if let Ok(role) = env::var(process::ROLE) {
        return process::play(&role);
    }
    // `cargo test --benches` only wants to know that it builds.
    if !env::args().any(|argument| argument == "--bench") {
        return;
    }
    let wanted = env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let is_wanted = |name: &str| wanted.as_deref().is_none_or(|wanted| wanted == name);
    if is_wanted("throughput") {
        throughput::run();
    }
    if is_wanted("growth") {
        growth::run();
    }
    if is_wanted("objects") {
        growth::objects();
    }
}

/// The middle one; the measurements come back in order.
fn median(measurements: &mut [f64]) -> f64 {
    percentile(measurements, 0.5)
}

/// The one that this share of the others is below; the measurements come back in order.
fn percentile(measurements: &mut [f64], share: f64) -> f64 {
    measurements.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a position in a list"
    )]
    let position = (share * (measurements.len().max(1) - 1) as f64).round() as usize;
    measurements.get(position).copied().unwrap_or(f64::NAN)
}
