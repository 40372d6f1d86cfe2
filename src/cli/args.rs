//! Subcommands and options; those of the predecessor are unchanged.

use std::{collections::BTreeMap, path::PathBuf};

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use secrecy::SecretString;

#[cfg(feature = "mock")]
use super::mock_args::{DemoArgs, MockDrsArgs, MockTesArgs};
use super::{
    calibrate_args::CalibrateArgs,
    values::{amount, mode, object_size, size},
};
use crate::{
    api::{
        request::{RankRequest, RequestedMode, ResourceRequirements},
        task_request::TaskRequest,
    },
    config::Config,
    domain::query::RequestFault,
};

const EXAMPLES: &str = "\
Examples:
  Try it without any other service:
      testribute demo

  Rank two TES for a task, cheapest first, as a table:
      testribute --mode cost --output table \\
          --tes-uri https://tes-1.example/ga4gh/tes/v1/ \\
          --tes-uri https://tes-2.example/ga4gh/tes/v1/ \\
          --drs-uri https://drs.example/ga4gh/drs/v1/ \\
          --object-id a001 --object-id a002 \\
          --cpu-cores 2 --ram-gb 8 --disk-gb 50 --execution-time-sec 1800

  Post a TES task to the best site that accepts it, and wait for its end:
      testribute run --task task.json --watch \\
          --tes-uri https://tes-1.example/ --tes-uri https://tes-2.example/

  Serve the same over HTTP, with a page at / and its API at /ui/:
      testribute serve --port 8080

Exit codes: 0 success, 1 no ranking or a failed command, 2 invalid usage or configuration.";

