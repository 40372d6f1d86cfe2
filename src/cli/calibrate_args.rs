//! Options of `testribute calibrate`.

use clap::{Args, ValueEnum};
use secrecy::SecretString;

use crate::domain::service::ServiceUri;

/// The format of measured entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum EntryFormat {
    /// For the configuration.
    Yaml,
    /// With the figures that each value rests on.
    Json,
}

#[derive(Debug, Args)]
pub(super) struct CalibrateArgs {
    /// Root URIs of the TES; the speed of one is a ratio to the others
    #[arg(long = "tes", visible_alias = "tes-uri", value_name = "URI", required = true, num_args = 1.., value_parser = ServiceUri::parse)]
    pub(super) tes: Vec<ServiceUri>,
    /// Use the tasks that were created in the last N days, instead of tes.history_max_age_days
    #[arg(long, value_name = "N", value_parser = days)]
    pub(super) days: Option<f64>,
    /// Bearer token for the TES; prefer the environment variable, as command lines are visible to other users
    #[arg(
        long,
        value_name = "TOKEN",
        env = "TESTRIBUTE_JWT",
        hide_env_values = true
    )]
    pub(super) jwt: Option<SecretString>,
    /// Format of the output on STDOUT
    #[arg(long, value_enum, default_value_t = EntryFormat::Yaml)]
    pub(super) output: EntryFormat,
}

/// A number of days, in the range of `tes.history_max_age_days`.
fn days(text: &str) -> Result<f64, String> {
    let days = text.parse().ok();
    let days = days.filter(|&days: &f64| days > 0.0 && days <= 3650.0);
    days.ok_or_else(|| "must be more than 0 and at most 3650".to_owned())
}
