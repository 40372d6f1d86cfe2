//! The resources that a task needs.

use std::collections::BTreeMap;

/// The resources that a task needs from the TES that runs it. Numbers are finite and at least 0.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ResourceNeeds {
    /// CPU cores; fractions are possible since TES 1.2.
    pub cpu_cores: f64,
    /// Memory, in gigabytes.
    pub ram_gb: f64,
    /// Disk, in gigabytes.
    pub disk_gb: f64,
    /// The run time, in seconds.
    pub execution_seconds: f64,
    /// Whether the task may run on preemptible machines, if the request states it.
    pub preemptible: Option<bool>,
    /// The zones in which the task may run; empty for any.
    pub zones: Vec<String>,
    /// What the task asks of the backend of the TES, such as `vm_size`.
    pub backend_parameters: BTreeMap<String, String>,
    /// Whether a TES that does not offer one of `backend_parameters` must not run the task.
    pub backend_parameters_strict: bool,
}

impl ResourceNeeds {
    /// Whether the task needs nothing at all, so that it costs nothing wherever it runs.
    pub fn is_nothing(&self) -> bool {
        [
            self.cpu_cores,
            self.ram_gb,
            self.disk_gb,
            self.execution_seconds,
        ]
        .iter()
        .all(|&need| need <= 0.0)
    }
}
