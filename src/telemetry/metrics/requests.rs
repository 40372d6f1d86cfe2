//! Metrics of callers' requests: routes, statuses, durations, and what was refused before it was worked on.

use std::time::Duration;

use prometheus::{
    HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry,
};

use super::{MetricsError, SECONDS, calls::signed};

/// Why a request was refused before it was worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// `server.max_in_flight` requests were in flight.
    Overloaded,
    /// The caller's share of them was used up.
    CallerShare,
    /// The caller sent more than `limits.requests_per_minute`.
    CallerRate,
    /// A valid token is required.
    Unauthorized,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Overloaded,
        Self::CallerShare,
        Self::CallerRate,
        Self::Unauthorized,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::Overloaded => "overloaded",
            Self::CallerShare => "caller_share",
            Self::CallerRate => "caller_rate",
            Self::Unauthorized => "unauthorized",
        }
    }
}

/// Metrics of callers' requests.
#[derive(Debug)]
pub struct RequestMetrics {
    requests: IntCounterVec,
    duration: HistogramVec,
    in_flight: IntGauge,
    rankings: IntGauge,
    rankings_limit: IntGauge,
    /// In the order of [`Refusal::ALL`].
    refused: Vec<IntCounter>,
}

impl RequestMetrics {
    pub(super) fn new(registry: &Registry) -> Result<Self, MetricsError> {
        let requests = IntCounterVec::new(
            Opts::new(
                "testribute_http_requests_total",
                "Requests by route and status of the response.",
            ),
            &["route", "status"],
        )?;
        let duration = HistogramVec::new(
            HistogramOpts::new(
                "testribute_http_request_duration_seconds",
                "From the head of a request to its response, by route.",
            )
            .buckets(SECONDS.to_vec()),
            &["route"],
        )?;
        let in_flight = IntGauge::new(
            "testribute_http_requests_in_flight",
            "Requests without a response yet, of all routes.",
        )?;
        let rankings = IntGauge::new("testribute_rankings_in_flight", "Rankings in flight.")?;
        let rankings_limit = IntGauge::new(
            "testribute_rankings_in_flight_limit",
            "The most rankings in flight, server.max_in_flight.",
        )?;
        let refused = IntCounterVec::new(
            Opts::new(
                "testribute_http_requests_refused_total",
                "Requests that were refused before they were worked on, by reason.",
            ),
            &["reason"],
        )?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(duration.clone()))?;
        registry.register(Box::new(in_flight.clone()))?;
        registry.register(Box::new(rankings.clone()))?;
        registry.register(Box::new(rankings_limit.clone()))?;
        registry.register(Box::new(refused.clone()))?;
        Ok(Self {
            requests,
            duration,
            in_flight,
            rankings,
            rankings_limit,
            refused: Refusal::ALL
                .map(|refusal| refused.with_label_values(&[refusal.label()]))
                .into(),
        })
    }

    /// Counts a request as in flight until the guard is dropped.
    pub fn begin(&self) -> InFlight {
        InFlight::new(&self.in_flight)
    }

    /// The same for a ranking.
    pub fn begin_ranking(&self) -> InFlight {
        InFlight::new(&self.rankings)
    }

    /// Sets the most rankings in flight.
    pub fn set_rankings_limit(&self, limit: usize) {
        self.rankings_limit.set(signed(limit));
    }

    /// Counts a response. `route` is the pattern of the route and not the path.
    pub fn ended(&self, route: &str, status: &str, duration: Duration) {
        self.requests.with_label_values(&[route, status]).inc();
        self.duration
            .with_label_values(&[route])
            .observe(duration.as_secs_f64());
    }

    /// Counts a refusal.
    pub fn refused(&self, refusal: Refusal) {
        if let Some(counter) = self.refused.get(refusal as usize) {
            counter.inc();
        }
    }
}

/// A request in flight, until it is dropped: callers may go away at any time.
#[derive(Debug)]
pub struct InFlight(IntGauge);

impl InFlight {
    fn new(gauge: &IntGauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}