/// Decides where a task should run: ranks every combination of one TES and one access URI per object by cost, time or both.
#[derive(Debug, Parser)]
#[command(
    name = "testribute",
    version,
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = false,
    subcommand_negates_reqs = true
)]
pub(super) struct Cli {
    /// Configuration file (YAML); config/config.yaml lists all keys
    #[arg(long, global = true, env = "TESTRIBUTE_CONFIG", value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Log more to STDERR; repeat for debug output
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub(super) verbose: u8,
    #[command(flatten)]
    pub(super) rank: RankArgs,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Serve over HTTP: POST /rank-services, a page at / and its API at /ui/
    Serve(ServeArgs),
    /// Start mock services on this machine, rank a task on them, and keep serving
    #[cfg(feature = "mock")]
    Demo(DemoArgs),
    /// Serve a mock TES, with task info from a scenario or with the behaviour of a server in production
    #[cfg(feature = "mock")]
    MockTes(MockTesArgs),
    /// Serve a mock DRS with the objects of a scenario
    #[cfg(feature = "mock")]
    MockDrs(MockDrsArgs),
    /// Print the OpenAPI document of the service
    Openapi {
        /// Output format
        #[arg(long, value_enum, default_value_t = DocumentFormat::Yaml)]
        format: DocumentFormat,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Rank sites for a TES task, and post it to the best one, or to the next if that refuses it
    Run(Box<RunArgs>),
    /// Print the locations of hosts and the distances between them
    Locate(LocateArgs),
    /// Print what moving data to a TES costs, how fast it is, and why
    Transfer(TransferArgs),
    /// Measure queue time, failures and speed of TES from the tasks that they list, and print price-book entries
    Calibrate(CalibrateArgs),
    /// Build location tables
    Locations {
        #[command(subcommand)]
        command: LocationsCommand,
    },
    /// Print the licences of the embedded data
    Notices,
    /// Check whether a running service is healthy: exit code 0 or 1
    Healthcheck {
        /// Root URL of the service; by default the configured port on this machine
        url: Option<url::Url>,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum LocationsCommand {
    /// Build a location table, such as the embedded one, from City databases
    Build(LocationsBuildArgs),
}

#[derive(Debug, Args)]
pub(super) struct LocationsBuildArgs {
    /// City database in MaxMind's format, nested or flat; may be repeated, for instance for IPv4 and IPv6
    #[arg(long = "from", value_name = "FILE", required = true)]
    pub(super) databases: Vec<PathBuf>,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub(super) output: PathBuf,
    /// Attribution and date of the data, for the notices
    #[arg(long, value_name = "TEXT")]
    pub(super) attribution: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum DocumentFormat {
    Yaml,
    Json,
}

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

/// The format of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// JSON.
    Json,
    /// A table.
    Table,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Ranking")]
pub(super) struct RankArgs {
    /// Root URI of a TES that could run the task; may be repeated
    #[arg(long = "tes-uri", value_name = "URI")]
    pub(super) tes_uris: Vec<String>,
    /// Root URI of a GA4GH service registry whose TES could run the task; may be repeated
    #[arg(long = "registry", value_name = "URI")]
    pub(super) registries: Vec<String>,
    /// TES task (JSON) in place of the resource options and object ids; - for STDIN
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "cpu_cores", "ram_gb", "disk_gb", "object_ids", "preemptible", "no_preemptible", "zones"
    ])]
    pub(super) task: Option<PathBuf>,
    /// Size in bytes of an input or output of the task, by its path in the containers; may be repeated
    #[arg(long = "size", value_name = "PATH=BYTES", value_parser = size, requires = "task")]
    sizes: Vec<(String, u64)>,
    /// Size in bytes of an object, by its id: counts where no DRS tells one, and for URLs; may be repeated
    #[arg(long = "object-size", value_name = "ID=BYTES", value_parser = object_size, conflicts_with = "task")]
    object_sizes: Vec<(String, u64)>,
    /// CPU cores that the task needs
    #[arg(long, value_name = "FLOAT", required_unless_present = "task", value_parser = amount)]
    cpu_cores: Option<f64>,
    /// Memory that the task needs, in gigabytes
    #[arg(long, value_name = "FLOAT", required_unless_present = "task", value_parser = amount)]
    ram_gb: Option<f64>,
    /// Disk that the task needs, in gigabytes
    #[arg(long, value_name = "FLOAT", required_unless_present = "task", value_parser = amount)]
    disk_gb: Option<f64>,
    /// Run time of the task, in seconds
    #[arg(long, value_name = "FLOAT", required_unless_present = "task", value_parser = amount)]
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
    /// Bearer token for the TES and DRS; prefer the environment variable, as command lines are visible to other users
    #[arg(
        long,
        value_name = "TOKEN",
        env = "TESTRIBUTE_JWT",
        hide_env_values = true
    )]
    pub(super) jwt: Option<SecretString>,
    /// Id of an input object of the task; may be repeated
    #[arg(long = "object-id", value_name = "ID")]
    object_ids: Vec<String>,
    /// Root URI of a DRS that may have the objects; may be repeated
    #[arg(
        long = "drs-uri",
        visible_alias = "drs-id",
        alias = "drs_id",
        value_name = "URI"
    )]
    drs_uris: Vec<String>,
    /// Ranking mode: cost (0), time (1), a weight of time between them, or random (-1)
    #[arg(short, long, value_name = "MODE", default_value = "0.5", allow_hyphen_values = true, value_parser = mode)]
    mode: RequestedMode,
    /// Maximum number of combinations, best first
    #[arg(long, value_name = "N")]
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
        RankRequest {
            tes_uris: self.tes_uris,
            registries: self.registries,
            resource_requirements: ResourceRequirements {
                cpu_cores: self.cpu_cores.unwrap_or_default(),
                ram_gb: self.ram_gb.unwrap_or_default(),
                disk_gb: self.disk_gb.unwrap_or_default(),
                execution_time_sec: self.execution_time_sec.unwrap_or_default(),
                preemptible: match (self.preemptible, self.no_preemptible) {
                    (true, _) => Some(true),
                    (false, true) => Some(false),
                    (false, false) => None,
                },
                zones: self.zones,
                ..ResourceRequirements::default()
            },
            object_ids: self.object_ids,
            object_sizes: self.object_sizes.into_iter().collect(),
            drs_uris: self.drs_uris,
            mode: self.mode,
            limit: self.limit,
            explain: self.explain,
            ..RankRequest::default()
        }
    }
}

