//! How long the services of a request are waited for: what has not answered by then is left out, and the rest is ranked.

use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{Instant, timeout_at};

use crate::outbound::failure::FetchError;

/// When a request has to have its answer.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    /// When it came.
    pub since: Instant,
    /// How long it may take from then on.
    pub length: Duration,
}

/// As good as no end.
const FOR_EVER: Duration = Duration::from_secs(30 * 365 * 86_400);

/// Until when answers are waited for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Patience {
    end: Instant,
    length: Duration,
}

impl Patience {
    /// Leaves the time of two calls, but at most half of all, for what comes after the answers: exchange rates, places,
    /// and the ranking itself. Without a deadline, it does not end.
    pub(super) fn new(deadline: Option<Deadline>, call: Duration) -> Self {
        let (since, length) = match deadline {
            Some(Deadline { since, length }) => {
                let rest = length.saturating_sub(call.saturating_mul(2));
                (since, rest.max(length / 2))
            }
            None => (Instant::now(), FOR_EVER),
        };
        Self {
            end: since + length,
            length,
        }
    }

    /// What `answer` gives.
    ///
    /// # Errors
    /// Its own, and [`FetchError::NotInTime`].
    pub(super) fn wait<T>(
        self,
        answer: impl Future<Output = Result<T, FetchError>>,
    ) -> impl Future<Output = Result<T, FetchError>> {
        self.wait_for_any(answer).map(Result::flatten)
    }

    /// What `answer` gives, whatever that is. Not an `async fn`, which would hold it twice.
    ///
    /// # Errors
    /// [`FetchError::NotInTime`] if it gives nothing.
    pub(super) fn wait_for_any<T>(
        self,
        answer: impl Future<Output = T>,
    ) -> impl Future<Output = Result<T, FetchError>> {
        timeout_at(self.end, answer)
            .map(move |answer| answer.map_err(|_| FetchError::NotInTime(self.length)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_calls_are_left_for_the_rest_but_at_most_half_of_the_time() {
        for (length, call, expected) in [(10, 2, 6), (10, 1, 8), (10, 3, 5), (10, 60, 5)] {
            let (since, length) = (Instant::now(), Duration::from_secs(length));
            let deadline = Deadline { since, length };
            let patience = Patience::new(Some(deadline), Duration::from_secs(call));
            let length = Duration::from_secs(expected);
            let end = since + length;
            assert_eq!(patience, Patience { end, length }, "{call}");
        }
    }
}
