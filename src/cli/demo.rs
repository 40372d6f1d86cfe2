//! `testribute demo`: two TES and two DRS on this machine, the service, and a request to it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use serde_json::{Value, json};
use testribute_mock::{DrsScenario, TesScenario, drs, registry, tes};
use tokio::net::TcpListener;

use super::{
    CliError, console::Console, mock::invalid_file, mock_args::DemoArgs, serve::bind,
    stop_signals::StopSignals, table::Table,
};
use crate::{
    api::response::RankResponse,
    config::Config,
    http::{self, Readiness},
    ranker::Ranker,
};

const CONFIG: &str = include_str!("../../config/demo/config.yaml");
const TES: [(&str, &str); 2] = [
    (
        "tes-basel",
        include_str!("../../config/demo/tes-basel.yaml"),
    ),
    (
        "tes-helsinki",
        include_str!("../../config/demo/tes-helsinki.yaml"),
    ),
];
const DRS: [(&str, &str); 2] = [
    ("drs-1", include_str!("../../config/demo/drs-1.yaml")),
    ("drs-2", include_str!("../../config/demo/drs-2.yaml")),
];

/// Starts all servers, prints a ranking, and serves until Ctrl-C unless `once` is set.
pub(super) async fn run(options: DemoArgs, console: &mut Console) -> Result<(), CliError> {
    let config: Config = yaml_serde::from_str(CONFIG).map_err(invalid_file("config.yaml"))?;
    let mut tes_uris = Vec::new();
    for (name, scenario) in TES {
        let scenario = TesScenario::parse(scenario).map_err(invalid_file(name))?;
        tes_uris.push(start_mock(name, "/ga4gh/tes/v1/", tes::router(scenario)).await?);
    }
    let mut drs_uris = Vec::new();
    for (name, scenario) in DRS {
        let scenario = DrsScenario::parse(scenario).map_err(invalid_file(name))?;
        drs_uris.push(start_mock(name, "/ga4gh/drs/v1/", drs::router(scenario)).await?);
    }
    let request = request(&tes_uris, &drs_uris);
    let listed = tes_uris.iter().map(|uri| ("tes", uri.clone()));
    let listed = listed.chain(drs_uris.iter().map(|uri| ("drs", uri.clone())));
    let services = registry::router(listed.collect());
    let registry = start_mock("registry", "/ga4gh/registry/v1/", services).await?;

    let ranker = Arc::new(Ranker::new(&config)?);
    let readiness = Readiness::default();
    let router = http::router(ranker, &config, readiness.clone(), Some(request.clone()))?;
    let listener = bind("127.0.0.1", options.port).await?;
    let address = local_address(&listener)?;
    let grace = Duration::from_secs(1);
    let service = tokio::spawn(http::serve(
        listener,
        router,
        readiness,
        std::future::pending(),
        grace,
    ));

    let answer = rank(address, &request).await?;
    console.note("The network:");
    for uri in tes_uris.iter().chain(&drs_uris).chain([&registry]) {
        console.note(format_args!("  {uri}"));
    }
    console.note("The request, as in the README:");
    console.note(format_args!(
        "  curl -s http://{address}/rank-services -H 'Content-Type: application/json' -d '{request}'"
    ));
    console.note("The answer:");
    console.warnings(&answer.warnings);
    console.print(Table::new(
        &answer.service_combinations,
        console.has_colour(),
    ))?;
    if !options.once {
        console.note(format_args!(
            "See it, and try your own: http://{address}/   (the API: http://{address}/ui/; Ctrl-C ends the demonstration)"
        ));
        StopSignals::listen()?.stop().await;
    }
    service.abort();
    Ok(())
}

/// Starts a mock on a free port, until the process ends; returns its root URI.
async fn start_mock(name: &str, path: &str, router: Router) -> Result<String, CliError> {
    let listener = bind("127.0.0.1", 0).await?;
    let port = local_address(&listener)?.port();
    tokio::spawn(testribute_mock::serve(
        listener,
        router,
        std::future::pending(),
    ));
    // Names under `localhost` resolve to loopback (RFC 6761), and the configuration gives each a location of its own.
    Ok(format!("http://{name}.localhost:{port}{path}"))
}

fn local_address(listener: &TcpListener) -> Result<SocketAddr, CliError> {
    listener
        .local_addr()
        .map_err(CliError::io("the socket has no address"))
}

fn request(tes_uris: &[String], drs_uris: &[String]) -> Value {
    json!({
        "object_ids": ["a001", "a002"],
        "drs_uris": drs_uris,
        "mode": 0.5,
        "resource_requirements": {
            "cpu_cores": 2, "ram_gb": 8, "disk_gb": 50, "execution_time_sec": 1800, "preemptible": true, "zones": []
        },
        "tes_uris": tes_uris
    })
}

async fn rank(address: SocketAddr, request: &Value) -> Result<RankResponse, CliError> {
    let failed = |error: reqwest::Error| CliError::Service(format!("the request failed: {error}"));
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .map_err(failed)?;
    let response = client
        .post(format!("http://{address}/rank-services"))
        .json(request)
        .send()
        .await
        .map_err(failed)?;
    if response.status().is_success() {
        response.json().await.map_err(failed)
    } else {
        Err(CliError::Service(response.text().await.map_err(failed)?))
    }
}
