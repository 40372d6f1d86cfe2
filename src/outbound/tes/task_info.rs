//! Task info: the question, and what may be believed of the answer.

use serde::{Deserialize, Serialize};

use super::super::failure::FetchError;
use crate::domain::{
    exact::Seconds,
    findings::TaskInfo,
    money::{Currency, Money},
    resources::ResourceNeeds,
};

/// The question that is put to every TES, written out once.
#[derive(Debug, Clone)]
pub struct TaskInfoRequest(Vec<u8>);

impl TaskInfoRequest {
    /// Asks about a task with these `needs`.
    pub fn new(needs: &ResourceNeeds) -> Self {
        #[derive(Serialize)]
        struct Body<'a> {
            cpu_cores: u64,
            ram_gb: f64,
            disk_gb: f64,
            execution_time_sec: u64,
            preemptible: bool,
            zones: &'a [String],
        }
        let body = Body {
            cpu_cores: needs.cpu_cores,
            ram_gb: needs.ram_gb,
            disk_gb: needs.disk_gb,
            execution_time_sec: needs.execution_seconds,
            preemptible: needs.preemptible,
            zones: &needs.zones,
        };
        // Numbers and strings can always be written.
        Self(serde_json::to_vec(&body).unwrap_or_default())
    }

    /// The JSON that is sent.
    pub(super) fn json(&self) -> &[u8] {
        &self.0
    }
}

#[derive(Deserialize)]
pub(super) struct TaskInfoResponse {
    estimated_compute_costs: Price,
    estimated_storage_costs: Price,
    unit_costs_data_transfer: Price,
    estimated_queue_time_sec: f64,
}

#[derive(Deserialize)]
struct Price {
    amount: f64,
    currency: String,
}

impl TaskInfoResponse {
    /// What the TES said, if it can be believed.
    pub(super) fn check(&self) -> Result<TaskInfo, FetchError> {
        /// 30,000 years: whoever waits longer will not run the task.
        const LONGEST_QUEUE: f64 = 1e12;

        if !(0.0..=LONGEST_QUEUE).contains(&self.estimated_queue_time_sec) {
            return Err(FetchError::Malformed(format!(
                "estimated_queue_time_sec: {} is not a number of seconds from 0 to 1e12",
                self.estimated_queue_time_sec
            )));
        }
        Ok(TaskInfo {
            compute: self
                .estimated_compute_costs
                .check("estimated_compute_costs")?,
            storage: self
                .estimated_storage_costs
                .check("estimated_storage_costs")?,
            transfer: self
                .unit_costs_data_transfer
                .check("unit_costs_data_transfer")?,
            queue: Seconds::from_f64(self.estimated_queue_time_sec),
        })
    }
}

impl Price {
    fn check(&self, field: &str) -> Result<Money, FetchError> {
        let currency: Currency = self.currency.parse().map_err(|_| {
            // Not what the service wrote: that can be anything.
            FetchError::Malformed(format!(
                "{field}.currency: is not a currency that is known here"
            ))
        })?;
        Money::new(self.amount, currency)
            .map_err(|bad| FetchError::Malformed(format!("{field}.amount: {bad}")))
    }
}
