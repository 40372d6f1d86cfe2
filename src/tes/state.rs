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

    /// By name in any case, with any separators and with the name of its enumeration before it, or by its number in the
    /// protocol buffers of TES.
    pub(super) fn new(value: &Value) -> Self {
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => String::new(),
        };
        if let Ok(number) = text.parse() {
            return Self::numbered(number);
        }
        let letters: String = text
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let mut name = letters.as_str();
        loop {
            let qualifiers = ["TES", "GA4GH", "TASK", "STATE", "STATUS", "V1"];
            match (
                Self::named(name),
                qualifiers.iter().find_map(|one| name.strip_prefix(one)),
            ) {
                (Some(state), _) => return state,
                (None, Some(rest)) => name = rest,
                (None, None) => return Self::Other,
            }
        }
    }

    fn named(letters: &str) -> Option<Self> {
        Some(match letters {
            "QUEUED" => Self::Queued,
            "INITIALIZING" | "INITIALISING" => Self::Initializing,
            "RUNNING" => Self::Running,
            "COMPLETE" | "COMPLETED" => Self::Complete,
            "EXECUTORERROR" => Self::ExecutorError,
            "SYSTEMERROR" => Self::SystemError,
            "PREEMPTED" => Self::Preempted,
            "CANCELED" | "CANCELLED" => Self::Canceled,
            "CANCELING" | "CANCELLING" => Self::Canceling,
            _ => return None,
        })
    }

    /// Some languages know numbers with fractions only: `1.0`.
    fn numbered(number: f64) -> Self {
        const STATES: [State; 11] = [
            State::Other,
            State::Queued,
            State::Initializing,
            State::Running,
            State::Other,
            State::Complete,
            State::ExecutorError,
            State::SystemError,
            State::Canceled,
            State::Preempted,
            State::Canceling,
        ];
        let known = (0_u8..).zip(STATES);
        known
            .into_iter()
            .find(|(code, _)| f64::from(*code).total_cmp(&number).is_eq())
            .map_or(Self::Other, |(_, state)| state)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_state_is_read_however_it_is_written() {
        for (state, spellings) in [
            (
                State::Queued,
                [
                    json!("QUEUED"),
                    json!(1),
                    json!(1.0),
                    json!("1.0"),
                    json!("TES_QUEUED"),
                ],
            ),
            (
                State::Running,
                [
                    json!("running"),
                    json!(3),
                    json!(" 3 "),
                    json!("3.00"),
                    json!("TaskState.Running"),
                ],
            ),
            (
                State::Canceled,
                [
                    json!("State.CANCELED"),
                    json!("tes.State.CANCELED"),
                    json!(8.0),
                    json!("8.0"),
                    json!("TES_STATE_CANCELLED"),
                ],
            ),
            (
                State::Canceling,
                [
                    json!("10"),
                    json!(10),
                    json!(10.0),
                    json!("State::CANCELING"),
                    json!("canceling"),
                ],
            ),
            (
                State::ExecutorError,
                [
                    json!("State.EXECUTOR_ERROR"),
                    json!(6.0),
                    json!("executor.error"),
                    json!("ga4gh.tes.v1.State.EXECUTOR_ERROR"),
                    json!("Executor Error"),
                ],
            ),
            (
                State::SystemError,
                [
                    json!("tesState.systemError"),
                    json!(7.0),
                    json!("7"),
                    json!("STATE_SYSTEM_ERROR"),
                    json!("SystemError"),
                ],
            ),
            (
                State::Other,
                [
                    json!("PAUSED"),
                    json!(4),
                    json!(1.5),
                    json!("NOT_RUNNING"),
                    json!("State."),
                ],
            ),
            (
                State::Other,
                [json!(11), json!(-1), json!("NaN"), json!({}), json!("1 0")],
            ),
        ] {
            for spelling in spellings {
                assert_eq!(State::new(&spelling), state, "{spelling}");
            }
        }
    }
}
