//! Outputs of a task: where they go, and what it costs and takes to move them out of a TES. That is the same for all
//! combinations of a TES, whatever copies of the inputs are chosen.

use std::sync::Arc;

use super::{
    exact::{Cost, Seconds},
    geo::Host,
};

/// An output of known size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFile {
    /// Its path in the containers.
    pub path: Arc<str>,
    /// Its size.
    pub size_bytes: u64,
    /// Where it goes to; `None` if it stays at the TES, whose own path its URL is.
    pub destination: Option<Destination>,
}

/// Where an output goes to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Destination {
    /// The host.
    pub host: Host,
    /// Whether it is written over FTP.
    pub is_ftp: bool,
}

/// Cost and time of moving all outputs out of one TES.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutputsEstimate {
    /// The cost of all.
    pub cost: Cost,
    /// The duration of all, one after the other.
    pub time: Seconds,
    /// Those that are counted.
    pub files: Vec<OutputEstimate>,
}

/// Cost and time of moving one output out of one TES.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputEstimate {
    /// The position of the output among those of the findings.
    pub output: usize,
    /// The position of its route among those of the TES.
    pub route: u32,
    /// The cost.
    pub cost: Cost,
    /// The duration.
    pub time: Seconds,
}

impl FromIterator<OutputEstimate> for OutputsEstimate {
    fn from_iter<I: IntoIterator<Item = OutputEstimate>>(files: I) -> Self {
        let files: Vec<_> = files.into_iter().collect();
        Self {
            cost: files.iter().map(|file| file.cost).sum(),
            time: files.iter().map(|file| file.time).sum(),
            files,
        }
    }
}
