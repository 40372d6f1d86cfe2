//! The Tokio runtime of the process. Threads do not survive a fork, so that a child process gets a runtime of its own.

use std::{
    process,
    sync::{Mutex, PoisonError},
};

use pyo3::prelude::*;
use tokio::runtime::{Builder, Runtime};

use crate::errors::Failure;

/// The runtime and the id of its process. Locked only while attached to the interpreter, and a fork by Python is done
/// while attached: the lock is never held by a thread that a child process lacks.
static RUNTIME: Mutex<Option<(u32, &'static Runtime)>> = Mutex::new(None);

/// The runtime of this process. It is never shut down: the interpreter may exit while calls are in flight.
pub(crate) fn runtime(py: Python<'_>) -> PyResult<&'static Runtime> {
    let mut current = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    match *current {
        Some((id, runtime)) if id == process::id() => Ok(runtime),
        _ => {
            let mut builder = Builder::new_multi_thread();
            let built = builder.enable_all().thread_name("testribute").build();
            let built = built.map_err(|error| Failure::Runtime(error).into_exception(py))?;
            let runtime = &*Box::leak(Box::new(built));
            *current = Some((process::id(), runtime));
            Ok(runtime)
        }
    }
}
