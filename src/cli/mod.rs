//! The console script: its subcommands and exit codes.

mod args;
mod console;
#[cfg(feature = "mock")]
mod demo;
mod healthcheck;
mod locate;
mod locations;
#[cfg(feature = "mock")]
mod mock;
mod rank;
mod serve;
mod table;

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

/// Runs the program with the arguments and the environment of the process.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let mut console = Console::of_process();
    match dispatch(cli, &mut console) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => {
            stop.tell(&mut console);
            stop.exit_code()
        }
    }
}

/// Why the program ends early.
#[derive(Debug, thiserror::Error)]
enum CliError {
    /// There is no ranking.
    #[error(transparent)]
    Ranking(#[from] Error),
    /// What was given as a token is none.
    #[error(transparent)]
    Token(#[from] MalformedToken),
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The configured log cannot be written.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// Something that a command needs cannot be had.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The routes of the service cannot be made.
    #[error(transparent)]
    Router(#[from] http::RouterError),
    /// The certificate of the service cannot be used.
    #[error(transparent)]
    Tls(#[from] http::TlsError),
    /// A file that the command was given cannot be used.
    #[error("{file}: {reason}")]
    File { file: String, reason: String },
    /// The socket, the terminal or the runtime failed.
    #[error("{what}: {source}")]
    Io {
        what: String,
        source: std::io::Error,
    },
    /// Not one of the hosts has a known place.
    #[error("none of the hosts has a known place")]
    NoPlace,
    /// A request to a running service failed.
    #[error("{0}")]
    Service(String),
}

impl CliError {
    fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// 1 for a ranking that failed, 2 for what the user has to put right first.
    const fn code(&self) -> u8 {
        match self {
            Self::Ranking(Error::Unrankable(_) | Error::Unauthorized(_))
            | Self::Io { .. }
            | Self::NoPlace
            | Self::Service(_) => 1,
            Self::Ranking(Error::Invalid(_) | Error::Setup(_))
            | Self::Token(_)
            | Self::Config(_)
            | Self::Telemetry(_)
            | Self::Setup(_)
            | Self::Router(_)
            | Self::Tls(_)
            | Self::File { .. } => 2,
        }
    }

    fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code())
    }

    fn tell(&self, console: &mut Console) {
        match self {
            Self::Ranking(Error::Invalid(faults)) => {
                for fault in faults {
                    console.error("ValidationError", &args::in_terms_of_options(fault));
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
            Self::Token(error) => console.error("ValidationError", &format!("--jwt: {error}")),
            Self::Config(_) | Self::Telemetry(_) | Self::Tls(_) | Self::File { .. } => {
                console.error("ConfigurationError", &self.to_string());
            }
            Self::Router(_) | Self::Io { .. } | Self::NoPlace => {
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
            telemetry::init(&config.log)?;
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
        Some(Command::Locate(options)) => {
            let mut config = load()?;
            args::console_log_level(verbose).clone_into(&mut config.log.level);
            telemetry::init(&config.log)?;
            block_on(locate::run(&config, options, console))?
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
        .map_err(CliError::io("the runtime cannot start"))?;
    Ok(runtime.block_on(future))
}
