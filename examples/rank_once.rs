//! Ranks one request, once.
//!
//! `testribute demo` prints a request, as the argument `-d` of a curl line. While it is up:
//!
//! ```sh
//! cargo run --example rank_once -- config/demo/config.yaml '{"tes_uris": [...], ...}'
//! ```

#![expect(clippy::print_stdout, reason = "prints the ranking")]

use std::{env, error::Error, path::Path};

use testribute::{api::request::RankRequest, config::Config, rank_services};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [config, request] = arguments.as_slice() else {
        return Err("usage: rank_once CONFIG_FILE REQUEST_AS_JSON".into());
    };
    let config = Config::load(Some(Path::new(config)), [])?;
    let request: RankRequest = serde_json::from_str(request)?;

    // For more than one request, keep a `Ranker`: see keep_a_ranker.rs.
    let answer = rank_services(&config, request, None).await?;
    for warning in &answer.warnings {
        println!("warning: {warning}");
    }
    for combination in answer.service_combinations.iter().take(3) {
        println!(
            "{}. {} for {:.2} {} in {} s",
            combination.rank,
            combination.access_uris.tes_uri,
            combination.cost_estimate.amount,
            combination.cost_estimate.currency,
            combination.time_estimate,
        );
    }
    Ok(())
}
