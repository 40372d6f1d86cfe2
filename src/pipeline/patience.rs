//! How long the services of a request are waited for: what has not answered by then is left out, and the rest is ranked.

use std::time::Duration;

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

/// Until when answers are waited for; without an end if there is no [`Deadline`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience(Option<(Instant, Duration)>);

impl Patience {
    /// Leaves the time of two calls, but at most half of all, for what comes after the answers: exchange rates, places,
    /// and the ranking itself.
    pub(super) fn new(deadline: Option<Deadline>, call: Duration) -> Self {
        Self(deadline.map(|Deadline { since, length }| {
            let rest = length.saturating_sub(call.saturating_mul(2));
            let length = rest.max(length / 2);
            (since + length, length)
        }))
    }

    /// What `answer` gives.
    ///
    /// # Errors
    /// Its own, and [`FetchError::NotInTime`].
    pub(super) async fn wait<T>(
        self,
        answer: impl Future<Output = Result<T, FetchError>>,
    ) -> Result<T, FetchError> {
        self.wait_for_any(answer).await?
    }

    /// What `answer` gives, whatever that is.
    ///
    /// # Errors
    /// [`FetchError::NotInTime`] if it gives nothing.
    pub(super) async fn wait_for_any<T>(
        self,
        answer: impl Future<Output = T>,
    ) -> Result<T, FetchError> {
        let Some((end, length)) = self.0 else {
            return Ok(answer.await);
        };
        let over = FetchError::NotInTime(length);
        if Instant::now() >= end {
            return Err(over);
        }
        timeout_at(end, answer).await.map_err(|_| over)
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
            let expected = Duration::from_secs(expected);
            assert_eq!(patience.0, Some((since + expected, expected)), "{call}");
        }
    }
}
