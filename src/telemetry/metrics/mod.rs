//! Metrics in the text format of Prometheus.
//!
//! Labels have values of closed lists only (routes, statuses, kinds of services, outcomes): nothing that a caller or a
//! service chooses becomes a label, so that the number of series is bounded.

mod calls;
mod process;
mod ranking;
mod requests;

use prometheus::{Encoder, Registry, TextEncoder};

pub use self::{
    calls::{Cache, CallKind, CallMetrics, CallOutcome, CallTimer, PermitsSeen},
    ranking::RankingMetrics,
    requests::{InFlight, Refusal, RequestMetrics},
};

/// The content type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// Upper bounds of durations, in seconds: from 1 ms to 10 s, about three for each factor of ten.
const SECONDS: [f64; 13] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// The metrics of one service. There is no global registry, so that several in one process do not mix.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Requests of callers.
    pub requests: RequestMetrics,
    /// Calls to other services.
    pub calls: CallMetrics,
    /// What was ranked.
    pub ranking: RankingMetrics,
}

/// Metrics cannot be set up or written.
#[derive(Debug, thiserror::Error)]
#[error("metrics: {0}")]
pub struct MetricsError(#[from] prometheus::Error);

impl Metrics {
    /// All metrics, at 0.
    ///
    /// # Errors
    /// [`MetricsError`] if two metrics have one name.
    pub fn new() -> Result<Self, MetricsError> {
        let registry = Registry::new();
        process::register(&registry)?;
        Ok(Self {
            requests: RequestMetrics::new(&registry)?,
            calls: CallMetrics::new(&registry)?,
            ranking: RankingMetrics::new(&registry)?,
            registry,
        })
    }

    /// All metrics as text.
    ///
    /// # Errors
    /// [`MetricsError`] if a metric is not consistent.
    pub fn render(&self) -> Result<String, MetricsError> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

/// The upper bounds 10^first, 10^(first + step), ..., of which there are `count`.
fn powers_of_ten(first: i32, step: i32, count: i32) -> Vec<f64> {
    (0..count)
        .map(|position| 10_f64.powi(first + step * position))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_series_is_there_from_the_start_and_none_is_added_by_use() {
        let metrics = Metrics::new().unwrap();
        let names = |text: &str| {
            let series = text.lines().filter(|line| !line.starts_with('#'));
            let names = series.filter_map(|line| line.rsplit_once(' '));
            names
                .map(|(name, _)| name.to_owned())
                .collect::<std::collections::BTreeSet<_>>()
        };
        let before = names(&metrics.render().unwrap());
        for kind in CallKind::ALL {
            for outcome in CallOutcome::ALL {
                metrics.calls.ended(kind, outcome, Duration::from_millis(3));
            }
            metrics.calls.received(kind, 10);
        }
        for cache in Cache::ALL {
            metrics.calls.cached(cache, true);
            metrics.calls.cached(cache, false);
        }
        for refusal in Refusal::ALL {
            metrics.requests.refused(refusal);
        }
        assert_eq!(names(&metrics.render().unwrap()), before);
    }

    #[test]
    fn a_duration_is_counted_in_its_bucket() {
        let metrics = Metrics::new().unwrap();
        let took = Duration::from_millis(3);
        metrics.calls.ended(CallKind::Tes, CallOutcome::Ok, took);
        let text = metrics.render().unwrap();
        for line in [
            r#"testribute_outbound_calls_total{kind="tes",outcome="ok"} 1"#,
            r#"testribute_outbound_call_duration_seconds_bucket{kind="tes",le="0.0025"} 0"#,
            r#"testribute_outbound_call_duration_seconds_bucket{kind="tes",le="0.005"} 1"#,
        ] {
            assert!(text.lines().any(|other| other == line), "{line}\n{text}");
        }
    }
}
