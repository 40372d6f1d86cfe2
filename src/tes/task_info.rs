//! Task info: the request, and which answers are plausible.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Number, Value};

use super::times::number;
use crate::{
    client::FetchError,
    domain::{
        exact::Seconds,
        findings::{OfferSource, TaskInfo},
        money::{Currency, Money},
        queue::QueueBasis,
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
            cpu_cores: Number,
            ram_gb: f64,
            disk_gb: f64,
            execution_time_sec: Number,
            preemptible: bool,
            zones: &'a [String],
            #[serde(skip_serializing_if = "BTreeMap::is_empty")]
            backend_parameters: &'a BTreeMap<String, String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            backend_parameters_strict: Option<bool>,
        }
        let has_parameters = !needs.backend_parameters.is_empty();
        let body = Body {
            cpu_cores: integer_if_whole(needs.cpu_cores),
            ram_gb: needs.ram_gb,
            disk_gb: needs.disk_gb,
            execution_time_sec: integer_if_whole(needs.execution_seconds),
            // As the predecessor did.
            preemptible: needs.preemptible.unwrap_or(true),
            zones: &needs.zones,
            backend_parameters: &needs.backend_parameters,
            backend_parameters_strict: has_parameters.then_some(needs.backend_parameters_strict),
        };
        // Numbers and strings can always be written.
        Self(serde_json::to_vec(&body).unwrap_or_default())
    }

    /// The JSON that is sent.
    pub(super) fn json(&self) -> &[u8] {
        &self.0
    }
}

/// Servers that know integers only refuse `2.0`.
fn integer_if_whole(number: f64) -> Number {
    /// Up to 2^53, every whole float is an integer.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && (0.0..=EXACT).contains(&number) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole and in range"
        )]
        return Number::from(number as u64);
    }
    Number::from_f64(number).unwrap_or(Number::from(0))
}

/// Whether an answer means that the server has no task info: by its status, or by a standard error body that says so
/// whatever the status is. (Funnel answers a wrong method with 500, gateways answer some with 200 or 400.)
pub(super) fn has_no_task_info(
    refusal: Option<&FetchError>,
    body: Option<&Map<String, Value>>,
) -> bool {
    let status = refusal.and_then(FetchError::status);
    status.is_some_and(|status| matches!(status.as_u16(), 404 | 405 | 501))
        || body.is_some_and(says_not_found)
}

/// Whether an error body has the code or the name of one of these: those of HTTP, or 5 (not found) and 12
/// (unimplemented) of gRPC.
pub(super) fn says_not_found(body: &Map<String, Value>) -> bool {
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
            Value::Object(body) => says_not_found(body),
            _ => false,
        })
}

/// The prices and the queue time in `answer`, if the prices are plausible. A queue time that is not is unknown.
///
/// # Errors
/// [`FetchError::Malformed`] with the property that is missing or wrong.
pub(super) fn read_task_info(answer: &Map<String, Value>) -> Result<TaskInfo, FetchError> {
    /// 30,000 years.
    const MAX_QUEUE: f64 = 1e12;

    let queue = answer
        .get("estimated_queue_time_sec")
        .and_then(number)
        .filter(|seconds| (0.0..=MAX_QUEUE).contains(seconds));
    Ok(TaskInfo {
        source: OfferSource::TaskInfo,
        compute: price(answer, "estimated_compute_costs")?,
        storage: price(answer, "estimated_storage_costs")?,
        transfer: match answer.get("unit_costs_data_transfer") {
            None | Some(Value::Null) => None,
            Some(_) => Some(price(answer, "unit_costs_data_transfer")?),
        },
        queue: queue.map_or(Seconds::ZERO, Seconds::from_f64),
        run_time: None,
        discount: 0.0,
        queue_basis: if queue.is_some() {
            QueueBasis::TaskInfo
        } else {
            QueueBasis::Assumed
        },
        outcomes: None,
    })
}

