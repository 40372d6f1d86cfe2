//! The resources that a task needs.

/// The resources that a task needs from the TES that runs it.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceNeeds {
    /// CPU cores.
    pub cpu_cores: u64,
    /// Memory, in gigabytes.
    pub ram_gb: f64,
    /// Disk, in gigabytes.
    pub disk_gb: f64,
    /// The run time, in seconds.
    pub execution_seconds: u64,
    /// Whether the task may run on preemptible machines.
    pub preemptible: bool,
    /// The zones in which the task may run; empty for any.
    pub zones: Vec<String>,
}
