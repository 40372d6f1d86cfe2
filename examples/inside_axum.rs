//! The service below a prefix of another axum application.
//!
//! ```sh
//! cargo run --example inside_axum -- config/demo/config.yaml 127.0.0.1:8081
//! curl -s http://127.0.0.1:8081/ranking/healthz
//! ```
//!
//! The API works below any prefix; the page `/ui/` sends its requests to the root of the host.

#![expect(clippy::print_stdout, reason = "prints where it listens")]

use std::{env, error::Error, path::Path, sync::Arc};

use axum::{Router, routing::get};
use testribute::{
    Ranker,
    config::Config,
    http::{self, Readiness},
};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [config, address] = arguments.as_slice() else {
        return Err("usage: inside_axum CONFIG_FILE ADDRESS:PORT".into());
    };
    let config = Config::load(Some(Path::new(config)), [])?;
    let ranker = Arc::new(Ranker::new(&config)?);
    let readiness = Readiness::default();
    // With its own middleware: request ids, bounds, and the error body for every failure below the prefix.
    let ranking = http::router(ranker, &config, readiness.clone(), None)?;
    let app = Router::new()
        .route("/", get(async || "another application"))
        .nest("/ranking", ranking);

    let listener = TcpListener::bind(address).await?;
    println!("http://{}/ranking/", listener.local_addr()?);
    axum::serve(listener, app)
        .with_graceful_shutdown(async move {
            // Without a handler for the signal it ends the process anyway.
            let _ = tokio::signal::ctrl_c().await;
            readiness.end();
        })
        .await?;
    Ok(())
}
