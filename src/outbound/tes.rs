//! TES instances: what would the task cost there, and how long would it wait?

use serde::{Deserialize, Serialize};

use super::{
    failure::FetchError,
    fetch::{Fetcher, Pass},
};
use crate::domain::{
    exact::Seconds,
    findings::TaskInfo,
    money::{Currency, Money},
    resources::ResourceNeeds,
    service::ServiceUri,
};

/// Asks TES instances for task info.
#[derive(Debug, Clone)]
pub struct TesClient {
    fetcher: Fetcher,
}

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
}

impl TesClient {
    /// A client that calls through `fetcher`.
    pub const fn new(fetcher: Fetcher) -> Self {
        Self { fetcher }
    }

    /// Asks `tes` what the task would cost there.
    ///
    /// # Errors
    /// [`FetchError`]; [`FetchError::Malformed`] if a price or the queue time is missing, negative or beyond belief.
    pub async fn fetch_task_info(
        &self,
        tes: &ServiceUri,
        task: &TaskInfoRequest,
        pass: Pass<'_>,
    ) -> Result<TaskInfo, FetchError> {
        let url = tes.endpoint("tasks/task-info");
        let answer: TaskInfoResponse = self.fetcher.post(&url, &task.0, pass).await?;
        answer.check()
    }
}

#[derive(Deserialize)]
struct TaskInfoResponse {
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
    fn check(&self) -> Result<TaskInfo, FetchError> {
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
