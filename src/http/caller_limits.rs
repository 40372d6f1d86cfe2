//! Limits of one caller: rankings in a minute, and its share of the rankings in flight.

use std::{
    collections::HashMap,
    fmt,
    net::IpAddr,
    num::NonZeroU64,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use quick_cache::sync::Cache;
use tokio::time::Instant;

use super::{client_address::subscriber, error::HttpError};
use crate::{config::Config, ranker::CallerIdentity};

/// For how many callers it is known what they did lately. Beyond that, those who did least are forgotten, and begin anew:
/// about 10 MB.
const REMEMBERED_CALLERS: usize = 65_536;

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum CallerKey {
    /// The identity in a valid token.
    Identity(CallerIdentity),
    /// An address, or a network that is one subscriber's.
    Address(IpAddr),
}

/// Limits of one caller.
#[derive(Debug)]
pub(super) struct CallerLimits {
    rate: Option<RateLimit>,
    /// `None` if one caller may have all.
    shares: Option<Shares>,
}

/// Requests in a minute, by the generic cell rate algorithm: each has a theoretical arrival time, which one number per
/// caller holds.
struct RateLimit {
    /// What the times are counted from.
    start: Instant,
    /// Nanoseconds between two requests in the long run.
    interval: NonZeroU64,
    /// Nanoseconds that a request may come before its time.
    tolerance: u64,
    /// Theoretical arrival times, in nanoseconds from `start`.
    arrivals: Cache<CallerKey, Arc<AtomicU64>>,
}

/// How many requests each caller has in flight: there are no more entries than requests.
#[derive(Debug)]
struct Shares {
    limit: usize,
    in_flight: Arc<Mutex<HashMap<CallerKey, usize>>>,
}

/// A caller's request in flight, until it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    key: CallerKey,
    in_flight: Arc<Mutex<HashMap<CallerKey, usize>>>,
}

impl CallerKey {
    pub(super) fn of(identity: Option<CallerIdentity>, address: IpAddr) -> Self {
        match identity {
            Some(identity) => Self::Identity(identity),
            None => Self::Address(subscriber(address)),
        }
    }
}

impl CallerLimits {
    pub(super) fn new(config: &Config) -> Self {
        let limits = &config.limits;
        let all = config.server.max_in_flight;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "between 1 and all"
        )]
        let share = (limits.caller_in_flight_share * all as f64).max(1.0) as usize;
        Self {
            rate: RateLimit::new(limits.requests_per_minute, limits.burst),
            shares: (share < all).then(|| Shares {
                limit: share,
                in_flight: Arc::default(),
            }),
        }
    }

    /// Counts a request at `now`, which is in flight while what comes back is held.
    ///
    /// # Errors
    /// [`HttpError::TooManyRequests`] or [`HttpError::CallerInFlight`].
    pub(super) fn admit(&self, key: CallerKey, now: Instant) -> Result<Option<Share>, HttpError> {
        let share = self.shares.as_ref().map(|shares| shares.take(key));
        let share = share.transpose()?;
        self.count(key, now)?;
        Ok(share)
    }

    /// Counts a request at `now` that is not worked on.
    ///
    /// # Errors
    /// [`HttpError::TooManyRequests`].
    pub(super) fn count(&self, key: CallerKey, now: Instant) -> Result<(), HttpError> {
        match &self.rate {
            Some(rate) => rate.check(key, now),
            None => Ok(()),
        }
    }
}

impl RateLimit {
    fn new(per_minute: u32, burst: u32) -> Option<Self> {
        let interval = NonZeroU64::new(60_000_000_000 / u64::from(per_minute).max(1))?;
        (per_minute > 0).then(|| Self {
            start: Instant::now(),
            interval,
            tolerance: interval.get() * u64::from(burst.saturating_sub(1)),
            arrivals: Cache::new(REMEMBERED_CALLERS),
        })
    }

    fn check(&self, key: CallerKey, now: Instant) -> Result<(), HttpError> {
        let now = now.saturating_duration_since(self.start).as_nanos();
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        let arrival = self
            .arrivals
            .get_or_insert_with(&key, || Ok::<_, std::convert::Infallible>(Arc::default()));
        let arrival = match arrival {
            Ok(arrival) => arrival,
            Err(never) => match never {},
        };
        let next = |arrival: u64| {
            let is_in_time = arrival <= now.saturating_add(self.tolerance);
            is_in_time.then(|| arrival.max(now).saturating_add(self.interval.get()))
        };
        match arrival.fetch_update(Relaxed, Relaxed, next) {
            Ok(_) => Ok(()),
            Err(arrival) => {
                let wait = Duration::from_nanos(arrival - self.tolerance - now);
                Err(HttpError::TooManyRequests(
                    wait.as_secs() + u64::from(wait.subsec_nanos() > 0),
                ))
            }
        }
    }
}

