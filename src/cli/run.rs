//! `testribute run`: ranks sites for a TES task, and posts it to the best one that accepts it.

use std::{
    fmt,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    CliError,
    console::Console,
    rank::{read_task, token},
    rank_args::{Output, RunArgs},
    stop_signals::StopSignals,
};
use crate::{
    api::{task_request::TaskRequest, task_response::TaskCombination},
    config::Config,
    domain::service::ServiceUri,
    ranker::{Caller, Ranker, Reach, SubmitError, TaskState},
};

/// After so many failures in a row the state is given up.
const MAX_FAILED_LOOKS: u32 = 10;

/// What a run needs.
struct Run<'a> {
    ranker: &'a Ranker,
    caller: &'a Caller,
    request: TaskRequest,
    console: &'a mut Console,
    /// Where the task is being posted to.
    posting: Option<ServiceUri>,
}

/// A task that runs at a site.
struct Running {
    id: String,
    tes: ServiceUri,
    combination: TaskCombination,
}

/// Posts the task to the sites, best first, until one accepts it.
pub(super) async fn run(
    config: &Config,
    mut args: RunArgs,
    console: &mut Console,
) -> Result<(), CliError> {
    let token = token(args.common.jwt.take())?;
    let task = read_task(&args.task)?;
    let (output, watch, tries) = (args.common.output, args.watch, args.tries);
    let interval = Duration::try_from_secs_f64(args.poll_sec).unwrap_or(Duration::MAX);
    let ranker = Ranker::with_reach(config, Reach::Everywhere)?;
    let caller = ranker.admit(token).await?;
    let mut signals = StopSignals::listen()?;
    let mut run = Run {
        ranker: &ranker,
        caller: &caller,
        request: args.into_task_request(task),
        console,
        posting: None,
    };
    let running = tokio::select! {
        submitted = run.submit(tries.into()) => submitted?,
        () = signals.received() => return Err(match run.posting {
            Some(tes) => CliError::MayRun(tes.to_string()),
            None => CliError::Stopped,
        }),
    };
    let combination = &running.combination.combination;
    let cost = combination.cost_estimate;
    let text = match output {
        Output::Uri => running.tes.to_string(),
        Output::Table => format!(
            "Task {} runs at {}: rank {}, {:.2} {}, {:.0} s.",
            running.id,
            running.tes,
            combination.rank,
            cost.amount,
            cost.currency,
            combination.time_estimate
        ),
        Output::Json => format!(
            "{:#}",
            json!({
                "id": running.id,
                "tes_uri": running.tes.to_string(),
                "rank": combination.rank,
                "cost_estimate": cost,
                "time_estimate": combination.time_estimate,
                "access_uris": combination.access_uris
            })
        ),
    };
    run.console.print(text)?;
    if !watch {
        return Ok(());
    }
    let ended = tokio::select! {
        state = run.watch(&running, interval) => match state {
            Ok(state) if state.is_complete => Ok(()),
            Ok(state) => Err(CliError::NotComplete(state.name)),
            Err(error) => Err(error),
        },
        () = signals.received() => Err(CliError::Interrupted {
            id: running.id,
            tes: running.tes.to_string(),
        }),
    };
    run.console.end_progress();
    ended
}

impl Run<'_> {
    async fn submit(&mut self, tries: usize) -> Result<Running, CliError> {
        let answer = self
            .ranker
            .rank_task(self.request.clone(), self.caller)
            .await?;
        self.console.warnings(&answer.warnings);
        let mut listed = answer.service_combinations;
        let mut rank = 0;
        for uri in answer.tes_uris.iter().take(tries) {
            let Ok(tes) = ServiceUri::parse(uri) else {
                continue;
            };
            let best = |one: &TaskCombination| one.combination.access_uris.tes_uri == *uri;
            let combination = match listed.iter().position(best) {
                Some(position) => listed.swap_remove(position),
                // Of many combinations, none at this site may be listed.
                None => match self.best_at(uri).await {
                    Some(combination) => combination,
                    None => continue,
                },
            };
            rank += 1;
            self.posting = Some(tes.clone());
            let posted = self.post(&tes, &combination.task).await;
            self.posting = None;
            match posted {
                Ok(id) => {
                    return Ok(Running {
                        id,
                        tes,
                        combination,
                    });
                }
                // To post it elsewhere could run it twice.
                Err(error @ SubmitError::Lost(_)) => {
                    let lost = format!("'{tes}' {error}. Look there before you post it again.");
                    return Err(CliError::Service(lost));
                }
                Err(error) => {
                    let refusal =
                        format!("Site {rank}, '{tes}', did not accept the task: it {error}.");
                    self.console.warnings([refusal]);
                }
            }
        }
        Err(CliError::NotAccepted)
    }

    /// The best combination at one site.
    async fn best_at(&self, uri: &str) -> Option<TaskCombination> {
        let request = TaskRequest {
            tes_uris: vec![uri.to_owned()],
            registries: Vec::new(),
            limit: Some(1),
            ..self.request.clone()
        };
        let caller = self.caller_for(uri);
        let answer = self.ranker.rank_task(request, &caller).await.ok()?;
        answer.service_combinations.into_iter().next()
    }

    async fn post(&self, tes: &ServiceUri, task: &Value) -> Result<String, SubmitError> {
        let caller = self.caller_for(tes.given());
        let task = task.to_string();
        self.ranker.submit(tes, task.as_bytes(), &caller).await
    }

    /// The caller, without a token for a site that only a registry of the command line names.
    fn caller_for(&self, uri: &str) -> Caller {
        let is_named = self.request.tes_uris.iter().any(|named| named == uri);
        if is_named || self.request.registries.is_empty() {
            self.caller.clone()
        } else {
            self.caller.clone().without_token()
        }
    }

    /// The last state of the task; each new one is told, and on a terminal the time since the task was posted.
    async fn watch(
        &mut self,
        running: &Running,
        interval: Duration,
    ) -> Result<TaskState, CliError> {
        let caller = self.caller_for(running.tes.given());
        let started = Instant::now();
        let mut last = String::new();
        let mut failed_looks = 0;
        loop {
            match self
                .ranker
                .task_state(&running.tes, &running.id, &caller)
                .await
            {
                Ok(state) => {
                    failed_looks = 0;
                    if state.name != last || self.console.has_live_line() {
                        let since = Elapsed(started.elapsed());
                        self.console
                            .progress(format_args!("{}: {} ({since})", running.id, state.name));
                    }
                    if state.is_last {
                        return Ok(state);
                    }
                    last = state.name;
                }
                Err(error) => {
                    failed_looks += 1;
                    if failed_looks >= MAX_FAILED_LOOKS {
                        let Running { id, tes, .. } = running;
                        let failure = format!("'{tes}' {error}. Task {id} is left as it is there.");
                        return Err(CliError::Service(failure));
                    }
                }
            }
            tokio::time::sleep(interval).await;
        }
    }
}

/// A time in minutes and seconds, or hours and minutes.
struct Elapsed(Duration);

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        if hours > 0 {
            write!(f, "{hours} h {minutes} min")
        } else {
            write!(f, "{minutes} min {} s", seconds % 60)
        }
    }
}
