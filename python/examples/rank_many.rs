//! Ranks the request on STDIN as often as the second argument says, with the configuration in the first: what
//! `tests/cpu_ratio.py` compares the Python package with. A third argument has it rank from text to text, as the
//! extension module does.

use std::{env, error::Error, hint::black_box, io, path::PathBuf};

use testribute::{Ranker, Reach, api::request::RankRequest, config::Config};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let file = PathBuf::from(arguments.next().ok_or("no configuration")?);
    let count: usize = arguments.next().ok_or("no count")?.parse()?;
    let config = Config::load(Some(&file), [])?;
    let ranker = Ranker::with_reach(&config, Reach::Everywhere)?;
    let is_text = arguments.next().is_some();
    let text = io::read_to_string(io::stdin())?;
    let request: RankRequest = serde_json::from_str(&text)?;
    let caller = ranker.admit(None).await?;
    for _ in 0..count {
        if is_text {
            let response = ranker.rank(serde_json::from_str(&text)?, &caller).await?;
            black_box(serde_json::to_string(&response)?);
        } else {
            ranker.rank(request.clone(), &caller).await?;
        }
    }
    Ok(())
}
