//! Ranks many requests at once with one `Ranker`, which keeps connections, caches and keys between them.
//!
//! Arguments as for rank_once.rs:
//!
//! ```sh
//! cargo run --example keep_a_ranker -- config/demo/config.yaml '{"tes_uris": [...], ...}'
//! ```

#![expect(clippy::print_stdout, reason = "prints the best combinations")]

use std::{env, error::Error, path::Path};

use futures_util::future::join_all;
use testribute::{
    Ranker,
    api::request::{RankRequest, RequestedMode},
    config::Config,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [config, request] = arguments.as_slice() else {
        return Err("usage: keep_a_ranker CONFIG_FILE REQUEST_AS_JSON".into());
    };
    let config = Config::load(Some(Path::new(config)), [])?;
    let ranker = Ranker::new(&config)?;
    // Each caller once, with the token of the caller instead of `None`: it is verified if the configuration says so.
    let caller = ranker.admit(None).await?;

    let request: RankRequest = serde_json::from_str(request)?;
    let answers = ["cost", "time"].map(async |mode| {
        let request = RankRequest {
            mode: RequestedMode::Name(mode.to_owned()),
            ..request.clone()
        };
        // `rank_before` has an answer before a deadline, without the services that are too slow for it.
        let answer = ranker.rank(request, &caller).await?;
        Ok::<_, testribute::Error>((mode, answer))
    });
    for answer in join_all(answers).await {
        let (mode, answer) = answer?;
        let Some(best) = answer.service_combinations.first() else {
            continue;
        };
        println!("{mode}: {}", best.access_uris.tes_uri);
    }
    Ok(())
}
