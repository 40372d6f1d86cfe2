//! The states of tasks, however servers spell them.

use serde_json::{Map, Value};

/// The states of TES 1.1, as far as they differ here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Queued,
    Initializing,
    /// Paused, and states that are not known here.
    Other,
    Running,
    Complete,
    ExecutorError,
    SystemError,
    Preempted,
    /// On the way to canceled.
    Canceling,
    Canceled,
}

impl State {
    /// As it is written in a filter.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Initializing => "INITIALIZING",
            Self::Other => "PAUSED",
            Self::Running => "RUNNING",
            Self::Complete => "COMPLETE",
            Self::ExecutorError => "EXECUTOR_ERROR",
            Self::SystemError => "SYSTEM_ERROR",
            Self::Preempted => "PREEMPTED",
            Self::Canceling => "CANCELING",
            Self::Canceled => "CANCELED",
        }
    }

    /// That of `task`.
    pub(super) fn of(task: &Map<String, Value>) -> Self {
        task.get("state").map_or(Self::Other, Self::new)
    }

    /// Whether no other follows.
    pub(super) const fn is_last(self) -> bool {
        match self {
            Self::Complete
            | Self::ExecutorError
            | Self::SystemError
            | Self::Preempted
            | Self::Canceled => true,
            Self::Queued | Self::Initializing | Self::Other | Self::Running | Self::Canceling => {
                false
            }
        }
    }

    /// By name in any case and with any separators, or by its number in the protocol buffers of TES.
    pub(super) fn new(value: &Value) -> Self {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
        };
        let letters: String = text
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_uppercase())
            .collect();
        match letters.as_str() {
            "QUEUED" | "1" => Self::Queued,
            "INITIALIZING" | "INITIALISING" | "2" => Self::Initializing,
            "RUNNING" | "3" => Self::Running,
            "COMPLETE" | "COMPLETED" | "5" => Self::Complete,
            "EXECUTORERROR" | "6" => Self::ExecutorError,
            "SYSTEMERROR" | "7" => Self::SystemError,
            "PREEMPTED" | "9" => Self::Preempted,
            "CANCELED" | "CANCELLED" | "8" => Self::Canceled,
            "CANCELING" | "CANCELLING" | "10" => Self::Canceling,
            _ => Self::Other,
        }
    }
}
