//! From a [`Tree`] to a [`Config`]: which key cannot be understood, and why.
//!
//! serde's own conversions would lose the reason in a text, and would read a list as the fields of a structure.

use serde::{
    Deserializer,
    de::{
        Error, IntoDeserializer, Unexpected, Visitor,
        value::{MapDeserializer, SeqDeserializer, StrDeserializer},
    },
    forward_to_deserialize_any,
};

use super::{
    Config,
    fault::{ConfigFault, ConfigFaultReason, one_of},
    tree::Tree,
};

/// Reads every key; ranges are not looked at.
pub(super) fn read(tree: &Tree) -> Result<Config, ConfigFault> {
    serde_path_to_error::deserialize(tree).map_err(|error| ConfigFault {
        key: match error.path().iter().len() {
            0 => String::new(),
            _ => error.path().to_string(),
        },
        reason: error.into_inner(),
    })
}

/// Gives keys that have two names the one that is ours, so that a variable can replace what a file says under the other.
pub(super) fn in_our_names(mut tree: Tree) -> Tree {
    if let Some(jwt) = tree.map_mut(&["security", "jwt"])
        && !jwt.contains_key("cache_ttl_sec")
        && let Some(value) = jwt.remove("cache_ttl")
    {
        jwt.insert("cache_ttl_sec".to_owned(), value);
    }
    tree
}

impl Tree {
    fn unexpected(&self) -> Unexpected<'_> {
        match self {
            Self::Null => Unexpected::Unit,
            Self::Bool(value) => Unexpected::Bool(*value),
            Self::Unsigned(value) => Unexpected::Unsigned(*value),
            Self::Signed(value) => Unexpected::Signed(*value),
            Self::Float(value) => Unexpected::Float(*value),
            Self::Text(text) => Unexpected::Str(text),
            Self::List(_) => Unexpected::Seq,
            Self::Map(_) => Unexpected::Map,
        }
    }
}

impl<'de> IntoDeserializer<'de, ConfigFaultReason> for &'de Tree {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for &'de Tree {
    type Error = ConfigFaultReason;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigFaultReason> {
        match self {
            Tree::Null => visitor.visit_unit(),
            Tree::Bool(value) => visitor.visit_bool(*value),
            Tree::Unsigned(value) => visitor.visit_u64(*value),
            Tree::Signed(value) => visitor.visit_i64(*value),
            Tree::Float(value) => visitor.visit_f64(*value),
            Tree::Text(text) => visitor.visit_borrowed_str(text),
            Tree::List(list) => visitor.visit_seq(SeqDeserializer::new(list.iter())),
            Tree::Map(map) => visitor.visit_map(MapDeserializer::new(
                map.iter().map(|(key, value)| (key.as_str(), value)),
            )),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(
        self,
        visitor: V,
    ) -> Result<V::Value, ConfigFaultReason> {
        match self {
            Tree::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    /// A key with nothing behind it is an empty list.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigFaultReason> {
        match self {
            Tree::Null => visitor.visit_seq(SeqDeserializer::new([(); 0].into_iter())),
            _ => self.deserialize_any(visitor),
        }
    }

    /// A key with nothing behind it is an empty mapping: every default holds.
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigFaultReason> {
        match self {
            Tree::Null => visitor.visit_map(MapDeserializer::new([("", ""); 0].into_iter())),
            Tree::Map(_) => self.deserialize_any(visitor),
            other => Err(ConfigFaultReason::invalid_type(
                other.unexpected(),
                &visitor,
            )),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConfigFaultReason> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConfigFaultReason> {
        match self {
            Tree::Text(text) => visitor.visit_enum(StrDeserializer::new(text)),
            other => Err(ConfigFaultReason::invalid_type(
                other.unexpected(),
                &one_of(variants).as_str(),
            )),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct newtype_struct tuple tuple_struct identifier ignored_any
    }
}
