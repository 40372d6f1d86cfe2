//! Subcommands and options; those of the predecessor are unchanged.

use std::{convert::Infallible, path::PathBuf};

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use secrecy::SecretString;

#[cfg(feature = "mock")]
use testribute_mock::{DrsFlavour, TesFlavour};

use crate::{
    api::request::{RankRequest, RequestedMode, ResourceRequirements},
    config::Config,
    domain::query::{RequestFault, RequestFaultReason},
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
    /// Print the locations of hosts and the distances between them
    Locate(LocateArgs),
    /// Print what moving data to a TES costs, how fast it is, and why
    Transfer(TransferArgs),
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
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Ranking")]
pub(super) struct RankArgs {
    /// Root URI of a TES that could run the task; may be repeated
    #[arg(long = "tes-uri", value_name = "URI", required = true)]
    tes_uris: Vec<String>,
    /// CPU cores that the task needs
    #[arg(long, value_name = "FLOAT", required = true, value_parser = amount)]
    cpu_cores: Option<f64>,
    /// Memory that the task needs, in gigabytes
    #[arg(long, value_name = "FLOAT", required = true, value_parser = amount)]
    ram_gb: Option<f64>,
    /// Disk that the task needs, in gigabytes
    #[arg(long, value_name = "FLOAT", required = true, value_parser = amount)]
    disk_gb: Option<f64>,
    /// Run time of the task, in seconds
    #[arg(long, value_name = "FLOAT", required = true, value_parser = amount)]
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
            drs_uris: self.drs_uris,
            mode: self.mode,
            limit: self.limit,
            explain: self.explain,
            ..RankRequest::default()
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct LocateArgs {
    /// Host names, addresses, buckets or URIs
    #[arg(required = true, value_name = "HOST|IP|URI")]
    pub(super) hosts: Vec<String>,
    /// Format of the output on STDOUT
    #[arg(long, value_enum, default_value_t = Output::Table)]
    pub(super) output: Output,
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
    #[arg(long, value_enum, default_value_t = Output::Table)]
    pub(super) output: Output,
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

/// The address that a mock listens on.
#[cfg(feature = "mock")]
#[derive(Debug, Args)]
pub(super) struct ListenArgs {
    /// Address or name to listen on
    #[arg(long, default_value = "127.0.0.1")]
    pub(super) host: String,
    /// Port to listen on; 0 for any free port
    #[arg(long, default_value_t = 0)]
    pub(super) port: u16,
}

#[cfg(feature = "mock")]
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Exit after the ranking
    #[arg(long)]
    pub(super) once: bool,
    /// Port of the service; 0 for any free port
    #[arg(long, default_value_t = 0)]
    pub(super) port: u16,
}

#[cfg(feature = "mock")]
#[derive(Debug, Args)]
pub(super) struct MockTesArgs {
    #[command(flatten)]
    pub(super) listen: ListenArgs,
    /// Behave like this server in production, without task info: funnel, tesk, poiesis, azure, tesp,
    /// planetary or protes
    #[arg(long, value_name = "NAME", conflicts_with_all = [
        "scenario", "currency", "cpu_usage", "memory_consumption", "data_storage", "data_transfer"
    ])]
    pub(super) flavour: Option<TesFlavour>,
    /// Scenario (YAML) with prices and queue time; config/demo has examples
    #[arg(long, value_name = "FILE")]
    pub(super) scenario: Option<PathBuf>,
    /// Currency of all prices
    #[arg(long, value_name = "CODE")]
    pub(super) currency: Option<String>,
    /// Price per core and second
    #[arg(long, value_name = "PRICE", value_parser = amount)]
    pub(super) cpu_usage: Option<f64>,
    /// Price per gigabyte of memory and second
    #[arg(long, value_name = "PRICE", value_parser = amount)]
    pub(super) memory_consumption: Option<f64>,
    /// Price per gigabyte of disk
    #[arg(long, value_name = "PRICE", value_parser = amount)]
    pub(super) data_storage: Option<f64>,
    /// Price per gigabyte moved over 1000 km
    #[arg(long, value_name = "PRICE", value_parser = amount)]
    pub(super) data_transfer: Option<f64>,
    /// Queue time of a task, in seconds; with a flavour, only tasks that are created on the mock are listed
    #[arg(long, value_name = "SECONDS", value_parser = amount)]
    pub(super) queue_sec: Option<f64>,
}

#[cfg(feature = "mock")]
#[derive(Debug, Args)]
pub(super) struct MockDrsArgs {
    #[command(flatten)]
    pub(super) listen: ListenArgs,
    /// Behave like this server in production: gen3, terra, sevenbridges, azul, drs-filer or starter-kit; or like DRS 1.5: 1.5
    #[arg(long, value_name = "NAME", conflicts_with = "scenario")]
    pub(super) flavour: Option<DrsFlavour>,
    /// Scenario (YAML) with objects; config/demo has examples
    #[arg(long, value_name = "FILE")]
    pub(super) scenario: Option<PathBuf>,
}

fn amount(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(amount) if amount.is_finite() && amount >= 0.0 => Ok(amount),
        _ => Err(RequestFaultReason::NotAnAmount.to_string()),
    }
}

/// Any number or name: modes are checked when the request is.
#[expect(clippy::unnecessary_wraps, reason = "the signature that clap requires")]
fn mode(text: &str) -> Result<RequestedMode, Infallible> {
    Ok(text.parse().map_or_else(
        |_| RequestedMode::Name(text.to_owned()),
        RequestedMode::Number,
    ))
}

/// `fault` with the name of the option instead of the JSON pointer.
pub(super) fn in_terms_of_options(fault: &RequestFault) -> String {
    let field = fault.pointer.trim_start_matches('/');
    let (field, position) = field.split_once('/').unwrap_or((field, ""));
    let option = match field {
        "tes_uris" => "--tes-uri",
        "drs_uris" => "--drs-uri",
        "object_ids" => "--object-id",
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
