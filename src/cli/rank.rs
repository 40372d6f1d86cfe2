//! `testribute --tes-uri ...`: ranks once and prints the answer.

use secrecy::ExposeSecret;

use super::{
    CliError,
    args::{Output, RankArgs},
    console::Console,
    table::Table,
};
use crate::{
    api::response::RankResponse,
    config::Config,
    domain::token::Token,
    ranker::{Ranker, Reach},
};

/// Ranks with the permissions of the user: all addresses may be called.
pub(super) async fn run(
    config: &Config,
    mut args: RankArgs,
    console: &mut Console,
) -> Result<(), CliError> {
    let output = args.output;
    let token = args
        .jwt
        .take()
        // Many environments set an empty variable for no token.
        .filter(|text| !text.expose_secret().is_empty())
        .map(|text| Token::new(text.expose_secret()))
        .transpose()?;
    let ranker = Ranker::with_reach(config, Reach::Everywhere)?;
    let caller = ranker.admit(token).await?;
    let answer = ranker.rank(args.into_request(), &caller).await?;
    print(&answer, output, console)
}

/// Prints the ranking to STDOUT and its warnings to STDERR.
fn print(answer: &RankResponse, output: Output, console: &mut Console) -> Result<(), CliError> {
    console.warnings(&answer.warnings);
    match output {
        Output::Json => {
            // Maps with string keys, numbers and strings cannot fail.
            let text = serde_json::to_string_pretty(answer).unwrap_or_default();
            console.print(text)
        }
        Output::Table => {
            let table = Table::new(&answer.service_combinations, console.has_colour());
            console.print(table)
        }
    }
}
