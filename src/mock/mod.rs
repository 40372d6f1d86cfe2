//! The TES and DRS instances of the demonstration and the tests, as real HTTP servers.
//!
//! Names nothing of the rest of the crate and writes its JSON by hand: a mistake in the types of the service cannot cancel
//! itself out here.

pub mod drs;
mod drs_flavour;
mod flavour;
mod reply;
mod scenario;
pub mod stock;
pub mod stock_drs;
pub mod tes;

use std::{future::IntoFuture, io};

use axum::Router;
use tokio::net::TcpListener;

pub use self::{
    drs_flavour::{DrsFlavour, UnknownDrsFlavour},
    flavour::{Flavour, UnknownFlavour},
    scenario::{
        AccessMethod, AccessUrl, Checksum, DataObject, DrsScenario, Queue, TesScenario, UnitCosts,
    },
};

/// Serves `router` on `listener` until `shutdown` is ready.
///
/// # Errors
/// If the socket fails.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    // Not gracefully: no one loses anything when a mock ends.
    tokio::select! {
        served = axum::serve(listener, router).into_future() => served,
        () = shutdown => Ok(()),
    }
}
