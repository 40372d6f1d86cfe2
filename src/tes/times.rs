//! Times, numbers and ids as servers write them.

use jiff::{Timestamp, fmt::rfc2822};
use serde_json::Value;

/// 2000-01-01, in seconds since 1970.
const EARLIEST: i64 = 946_684_800;

/// The time that `value` stands for: RFC 3339, with or without an offset (UTC then) and with any separator; RFC 2822; as
/// Go prints it;
/// seconds, milliseconds, microseconds or nanoseconds since 1970, as a number or its digits; `{"seconds": ..}` as protobuf
/// and `{"$date": ..}` as MongoDB write it.
///
/// Times before 2000 stand for no time: languages write their zero as year 1 or 1970.
pub(super) fn instant(value: &Value) -> Option<Timestamp> {
    let time = match value {
        Value::String(text) => text_instant(text.trim())?,
        Value::Number(number) => epoch(number.as_f64()?)?,
        Value::Object(object) => match (object.get("$date"), object.get("seconds")) {
            (Some(date), _) if !date.is_object() => return instant(date),
            (_, Some(seconds)) => epoch(number(seconds)?)?,
            _ => return None,
        },
        Value::Null | Value::Bool(_) | Value::Array(_) => return None,
    };
    (time.as_second() >= EARLIEST).then_some(time)
}

fn text_instant(text: &str) -> Option<Timestamp> {
    if let Ok(number) = text.parse::<f64>() {
        return epoch(number);
    }
    let without_zone_name = text
        .strip_suffix("UTC")
        .or_else(|| text.strip_suffix("GMT"))
        .map_or(text, str::trim_end);
    text.parse()
        .or_else(|_| format!("{without_zone_name}Z").parse())
        .or_else(|_| rfc2822::DateTimeParser::new().parse_timestamp(text))
        .ok()
        .or_else(|| go_instant(text))
}

/// A time as Go prints it: `2024-05-01 12:01:30.5 +0200 CEST`.
fn go_instant(text: &str) -> Option<Timestamp> {
    let mut words = text.split(' ');
    let (date, time, offset) = (words.next()?, words.next()?, words.next()?);
    format!("{date}T{time}{offset}").parse().ok()
}

/// The magnitude tells the unit: seconds of this century have ten digits.
fn epoch(number: f64) -> Option<Timestamp> {
    let seconds = match number.abs() {
        size if size < 1e11 => number,
        size if size < 1e14 => number / 1e3,
        size if size < 1e17 => number / 1e6,
        _ => number / 1e9,
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "`as` saturates, and what is out of range is refused"
    )]
    Timestamp::from_millisecond((seconds * 1e3).round() as i64).ok()
}

/// An id that tells a task from others: some servers number their tasks, and some leave all ids empty.
pub(super) fn task_id(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    }
}

/// A number, or a string that holds one. Not NaN or infinite.
pub(super) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn times_are_read_however_they_are_written() {
        let expected: Timestamp = "2024-05-01T10:01:30Z".parse().unwrap();
        for written in [
            json!("2024-05-01T10:01:30Z"),
            json!("2024-05-01T12:01:30+02:00"),
            json!("2024-05-01T12:01:30+0200"),
            json!("2024-05-01 10:01:30 +0000 UTC"),
            json!("2024-05-01 12:01:30.000 +0200 CEST m=+0.1"),
            json!("2024-05-01T10:01:30.000000000Z"),
            json!("2024-05-01T10:01:30"),
            json!("2024-05-01 10:01:30"),
            json!("2024-05-01T10:01:30-00:00"),
            json!(" 2024-05-01 10:01:30Z "),
            json!("2024-05-01t10:01:30z"),
            json!("2024-05-01 10:01:30 UTC"),
            json!("Wed, 01 May 2024 10:01:30 +0000"),
            json!("Wed, 01 May 2024 12:01:30 +0200"),
            json!("Wed, 01 May 2024 10:01:30 GMT"),
            json!("1 May 2024 10:01:30 +0000"),
            json!(1_714_557_690),
            json!(1_714_557_690.0),
            json!("1714557690"),
            json!(1_714_557_690_000_u64),
            json!("1714557690000"),
            json!(1_714_557_690_000_000_u64),
            json!({"seconds": "1714557690", "nanos": 0}),
            json!({"$date": "2024-05-01T10:01:30Z"}),
            json!({"$date": 1_714_557_690_000_u64}),
        ] {
            assert_eq!(instant(&written), Some(expected), "{written}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for written in [
            json!(""),
            json!("soon"),
            json!("0001-01-01T00:00:00Z"),
            json!("1970-01-01T00:00:00Z"),
            json!(0),
            json!(-1),
            json!(1e300),
            json!("NaN"),
            json!(null),
            json!(true),
            json!([]),
            json!({}),
            json!({"$date": {"$date": 1}}),
            json!({"seconds": null}),
        ] {
            assert_eq!(instant(&written), None, "{written}");
        }
    }
}
