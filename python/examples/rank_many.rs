//! Ranks the request on STDIN as often as the second argument says, with the configuration in the first: what
//! `tests/cpu_ratio.py` compares the Python package with.

use std::{env, error::Error, io, path::PathBuf};

use testribute::{Ranker, Reach, api::request::RankRequest, config::Config};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let file = PathBuf::from(arguments.next().ok_or("no configuration")?);
    let count: usize = arguments.next().ok_or("no count")?.parse()?;
    let config = Config::load(Some(&file), [])?;
    let ranker = Ranker::with_reach(&config, Reach::Everywhere)?;
    let request: RankRequest = serde_json::from_reader(io::stdin())?;
    let caller = ranker.admit(None).await?;
    for _ in 0..count {
        ranker.rank(request.clone(), &caller).await?;
    }
    Ok(())
}
