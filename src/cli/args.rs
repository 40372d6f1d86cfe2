//! Subcommands and options; those of the predecessor are unchanged.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

#[cfg(feature = "mock")]
use super::mock_args::{DemoArgs, MockDrsArgs, MockTesArgs};
use super::{
    calibrate_args::CalibrateArgs,
    rank_args::{RankArgs, RunArgs},
    values::amount,
};
use crate::config::Config;

const USAGE: &str = "\
testribute [OPTIONS] --tes-uri <URI> --cpu-cores <FLOAT> --ram-gb <FLOAT> --disk-gb <FLOAT> --execution-time-sec <FLOAT>
       testribute [OPTIONS] --tes-uri <URI> --task <FILE>
       testribute [OPTIONS] <COMMAND>";

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
    override_usage = USAGE,
    arg_required_else_help = true,
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
        /// Root URL of the service; by default server.host and server.port of the configuration
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

/// The format of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// JSON.
    Json,
    /// A table.
    Table,
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
