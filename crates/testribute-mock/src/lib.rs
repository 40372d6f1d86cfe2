//! Mock TES and DRS instances as real HTTP servers, for the demonstration, the tests and the benchmarks of testribute.
//!
//! [`tes`] and [`drs`] serve a scenario: prices, queue times and objects that a YAML file lists. [`replay_tes`] and
//! [`replay_drs`] replay what servers in production answer.
//!
//! This crate does not depend on `testribute` and writes its JSON by hand: an error in the types of the service cannot
//! cancel itself out here.

mod behaviour;
pub mod drs;
mod flavour;
mod http;
pub mod registry;
pub mod replay_drs;
pub mod replay_tes;
mod scenario;
pub mod tes;

use std::{future::IntoFuture, io};

use axum::Router;
use tokio::net::TcpListener;

pub use self::{
    flavour::{DrsFlavour, TesFlavour, UnknownFlavour},
    scenario::{
        AccessMethod, AccessUrl, Checksum, DataObject, DrsScenario, Queue, TesScenario, UnitCosts,
    },
};

/// Serves `router` on `listener` until `shutdown` completes.
///
/// # Errors
/// If the socket fails.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    // No graceful shutdown: the requests of a mock need not be finished.
    tokio::select! {
        served = axum::serve(listener, router).into_future() => served,
        () = shutdown => Ok(()),
    }
}
