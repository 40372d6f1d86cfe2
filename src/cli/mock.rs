//! `testribute mock-tes` and `mock-drs`: services to try things out with.

use std::path::Path;

use axum::Router;

use super::{
    CliError,
    args::{ListenArgs, MockDrsArgs, MockTesArgs},
    console::Console,
    serve::{bind, stop_signal},
};
use crate::mock::{self, DrsScenario, Queue, TesScenario};

/// Serves a mock TES.
pub(super) async fn run_tes(args: MockTesArgs, console: &mut Console) -> Result<(), CliError> {
    if let Some(flavour) = args.flavour {
        let unreadable = |error: yaml_serde::Error| CliError::File {
            file: flavour.to_string(),
            reason: error.to_string(),
        };
        let router = mock::stock::router(flavour, args.queue_sec).map_err(unreadable)?;
        let path = flavour.path().map_err(unreadable)?;
        return serve(&args.listen, &path, router, console).await;
    }
    let mut scenario = load(args.scenario.as_deref(), TesScenario::parse)?;
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
    serve(
        &args.listen,
        "/ga4gh/tes/v1/",
        mock::tes::router(scenario),
        console,
    )
    .await
}

/// Serves a mock DRS.
pub(super) async fn run_drs(args: MockDrsArgs, console: &mut Console) -> Result<(), CliError> {
    let router = match args.flavour {
        Some(flavour) => mock::stock_drs::router(flavour).map_err(|error| CliError::File {
            file: flavour.to_string(),
            reason: error.to_string(),
        })?,
        None => mock::drs::router(load(args.scenario.as_deref(), DrsScenario::parse)?),
    };
    serve(&args.listen, "/ga4gh/drs/v1/", router, console).await
}

async fn serve(
    listen: &ListenArgs,
    path: &str,
    router: Router,
    console: &mut Console,
) -> Result<(), CliError> {
    let listener = bind(&listen.host, listen.port).await?;
    let address = listener
        .local_addr()
        .map_err(CliError::io("the socket has no address"))?;
    console.note(format_args!("listening: http://{address}{path}"));
    mock::serve(listener, router, stop_signal())
        .await
        .map_err(CliError::io("the socket failed"))
}

/// The scenario in `file`, or the one that an empty file gives.
fn load<T: Default>(
    file: Option<&Path>,
    parse: impl FnOnce(&str) -> Result<T, yaml_serde::Error>,
) -> Result<T, CliError> {
    let Some(file) = file else {
        return Ok(T::default());
    };
    let wrong = |reason: String| CliError::File {
        file: file.display().to_string(),
        reason,
    };
    let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    parse(&text).map_err(|error| wrong(error.to_string()))
}
