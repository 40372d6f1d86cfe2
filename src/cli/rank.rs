//! `testribute --tes-uri ...`: ranks once and prints the answer.

use std::{io::Read, path::Path};

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::{
    CliError,
    console::Console,
    rank_args::{Output, RankArgs},
    table::Table,
};
use crate::{
    api::response::ServiceCombination,
    config::Config,
    domain::token::Token,
    ranker::{Ranker, Reach},
};

/// The largest file of a task, in bytes.
const MAX_TASK_BYTES: u64 = 16 << 20;

/// Ranks with the permissions of the user: all addresses may be called.
pub(super) async fn run(
    config: &Config,
    mut args: RankArgs,
    console: &mut Console,
) -> Result<(), CliError> {
    let output = args.common.output;
    let token = token(args.common.jwt.take())?;
    let task = args.task.take().map(|file| read_task(&file)).transpose()?;
    let ranker = Ranker::with_reach(config, Reach::Everywhere)?;
    let caller = ranker.admit(token).await?;
    if let Some(task) = task {
        let request = args.into_task_request(task);
        let answer = ranker.rank_task(request, &caller).await?;
        console.warnings(&answer.warnings);
        let combinations = answer.service_combinations.iter();
        let combinations: Vec<_> = combinations.map(|one| one.combination.clone()).collect();
        print(&answer, &combinations, output, console)
    } else {
        let answer = ranker.rank(args.into_request(), &caller).await?;
        console.warnings(&answer.warnings);
        print(&answer, &answer.service_combinations, output, console)
    }
}

/// The token of the caller, if there is one.
pub(super) fn token(given: Option<SecretString>) -> Result<Option<Token>, CliError> {
    // Many environments set an empty variable for no token.
    let given = given.filter(|text| !text.expose_secret().is_empty());
    let token = given.map(|text| Token::new(text.expose_secret()));
    Ok(token.transpose()?)
}

/// The task in `file`, or on STDIN for `-`.
pub(super) fn read_task(file: &Path) -> Result<serde_json::Value, CliError> {
    let invalid = |reason: String| CliError::File {
        file: file.display().to_string(),
        reason,
    };
    let mut text = Vec::new();
    // One byte more tells a file that is too large from one that just fits.
    let most = MAX_TASK_BYTES + 1;
    let read = if file.as_os_str() == "-" {
        std::io::stdin().take(most).read_to_end(&mut text)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(most).read_to_end(&mut text))
    };
    let length = read.map_err(|error| invalid(format!("cannot be read: {error}")))?;
    if u64::try_from(length).unwrap_or(u64::MAX) > MAX_TASK_BYTES {
        return Err(invalid(format!("is larger than {MAX_TASK_BYTES} bytes")));
    }
    serde_json::from_slice(&text).map_err(|error| invalid(format!("is not valid JSON: {error}")))
}

/// Prints the ranking to STDOUT.
fn print(
    answer: &impl Serialize,
    combinations: &[ServiceCombination],
    output: Output,
    console: &mut Console,
) -> Result<(), CliError> {
    match output {
        Output::Json => {
            // Maps with string keys, numbers and strings cannot fail.
            let text = serde_json::to_string_pretty(answer).unwrap_or_default();
            console.print(text)
        }
        Output::Table => console.print(Table::new(combinations, console.has_colour())),
        Output::Uri => {
            let best = combinations.first();
            console.print(best.map_or("", |best| &*best.access_uris.tes_uri))
        }
    }
}