impl Shares {
    fn take(&self, key: CallerKey) -> Result<Share, HttpError> {
        let mut in_flight = lock(&self.in_flight);
        let count = in_flight.entry(key).or_default();
        if *count >= self.limit {
            return Err(HttpError::CallerInFlight(self.limit));
        }
        *count += 1;
        Ok(Share {
            key,
            in_flight: Arc::clone(&self.in_flight),
        })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut in_flight = lock(&self.in_flight);
        if let Some(count) = in_flight.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                in_flight.remove(&self.key);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is behind it is consistent after every statement.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit")
            .field("interval", &self.interval)
            .field("tolerance", &self.tolerance)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(per_minute: u32, burst: u32, share: f64, max_in_flight: usize) -> CallerLimits {
        let mut config = Config::default();
        config.limits.requests_per_minute = per_minute;
        config.limits.burst = burst;
        config.limits.caller_in_flight_share = share;
        config.server.max_in_flight = max_in_flight;
        CallerLimits::new(&config)
    }

    fn caller(number: u32) -> CallerKey {
        CallerKey::Address(IpAddr::V4(number.into()))
    }

    /// How many of `tries` at `now` are admitted.
    fn admitted(limits: &CallerLimits, tries: usize, now: Instant) -> usize {
        let admit = |_: &usize| limits.count(caller(1), now).is_ok();
        (0..tries).filter(admit).count()
    }

    #[test]
    fn a_burst_is_admitted_and_then_the_rate() {
        let (limits, start) = (limits(60, 5, 1.0, 10), Instant::now());
        assert_eq!(admitted(&limits, 20, start), 5);
        let later = |seconds: f64| start + Duration::from_secs_f64(seconds);
        assert_eq!(admitted(&limits, 20, later(0.5)), 0);
        assert_eq!(admitted(&limits, 20, later(1.5)), 1);
        assert_eq!(admitted(&limits, 20, later(3.5)), 2);
        assert_eq!(admitted(&limits, 20, later(1000.0)), 5);
        assert!(
            limits.count(caller(2), start).is_ok(),
            "others are not concerned"
        );
    }

    #[test]
    fn who_waits_as_told_is_admitted() {
        let (limits, start) = (limits(7, 3, 1.0, 10), Instant::now());
        assert_eq!(admitted(&limits, 20, start), 3);
        let refused = limits.count(caller(1), start);
        let Err(HttpError::TooManyRequests(seconds)) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(seconds, 9);
        let told = start + Duration::from_secs(seconds);
        assert_eq!(admitted(&limits, 20, told), 1);
    }

    #[test]
    fn a_flood_of_addresses_takes_bounded_memory() {
        let (limits, now) = (limits(1, 1, 1.0, 10), Instant::now());
        for number in 0..100_000 {
            let _ = limits.count(caller(number), now);
        }
        let rate = limits.rate.as_ref().unwrap();
        assert!(
            rate.arrivals.len() <= REMEMBERED_CALLERS,
            "{}",
            rate.arrivals.len()
        );
    }

    #[test]
    fn a_caller_has_no_more_than_its_share_in_flight() {
        let (limits, now) = (limits(0, 1, 0.5, 4), Instant::now());
        let first = limits.admit(caller(1), now).unwrap();
        let _second = limits.admit(caller(1), now).unwrap();
        let third = limits.admit(caller(1), now);
        assert!(
            matches!(third, Err(HttpError::CallerInFlight(2))),
            "{third:?}"
        );
        assert!(limits.admit(caller(2), now).is_ok());
        drop(first);
        let _third = limits.admit(caller(1), now).unwrap();
        let shares = limits.shares.as_ref().unwrap();
        assert_eq!(
            lock(&shares.in_flight).len(),
            1,
            "who has none in flight is forgotten"
        );
    }

    #[test]
    fn the_smallest_share_is_one_request() {
        let (limits, now) = (limits(0, 1, 0.01, 4), Instant::now());
        let _first = limits.admit(caller(1), now).unwrap();
        assert!(limits.admit(caller(1), now).is_err());
    }
}
