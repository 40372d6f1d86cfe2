//! From YAML to a [`Config`]: serde, with errors in the operator's words.
//!
//! `yaml_serde` has a deserializer for its [`Value`]; its errors are texts in Rust's words, and it reads a list as the
//! fields of a structure.

use std::{fmt, result};

use serde::{
    Deserialize, Deserializer,
    de::{
        EnumAccess, Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected, VariantAccess,
        Visitor,
        value::{MapDeserializer, SeqDeserializer, StrDeserializer},
    },
    forward_to_deserialize_any,
};
use yaml_serde::{
    Mapping, Value,
    value::{Tag, TaggedValue},
};

use super::{
    Config,
    fault::{ConfigFault, ConfigFaultReason},
};

type Result<T> = result::Result<T, ConfigFaultReason>;

/// Parses one YAML document; an empty one is [`Value::Null`]. Duplicate keys are refused.
pub(super) fn parse(text: &[u8]) -> result::Result<Value, ConfigFault> {
    match yaml_serde::from_slice::<Document>(text) {
        Ok(Document(value)) => Ok(value),
        Err(error) => Err(ConfigFault {
            key: String::new(),
            reason: ConfigFaultReason::Syntax(error.to_string()),
        }),
    }
}

/// A value whose keys are strings, as they are written: `1.10` is not 1.1, and `0x1f` not 31.
struct Document(Value);

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> result::Result<Self, D::Error> {
        deserializer.deserialize_any(DocumentVisitor).map(Self)
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML")
    }

    fn visit_unit<E>(self) -> result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> result::Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> result::Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> result::Result<Value, E> {
        Ok(value.into())
    }

    // No key takes such integers: they are there for the message, which names the key.
    #[expect(clippy::cast_precision_loss, reason = "for a message")]
    fn visit_u128<E>(self, value: u128) -> result::Result<Value, E> {
        Ok((value as f64).into())
    }

    #[expect(clippy::cast_precision_loss, reason = "for a message")]
    fn visit_i128<E>(self, value: i128) -> result::Result<Value, E> {
        Ok((value as f64).into())
    }

    fn visit_str<E>(self, text: &str) -> result::Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> result::Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Document(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Sequence(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> result::Result<Value, A::Error> {
        let mut map = Mapping::new();
        while let Some(key) = entries.next_key::<String>()? {
            let Document(value) = entries.next_value()?;
            if map.contains_key(&key) {
                return Err(A::Error::custom(format_args!(
                    "duplicate entry with key {key:?}"
                )));
            }
            map.insert(key.into(), value);
        }
        Ok(Value::Mapping(map))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> result::Result<Value, A::Error> {
        let (tag, value) = tagged.variant::<String>()?;
        let Document(value) = value.newtype_variant()?;
        let tag = Tag::new(tag);
        Ok(Value::Tagged(Box::new(TaggedValue { tag, value })))
    }
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
                    .map(|(key, value)| (key.as_str().unwrap_or_default(), Node(value)));
                visitor.visit_map(MapDeserializer::new(entries))
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
