//! Reads what servers in production write: numbers as strings, `null` or `"None"` for what is absent, and worse.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, SeqAccess, Unexpected, Visitor},
};
use serde_json::Value;

/// How many checksums an object may have.
const MAX_CHECKSUMS: usize = 64;

/// Reads a text; anything else, and what stands for nothing, is `None`.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => present(&text).map(str::to_owned),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// Reads one text or a list of texts.
pub(super) fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let list = match Value::deserialize(deserializer)? {
        Value::Array(list) => list,
        one => vec![one],
    };
    Ok(list
        .iter()
        .filter_map(Value::as_str)
        .filter_map(present)
        .map(str::to_owned)
        .collect())
}

/// Reads a boolean; anything else is `None`.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Bool(flag) => Some(flag),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        },
        _ => None,
    })
}

/// Reads a list whose items may be `null`; so may the list.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let list = Option::<Vec<Option<T>>>::deserialize(deserializer)?;
    Ok(list.into_iter().flatten().flatten().collect())
}

/// Reads the same if there are at most `MAX` items.
pub(super) fn at_most<'de, const MAX: usize, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_any(AtMost::<MAX, T>(PhantomData))
}

struct AtMost<const MAX: usize, T>(PhantomData<T>);

impl<'de, const MAX: usize, T: Deserialize<'de>> Visitor<'de> for AtMost<MAX, T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
        let mut list = Vec::new();
        for _ in 0..MAX {
            match items.next_element::<Option<T>>()? {
                Some(item) => list.extend(item),
                None => return Ok(list),
            }
        }
        match items.next_element::<IgnoredAny>()? {
            Some(_) => Err(more_than(MAX)),
            None => Ok(list),
        }
    }

    fn visit_unit<E: Error>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }
}

fn more_than<E: Error>(max: usize) -> E {
    E::custom(format_args!("more than {max} entries"))
}

/// The text, unless it stands for nothing.
fn present(text: &str) -> Option<&str> {
    let text = text.trim();
    let is_nothing = text.is_empty()
        || ["none", "null"]
            .iter()
            .any(|no| text.eq_ignore_ascii_case(no));
    (!is_nothing).then_some(text)
}

/// Reads a number of bytes, as a number or as a text; `None` if it is absent.
pub(super) fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    deserializer.deserialize_any(Size)
}

struct Size;

impl Visitor<'_> for Size {
    type Value = Option<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of bytes")
    }

    fn visit_u64<E: Error>(self, size: u64) -> Result<Option<u64>, E> {
        Ok(Some(size))
    }

    fn visit_i64<E: Error>(self, size: i64) -> Result<Option<u64>, E> {
        u64::try_from(size)
            .map(Some)
            .map_err(|_| E::invalid_value(Unexpected::Signed(size), &self))
    }

    fn visit_f64<E: Error>(self, size: f64) -> Result<Option<u64>, E> {
        /// Beyond it not every whole number has a 64-bit float of its own.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if size.fract() == 0.0 && (0.0..=EXACT).contains(&size) {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "whole and in range"
            )]
            return Ok(Some(size as u64));
        }
        Err(E::invalid_value(Unexpected::Float(size), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<u64>, E> {
        let Some(digits) = present(text) else {
            return Ok(None);
        };
        digits
            .parse()
            .map(Some)
            .map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_unit<E: Error>(self) -> Result<Option<u64>, E> {
        Ok(None)
    }
}

/// Reads checksums, written `{"checksum": .., "type": ..}` or `{"sha-256": ..}`, one or a list. What cannot be read as
/// one is passed over: there is no harm in not comparing it.
pub(super) fn checksums<'de, D: Deserializer<'de>>(
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
                .map(|(_, value)| value.as_str().unwrap_or_default())
        };
        match (member("type"), member("checksum")) {
            (Some(kind), Some(value)) => known.extend(normalised(kind, value)),
            (None, None) => known.extend(
                members
                    .iter()
                    .filter_map(|(kind, value)| normalised(kind, value.as_str()?)),
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
    if value.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Some((kind, value.to_ascii_lowercase()));
    }
    // The same digest in base64 looks different; it can be compared only with its like.
    kind.push_str(" (not hexadecimal)");
    Some((kind, value.to_owned()))
}
