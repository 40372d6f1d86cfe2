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
}

/// As good as no end: 30 years.
const UNLIMITED: Duration = Duration::from_secs(30 * 365 * 86_400);

/// The time for calls: what one may take, and what the steps of a request may take together.
///
/// Gathering gets all but two calls of a request's time, and at least half of it. The rest is for exchange rates (a third
/// of it), for locations (until a sixth of it is left), and for the ranking. Without a deadline, only single calls and
/// location look-ups are bounded.
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
            }
        } else {
            end
        }
    }

    /// The end of a step out of the length of the request and of what follows the gathering.
    fn end(self, step: impl FnOnce(Duration, Duration) -> Duration) -> StepEnd {
        let (start, length) = match self.deadline {
            Some(Deadline { start, length }) => {
                (start, step(length, self.several_calls().min(length / 2)))
            }
            None => (Instant::now(), UNLIMITED),
        };
        StepEnd {
            at: start + length,
            length,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(length: u64, call: u64) -> (Instant, TimeBudget) {
        let (start, length) = (Instant::now(), Duration::from_secs(length));
        let deadline = Deadline { start, length };
        let budget = TimeBudget::new(Duration::from_secs(call), Some(deadline));
        (start, budget)
    }

    #[test]
    fn two_calls_are_left_after_gathering_but_at_most_half_of_the_time() {
        for (length, call, expected) in [(10, 2, 6), (10, 1, 8), (10, 3, 5), (10, 60, 5)] {
            let (start, budget) = budget(length, call);
            let length = Duration::from_secs(expected);
            let at = start + length;
            assert_eq!(budget.gather(), StepEnd { at, length }, "{call}");
        }
    }

    #[test]
    fn the_steps_of_a_request_end_one_after_the_other_and_before_its_deadline() {
        for (length, call) in [(10, 2), (10, 60), (1, 1), (100, 1)] {
            let (start, budget) = budget(length, call);
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
        let (start, budget) = budget(100, 2);
        assert_eq!(budget.locations(start).length, Duration::from_secs(3));
        let unlimited = TimeBudget::new(Duration::from_secs(2), None);
        assert_eq!(unlimited.locations(start).length, Duration::from_secs(3));
    }
}
