//! `testribute mock-tes` and `mock-drs`: mock services for trials.

use std::{fmt::Display, fs, path::Path};

use axum::Router;
use testribute_mock::{DrsScenario, Queue, TesScenario, drs, replay_drs, replay_tes, tes};

use super::{
    CliError,
    console::Console,
    mock_args::{ListenArgs, MockDrsArgs, MockTesArgs},
    serve::bind,
    stop_signals::StopSignals,
};

/// The scenarios of a mock without one.
const DEMO_TES: &str = include_str!("../../config/demo/tes-basel.yaml");
const DEMO_DRS: &str = include_str!("../../config/demo/drs-1.yaml");

/// Serves a mock TES.
pub(super) async fn run_tes(args: MockTesArgs, console: &mut Console) -> Result<(), CliError> {
    if let Some(flavour) = args.flavour {
        let path = replay_tes::base_path(flavour).map_err(invalid_file(flavour))?;
        let router = replay_tes::router(flavour, args.queue_sec).map_err(invalid_file(flavour))?;
        return serve(&args.listen, &path, router, console).await;
    }
    let mut scenario = load(args.scenario.as_deref(), DEMO_TES, TesScenario::parse)?;
    let costs = &mut scenario.unit_costs;
    for (price, option) in [
        (&mut costs.cpu_usage, args.cpu_usage),
        (&mut costs.memory_consumption, args.memory_consumption),
        (&mut costs.data_storage, args.data_storage),
        (&mut costs.data_transfer, args.data_transfer),
    ] {
        *price = option.unwrap_or(*price);
    }
    if let Some(currency) = args.currency {
        scenario.currency = currency;
    }
    if let Some(seconds) = args.queue_sec {
        scenario.queue = Queue::Fixed(seconds);
    }
    let router = tes::router(scenario);
    serve(&args.listen, "/ga4gh/tes/v1/", router, console).await
}

/// Serves a mock DRS.
pub(super) async fn run_drs(args: MockDrsArgs, console: &mut Console) -> Result<(), CliError> {
    let router = match args.flavour {
        Some(flavour) => replay_drs::router(flavour).map_err(invalid_file(flavour))?,
        None => drs::router(load(
            args.scenario.as_deref(),
            DEMO_DRS,
            DrsScenario::parse,
        )?),
    };
    serve(&args.listen, "/ga4gh/drs/v1/", router, console).await
}

async fn serve(
    listen: &ListenArgs,
    path: &str,
    router: Router,
    console: &mut Console,
) -> Result<(), CliError> {
    let signals = StopSignals::listen()?;
    let listener = bind(&listen.host, listen.port).await?;
    let address = listener
        .local_addr()
        .map_err(CliError::io("the socket has no address"))?;
    console.note(format_args!("listening: http://{address}{path}"));
    testribute_mock::serve(listener, router, signals.stop())
        .await
        .map_err(CliError::io("the socket failed"))
}

/// Loads the scenario in `file`, or that of the demonstration.
fn load<T>(
    file: Option<&Path>,
    demo: &str,
    parse: impl FnOnce(&str) -> Result<T, yaml_serde::Error>,
) -> Result<T, CliError> {
    let Some(file) = file else {
        return parse(demo).map_err(invalid_file("the scenario of the demonstration"));
    };
    let text = fs::read_to_string(file).map_err(invalid_file(file.display()))?;
    parse(&text).map_err(invalid_file(file.display()))
}

/// The error for a file that a command cannot use.
pub(super) fn invalid_file<E: Display>(file: impl Display) -> impl FnOnce(E) -> CliError {
    move |error| CliError::File {
        file: file.to_string(),
        reason: error.to_string(),
    }
}
