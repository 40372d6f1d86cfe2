//! A YAML document that is read but not yet understood: what files and variables give, laid over each other.

use std::{cell::Cell, collections::BTreeMap, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A YAML document, or a part of one.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(String),
    List(Vec<Self>),
    Map(BTreeMap<String, Self>),
}

/// Aliases let a small document stand for a huge one, so there is a limit to what it may unfold to. A file of the
/// largest size that has no aliases stays below.
const LARGEST: usize = 4 << 20;
/// What a value costs beside its text.
const OVERHEAD: usize = 16;

impl Tree {
    /// Reads one YAML document; an empty text is [`Tree::Null`].
    pub(super) fn parse(text: &str) -> Result<Self, yaml_serde::Error> {
        if text.trim().is_empty() {
            return Ok(Self::Null);
        }
        let left = Cell::new(LARGEST);
        Budget { left: &left }.deserialize(yaml_serde::Deserializer::from_str(text))
    }

    /// `value` below `keys`, the outermost key first.
    pub(super) fn nested(keys: &[String], value: Self) -> Self {
        keys.iter().rev().fold(value, |inner, key| {
            Self::Map(BTreeMap::from([(key.clone(), inner)]))
        })
    }

    /// Lays `over` on top: mappings are merged, anything else is replaced.
    pub(super) fn merge(&mut self, over: Self) {
        match (self, over) {
            (Self::Map(below), Self::Map(over)) => {
                for (key, value) in over {
                    match below.get_mut(&key) {
                        Some(slot) => slot.merge(value),
                        None => {
                            below.insert(key, value);
                        }
                    }
                }
            }
            (slot, value) => *slot = value,
        }
    }

    /// The mapping below `keys`, if there is one.
    pub(super) fn map_mut(&mut self, keys: &[&str]) -> Option<&mut BTreeMap<String, Self>> {
        match (self, keys) {
            (Self::Map(map), []) => Some(map),
            (Self::Map(map), [key, rest @ ..]) => map.get_mut(*key)?.map_mut(rest),
            _ => None,
        }
    }

    /// The dotted keys of everything here that is not itself a mapping.
    pub(super) fn leaves(&self, prefix: &str) -> Vec<String> {
        match self {
            Self::Map(map) => map
                .iter()
                .flat_map(|(key, value)| match prefix {
                    "" => value.leaves(key),
                    _ => value.leaves(&format!("{prefix}.{key}")),
                })
                .collect(),
            _ => vec![prefix.to_owned()],
        }
    }
}

/// Reads a [`Tree`] as long as there is something left.
#[derive(Clone, Copy)]
struct Budget<'a> {
    left: &'a Cell<usize>,
}

impl Budget<'_> {
    fn spend<E: Error>(self, bytes: usize) -> Result<(), E> {
        let left = self.left.get().checked_sub(OVERHEAD + bytes);
        self.left
            .set(left.ok_or_else(|| E::custom("too large once its aliases are unfolded"))?);
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Budget<'_> {
    type Value = Tree;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Budget<'_> {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value without a tag")
    }

    fn visit_unit<E: Error>(self) -> Result<Tree, E> {
        self.spend(0).map(|()| Tree::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Tree, E> {
        self.visit_unit()
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Tree, E> {
        self.spend(0).map(|()| Tree::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Tree, E> {
        self.spend(0).map(|()| Tree::Unsigned(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Tree, E> {
        self.spend(0).map(|()| Tree::Signed(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Tree, E> {
        self.spend(0).map(|()| Tree::Float(value))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Tree, E> {
        self.spend(text.len()).map(|()| Tree::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        self.spend(0)?;
        let mut list = Vec::new();
        while let Some(value) = access.next_element_seed(self)? {
            list.push(value);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Tree, A::Error> {
        self.spend(0)?;
        let mut map = BTreeMap::new();
        while let Some(key) = access.next_key::<String>()? {
            self.spend(key.len())?;
            if map.contains_key(&key) {
                return Err(A::Error::custom(format_args!(
                    "the key '{key}' is there twice"
                )));
            }
            map.insert(key, access.next_value_seed(self)?);
        }
        Ok(Tree::Map(map))
    }
}
