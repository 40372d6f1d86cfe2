//! Metrics of calls to other services: how they ended, how long they took, what waits for a permit.

use std::time::{Duration, Instant};

use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry,
};

use super::{MetricsError, SECONDS};

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallKind {
    /// A TES.
    Tes,
    /// A DRS.
    Drs,
    /// A source of exchange rates.
    Rates,
    /// An identity provider.
    Oidc,
    /// A name server; the cache of the resolver answers most.
    Dns,
    /// Resolvers of compact ids, and S3 for the regions of buckets.
    Other,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallOutcome {
    /// With an answer that can be used.
    Ok,
    /// With status 401 or 403.
    Denied,
    /// With another status of 400 to 499.
    ClientError,
    /// With a status of 500 to 599.
    ServerError,
    /// With an answer that cannot be used: not what the API says, too large, a redirect that is not followed.
    Unusable,
    /// Without an answer in time.
    Timeout,
    /// Without a connection, or a connection that broke.
    Unreachable,
    /// The name has no address.
    Unresolved,
    /// The address may not be called.
    NotAllowed,
    /// It was not made: the circuit breaker of its host was open, or the time of its request was over.
    NotMade,
}

/// What is kept of the answers of services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cache {
    /// Objects of DRS.
    DrsObjects,
    /// Lists of tasks of TES.
    TesHistories,
    /// Servers of the prefixes of compact ids.
    CompactIds,
    /// Regions of buckets.
    BucketRegions,
}

impl CallKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Tes,
        Self::Drs,
        Self::Rates,
        Self::Oidc,
        Self::Dns,
        Self::Other,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::Tes => "tes",
            Self::Drs => "drs",
            Self::Rates => "rates",
            Self::Oidc => "oidc",
            Self::Dns => "dns",
            Self::Other => "other",
        }
    }
}

impl CallOutcome {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Ok,
        Self::Denied,
        Self::ClientError,
        Self::ServerError,
        Self::Unusable,
        Self::Timeout,
        Self::Unreachable,
        Self::Unresolved,
        Self::NotAllowed,
        Self::NotMade,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Denied => "denied",
            Self::ClientError => "client_error",
            Self::ServerError => "server_error",
            Self::Unusable => "unusable",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::Unresolved => "unresolved",
            Self::NotAllowed => "not_allowed",
            Self::NotMade => "not_made",
        }
    }
}

impl Cache {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::DrsObjects,
        Self::TesHistories,
        Self::CompactIds,
        Self::BucketRegions,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::DrsObjects => "drs_objects",
            Self::TesHistories => "tes_histories",
            Self::CompactIds => "compact_ids",
            Self::BucketRegions => "bucket_regions",
        }
    }
}

/// Metrics of calls to other services. Each series is found by its position: a call costs two atomic additions.
#[derive(Debug)]
pub struct CallMetrics {
    /// In the order of [`CallKind::ALL`].
    kinds: Vec<OfKind>,
    /// In the order of [`Cache::ALL`]: hits and misses.
    caches: Vec<[IntCounter; 2]>,
    breakers: IntCounter,
    permits_in_use: IntGauge,
    permits_waiting: IntGauge,
    permits_limit: IntGauge,
}

#[derive(Debug)]
struct OfKind {
    /// In the order of [`CallOutcome::ALL`].
    outcomes: Vec<IntCounter>,
    duration: Histogram,
    bytes: IntCounter,
}

/// Permits for calls in flight, at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermitsSeen {
    /// How many there are.
    pub limit: usize,
    /// How many are held.
    pub in_use: usize,
    /// How many calls wait for one.
    pub waiting: usize,
}

