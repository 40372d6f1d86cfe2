//! Circuit breakers: places that proved to be out of reach are not called again in the same request.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use super::{
    error::FetchError,
    limit::permits::{HostKey, ServiceKind},
};

/// What answered may fail at single calls, but not at so many in a row.
const MAX_FAILURES_IN_A_ROW: u32 = 24;

/// Opens at the first failure of a place that has never answered, and after many in a row of one that has.
#[derive(Debug, Default)]
pub struct CircuitBreaker {
    has_answered: bool,
    failures_in_a_row: u32,
    open: Option<FetchError>,
}

impl CircuitBreaker {
    /// Why the place is not called, if it is not.
    pub const fn open(&self) -> Option<&FetchError> {
        self.open.as_ref()
    }

    /// Counts a failure that every other call to the place would share.
    pub fn record_failure(&mut self, error: &FetchError) {
        self.failures_in_a_row += 1;
        if !self.has_answered || self.failures_in_a_row >= MAX_FAILURES_IN_A_ROW {
            self.open.get_or_insert_with(|| error.clone());
        }
    }

    /// Counts an answer, whatever it was.
    pub const fn record_answer(&mut self) {
        self.has_answered = true;
        self.failures_in_a_row = 0;
    }
}

/// One circuit breaker for each host that a request calls.
#[derive(Debug, Default)]
pub(super) struct HostHealth {
    hosts: Mutex<HashMap<HostKey, CircuitBreaker>>,
    /// Spares the look-up while all hosts are well.
    any_open: AtomicBool,
}

impl HostHealth {
    /// # Errors
    /// Why `host` cannot be called, if that is known.
    pub(super) fn check(&self, host: HostKey) -> Result<(), FetchError> {
        if !self.any_open.load(Relaxed) {
            return Ok(());
        }
        match self.hosts().get(&host).and_then(CircuitBreaker::open) {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    /// Counts the outcome of a call to `host`, and says whether it opened the circuit breaker.
    pub(super) fn record(
        &self,
        kind: ServiceKind,
        host: HostKey,
        failure: Option<&FetchError>,
    ) -> bool {
        let mut hosts = self.hosts();
        let breaker = hosts.entry(host).or_default();
        let was_open = breaker.open().is_some();
        match failure {
            // Says nothing about the host.
            Some(FetchError::BudgetExceeded { .. }) => {}
            // Many services can be behind one host, of which one is slow.
            Some(FetchError::Timeout(_)) if kind.shares_hosts() => {}
            Some(error @ FetchError::Timeout(_)) => breaker.record_failure(error),
            Some(error) if error.is_without_connection() => breaker.record_failure(error),
            Some(_) | None => breaker.record_answer(),
        }
        let is_open = breaker.open().is_some();
        if is_open {
            self.any_open.store(true, Relaxed);
        }
        is_open && !was_open
    }

    fn hosts(&self) -> MutexGuard<'_, HashMap<HostKey, CircuitBreaker>> {
        // Each entry is consistent after every statement.
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const DOWN: FetchError = FetchError::NoConnection(Duration::from_secs(1));

    #[test]
    fn a_place_that_never_answered_is_not_called_after_its_first_failure() {
        let mut breaker = CircuitBreaker::default();
        breaker.record_failure(&DOWN);
        assert_eq!(breaker.open(), Some(&DOWN));
    }

    #[test]
    fn a_place_that_answered_is_given_up_after_many_failures_in_a_row() {
        let mut breaker = CircuitBreaker::default();
        breaker.record_answer();
        for _ in 1..MAX_FAILURES_IN_A_ROW {
            breaker.record_failure(&DOWN);
        }
        assert_eq!(breaker.open(), None);
        breaker.record_answer();
        for _ in 0..MAX_FAILURES_IN_A_ROW {
            assert_eq!(breaker.open(), None);
            breaker.record_failure(&DOWN);
        }
        assert_eq!(breaker.open(), Some(&DOWN));
    }

    #[test]
    fn a_timeout_of_a_tes_or_drs_says_nothing_about_others_on_its_host() {
        let host = HostKey::of_test(1);
        let slow = FetchError::Timeout(Duration::from_secs(1));
        for (kind, is_open) in [
            (ServiceKind::Tes, false),
            (ServiceKind::Drs, false),
            (ServiceKind::Rates, true),
            (ServiceKind::Oidc, true),
            (ServiceKind::Other, true),
        ] {
            let health = HostHealth::default();
            health.record(kind, host, Some(&slow));
            assert_eq!(health.check(host).is_err(), is_open, "{kind:?}");
        }
    }
}
