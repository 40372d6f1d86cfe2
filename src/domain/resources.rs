//! What a task needs.

/// What a task needs from the TES that runs it.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceNeeds {
    /// CPU cores.
    pub cpu_cores: u64,
    /// Memory, in gigabytes.
    pub ram_gb: f64,
    /// Disk, in gigabytes.
    pub disk_gb: f64,
    /// How long the task runs, in seconds.
    pub execution_seconds: u64,
    /// Whether the task may run on machines that can be taken away.
    pub preemptible: bool,
    /// Where the task must run; empty for anywhere.
    pub zones: Vec<String>,
}