fn price(answer: &Map<String, Value>, field: &str) -> Result<Money, FetchError> {
    // Not the text of the service, which can be anything.
    let malformed = |rest: &str| FetchError::Malformed(format!("{field}{rest}"));
    let costs = match answer.get(field) {
        None | Some(Value::Null) => return Err(malformed(" is missing")),
        Some(Value::Object(costs)) => costs,
        Some(_) => return Err(malformed(" is not an object with amount and currency")),
    };
    let amount = match costs.get("amount") {
        None | Some(Value::Null) => return Err(malformed(".amount is missing")),
        Some(amount) => number(amount).ok_or_else(|| malformed(".amount is not a number"))?,
    };
    let currency: Currency = match costs.get("currency") {
        None | Some(Value::Null) => return Err(malformed(".currency is missing")),
        Some(code) => code
            .as_str()
            .and_then(|code| code.trim().parse().ok())
            .ok_or_else(|| malformed(".currency is not an ISO 4217 code"))?,
    };
    Money::new(amount, currency).map_err(|bad| malformed(&format!(".amount: {bad}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn status(code: u16) -> FetchError {
        FetchError::Status(http::StatusCode::from_u16(code).unwrap())
    }

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
                has_no_task_info(Some(&status(400)), body.as_object()),
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
                !has_no_task_info(Some(&status(400)), body.as_object()),
                "{body}"
            );
        }
        assert!(has_no_task_info(Some(&status(501)), None));
        assert!(!has_no_task_info(None, None));
    }

    fn read(change: impl Fn(&mut Value)) -> Result<TaskInfo, FetchError> {
        let price = json!({"amount": 1.5, "currency": "CHF"});
        let mut answer = json!({
            "estimated_compute_costs": price, "estimated_storage_costs": price, "unit_costs_data_transfer": price,
            "estimated_queue_time_sec": 7
        });
        change(&mut answer);
        read_task_info(answer.as_object().unwrap())
    }

    #[test]
    fn amounts_may_be_strings_and_currencies_in_any_case() {
        let plain = read(|_| ()).unwrap();
        let odd = read(|answer| {
            answer["estimated_compute_costs"] = json!({"amount": " 1.5", "currency": " chf "});
            answer["estimated_queue_time_sec"] = json!("7.0");
        });
        assert_eq!(odd, Ok(plain));
    }

    #[test]
    fn a_queue_time_that_cannot_be_read_is_unknown() {
        for odd in [
            json!(null),
            json!("soon"),
            json!(-1),
            json!(1e300),
            json!([7]),
            json!({"value": 7}),
        ] {
            let info = read(|answer| answer["estimated_queue_time_sec"] = odd.clone()).unwrap();
            assert_eq!(info.queue_basis, QueueBasis::Assumed, "{odd}");
        }
        assert_eq!(read(|_| ()).unwrap().queue_basis, QueueBasis::TaskInfo);
    }

    #[test]
    fn a_price_that_is_missing_or_wrong_is_named() {
        for (price, expected) in [
            (json!(null), "estimated_storage_costs is missing"),
            (
                json!(1.5),
                "estimated_storage_costs is not an object with amount and currency",
            ),
            (
                json!({"currency": "EUR"}),
                "estimated_storage_costs.amount is missing",
            ),
            (
                json!({"amount": "much", "currency": "EUR"}),
                "estimated_storage_costs.amount is not a number",
            ),
            (
                json!({"amount": -1, "currency": "EUR"}),
                "estimated_storage_costs.amount: -1 is not an amount from 0 to 1e12",
            ),
            (
                json!({"amount": 1}),
                "estimated_storage_costs.currency is missing",
            ),
            (
                json!({"amount": 1, "currency": "doubloon"}),
                "estimated_storage_costs.currency is not an ISO 4217 code",
            ),
        ] {
            let found = read(|answer| answer["estimated_storage_costs"] = price.clone());
            assert_eq!(
                found,
                Err(FetchError::Malformed(expected.to_owned())),
                "{price}"
            );
        }
    }

    #[test]
    fn whole_numbers_are_sent_as_integers() {
        let needs = ResourceNeeds {
            cpu_cores: 2.0,
            execution_seconds: 0.5,
            ..ResourceNeeds::default()
        };
        let sent: Value = serde_json::from_slice(TaskInfoRequest::new(&needs).json()).unwrap();
        let expected = json!({
            "cpu_cores": 2, "ram_gb": 0.0, "disk_gb": 0.0, "execution_time_sec": 0.5, "preemptible": true, "zones": []
        });
        assert_eq!(sent, expected);
    }
}
