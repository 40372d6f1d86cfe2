//! Checksums as servers write them, normalised so that equal ones are equal.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::lenient::{more_than, present, text_of};

/// How many checksums an object may have.
const MAX_CHECKSUMS: usize = 64;

/// Reads checksums, written `{"checksum": .., "type": ..}` or `{"sha-256": ..}`, one or a list. What cannot be read as
/// one is passed over: there is no harm in not comparing it.
pub(super) fn read<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    let list = match Value::deserialize(deserializer)? {
        Value::Array(list) => list,
        one => vec![one],
    };
    let mut known = BTreeMap::new();
    for entry in list {
        let Value::Object(members) = entry else {
            continue;
        };
        let member = |wanted: &str| {
            members
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
                .map(|(_, value)| text_of(value).unwrap_or_default())
        };
        match (member("type"), member("checksum")) {
            (Some(kind), Some(value)) => known.extend(normalised(&kind, &value)),
            (None, None) => known.extend(
                members
                    .iter()
                    .filter_map(|(kind, value)| normalised(kind, &text_of(value)?)),
            ),
            _ => {}
        }
    }
    if known.len() > MAX_CHECKSUMS {
        return Err(more_than(MAX_CHECKSUMS));
    }
    Ok(known)
}

/// Type and value so that equal ones are equal; `None` for what is absent, and for entity tags, which each server makes
/// up for itself.
fn normalised(kind: &str, value: &str) -> Option<(String, String)> {
    let value = present(value)?;
    let mut kind: String = present(kind)?
        .chars()
        .filter(|c| !matches!(c, '-' | '_' | ' '))
        .map(|c| c.to_ascii_lowercase())
        .collect();
    if kind.ends_with("etag") {
        return None;
    }
    if kind == "crc32c" {
        return Some(crc32c(value));
    }
    if value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some((kind, value.to_ascii_lowercase()));
    }
    // The same digest in base64 looks different; it can be compared only with its like.
    kind.push_str(" (not hexadecimal)");
    Some((kind, value.to_owned()))
}

/// CRC32C is written as 8 hexadecimal digits, as a number, also a signed one, and by Google as base64 of its bytes.
///
/// 8 decimal digits can be either: they are compared only with their like.
fn crc32c(value: &str) -> (String, String) {
    let kind = |suffix: &str| format!("crc32c{suffix}");
    let hexadecimal = value.strip_prefix("0x").unwrap_or(value);
    let is_hexadecimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_decimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if value.len() == 8 && is_decimal(value) && !value.starts_with('0') {
        return (kind(" (decimal or hexadecimal)"), value.to_owned());
    }
    let number = if hexadecimal.len() == 8 && is_hexadecimal(hexadecimal) {
        u32::from_str_radix(hexadecimal, 16).ok()
    } else if let Ok(number) = value.parse::<i64>() {
        // Java's integers are signed.
        u32::try_from(number)
            .ok()
            .or_else(|| i32::try_from(number).ok().map(i32::cast_unsigned))
    } else if hexadecimal.len() < 8 && is_hexadecimal(hexadecimal) {
        u32::from_str_radix(hexadecimal, 16).ok()
    } else {
        let bytes = BASE64_STANDARD.decode(value).ok();
        bytes.and_then(|bytes| Some(u32::from_be_bytes(bytes.try_into().ok()?)))
    };
    match number {
        Some(number) => (kind(""), format!("{number:08x}")),
        None => (kind(" (unreadable)"), value.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_crc32c_are_equal() {
        for value in [
            "8a366443",
            "8A366443",
            "0x8a366443",
            "2318820419",
            "-1976146877",
            "ijZkQw==",
        ] {
            let expected = ("crc32c".to_owned(), "8a366443".to_owned());
            assert_eq!(normalised("CRC-32C", value), Some(expected), "{value}");
        }
        let zero_padded = Some(("crc32c".to_owned(), "00366443".to_owned()));
        for value in ["00366443", "366443h", "3564611", "ADZkQw=="] {
            let found = normalised("crc32c", value);
            assert_eq!(found == zero_padded, value != "366443h", "{value}");
        }
    }

    #[test]
    fn a_crc32c_that_can_be_read_in_two_ways_is_compared_with_its_like() {
        let (kind, _) = normalised("crc32c", "12345678").unwrap();
        assert_ne!(kind, "crc32c");
    }
}
