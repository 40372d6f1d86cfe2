//! Reads what servers in production write: numbers as strings, `null` or `"None"` for what is absent, and worse.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeOwned, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
        value::MapAccessDeserializer,
    },
};
use serde_json::Value;

/// Reads a text; anything else, and what stands for nothing, is `None`.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(text_of(&Value::deserialize(deserializer)?))
}

/// The text in `value`, or its number as a text.
pub(super) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => present(text).map(str::to_owned),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
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

/// Methods of a visitor that reads whatever is no list and no object as `$value`.
macro_rules! others_are {
    ($value:expr) => {
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok($value)
        }

        fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
            Ok($value)
        }

        fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
            Ok($value)
        }

        fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
            Ok($value)
        }

        fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
            Ok($value)
        }

        fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
            Ok($value)
        }
    };
}

/// Reads the members of an object that have these names, the last of each; anything but an object has none.
pub(super) fn members<'de, const N: usize, D: Deserializer<'de>>(
    deserializer: D,
    names: [&str; N],
) -> Result<[Option<Value>; N], D::Error> {
    deserializer.deserialize_any(Members(names))
}

struct Members<'a, const N: usize>([&'a str; N]);

impl<'de, const N: usize> Visitor<'de> for Members<'_, N> {
    type Value = [Option<Value>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = [const { None }; N];
        while let Some(name) = members.next_key::<String>()? {
            let wanted = self.0.iter().zip(&mut found);
            match wanted.into_iter().find(|(wanted, _)| **wanted == name) {
                Some((_, member)) => *member = Some(members.next_value()?),
                None => _ = members.next_value::<IgnoredAny>()?,
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok([const { None }; N])
    }

    others_are!([const { None }; N]);
}

/// The boolean in `value`; anything else is `None`.
pub(super) fn flag_of(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// Reads a list whose items may be `null`; so may the list. One item may stand for a list of it.
pub(super) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    let list = match Value::deserialize(deserializer)? {
        Value::Array(list) => list,
        one => vec![one],
    };
    Ok(list
        .into_iter()
        .filter(|item| !item.is_null())
        .filter_map(|item| T::deserialize(item).ok())
        .collect())
}

/// Reads a list of at most `MAX` items that can be read whatever they are; `null` is left out.
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

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Vec<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(|one| vec![one])
    }

    others_are!(Vec::new());
}

pub(super) fn more_than<E: Error>(max: usize) -> E {
    E::custom(format_args!("more than {max} entries"))
}

/// The text, unless it stands for nothing.
pub(super) fn present(text: &str) -> Option<&str> {
    let text = text.trim();
    let is_nothing = text.is_empty()
        || ["none", "null"]
            .iter()
            .any(|no| text.eq_ignore_ascii_case(no));
    (!is_nothing).then_some(text)
}

/// Reads a number of bytes, as a number or as a text; `None` if it is absent, or no number of bytes that there can be.
pub(super) fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    /// Beyond it not every whole number has a 64-bit float of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    const MAX: u64 = 1 << 63;

    let size = match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_u64().or_else(|| {
            let size = number.as_f64()?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "whole and in range"
            )]
            (size.fract() == 0.0 && (0.0..=EXACT).contains(&size)).then_some(size as u64)
        }),
        Value::String(text) => present(&text).and_then(|digits| digits.parse().ok()),
        _ => None,
    };
    Ok(size.filter(|size| *size < MAX))
}
