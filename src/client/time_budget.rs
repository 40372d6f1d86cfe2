//! How the time of a call and of a request is shared out: every fraction of `timeout` and of a request's deadline.

use std::time::Duration;

use tokio::time::Instant;

/// When a request has to have its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// When it came.
    pub start: Instant,
    /// How long it may take from then on.
    pub length: Duration,
    /// Who set it.
    pub set_by: DeadlineOwner,
}

/// Who sets a deadline: how strict it is, and what a missed one advises to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadlineOwner {
    /// The service (`server.request_deadline_sec`): a request without an answer by then is refused, so that half of the
    /// time may be kept for what follows the gathering.
    Service,
    /// The caller in the process, who gets the answer even if the last step takes a moment longer: what the caller can
    /// raise for more time, such as `timeout`.
    Caller(&'static str),
}

/// As good as no end: 30 years.
const UNLIMITED: Duration = Duration::from_secs(30 * 365 * 86_400);

/// The time for calls: what one may take, and what the steps of a request may take together.
///
/// Gathering gets all but two calls of a request's time, and at least half of it in a service, seven eighths in the process
/// of the caller. The rest is for exchange rates (a third of it), for locations (until a sixth of it is left), and for the
/// ranking. Without a deadline, only single calls and location look-ups are bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeBudget {
    call: Duration,
    deadline: Option<Deadline>,
}

/// The end of a step, and how long that was from the start of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepEnd {
    /// When it is over.
    pub at: Instant,
    /// The time from the start of the request, for messages.
    pub length: Duration,
    /// Who set the deadline of the request.
    pub set_by: DeadlineOwner,
}

impl TimeBudget {
    /// Calls of at most `call`, for a request that ends at `deadline`.
    pub const fn new(call: Duration, deadline: Option<Deadline>) -> Self {
        Self { call, deadline }
    }

    /// One call, from the connection to the last byte.
    pub const fn call(self) -> Duration {
        self.call
    }

    /// Connecting: less than a call, so that a host that is down is told apart from a service that is slow.
    pub fn connect(self) -> Duration {
        self.call * 3 / 4
    }

    /// One name server: less than a connection, so that a dead one is told apart from a dead service.
    pub fn name_server(self) -> Duration {
        self.call / 2
    }

    /// Looking for an API at several paths, or reading a list page by page: together with the other, less than a request
    /// has by default.
    pub fn several_calls(self) -> Duration {
        self.call * 2
    }

    /// All TES and DRS calls of the request.
    pub fn gather(self) -> StepEnd {
        self.end(Duration::saturating_sub)
    }

    /// Fetching exchange rates.
    pub fn rates(self) -> StepEnd {
        self.end(|length, rest| length.saturating_sub(rest * 2 / 3))
    }

    /// Looking up locations from `now` on: one call and a half, within the request's time.
    pub fn locations(self, now: Instant) -> StepEnd {
        let own = self.call * 3 / 2;
        let end = self.end(|length, rest| length.saturating_sub(rest / 6));
        if now + own <= end.at {
            StepEnd {
                at: now + own,
                length: own,
                ..end
            }
        } else {
            end
        }
    }

    /// The end of a step out of the length of the request and of what follows the gathering.
    fn end(self, step: impl FnOnce(Duration, Duration) -> Duration) -> StepEnd {
        let Some(Deadline {
            start,
            length,
            set_by,
        }) = self.deadline
        else {
            return StepEnd {
                at: Instant::now() + UNLIMITED,
                length: UNLIMITED,
                set_by: DeadlineOwner::Service,
            };
        };
        let most = match set_by {
            DeadlineOwner::Service => length / 2,
            DeadlineOwner::Caller(_) => length / 8,
        };
        let length = step(length, self.several_calls().min(most));
        StepEnd {
            at: start + length,
            length,
            set_by,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use DeadlineOwner::{Caller, Service};

    fn budget(length: u64, call: u64, set_by: DeadlineOwner) -> (Instant, TimeBudget) {
        let (start, length) = (Instant::now(), Duration::from_secs(length));
        let deadline = Deadline {
            start,
            length,
            set_by,
        };
        let budget = TimeBudget::new(Duration::from_secs(call), Some(deadline));
        (start, budget)
    }

    #[test]
    fn two_calls_are_left_after_gathering_but_at_most_half_of_the_time() {
        for (length, call, expected) in [(10, 2, 6), (10, 1, 8), (10, 3, 5), (10, 60, 5)] {
            let (start, budget) = budget(length, call, Service);
            let length = Duration::from_secs(expected);
            let (at, set_by) = (start + length, Service);
            let end = StepEnd { at, length, set_by };
            assert_eq!(budget.gather(), end, "{call}");
        }
    }

    #[test]
    fn services_have_nearly_all_of_the_time_that_a_caller_in_the_process_gives() {
        for (length, call) in [(1, 2), (2, 2), (8, 2), (60, 2), (3600, 60)] {
            let (start, budget) = budget(length, call, Caller("timeout"));
            let end = budget.gather();
            let length = Duration::from_secs(length);
            assert!(end.at >= start + length * 7 / 8, "{end:?}");
            assert!(end.at < start + length, "{end:?}");
            assert_eq!(end.set_by, Caller("timeout"));
        }
    }

    #[test]
    fn the_steps_of_a_request_end_one_after_the_other_and_before_its_deadline() {
        for (length, call, set_by) in [
            (10, 2, Service),
            (10, 60, Service),
            (1, 1, Service),
            (100, 1, Service),
            (1, 60, Caller("timeout")),
            (100, 1, Caller("timeout")),
        ] {
            let (start, budget) = budget(length, call, set_by);
            let deadline = start + Duration::from_secs(length);
            let steps = [
                start,
                budget.gather().at,
                budget.rates().at,
                budget.locations(budget.rates().at).at,
                deadline,
            ];
            assert!(steps.is_sorted_by(|one, next| one < next), "{steps:?}");
        }
    }

    #[test]
    fn locations_take_one_call_and_a_half_where_there_is_time() {
        let (start, budget) = budget(100, 2, Service);
        assert_eq!(budget.locations(start).length, Duration::from_secs(3));
        let unlimited = TimeBudget::new(Duration::from_secs(2), None);
        assert_eq!(unlimited.locations(start).length, Duration::from_secs(3));
    }
}
