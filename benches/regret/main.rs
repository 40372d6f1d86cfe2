//! Regret: what the first choice costs against the best there is, in random federations.
//!
//! `cargo bench --bench regret -- --federations 3000`

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_debug_implementations,
    unreachable_pub,
    reason = "a benchmark that fails may stop at once, and its output is its result"
)]

mod simulation;

use std::env;

use simulation::{Regret, run};

const SEED: u64 = 17;

/// What the figures do not show.
const LIMITS: &str = "\
Limits: truth and models share list prices, and the classes of rates where nothing was measured (to and from academic
networks). The models of 'all known' are told speeds, failures, preemptions, links and contract prices exactly; queues
and rates have noise that no model sees. 'prices x1.5 off' is the same with each price times or divided by 1.5 at random.";

fn main() {
    let arguments: Vec<_> = env::args().collect();
    // `cargo test --benches` only wants to know that it builds.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let given = arguments.windows(2).find(|pair| pair[0] == "--federations");
    let federations = given.map_or(3000, |pair| pair[1].parse().unwrap());
    println!(
        "{federations} federations, seed {SEED}. Ratios to the optimum: median, 95 %. Losses: means.\n"
    );
    println!(
        "{:26} {:>6} {:>8} {:>9} {:>7} {:>7} {:>8} {:>6} {:>7} {:>9} {:>9}",
        "",
        "cost",
        "95 %",
        "USD lost",
        "time",
        "95 %",
        "min lost",
        "0.5",
        "95 %",
        "cost off",
        "time off"
    );
    for (model, regret) in run(federations, SEED) {
        let median = |numbers: &[f64]| Regret::quantile(numbers, 0.5);
        let most = |numbers: &[f64]| Regret::quantile(numbers, 0.95);
        println!(
            "{:26} {:6.3} {:8.2} {:9.3} {:7.3} {:7.2} {:8.1} {:6.3} {:7.2} {:9.3} {:9.3}",
            model.name(),
            median(&regret.cost),
            most(&regret.cost),
            Regret::mean(&regret.usd),
            median(&regret.time),
            most(&regret.time),
            Regret::mean(&regret.minutes),
            median(&regret.both),
            most(&regret.both),
            median(&regret.cost_off),
            median(&regret.time_off),
        );
    }
    println!("\n{LIMITS}");
}
