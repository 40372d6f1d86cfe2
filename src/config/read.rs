//! From YAML to a [`Config`]: serde, with errors in the operator's words.
//!
//! `yaml_serde` has a deserializer for its [`Value`]; its errors are texts in Rust's words, and it reads a list as the
//! fields of a structure.

use std::{borrow::Cow, result};

use serde::{
    Deserializer,
    de::{
        Error, IntoDeserializer, Unexpected, Visitor,
        value::{MapDeserializer, SeqDeserializer, StrDeserializer},
    },
    forward_to_deserialize_any,
};
use yaml_serde::Value;

use super::{
    Config,
    fault::{ConfigFault, ConfigFaultReason},
};

type Result<T> = result::Result<T, ConfigFaultReason>;

/// Parses one YAML document; an empty one is [`Value::Null`]. Duplicate keys are refused.
pub(super) fn parse(text: &[u8]) -> result::Result<Value, ConfigFault> {
    yaml_serde::from_slice(text).map_err(|error| ConfigFault {
        key: String::new(),
        reason: ConfigFaultReason::Syntax(error.to_string()),
    })
}

/// Reads all keys; their rules are not checked.
pub(super) fn read(document: &Value) -> result::Result<Config, ConfigFault> {
    serde_path_to_error::deserialize(Node(document)).map_err(|error| ConfigFault {
        key: match error.path().iter().len() {
            0 => String::new(),
            _ => error.path().to_string(),
        },
        reason: error.into_inner(),
    })
}

/// A value to deserialise from.
struct Node<'a>(&'a Value);

impl<'de> IntoDeserializer<'de, ConfigFaultReason> for Node<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Node<'de> {
    type Error = ConfigFaultReason;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(value), _) => visitor.visit_u64(value),
                (None, Some(value)) => visitor.visit_i64(value),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Sequence(list) => visitor.visit_seq(SeqDeserializer::new(list.iter().map(Node))),
            Value::Mapping(map) => {
                let entries = map
                    .iter()
                    .map(|(key, value)| Ok((text_of(key)?, Node(value))));
                let entries = entries.collect::<Result<Vec<_>>>()?;
                visitor.visit_map(MapDeserializer::new(entries.into_iter()))
            }
            Value::Tagged(tagged) => Err(Error::custom(format_args!(
                "the tag {} is not supported",
                tagged.tag
            ))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    /// A key without value is an empty list.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Value::Null => visitor.visit_seq(SeqDeserializer::new([(); 0].into_iter())),
            _ => self.deserialize_any(visitor),
        }
    }

    /// A key without value is an empty mapping: all defaults.
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Value::Null => visitor.visit_map(MapDeserializer::new([("", ""); 0].into_iter())),
            Value::Sequence(_) => Err(Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.0 {
            Value::String(text) => visitor.visit_enum(StrDeserializer::new(text)),
            _ => self
                .deserialize_any(visitor)
                .map_err(|reason| reason.expecting(variants)),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct newtype_struct tuple tuple_struct identifier ignored_any
    }
}

/// A key as text. A bucket may be called `20240101`; other keys that YAML does not take for strings could not be read
/// as they are written (`1.10` is 1.1).
fn text_of(key: &Value) -> Result<Cow<'_, str>> {
    match key {
        Value::String(text) => Ok(text.into()),
        Value::Number(number) if !number.is_f64() => Ok(number.to_string().into()),
        _ => Err(Error::custom(
            "has a key that is not a string; put it in quotation marks",
        )),
    }
}
