//! What could not be measured.

use std::fmt;

use crate::domain::queue::NoQueueTime;

/// Something that could not be measured, and why.
#[derive(Debug, Clone, PartialEq)]
pub enum CalibrationWarning {
    /// The same TES is named twice.
    Duplicate {
        /// The TES.
        service: String,
    },
    /// The tasks of this TES cannot be read.
    Unavailable {
        /// The TES.
        service: String,
        /// Why; follows its name.
        cause: String,
    },
    /// The list has more tasks than were read.
    Incomplete {
        /// The TES.
        service: String,
        /// How many were read.
        tasks: usize,
    },
    /// The queue time of this TES is unknown.
    NoQueue {
        /// The TES.
        service: String,
        /// Why; follows its name.
        cause: NoQueueTime,
    },
    /// No task of this TES has ended.
    NoFailures {
        /// The TES.
        service: String,
        /// The maximum age of a task, in days.
        max_age_days: f64,
    },
    /// The tasks of this TES cannot be compared with those of others.
    NoSpeed {
        /// The TES.
        service: String,
        /// Whether it has completed tasks with readable images and times.
        has_runs: bool,
    },
    /// There is one TES only.
    OneTes,
    /// The price book has no entry for this TES.
    NoPrices {
        /// The TES.
        service: String,
    },
}

impl fmt::Display for CalibrationWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate { service } => {
                write!(f, "Duplicate in --tes: '{service}' is measured once.")
            }
            Self::Unavailable { service, cause } => {
                write!(f, "TES unavailable: '{service}' {cause}.")
            }
            Self::Incomplete { service, tasks } => write!(
                f,
                "List incomplete: '{service}' lists more than the {tasks} tasks that were read; the figures rest on these."
            ),
            Self::NoQueue { service, cause } => {
                write!(f, "Queue not measured: '{service}' {cause}.")
            }
            Self::NoFailures {
                service,
                max_age_days,
            } => write!(
                f,
                "Failures not measured: '{service}' lists no task of the last {max_age_days} days that has ended; --days \
                 sets another number."
            ),
            Self::NoSpeed {
                service,
                has_runs: true,
            } => write!(
                f,
                "Speed not measured: no task of '{service}' completed elsewhere with equal images and commands; run the \
                 same task at two TES."
            ),
            Self::NoSpeed {
                service,
                has_runs: false,
            } => write!(
                f,
                "Speed not measured: '{service}' lists no complete task with an image and times of start and end."
            ),
            Self::OneTes => f.write_str(
                "Speed not measured: it is the ratio of run times at two or more TES, and only one lists tasks; name more \
                 with --tes.",
            ),
            Self::NoPrices { service } => write!(
                f,
                "Prices missing: tes.price_book has no entry for '{service}', and the one that is printed has prices of 0; \
                 set currency and unit_costs, or list_prices."
            ),
        }
    }
}
