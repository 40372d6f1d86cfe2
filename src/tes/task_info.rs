//! Task info: the request, and which answers are plausible.

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    client::FetchError,
    domain::{
        exact::Seconds,
        findings::{OfferSource, TaskInfo},
        money::{Currency, Money},
        resources::ResourceNeeds,
    },
};

/// The body that is sent to every TES, serialised once.
#[derive(Debug, Clone)]
pub struct TaskInfoRequest(Vec<u8>);

impl TaskInfoRequest {
    /// The request for a task with these `needs`.
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

/// Whether an answer means that the server has no task info: by its status, or by a standard error body that says so
/// whatever the status is. (Funnel answers a wrong method with 500, gateways answer some with 200 or 400.)
pub(super) fn has_no_task_info(status: StatusCode, body: &[u8]) -> bool {
    matches!(status.as_u16(), 404 | 405 | 501)
        || serde_json::from_slice(body).is_ok_and(|body: Value| says_not_found(&body))
}

/// Whether an error body has the code or the name of one of these: those of HTTP, or 5 (not found) and 12
/// (unimplemented) of gRPC.
fn says_not_found(body: &Value) -> bool {
    const NAMES: [&str; 4] = [
        "method not allowed",
        "not found",
        "not implemented",
        "not_found",
    ];
    const KEYS: [&str; 7] = [
        "status_code",
        "status",
        "code",
        "error",
        "title",
        "detail",
        "message",
    ];

    KEYS.into_iter()
        .filter_map(|key| body.get(key))
        .any(|value| match value {
            Value::Number(code) => match code.as_u64() {
                Some(404 | 405 | 501) => true,
                Some(5 | 12) => body.get("message").is_some(),
                _ => false,
            },
            Value::String(text) => {
                matches!(text.as_str(), "404" | "405" | "501")
                    || NAMES.iter().any(|name| text.eq_ignore_ascii_case(name))
            }
            Value::Object(_) => says_not_found(value),
            _ => false,
        })
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
    /// The prices and the queue time, if they are plausible.
    pub(super) fn check(&self) -> Result<TaskInfo, FetchError> {
        /// 30,000 years.
        const MAX_QUEUE: f64 = 1e12;

        if !(0.0..=MAX_QUEUE).contains(&self.estimated_queue_time_sec) {
            return Err(FetchError::Malformed(format!(
                "estimated_queue_time_sec: {} is not a number of seconds from 0 to 1e12",
                self.estimated_queue_time_sec
            )));
        }
        Ok(TaskInfo {
            source: OfferSource::TaskInfo,
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
            // Not the text of the service, which can be anything.
            FetchError::Malformed(format!(
                "{field}.currency: is not a currency that is known here"
            ))
        })?;
        Money::new(self.amount, currency)
            .map_err(|bad| FetchError::Malformed(format!("{field}.amount: {bad}")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_standard_error_body_tells_that_there_is_no_task_info() {
        for body in [
            json!({"code": 12, "message": "Method Not Allowed", "details": []}),
            json!({"code": "405", "message": "The method is not allowed for the requested URL."}),
            json!({"status_code": 404, "msg": "not found"}),
            json!({"timestamp": "2024-05-01T00:00:00Z", "status": 405, "error": "Method Not Allowed"}),
            json!({"error": "Method Not Allowed"}),
            json!({"detail": "Not Found"}),
            json!({"error": "not_found", "message": "The requested resource was not found."}),
            json!({"error": {"code": 404, "message": "no such task"}}),
        ] {
            assert!(
                has_no_task_info(StatusCode::BAD_REQUEST, body.to_string().as_bytes()),
                "{body}"
            );
        }
        for body in [
            json!({"status_code": 400, "msg": "cpu_cores: must be a number"}),
            json!({"code": 5}),
            json!({"error": "task 404 not found"}),
            json!({"message": 404.5}),
            json!([404]),
            json!({}),
        ] {
            assert!(
                !has_no_task_info(StatusCode::BAD_REQUEST, body.to_string().as_bytes()),
                "{body}"
            );
        }
        assert!(has_no_task_info(StatusCode::NOT_IMPLEMENTED, b"<html>"));
        assert!(!has_no_task_info(StatusCode::OK, b"<html>"));
    }
}
