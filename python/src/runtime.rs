//! The Tokio runtime of the process. Threads do not survive a fork, so that a child process gets a runtime of its own.

use std::{
    process,
    sync::{Mutex, PoisonError},
};

use pyo3::{exceptions::PyRuntimeError, prelude::*};
use tokio::runtime::{Builder, Runtime};

/// The runtime and the id of its process. Locked only while attached to the interpreter, and a fork by Python is done
/// while attached: the lock is never held by a thread that a child process lacks.
static RUNTIME: Mutex<Option<(u32, &'static Runtime)>> = Mutex::new(None);

/// The runtime of this process. It is never shut down: the interpreter may exit while calls are in flight.
pub(crate) fn runtime(_: Python<'_>) -> PyResult<&'static Runtime> {
    let mut current = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    match *current {
        Some((id, runtime)) if id == process::id() => Ok(runtime),
        _ => {
            let mut builder = Builder::new_multi_thread();
            let built = builder.enable_all().thread_name("testribute").build();
            let built = built.map_err(|error| {
                PyRuntimeError::new_err(format!("threads cannot be started: {error}"))
            })?;
            let runtime = &*Box::leak(Box::new(built));
            *current = Some((process::id(), runtime));
            Ok(runtime)
        }
    }
}
