//! Reads JSON answers of services, and says what is wrong with one.

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::error::FetchError;

/// Reads a JSON object. A fault is described by its path and its kind.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, FetchError> {
    let body = without_mark(body);
    // A list would be read as the fields of a structure, in the order in which they happen to be declared.
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(malformed("it is a list, and not a JSON object"));
    }
    if body.trim_ascii().is_empty() {
        return Err(malformed("it is empty"));
    }
    if is_web_page(body) {
        return Err(malformed("it is a web page, not an API"));
    }
    // Tracking the path costs more than parsing, so only a body with a fault is parsed again for it.
    serde_json::from_slice(body)
        .or_else(|_| parse_with_places(repaired(body).as_deref().unwrap_or(body)))
}

/// Reads any JSON.
pub(crate) fn parse_any(body: &[u8]) -> Result<Value, FetchError> {
    let body = without_mark(body);
    serde_json::from_slice(body)
        .or_else(|_| serde_json::from_slice(repaired(body).as_deref().unwrap_or(body)))
        .map_err(|error| malformed(&format!("it is not JSON ({error})")))
}

/// The text without a byte order mark.
fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// The text with null for the numbers that JSON does not have, as Python writes them, and with U+FFFD for bytes that are not
/// UTF-8; `None` if it has neither.
fn repaired(body: &[u8]) -> Option<Vec<u8>> {
    const NO_NUMBERS: [&str; 3] = ["NaN", "Infinity", "-Infinity"];
    let text = String::from_utf8_lossy(body);
    let mut is_changed = matches!(text, Cow::Owned(_));
    let mut repaired = String::with_capacity(text.len());
    let (mut rest, mut in_string) = (text.chars(), false);
    loop {
        let mut after = NO_NUMBERS
            .iter()
            .filter_map(|name| rest.as_str().strip_prefix(name));
        if !in_string && let Some(after) = after.next() {
            is_changed = true;
            repaired.push_str("null");
            rest = after.chars();
            continue;
        }
        let Some(c) = rest.next() else { break };
        repaired.push(c);
        if in_string && c == '\\' {
            // What it escapes ends no string.
            repaired.extend(rest.next());
        } else if c == '"' {
            in_string = !in_string;
        }
    }
    is_changed.then(|| repaired.into_bytes())
}

/// Reads a JSON object whose members are not known.
pub(crate) fn parse_object(body: &[u8]) -> Result<Map<String, Value>, FetchError> {
    match parse(body)? {
        Value::Object(object) => Ok(object),
        _ => Err(malformed("it is not a JSON object")),
    }
}

fn parse_with_places<T: DeserializeOwned>(body: &[u8]) -> Result<T, FetchError> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        if !body.trim_ascii_start().starts_with(b"{") && error.inner().is_data() {
            malformed("it is not a JSON object")
        } else if error.inner().is_data() {
            let cause = without_text(&error.inner().to_string());
            malformed(&format!("at {}: {cause}", error.path()))
        } else {
            malformed(&format!("it is not JSON ({})", error.inner()))
        }
    })?;
    match reader.end() {
        Ok(()) => Ok(parsed),
        Err(error) => Err(malformed(&format!("it is not JSON ({error})"))),
    }
}

/// Whether it begins as HTML does.
fn is_web_page(body: &[u8]) -> bool {
    let body = body.trim_ascii_start();
    ["<!doctype html", "<html", "<head", "<!--"]
        .iter()
        .any(|start| {
            body.get(..start.len())
                .is_some_and(|found| found.eq_ignore_ascii_case(start.as_bytes()))
        })
}

/// The message of the parser without a text of the service that it repeats: it may be a secret.
fn without_text(message: &str) -> String {
    let before = message.split_once("string \"");
    let after = message.rsplit_once("\", expected");
    match (before, after) {
        (Some((before, _)), Some((_, after))) => format!("{before}string, expected{after}"),
        _ => message.to_owned(),
    }
}

/// The message may be of any length: it is cut, and kept to one line.
fn malformed(reason: &str) -> FetchError {
    const LONGEST: usize = 200;
    let mut shown: String = reason
        .chars()
        .take(LONGEST)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if shown.len() < reason.len() {
        shown.push('\u{2026}');
    }
    FetchError::Malformed(shown)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_nearly_json_is_read() {
        let read = |body: &[u8]| parse_any(body).unwrap();
        for (body, expected) in [
            (&b"\xef\xbb\xbf{\"a\": 1}"[..], json!({"a": 1})),
            (
                b"{\"name\": \"J\xfcrgen\"}",
                json!({"name": "J\u{fffd}rgen"}),
            ),
            (
                b"{\"a\": NaN, \"b\": [-Infinity,Infinity]}",
                json!({"a": null, "b": [null, null]}),
            ),
            (
                b"{\"a\": NaN, \"NaN\": \"\\\" NaN \\\\\"}",
                json!({"a": null, "NaN": "\" NaN \\"}),
            ),
        ] {
            assert_eq!(read(body), expected);
            assert_eq!(Value::from(parse_object(body).unwrap()), expected);
        }
        for body in [
            "",
            "NaNNaN",
            "{\"a\": nan}",
            "{\"a\": \"NaN",
            "-Inf",
            "\u{fffd}",
        ] {
            assert!(parse_any(body.as_bytes()).is_err(), "{body}");
        }
    }

    proptest! {
        #[test]
        fn json_is_left_as_it_is(text in any::<Vec<String>>()) {
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(repaired(json.as_bytes()), None);
        }
    }

    #[test]
    fn what_is_wrong_is_told_without_texts_of_the_answer() {
        type Numbers = BTreeMap<String, u8>;
        for body in [
            r#"{"a": "zqx"}"#,
            r#"{"a": "zqx\", expected \"zqx"}"#,
            r#"{"a": "https://h.example/x?sig=zqx"}"#,
            r#"{"a": {"b": "zqx"}}"#,
        ] {
            let FetchError::Malformed(told) = parse::<Numbers>(body.as_bytes()).unwrap_err() else {
                panic!("{body}");
            };
            assert!(!told.contains("zqx"), "{body}: {told}");
            assert!(told.contains("expected"), "{body}: {told}");
        }
        for empty in ["", " \r\n"] {
            let told = parse::<Numbers>(empty.as_bytes()).unwrap_err();
            assert_eq!(told, FetchError::Malformed("it is empty".to_owned()));
        }
        for body in [r#""zqx""#, "7", "true", " null"] {
            let told = parse::<Numbers>(body.as_bytes()).unwrap_err();
            let expected = FetchError::Malformed("it is not a JSON object".to_owned());
            assert_eq!(told, expected, "{body}");
        }
    }
}
