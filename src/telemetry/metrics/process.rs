//! Metrics of the process: version, CPU time, memory, file descriptors, start time.

use prometheus::{IntGauge, Opts, Registry};

use super::MetricsError;

pub(super) fn register(registry: &Registry) -> Result<(), MetricsError> {
    let opts = Opts::new(
        "testribute_build_info",
        "1, with the version of the program.",
    );
    let build = IntGauge::with_opts(opts.const_label("version", env!("CARGO_PKG_VERSION")))?;
    build.set(1);
    registry.register(Box::new(build))?;
    // Other systems have no /proc.
    #[cfg(target_os = "linux")]
    registry.register(Box::new(
        prometheus::process_collector::ProcessCollector::for_self(),
    ))?;
    Ok(())
}
