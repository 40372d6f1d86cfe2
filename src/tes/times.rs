//! Times, numbers and ids as servers write them.

use jiff::{
    Timestamp,
    fmt::{rfc2822, strtime},
    tz::TimeZone,
};
use serde_json::{Map, Value};

/// 2000-01-01, in seconds since 1970.
const EARLIEST: i64 = 946_684_800;

/// What is neither of RFC 3339 nor of RFC 2822: RFC 850, cookies, `Date` of JavaScript, `asctime`, git, and a date with
/// slashes, which is unambiguous with the year first.
const FORMATS: [&str; 6] = [
    "%A, %d-%b-%y %T",
    "%a, %d-%b-%Y %T",
    "%a %b %d %Y %T GMT%z",
    "%a %b %d %T %Y",
    "%a %b %d %T %Y %z",
    "%Y/%m/%d %T%.f",
];

/// The time that `value` stands for: RFC 3339 or RFC 2822, with or without an offset (UTC then); as Go, JavaScript, C and
/// HTTP/1.0 print it; seconds, milliseconds, microseconds or nanoseconds since 1970, as a number or its digits;
/// `{"seconds": ..}` as protobuf and `{"$date": ..}` as MongoDB write it. It may be quoted twice.
///
/// Times before 2000 stand for no time: languages write their zero as year 1 or 1970.
pub(super) fn instant(value: &Value) -> Option<Timestamp> {
    let time = match value {
        Value::String(text) => text_instant(unquoted(text))?,
        Value::Number(number) => epoch(number.as_f64()?)?,
        Value::Object(object) => {
            let wrapped = |name| object.get(name);
            match (
                wrapped("$date").or(wrapped("$numberLong")),
                wrapped("seconds"),
            ) {
                (Some(date), _) => return instant(date),
                (None, Some(seconds)) => epoch(number(seconds)?)?,
                (None, None) => return None,
            }
        }
        Value::Null | Value::Bool(_) | Value::Array(_) => return None,
    };
    (time.as_second() >= EARLIEST).then_some(time)
}

/// What is in `text`, without white space and quotation marks around it.
fn unquoted(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\''))
}

fn text_instant(text: &str) -> Option<Timestamp> {
    if let Ok(number) = text.parse::<f64>() {
        return epoch(number);
    }
    if let Some((time, zone)) = text
        .strip_suffix(']')
        .and_then(|text| text.rsplit_once('['))
    {
        // Which offset another zone had is not known here.
        let is_utc = matches!(zone, "UTC" | "GMT" | "Z" | "Etc/UTC" | "Etc/GMT");
        let with_offset = time.parse().ok();
        return with_offset.or_else(|| is_utc.then(|| text_instant(time))?);
    }
    let without_zone_name = text
        .strip_suffix("UTC")
        .or_else(|| text.strip_suffix("GMT"))
        .map_or(text, str::trim_end);
    let rfc2822 = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    text.parse()
        .or_else(|_| format!("{without_zone_name}Z").parse())
        .or_else(|_| rfc2822.parse_timestamp(text))
        .or_else(|_| rfc2822.parse_timestamp(format!("{without_zone_name} +0000")))
        .ok()
        .or_else(|| go_instant(text))
        .or_else(|| formatted_instant(without_zone_name))
}

/// A time as Go prints it: `2024-05-01 12:01:30.5 +0200 CEST`.
fn go_instant(text: &str) -> Option<Timestamp> {
    let mut words = text.split(' ');
    let (date, time, offset) = (words.next()?, words.next()?, words.next()?);
    format!("{date}T{time}{offset}").parse().ok()
}

/// A time in one of [`FORMATS`], of UTC unless it has an offset.
fn formatted_instant(text: &str) -> Option<Timestamp> {
    // `(Central European Summer Time)` repeats the offset; `date` of Unix has the zone before the year.
    let text = text.split(" (").next()?.replace(" UTC ", " ");
    FORMATS.iter().find_map(|format| {
        let time = strtime::parse(format, &text).ok()?;
        if time.offset().is_some() {
            return time.to_timestamp().ok();
        }
        TimeZone::UTC.to_timestamp(time.to_datetime().ok()?).ok()
    })
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

/// An id that tells a task from others: some servers number their tasks, and some leave all ids empty. A fraction is none.
pub(super) fn task_id(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) if number.as_f64()?.fract() == 0.0 => Some(number.to_string()),
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => None,
    }
}

/// What `read` finds in the first of the members with these `names` that can be read: one that cannot hides no other.
pub(super) fn member<'a, T>(
    object: &'a Map<String, Value>,
    names: &[&str],
    read: impl FnMut(&'a Value) -> Option<T>,
) -> Option<T> {
    names
        .iter()
        .filter_map(|&name| object.get(name))
        .find_map(read)
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
            json!("Wed, 01 May 2024 10:01:30"),
            json!("1 May 2024 10:01:30"),
            json!("Wed, 01 May 2024 10:01:30 UTC"),
            json!("Tue, 01 May 2024 10:01:30 GMT"),
            json!("Wednesday, 01-May-24 10:01:30 GMT"),
            json!("Wednesday, 01-May-24 10:01:30"),
            json!("Wed, 01-May-2024 10:01:30 GMT"),
            json!("Wed May 01 2024 12:01:30 GMT+0200 (Central European Summer Time)"),
            json!("Wed May 01 2024 10:01:30 GMT+0000"),
            json!("Wed May  1 10:01:30 2024"),
            json!("Wed May  1 10:01:30 UTC 2024"),
            json!("Wed May 1 12:01:30 2024 +0200"),
            json!("2024/05/01 10:01:30"),
            json!("2024/05/01 10:01:30.000 UTC"),
            json!("2024-05-01T10:01:30[UTC]"),
            json!("2024-05-01T10:01:30Z[UTC]"),
            json!("2024-05-01T10:01:30Z[Etc/UTC]"),
            json!("2024-05-01T12:01:30+02:00[Europe/Paris]"),
            json!("\"2024-05-01T10:01:30Z\""),
            json!("'2024-05-01T10:01:30Z'"),
            json!("\"1714557690\""),
            json!(1_714_557_690),
            json!(1_714_557_690.0),
            json!("1714557690"),
            json!(1_714_557_690_000_u64),
            json!("1714557690000"),
            json!(1_714_557_690_000_000_u64),
            json!({"seconds": "1714557690", "nanos": 0}),
            json!({"$date": "2024-05-01T10:01:30Z"}),
            json!({"$date": 1_714_557_690_000_u64}),
            json!({"$date": {"$numberLong": "1714557690000"}}),
            json!({"$numberLong": "1714557690000"}),
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
            json!("2024-05-01T12:01:30[Europe/Paris]"),
            json!("05/01/2024 10:01:30"),
            json!("[UTC]"),
            json!("\""),
            json!("Mai 1 10:01:30 2024"),
        ] {
            assert_eq!(instant(&written), None, "{written}");
        }
    }
}
