//! What operators see of the service: the log, metrics, and traces.

mod log;
pub mod metrics;
pub mod trace_context;
#[cfg(not(feature = "otlp"))]
#[path = "no_traces.rs"]
pub mod traces;
#[cfg(feature = "otlp")]
pub mod traces;

pub use self::{
    log::{Installed, TelemetryError, init, init_with_traces, subscriber},
    trace_context::TraceContext,
};

/// The target of spans that are for traces only: the log leaves them out.
pub const SPANS: &str = "testribute::spans";