impl CallMetrics {
    pub(super) fn new(registry: &Registry) -> Result<Self, MetricsError> {
        let calls = IntCounterVec::new(
            Opts::new(
                "testribute_outbound_calls_total",
                "Calls to other services by kind of service and outcome.",
            ),
            &["kind", "outcome"],
        )?;
        let duration = HistogramVec::new(
            HistogramOpts::new(
                "testribute_outbound_call_duration_seconds",
                "From the permit for a call to the last byte of its answer.",
            )
            .buckets(SECONDS.to_vec()),
            &["kind"],
        )?;
        let bytes = IntCounterVec::new(
            Opts::new(
                "testribute_outbound_received_bytes_total",
                "Bytes of the bodies of answers, decompressed.",
            ),
            &["kind"],
        )?;
        let caches = IntCounterVec::new(
            Opts::new(
                "testribute_cache_lookups_total",
                "Look-ups of what is kept of the answers of services, by cache and result.",
            ),
            &["cache", "result"],
        )?;
        let breakers = IntCounter::new(
            "testribute_outbound_circuit_breakers_opened_total",
            "Hosts that were not called again for the rest of a request, as they proved to be out of reach.",
        )?;
        let permits = IntGaugeVec::new(
            Opts::new(
                "testribute_outbound_permits",
                "Permits for calls in flight that are held, and calls that wait for one.",
            ),
            &["state"],
        )?;
        let permits_limit = IntGauge::new(
            "testribute_outbound_permits_limit",
            "The most permits that may be held, outbound.max_concurrency.",
        )?;
        registry.register(Box::new(calls.clone()))?;
        registry.register(Box::new(duration.clone()))?;
        registry.register(Box::new(bytes.clone()))?;
        registry.register(Box::new(caches.clone()))?;
        registry.register(Box::new(breakers.clone()))?;
        registry.register(Box::new(permits.clone()))?;
        registry.register(Box::new(permits_limit.clone()))?;
        let of_kind = |kind: CallKind| OfKind {
            outcomes: CallOutcome::ALL
                .map(|outcome| calls.with_label_values(&[kind.label(), outcome.label()]))
                .into(),
            duration: duration.with_label_values(&[kind.label()]),
            bytes: bytes.with_label_values(&[kind.label()]),
        };
        let of_cache = |cache: Cache| {
            ["hit", "miss"].map(|result| caches.with_label_values(&[cache.label(), result]))
        };
        Ok(Self {
            kinds: CallKind::ALL.map(of_kind).into(),
            caches: Cache::ALL.map(of_cache).into(),
            breakers,
            permits_in_use: permits.with_label_values(&["in_use"]),
            permits_waiting: permits.with_label_values(&["waiting"]),
            permits_limit,
        })
    }

    /// Counts a call that took `duration`.
    pub fn ended(&self, kind: CallKind, outcome: CallOutcome, duration: Duration) {
        if let Some(of_kind) = self.kinds.get(kind as usize) {
            if let Some(counter) = of_kind.outcomes.get(outcome as usize) {
                counter.inc();
            }
            of_kind.duration.observe(duration.as_secs_f64());
        }
    }

    /// Counts a call that was not made.
    pub fn not_made(&self, kind: CallKind) {
        let of_kind = self.kinds.get(kind as usize);
        let counter =
            of_kind.and_then(|of_kind| of_kind.outcomes.get(CallOutcome::NotMade as usize));
        if let Some(counter) = counter {
            counter.inc();
        }
    }

    /// Counts `bytes` of an answer.
    pub fn received(&self, kind: CallKind, bytes: usize) {
        if let Some(of_kind) = self.kinds.get(kind as usize) {
            of_kind.bytes.inc_by(bytes as u64);
        }
    }

    /// Counts a look-up.
    pub fn cached(&self, cache: Cache, is_hit: bool) {
        if let Some([hits, misses]) = self.caches.get(cache as usize) {
            if is_hit { hits } else { misses }.inc();
        }
    }

    /// Counts a circuit breaker that opened.
    pub fn breaker_opened(&self) {
        self.breakers.inc();
    }

    /// Sets the permits, as they are when the metrics are read.
    pub fn set_permits(&self, seen: PermitsSeen) {
        self.permits_limit.set(signed(seen.limit));
        self.permits_in_use.set(signed(seen.in_use));
        self.permits_waiting.set(signed(seen.waiting));
    }

    /// Measures a call of this `kind` from now on.
    pub fn start(&self, kind: CallKind) -> CallTimer<'_> {
        CallTimer {
            metrics: self,
            kind,
            started: Instant::now(),
        }
    }
}

/// A call that is under way.
#[derive(Debug)]
pub struct CallTimer<'a> {
    metrics: &'a CallMetrics,
    kind: CallKind,
    started: Instant,
}

impl CallTimer<'_> {
    /// Counts the call.
    pub fn end(self, outcome: CallOutcome) {
        self.metrics
            .ended(self.kind, outcome, self.started.elapsed());
    }
}

pub(super) fn signed(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