impl RankArgs {
    /// The same as a request for `task`.
    pub(super) fn into_task_request(self, task: serde_json::Value) -> TaskRequest {
        TaskRequest {
            task,
            tes_uris: self.tes_uris,
            registries: self.registries,
            drs_uris: self.drs_uris,
            mode: self.mode,
            limit: self.limit,
            explain: self.explain,
            execution_time_sec: self.execution_time_sec,
            sizes: self.sizes.into_iter().collect(),
            unknown: BTreeMap::new(),
        }
    }
}

#[derive(Debug, Args)]
#[command(mut_arg("task", |task| task.required(true)))]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) rank: RankArgs,
    /// Sites that are tried, best first
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) tries: u16,
    /// Wait for the end of the task, and show its state on STDERR
    #[arg(long)]
    pub(super) watch: bool,
    /// Seconds between two looks at the state
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0, value_parser = amount)]
    pub(super) poll_sec: f64,
}

#[derive(Debug, Args)]
pub(super) struct LocateArgs {
    /// Host names, addresses, buckets or URIs
    #[arg(required = true, value_name = "HOST|IP|URI")]
    pub(super) hosts: Vec<String>,
    /// Format of the output on STDOUT
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) output: Format,
}

#[derive(Debug, Args)]
pub(super) struct TransferArgs {
    /// Where the data are: a host, a bucket or a URI, or a place such as aws/eu-central-1, aws or academic
    #[arg(value_name = "FROM")]
    pub(super) from: String,
    /// Where the task runs: the URI or host of a TES, or a place
    #[arg(value_name = "TO")]
    pub(super) to: String,
    /// Gigabytes (10^9 bytes)
    #[arg(long, value_name = "N", default_value_t = 100.0, value_parser = amount)]
    pub(super) gb: f64,
    /// Format of the output on STDOUT
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(super) output: Format,
}

#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// Address or name to listen on, instead of server.host
    #[arg(long)]
    host: Option<String>,
    /// Port to listen on, instead of server.port; 0 for any free port
    #[arg(long)]
    port: Option<u16>,
}

impl ServeArgs {
    pub(super) fn apply(self, config: &mut Config) {
        if let Some(host) = self.host {
            config.server.host = host;
        }
        if let Some(port) = self.port {
            config.server.port = port;
        }
    }
}

/// `fault` with the name of the option instead of the JSON pointer.
pub(super) fn in_terms_of_options(fault: &RequestFault) -> String {
    let field = fault.pointer.trim_start_matches('/');
    let (field, position) = field.split_once('/').unwrap_or((field, ""));
    let option = match field {
        "tes_uris" => "--tes-uri",
        "drs_uris" => "--drs-uri",
        "registries" => "--registry",
        "execution_time_sec" => "--execution-time-sec",
        "object_ids" => "--object-id",
        "object_sizes" => "--object-size",
        "mode" => "--mode",
        "limit" => "--limit",
        _ => return fault.to_string(),
    };
    match position.parse::<usize>() {
        Ok(position) => format!("{option} (number {}): {}", position + 1, fault.message),
        Err(_) => format!("{option}: {}", fault.message),
    }
}

/// The log level of commands that print their answer and its warnings.
pub(super) const fn console_log_level(verbose: u8) -> &'static str {
    match verbose {
        0 => "error",
        1 => "info",
        _ => "debug",
    }
}

/// Raises the configured log level to that of `-v`.
pub(super) fn raise_log_level(verbose: u8, config: &mut Config) {
    if verbose > 0 && config.log.level != "trace" {
        "debug".clone_into(&mut config.log.level);
    }
}
