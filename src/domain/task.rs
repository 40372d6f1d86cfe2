//! What a whole TES task has besides needs and input objects.

use std::{fmt, sync::Arc};

use super::first_ten::FirstTen;

/// What is known of a task besides its needs and its input objects.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskFacts {
    /// The image of its first executor, if the run time is to be that of earlier tasks with it.
    pub image: Option<Arc<str>>,
    /// Its outputs of known size.
    pub outputs: Vec<Output>,
}

/// An output of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Its path in the containers.
    pub path: Arc<str>,
    /// Where it is copied to.
    pub url: Arc<str>,
    /// Its size.
    pub size_bytes: u64,
}

/// A need that the task leaves out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AssumedNeed {
    /// The key of `tes.default_needs`.
    pub name: &'static str,
    /// The amount that is assumed.
    pub amount: f64,
}

/// What is assumed of a task, or left as it is.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TaskWarning {
    /// The task leaves out needs, and the defaults of the configuration are used.
    #[error("Needs assumed: the task leaves out {} (tes.default_needs).", Needs(.0))]
    NeedsAssumed(Vec<AssumedNeed>),
    /// The inputs at these paths have URLs that stay as they are.
    #[error(
        "Inputs not moved: the URLs of {} stay as they are and cost nothing; every site must be able to read them.",
        FirstTen(.0)
    )]
    FixedInputs(Vec<String>),
    /// The outputs at these paths leave the TES, and their sizes are unknown.
    #[error(
        "Outputs not counted: the sizes of {} are unknown, and the estimates leave out what it costs and takes to move \
         them; sizes in the request (--size) can set them.",
        FirstTen(.0)
    )]
    OutputsOfUnknownSize(Vec<String>),
    /// The URLs of the outputs at these paths name no host.
    #[error(
        "Outputs not counted: the URLs of {} name no host, and the estimates leave out what it costs and takes to move \
         them.",
        FirstTen(.0)
    )]
    OutputsUnreadable(Vec<String>),
    /// The run time of the task at this TES is assumed.
    #[error(
        "Run time assumed: '{service}' lists no complete task with the image '{image:.100}'; {seconds} s are used \
         (tes.default_needs); execution_time_sec in the request can set it."
    )]
    RunTimeAssumed {
        /// The TES.
        service: String,
        /// The image whose earlier tasks were looked for.
        image: Arc<str>,
        /// The default, in seconds.
        seconds: f64,
    },
}

/// Needs with their amounts.
struct Needs<'a>(&'a [AssumedNeed]);

impl fmt::Display for Needs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, need) in self.0.iter().enumerate() {
            let comma = if position > 0 { ", " } else { "" };
            write!(f, "{comma}{}, for which {} is used", need.name, need.amount)?;
        }
        Ok(())
    }
}
