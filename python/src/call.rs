//! One ranking in flight: waiting for it with Ctrl-C, handing its outcome to a callback, and cancelling it.

use std::{
    panic::{self, AssertUnwindSafe},
    time::Duration,
};

use pyo3::prelude::*;
use tokio::{runtime::Runtime, task::AbortHandle, time::timeout};

use crate::{answer::Answer, errors::Failure};

/// How long Ctrl-C may wait to be noticed.
const SIGNAL_CHECK: Duration = Duration::from_millis(100);

/// The outcome of a task; a panic in it is an internal error.
pub(crate) type Outcome = Result<Answer, Failure>;

/// A ranking in flight.
#[pyclass(frozen, module = "testribute._testribute")]
pub(crate) struct Call(AbortHandle);

#[pymethods]
impl Call {
    /// Stops the ranking and all its calls.
    fn cancel(&self) {
        self.0.abort();
    }
}

/// Runs `ranking` on this thread, detached from the interpreter; an exception of a signal handler, such as
/// `KeyboardInterrupt`, ends it. A panic in it is an internal error.
pub(crate) fn wait(
    py: Python<'_>,
    runtime: &'static Runtime,
    ranking: impl Future<Output = Outcome> + Send,
) -> PyResult<Answer> {
    let mut ranking = Box::pin(ranking);
    loop {
        let waited = py.detach(|| {
            let part = || runtime.block_on(async { timeout(SIGNAL_CHECK, &mut ranking).await });
            panic::catch_unwind(AssertUnwindSafe(part)).unwrap_or(Ok(Err(Failure::Internal)))
        });
        match waited {
            Ok(outcome) => return outcome.map_err(|failure| failure.into_exception(py)),
            Err(_) => py.check_signals()?,
        }
    }
}

/// Starts `ranking`; calls `callback(answer, exception)`, of which one is `None`, when it has ended, on another thread,
/// unless it was cancelled.
pub(crate) fn start(
    runtime: &'static Runtime,
    ranking: impl Future<Output = Outcome> + Send + 'static,
    callback: Py<PyAny>,
) -> Call {
    let task = runtime.spawn(ranking);
    let handle = task.abort_handle();
    runtime.spawn(async move {
        let outcome = match task.await {
            Ok(outcome) => outcome,
            Err(error) if error.is_cancelled() => {
                // Dropping it needs the interpreter too.
                runtime.spawn_blocking(move || Python::try_attach(|py| callback.drop_ref(py)));
                return;
            }
            Err(_) => Err(Failure::Internal),
        };
        runtime.spawn_blocking(move || {
            // Nobody is left to be told once the interpreter shuts down.
            Python::try_attach(|py| {
                let called = match outcome {
                    Ok(answer) => callback.call1(py, (answer, py.None())),
                    Err(failure) => callback.call1(py, (py.None(), failure.into_exception(py))),
                };
                if let Err(error) = called {
                    error.write_unraisable(py, Some(callback.bind(py)));
                }
            });
        });
    });
    Call(handle)
}
