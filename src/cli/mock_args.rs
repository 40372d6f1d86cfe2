//! Options of the mock services and the demonstration.

use std::path::PathBuf;

use clap::Args;
use testribute_mock::{DrsFlavour, TesFlavour};

use super::values::amount;

/// The address that a mock listens on.
#[derive(Debug, Args)]
pub(super) struct ListenArgs {
    /// Address or name to listen on
    #[arg(long, default_value = "127.0.0.1")]
    pub(super) host: String,
    /// Port to listen on; 0 for any free port
    #[arg(long, default_value_t = 0)]
    pub(super) port: u16,
}

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// Exit after the ranking
    #[arg(long)]
    pub(super) once: bool,
    /// Port of the service; 0 for any free port
    #[arg(long, default_value_t = 0)]
    pub(super) port: u16,
}

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
