//! Options of rankings; those of the predecessor are unchanged.

use std::{collections::BTreeMap, path::PathBuf};

use clap::{Args, ValueEnum};
use secrecy::SecretString;

use super::values::{amount, count, mode, object_size, size};
use crate::api::{
    request::{RankRequest, RequestedMode, ResourceRequirements},
    task_request::TaskRequest,
};

/// The format of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    /// JSON, as in the answer of the service.
    Json,
    /// A table.
    Table,
    /// The URI of the best TES alone.
    Uri,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Ranking")]
pub(super) struct RankArgs {
    /// TES task (JSON) in place of the resource options and object ids; - for STDIN
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "cpu_cores", "ram_gb", "disk_gb", "object_ids", "object_sizes", "preemptible", "no_preemptible", "zones"
    ])]
    pub(super) task: Option<PathBuf>,
    #[command(flatten)]
    needs: NeedsArgs,
    #[command(flatten)]
    pub(super) common: CommonArgs,
}

/// What a task needs.
#[derive(Debug, Args)]
struct NeedsArgs {
    /// CPU cores that the task needs
    #[arg(long, value_name = "FLOAT", required_unless_present = "task", allow_negative_numbers = true, value_parser = amount)]
    cpu_cores: Option<f64>,
    /// Memory that the task needs, in gigabytes
    #[arg(long, value_name = "FLOAT", required_unless_present = "task", allow_negative_numbers = true, value_parser = amount)]
    ram_gb: Option<f64>,
    /// Disk that the task needs, in gigabytes
    #[arg(long, value_name = "FLOAT", required_unless_present = "task", allow_negative_numbers = true, value_parser = amount)]
    disk_gb: Option<f64>,
    /// Run time of the task, in seconds
    #[arg(long, value_name = "FLOAT", required_unless_present = "task", allow_negative_numbers = true, value_parser = amount)]
    execution_time_sec: Option<f64>,
    /// State that the task may run on preemptible machines
    #[arg(long, overrides_with = "no_preemptible")]
    preemptible: bool,
    /// State that the task must not run on preemptible machines
    #[arg(long, overrides_with = "preemptible")]
    no_preemptible: bool,
    /// Zone in which the task may run, as the TES names it; may be repeated
    #[arg(long = "zone", value_name = "ZONE")]
    zones: Vec<String>,
    /// Id of an input object of the task; may be repeated
    #[arg(long = "object-id", value_name = "ID")]
    object_ids: Vec<String>,
    /// Size in bytes of an object, by its id: counts where no DRS tells one, and for URLs; may be repeated
    #[arg(long = "object-size", value_name = "ID=BYTES", value_parser = object_size)]
    object_sizes: Vec<(String, u64)>,
}

/// What rankings have in common, with a task and without.
#[derive(Debug, Args)]
#[command(next_help_heading = "Ranking")]
pub(super) struct CommonArgs {
    /// Root URI of a TES that could run the task; may be repeated
    #[arg(long = "tes-uri", value_name = "URI")]
    tes_uris: Vec<String>,
    /// Root URI of a GA4GH service registry whose TES could run the task; may be repeated
    #[arg(long = "registry", value_name = "URI")]
    registries: Vec<String>,
    /// Root URI of a DRS that may have the objects; may be repeated
    #[arg(
        long = "drs-uri",
        visible_alias = "drs-id",
        alias = "drs_id",
        value_name = "URI"
    )]
    drs_uris: Vec<String>,
    /// Size in bytes of an input or output of the task, by its path in the containers; may be repeated
    #[arg(long = "size", value_name = "PATH=BYTES", value_parser = size, requires = "task")]
    sizes: Vec<(String, u64)>,
    /// Bearer token for the TES and DRS; prefer the environment variable, as command lines are visible to other users
    #[arg(
        long,
        value_name = "TOKEN",
        env = "TESTRIBUTE_JWT",
        hide_env_values = true
    )]
    pub(super) jwt: Option<SecretString>,
    /// Ranking mode: cost (0), time (1), a weight of time between them, or random (-1)
    #[arg(short, long, value_name = "MODE", default_value = "0.5", allow_hyphen_values = true, value_parser = mode)]
    mode: RequestedMode,
    /// Maximum number of combinations, best first
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = count)]
    limit: Option<u64>,
    /// Add to the answer what the estimates rest on: locations, distances, sources of offers and queue times
    #[arg(long)]
    explain: bool,
    /// Format of the ranking on STDOUT
    #[arg(long, value_enum, default_value_t = Output::Json)]
    pub(super) output: Output,
}

impl RankArgs {
    /// The same as a request. The parser guarantees that required options are present.
    pub(super) fn into_request(self) -> RankRequest {
        let Self { needs, common, .. } = self;
        RankRequest {
            tes_uris: common.tes_uris,
            registries: common.registries,
            resource_requirements: ResourceRequirements {
                cpu_cores: needs.cpu_cores.unwrap_or_default(),
                ram_gb: needs.ram_gb.unwrap_or_default(),
                disk_gb: needs.disk_gb.unwrap_or_default(),
                execution_time_sec: needs.execution_time_sec.unwrap_or_default(),
                preemptible: match (needs.preemptible, needs.no_preemptible) {
                    (true, _) => Some(true),
                    (false, true) => Some(false),
                    (false, false) => None,
                },
                zones: needs.zones,
                ..ResourceRequirements::default()
            },
            object_ids: needs.object_ids,
            object_sizes: needs.object_sizes.into_iter().collect(),
            drs_uris: common.drs_uris,
            mode: common.mode,
            limit: common.limit,
            explain: common.explain,
            ..RankRequest::default()
        }
    }

    /// The same as a request for `task`.
    pub(super) fn into_task_request(self, task: serde_json::Value) -> TaskRequest {
        let run_time = self.needs.execution_time_sec;
        self.common.into_task_request(task, run_time)
    }
}

impl CommonArgs {
    fn into_task_request(self, task: serde_json::Value, run_time: Option<f64>) -> TaskRequest {
        TaskRequest {
            task,
            tes_uris: self.tes_uris,
            registries: self.registries,
            drs_uris: self.drs_uris,
            mode: self.mode,
            limit: self.limit,
            explain: self.explain,
            execution_time_sec: run_time,
            sizes: self.sizes.into_iter().collect(),
            unknown: BTreeMap::new(),
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct RunArgs {
    /// TES task (JSON); - for STDIN
    #[arg(long, value_name = "FILE", help_heading = "Ranking")]
    pub(super) task: PathBuf,
    /// Run time of the task, in seconds
    #[arg(long, value_name = "FLOAT", help_heading = "Ranking", allow_negative_numbers = true, value_parser = amount)]
    execution_time_sec: Option<f64>,
    #[command(flatten)]
    pub(super) common: CommonArgs,
    /// Sites that are tried, best first
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) tries: u16,
    /// Wait for the end of the task, and show its state on STDERR
    #[arg(long)]
    pub(super) watch: bool,
    /// Seconds between two looks at the state
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, allow_negative_numbers = true, value_parser = amount)]
    pub(super) poll_sec: f64,
}

impl RunArgs {
    /// The same as a request for `task`.
    pub(super) fn into_task_request(self, task: serde_json::Value) -> TaskRequest {
        self.common.into_task_request(task, self.execution_time_sec)
    }
}
