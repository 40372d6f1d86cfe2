//! The command line interface: subcommands, errors and exit codes.

mod args;
mod calibrate;
mod calibrate_args;
mod console;
#[cfg(feature = "mock")]
mod demo;
#[cfg(test)]
#[path = "../../tests/golden/cli.rs"]
pub(crate) mod golden;
mod healthcheck;
mod locate;
mod locations;
#[cfg(feature = "mock")]
mod mock;
#[cfg(feature = "mock")]
mod mock_args;
mod options;
mod placement;
mod rank;
mod rank_args;
mod run;
mod serve;
mod stop_signals;
mod table;
mod transfer;
mod values;

use std::{path::Path, process::ExitCode};

use clap::{CommandFactory, Parser};
use tokio::runtime;

use self::{
    args::{Cli, Command, DocumentFormat, LocationsCommand},
    console::Console,
};
use crate::{
    config::{self, Config, ConfigError},
    domain::token::MalformedToken,
    error::Error,
    http,
    pipeline::SetupError,
    telemetry::{self, TelemetryError},
};

/// Runs the command that the arguments and the environment of the process specify.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let mut console = Console::of_process();
    match dispatch(cli, &mut console) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.print(&mut console);
            error.exit_code()
        }
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
enum CliError {
    /// There is no ranking.
    #[error(transparent)]
    Ranking(#[from] Error),
    /// The value of `--jwt` is not a token.
    #[error(transparent)]
    Token(#[from] MalformedToken),
    /// The configuration is not valid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The log cannot be set up as configured.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// The pipeline cannot be set up as configured.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The routes of the service cannot be built.
    #[error(transparent)]
    Router(#[from] http::RouterError),
    /// The certificate of the service is not valid.
    #[error(transparent)]
    Tls(#[from] http::TlsError),
    /// An argument is not valid.
    #[error("'{value}': {reason}")]
    Argument { value: String, reason: String },
    /// A file argument is not valid.
    #[error("{file}: {reason}")]
    File { file: String, reason: String },
    /// The socket, the terminal or the runtime failed.
    #[error("{what}: {source}")]
    Io {
        what: String,
        source: std::io::Error,
    },
    /// `locate` found no location.
    #[error("none of the hosts has a known location")]
    NoLocation,
    /// `calibrate` measured nothing; the reasons were printed.
    #[error("no TES lists tasks that can be measured")]
    NothingMeasured,
    /// A command was interrupted.
    #[error("interrupted")]
    Stopped,
    /// `run` found no site that accepted the task; the sites and reasons were printed.
    #[error("no site accepted the task")]
    NotAccepted,
    /// The task that `run` watched did not complete.
    #[error("the task ended in state {0}")]
    NotComplete(String),
    /// `run` was interrupted while it watched.
    #[error("interrupted; task '{id}' goes on at '{tes}'")]
    Interrupted { id: String, tes: String },
    /// `run` was interrupted while it posted the task.
    #[error(
        "interrupted while the task was posted to '{0}': it may run there. Look there before you post it again."
    )]
    MayRun(String),
    /// `healthcheck` failed.
    #[error("{0}")]
    Service(String),
}

impl CliError {
    fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// 1 for a failure at run time, 2 for invalid usage or configuration.
    const fn code(&self) -> u8 {
        match self {
            Self::Ranking(Error::Unrankable(_) | Error::Unauthorized(_))
            | Self::Io { .. }
            | Self::NoLocation
            | Self::NothingMeasured
            | Self::NotAccepted
            | Self::NotComplete(_)
            | Self::Service(_) => 1,
            // What a shell reports for SIGINT.
            Self::Interrupted { .. } | Self::MayRun(_) | Self::Stopped => 130,
            Self::Ranking(Error::Invalid(_) | Error::Setup(_))
            | Self::Token(_)
            | Self::Config(_)
            | Self::Telemetry(_)
            | Self::Setup(_)
            | Self::Router(_)
            | Self::Tls(_)
            | Self::Argument { .. }
            | Self::File { .. } => 2,
        }
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code())
    }

    /// Writes the error, and the warnings that led to it, to STDERR.
    fn print(&self, console: &mut Console) {
        match self {
            Self::Ranking(Error::Invalid(faults)) => {
                for fault in faults {
                    console.error("ValidationError", &options::fault(fault));
                }
            }
            Self::Ranking(Error::Unrankable(unrankable)) => {
                console.warnings(unrankable.warnings.iter().map(ToString::to_string));
                console.error("ResourceUnavailableError", &unrankable.to_string());
            }
            Self::Ranking(Error::Unauthorized(error)) => {
                console.error("Unauthorized", &error.to_string());
            }
            Self::Ranking(Error::Setup(error)) | Self::Setup(error) => {
                console.error("ConfigurationError", &error.to_string());
            }
            Self::Argument { .. } | Self::File { .. } => {
                console.error("ValidationError", &self.to_string());
            }
            Self::Token(error) => console.error("ValidationError", &format!("--jwt: {error}")),
            Self::Config(_) | Self::Telemetry(_) | Self::Tls(_) => {
                console.error("ConfigurationError", &self.to_string());
            }
            Self::Router(_)
            | Self::Io { .. }
            | Self::NoLocation
            | Self::NothingMeasured
            | Self::Stopped
            | Self::NotAccepted
            | Self::NotComplete(_)
            | Self::MayRun(_)
            | Self::Interrupted { .. } => {
                console.error("Error", &self.to_string());
            }
            Self::Service(error) => console.error("ServiceError", error),
        }
    }
}

fn dispatch(cli: Cli, console: &mut Console) -> Result<(), CliError> {
    let Cli {
        config,
        verbose,
        rank,
        command,
    } = cli;
    let load = || load_config(config.as_deref());
    match command {
        None => {
            let mut config = load()?;
            args::console_log_level(verbose).clone_into(&mut config.log.level);
            telemetry::init(&config.log)?;
            block_on(rank::run(&config, rank, console))?
        }
        Some(Command::Serve(options)) => {
            let mut config = load()?;
            options.apply(&mut config);
            args::raise_log_level(verbose, &mut config);
            let _installed = telemetry::init_with_traces(&config.log, &config.telemetry)?;
            block_on(serve::run(&config))?
        }
        #[cfg(feature = "mock")]
        Some(Command::Demo(options)) => {
            telemetry::init(&config::Log {
                level: args::console_log_level(verbose).to_owned(),
                ..config::Log::default()
            })?;
            block_on(demo::run(options, console))?
        }
        #[cfg(feature = "mock")]
        Some(Command::MockTes(options)) => block_on(mock::run_tes(options, console))?,
        #[cfg(feature = "mock")]
        Some(Command::MockDrs(options)) => block_on(mock::run_drs(options, console))?,
        Some(Command::Openapi { format }) => {
            let document = http::document(&load()?.limits, None);
            let text = match format {
                DocumentFormat::Yaml => document.to_yaml().map_err(http::DocumentError::from),
                DocumentFormat::Json => {
                    document.to_pretty_json().map_err(http::DocumentError::from)
                }
            };
            console.print(text.map_err(http::RouterError::from)?.trim_end())
        }
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "testribute", &mut script);
            console.print(String::from_utf8_lossy(&script).trim_end())
        }
        Some(Command::Run(options)) => {
            let mut config = load()?;
            args::console_log_level(verbose).clone_into(&mut config.log.level);
            telemetry::init(&config.log)?;
            block_on(run::run(&config, *options, console))?
        }
        Some(Command::Locate(options)) => {
            let mut config = load()?;
            args::console_log_level(verbose).clone_into(&mut config.log.level);
            telemetry::init(&config.log)?;
            block_on(locate::run(&config, options, console))?
        }
        Some(Command::Transfer(options)) => {
            let mut config = load()?;
            args::console_log_level(verbose).clone_into(&mut config.log.level);
            telemetry::init(&config.log)?;
            block_on(transfer::run(&config, options, console))?
        }
        Some(Command::Calibrate(options)) => {
            let mut config = load()?;
            args::console_log_level(verbose).clone_into(&mut config.log.level);
            telemetry::init(&config.log)?;
            block_on(calibrate::run(&config, options, console))?
        }
        Some(Command::Locations {
            command: LocationsCommand::Build(options),
        }) => locations::build(&options, console),
        Some(Command::Notices) => locations::notices(console),
        Some(Command::Healthcheck { url }) => {
            let config = load()?;
            block_on(healthcheck::run(&config, url))?
        }
    }
}

fn load_config(file: Option<&Path>) -> Result<Config, CliError> {
    Ok(Config::load(file, config::environment())?)
}

fn block_on<F: Future>(future: F) -> Result<F::Output, CliError> {
    let runtime = runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(CliError::io("cannot start the runtime"))?;
    Ok(runtime.block_on(future))
}
