//! Reads JSON answers of services, and says what is wrong with one.

use serde::de::DeserializeOwned;

use super::error::FetchError;

/// Reads a JSON object. A fault is described by its path and its kind.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, FetchError> {
    // A list would be read as the fields of a structure, in the order in which they happen to be declared.
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(malformed("it is a list, and not a JSON object"));
    }
    // Tracking the path costs more than parsing, so only a body with a fault is parsed again for it.
    serde_json::from_slice(body).or_else(|_| parse_with_places(body))
}

fn parse_with_places<T: DeserializeOwned>(body: &[u8]) -> Result<T, FetchError> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        if error.inner().is_data() {
            malformed(&format!("at {}: {}", error.path(), error.inner()))
        } else {
            malformed(&format!("it is not JSON ({})", error.inner()))
        }
    })?;
    match reader.end() {
        Ok(()) => Ok(parsed),
        Err(error) => Err(malformed(&format!("it is not JSON ({error})"))),
    }
}

/// The parser's message repeats text of the service: it is cut, and kept to one line.
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
