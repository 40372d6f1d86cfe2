//! `testribute calibrate`: price-book entries with what the tasks that TES list tell of queue, failures and speed.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::{
    CliError,
    calibrate_args::{CalibrateArgs, EntryFormat},
    console::Console,
    rank::token,
    stop_signals::StopSignals,
};
use crate::{
    config::{Config, PriceEntry, TransferModelName},
    domain::{
        calibrate::{Calibration, warning::CalibrationWarning},
        service::ServiceUri,
    },
    ranker::{Ranker, Reach},
};

/// Prints an entry for each TES of which something can be measured.
pub(super) async fn run(
    config: &Config,
    args: CalibrateArgs,
    console: &mut Console,
) -> Result<(), CliError> {
    let token = token(args.jwt)?;
    let ranker = Ranker::with_reach(config, Reach::Everywhere)?;
    let caller = ranker.admit(token).await?;
    let mut signals = StopSignals::listen()?;
    let days = args.days.unwrap_or(config.tes.history_max_age_days);
    let (measured, warnings) = tokio::select! {
        biased;
        () = signals.received() => return Err(CliError::Stopped),
        found = ranker.calibrate(&args.tes, days, &caller) => found,
    };
    console.warnings(warnings);
    let sites = measured
        .into_iter()
        .filter(|(_, found)| !found.is_empty())
        .filter_map(|(position, found)| Some((args.tes.get(position)?, found)))
        .map(|(tes, found)| Site::new(config, tes, found))
        .collect::<Result<Vec<_>, _>>()?;
    if sites.is_empty() {
        return Err(CliError::NothingMeasured);
    }
    let unpriced = sites.iter().filter(|site| !site.has_prices);
    console.warnings(unpriced.map(|site| CalibrationWarning::NoPrices {
        service: site.tes.to_string(),
    }));
    match args.output {
        EntryFormat::Yaml => console.print(as_yaml(&sites, days)?.trim_end()),
        EntryFormat::Json => {
            let sites: Vec<_> = sites.iter().map(Site::json).collect();
            console.print(format!(
                "{:#}",
                json!({"max_age_days": days, "sites": sites})
            ))
        }
    }
}

/// What is printed of one TES.
struct Site<'a> {
    tes: &'a ServiceUri,
    found: Calibration,
    /// The keys of its entry.
    entry: Value,
    /// Whether the prices are those of the configuration.
    has_prices: bool,
}

impl<'a> Site<'a> {
    fn new(config: &Config, tes: &'a ServiceUri, found: Calibration) -> Result<Self, CliError> {
        let failed = |error: &dyn std::error::Error| CliError::Service(error.to_string());
        let known = config.tes.measured_entry(tes, &found);
        let known = known.map_err(|error| failed(&error))?;
        let has_prices = known.is_some();
        let entry = if let Some(entry) = known {
            entry
        } else {
            let unpriced = PriceEntry::measured_without_prices(tes, &found);
            let mut entry = unpriced.map_err(|error| failed(&error))?;
            if config.estimation.transfer_model == TransferModelName::Distance {
                entry.unit_costs.data_transfer = Some(0.0);
            }
            entry
        };
        Ok(Self {
            tes,
            found,
            entry: entry.set_keys().map_err(|error| failed(&error))?,
            has_prices,
        })
    }

    fn json(&self) -> Value {
        let outcomes = self.found.outcomes;
        let figures = json!({
            "tes_uri": self.tes.to_string(),
            "entry": self.entry,
            "has_prices": self.has_prices,
            "queue": self.found.queue.map(|queue| json!({
                "seconds": queue.seconds, "started": queue.started, "waiting": queue.waiting
            })),
            "failures": self.found.failures.map(|share| json!({
                "share": share,
                "ended": outcomes.ended,
                "system_errors": outcomes.system_errors,
                "executor_errors": outcomes.executor_errors,
                "preempted": outcomes.preempted
            })),
            "speed": self.found.speed.map(|speed| json!({
                "ratio": speed.ratio, "tasks": speed.tasks, "elsewhere": speed.elsewhere
            }))
        });
        let Value::Object(figures) = figures else {
            return Value::Null;
        };
        let known: Map<_, _> = figures
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect();
        Value::Object(known)
    }

    /// What the values rest on, in lines of comment.
    fn comments(&self) -> Vec<String> {
        let found = &self.found;
        let outcomes = found.outcomes;
        let not_measured = |key: &str| format!("{key}: not measured");
        let mut lines = vec![
            found.queue.map_or_else(
                || not_measured("queue"),
                |queue| {
                    format!(
                        "queue: {:.0} s, the Kaplan-Meier median; tasks that started: {}, that wait: {}",
                        queue.seconds, queue.started, queue.waiting
                    )
                },
            ),
            found.failures.map_or_else(
                || not_measured("failures"),
                |share| {
                    format!(
                        "failures: {share:.3}, as {} tasks ended, {} of them as SYSTEM_ERROR, {} PREEMPTED, {} EXECUTOR_ERROR",
                        outcomes.ended,
                        outcomes.system_errors,
                        outcomes.preempted,
                        outcomes.executor_errors
                    )
                },
            ),
            found.speed.map_or_else(
                || not_measured("speed"),
                |speed| {
                    format!(
                        "speed: {:.3}, by {} tasks here and {} with equal images and commands elsewhere",
                        speed.ratio, speed.tasks, speed.elsewhere
                    )
                },
            ),
        ];
        if !self.has_prices {
            lines.push(
                "prices are not known: set currency and unit_costs, or list_prices".to_owned(),
            );
        }
        lines
    }
}

/// The entries as a configuration of their own.
fn as_yaml(sites: &[Site<'_>], days: f64) -> Result<String, CliError> {
    let now = Timestamp::now().to_string();
    let date = now.split('T').next().unwrap_or_default();
    let mut text = format!(
        "# Measured on {date} from the tasks of the last {days} days. The first match wins: these go before other entries.\n\
         # speed: to the geometric mean of the compared TES, as if 10 more tasks of each had shown no difference.\n\
         tes:\n  price_book:\n"
    );
    for site in sites {
        for line in site.comments() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "    # {line}");
        }
        let entry = yaml_serde::to_string(&[&site.entry])
            .map_err(|error| CliError::Service(error.to_string()))?;
        for line in entry.lines() {
            let _ = writeln!(text, "    {line}");
        }
    }
    Ok(text)
}
