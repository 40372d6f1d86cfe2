//! Metrics of rankings: how large they are, which warnings they have, and how old the data behind them are.

use std::time::Duration;

use prometheus::{GaugeVec, Histogram, HistogramOpts, IntCounterVec, Opts, Registry};

use super::{MetricsError, powers_of_ten};

/// Metrics of rankings.
#[derive(Debug)]
pub struct RankingMetrics {
    combinations: Histogram,
    space: Histogram,
    warnings: IntCounterVec,
    rates_age: GaugeVec,
    table_age: GaugeVec,
}

impl RankingMetrics {
    pub(super) fn new(registry: &Registry) -> Result<Self, MetricsError> {
        let combinations = Histogram::with_opts(
            HistogramOpts::new(
                "testribute_ranking_combinations",
                "Combinations in an answer.",
            )
            .buckets(powers_of_ten(0, 1, 7)),
        )?;
        let space = Histogram::with_opts(
            HistogramOpts::new(
                "testribute_ranking_space_size",
                "Combinations that there are for a request.",
            )
            .buckets(powers_of_ten(0, 3, 9)),
        )?;
        let warnings = IntCounterVec::new(
            Opts::new(
                "testribute_warnings_total",
                "Warnings in answers and refusals, by kind.",
            ),
            &["kind"],
        )?;
        let rates_age = GaugeVec::new(
            Opts::new(
                "testribute_exchange_rates_age_seconds",
                "Time since exchange rates were fetched, by source; absent before the first time.",
            ),
            &["source"],
        )?;
        let table_age = GaugeVec::new(
            Opts::new(
                "testribute_table_age_seconds",
                "Time since a table or database was made, by table.",
            ),
            &["table"],
        )?;
        registry.register(Box::new(combinations.clone()))?;
        registry.register(Box::new(space.clone()))?;
        registry.register(Box::new(warnings.clone()))?;
        registry.register(Box::new(rates_age.clone()))?;
        registry.register(Box::new(table_age.clone()))?;
        Ok(Self {
            combinations,
            space,
            warnings,
            rates_age,
            table_age,
        })
    }

    /// Counts a ranking with so many combinations `listed`, of about so many that there are.
    pub fn ranked(&self, listed: usize, space: f64) {
        #[expect(clippy::cast_precision_loss, reason = "a bucket is much wider")]
        self.combinations.observe(listed as f64);
        self.space.observe(space);
    }

    /// Counts a warning. `kind` is the name of its variant.
    pub fn warned(&self, kind: &'static str) {
        self.warnings.with_label_values(&[kind]).inc();
    }

    /// Sets the age of the exchange rates of `source`.
    pub fn set_rates_age(&self, source: &'static str, age: Duration) {
        let gauge = self.rates_age.with_label_values(&[source]);
        gauge.set(age.as_secs_f64());
    }

    /// Sets the age of `table`.
    pub fn set_table_age(&self, table: &'static str, age: Duration) {
        let gauge = self.table_age.with_label_values(&[table]);
        gauge.set(age.as_secs_f64());
    }
}
