//! What the operator knows about a TES besides its prices: place, link, speed, failures.

use super::{scheme::Scheme, sites::Place};

/// Above this expected number of preemptions in one run, a task would hardly ever end.
pub const MOST_PREEMPTIONS: f64 = 5.0;

/// The largest share of failures.
pub const MOST_FAILURES: f64 = 0.9;

/// What the operator knows about a TES.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteModel {
    /// Its place; `None`: by its host.
    pub place: Option<Place>,
    /// Its connection.
    pub link: Link,
    /// Its speed, relative to the machines that execution times are stated for.
    pub speed: f64,
    /// How often tasks fail.
    pub failures: Failures,
    /// Preemptions of a preemptible machine in an hour.
    pub preemptions_per_hour: f64,
    /// The list prices that its machines have, if they do.
    pub list_prices: Option<ListPriceBasis>,
    /// The schemes of access URIs that it can read; `None`: all.
    pub reads: Option<Vec<Scheme>>,
}

/// What list prices rest on.
#[derive(Debug, Clone, PartialEq)]
pub struct ListPriceBasis {
    /// The date of the prices.
    pub as_of: String,
    /// Whether they are those of all regions of the provider.
    pub is_of_any_region: bool,
    /// Whether disk has no price.
    pub has_free_storage: bool,
    /// What spot machines cost, if preemptible tasks run on them.
    pub spot: Option<SpotRatio>,
}

/// The price of spot machines.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpotRatio {
    /// As a part of the list price.
    pub ratio: f64,
    /// Whether it was measured.
    pub is_measured: bool,
}

impl Default for SiteModel {
    fn default() -> Self {
        Self {
            place: None,
            link: Link::default(),
            speed: 1.0,
            failures: Failures::Share(0.0),
            preemptions_per_hour: 0.0,
            list_prices: None,
            reads: None,
        }
    }
}

/// The connection of a TES.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Link {
    /// Megabits per second into the site; `None`: no limit.
    pub in_mbps: Option<f64>,
    /// Megabits per second out of the site; `None`: no limit.
    pub out_mbps: Option<f64>,
    /// Parallel connections of a download.
    pub streams: Option<f64>,
}

/// The share of attempts that fail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Failures {
    /// A fixed share.
    Share(f64),
    /// As in the history of the TES, for reasons of the TES.
    History,
    /// The same, with errors of the task itself.
    HistoryWithExecutorErrors,
}

/// How the tasks in the history of a TES ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcomes {
    /// All that ended.
    pub ended: u32,
    /// By `SYSTEM_ERROR`.
    pub system_errors: u32,
    /// By `EXECUTOR_ERROR`.
    pub executor_errors: u32,
    /// By `PREEMPTED`.
    pub preempted: u32,
}

impl Failures {
    /// The share of failures at a site with these `outcomes`, if its history has any: (failed + 1) / (ended + 20), as if
    /// one of 20 earlier tasks had failed. Preemptions count only where no rate of them is set.
    pub fn share(self, outcomes: Option<Outcomes>, preemptions_per_hour: f64) -> f64 {
        let counts_executor = match self {
            Self::Share(share) => return share,
            Self::History => false,
            Self::HistoryWithExecutorErrors => true,
        };
        let outcomes = outcomes.unwrap_or_default();
        let mut failed = outcomes.system_errors;
        if preemptions_per_hour == 0.0 {
            failed = failed.saturating_add(outcomes.preempted);
        }
        if counts_executor {
            failed = failed.saturating_add(outcomes.executor_errors);
        }
        let share = (f64::from(failed) + 1.0) / (f64::from(outcomes.ended) + 20.0);
        share.min(MOST_FAILURES)
    }
}

/// How often the parts of a task are paid for until it succeeds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tries {
    /// The expected number of attempts that are not preempted.
    pub attempts: f64,
    /// How often its execution is paid for.
    pub of_execution: f64,
    /// How often its transfers are paid for.
    pub of_transfers: f64,
}

/// A task would be preempted too often: so many times in one run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TooManyPreemptions(pub f64);

impl Tries {
    /// A task that succeeds at once.
    pub const ONE: Self = Self {
        attempts: 1.0,
        of_execution: 1.0,
        of_transfers: 1.0,
    };

    /// A task with a share of `failures` that runs for `execution_seconds` with `preemptions_per_hour` at a rate that is
    /// constant in time: n = 1 / (1 - failures); x expected preemptions; g = (e^x - 1) / x; k = e^x.
    ///
    /// # Errors
    /// [`TooManyPreemptions`] if x is above [`MOST_PREEMPTIONS`].
    pub fn new(
        failures: f64,
        preemptions_per_hour: f64,
        execution_seconds: f64,
    ) -> Result<Self, TooManyPreemptions> {
        let attempts = 1.0 / (1.0 - failures.clamp(0.0, MOST_FAILURES));
        let x = preemptions_per_hour * execution_seconds / 3600.0;
        if x > MOST_PREEMPTIONS {
            return Err(TooManyPreemptions(x));
        }
        let g = if x > 0.0 { x.exp_m1() / x } else { 1.0 };
        Ok(Self {
            attempts,
            of_execution: attempts * g,
            of_transfers: attempts * x.exp(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::E;

    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-12 * b.abs()
    }

    #[test]
    fn a_task_without_failures_is_paid_for_once() {
        assert_eq!(Tries::new(0.0, 0.0, 3600.0), Ok(Tries::ONE));
    }

    #[test]
    fn failures_repeat_everything_and_preemptions_more_of_the_transfers() {
        let half = Tries::new(0.5, 0.0, 3600.0).unwrap();
        assert!(close(half.of_execution, 2.0) && close(half.of_transfers, 2.0));
        let often = Tries::new(0.0, 1.0, 3600.0).unwrap();
        assert!(close(often.of_execution, E - 1.0));
        assert!(close(often.of_transfers, E));
        let both = Tries::new(0.5, 1.0, 3600.0).unwrap();
        assert!(close(both.of_transfers, 2.0 * E));
    }

    #[test]
    fn a_task_that_is_preempted_all_the_time_never_ends() {
        assert!(Tries::new(0.0, 5.0, 3600.0).is_ok());
        assert_eq!(Tries::new(0.0, 6.0, 3600.0), Err(TooManyPreemptions(6.0)));
    }

    #[test]
    fn the_share_of_failures_is_counted_with_a_prior() {
        let outcomes = Outcomes {
            ended: 80,
            system_errors: 4,
            executor_errors: 10,
            preempted: 5,
        };
        let share = |rule: Failures, preemptions| rule.share(Some(outcomes), preemptions);
        assert!(close(share(Failures::History, 0.0), 0.1));
        assert!(close(share(Failures::History, 0.5), 0.05));
        assert!(close(share(Failures::HistoryWithExecutorErrors, 0.0), 0.2));
        assert!(close(share(Failures::Share(0.3), 0.0), 0.3));
        assert!(close(Failures::History.share(None, 0.0), 0.05));
        let all = Outcomes {
            ended: 10_000,
            system_errors: 10_000,
            ..Outcomes::default()
        };
        assert!(close(Failures::History.share(Some(all), 0.0), 0.9));
    }
}
