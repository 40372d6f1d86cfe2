//! Deserialises requests strictly, in one pass: no key twice at any depth, nothing but objects for objects, and whole
//! numbers as JSON Schema defines them. What is accepted is what the schema allows, but for lengths and ranges.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fmt,
    marker::PhantomData,
};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Unexpected, Visitor},
};

use super::{
    request::{RankRequest, ResourceRequirements},
    unknown::Unknown,
};

/// An object of a request, deserialised field by field.
trait Fields: Default {
    /// The fields that have no default.
    const REQUIRED: &'static [&'static str];

    /// Deserialises the value of the field `name`; returns false, and leaves the value, if there is no such field.
    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        object: &mut A,
    ) -> Result<bool, A::Error>;

    fn set_unknown(&mut self, unknown: Unknown);
}

impl Fields for RankRequest {
    const REQUIRED: &'static [&'static str] = &["resource_requirements"];

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        object: &mut A,
    ) -> Result<bool, A::Error> {
        match name {
            "tes_uris" => self.tes_uris = or_default(object)?,
            "registries" => self.registries = or_default(object)?,
            "resource_requirements" => self.resource_requirements = object.next_value()?,
            "object_ids" => self.object_ids = or_default(object)?,
            "drs_uris" => self.drs_uris = or_default(object)?,
            // Null is no mode: it may be meant to be one.
            "object_sizes" => {
                let sizes = object.next_value::<Option<Sizes>>()?;
                self.object_sizes = sizes.map(|sizes| sizes.0).unwrap_or_default();
            }
            "mode" => self.mode = object.next_value()?,
            "limit" => self.limit = object.next_value::<Option<Whole>>()?.map(|limit| limit.0),
            "explain" => self.explain = or_default(object)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn set_unknown(&mut self, unknown: Unknown) {
        self.unknown = unknown;
    }
}

impl Fields for ResourceRequirements {
    const REQUIRED: &'static [&'static str] =
        &["cpu_cores", "ram_gb", "disk_gb", "execution_time_sec"];

    fn read<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        object: &mut A,
    ) -> Result<bool, A::Error> {
        match name {
            "cpu_cores" => self.cpu_cores = object.next_value()?,
            "ram_gb" => self.ram_gb = object.next_value()?,
            "disk_gb" => self.disk_gb = object.next_value()?,
            "execution_time_sec" => self.execution_time_sec = object.next_value()?,
            "preemptible" => self.preemptible = object.next_value()?,
            "zones" => self.zones = or_default(object)?,
            "backend_parameters" => {
                let parameters = object.next_value::<Option<Texts>>()?;
                self.backend_parameters = parameters.unwrap_or_default().0;
            }
            "backend_parameters_strict" => self.backend_parameters_strict = or_default(object)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn set_unknown(&mut self, unknown: Unknown) {
        self.unknown = unknown;
    }
}

/// The value of an optional field: null is the same as leaving it out.
fn or_default<'de, T: Deserialize<'de> + Default, A: MapAccess<'de>>(
    object: &mut A,
) -> Result<T, A::Error> {
    Ok(object.next_value::<Option<T>>()?.unwrap_or_default())
}

/// An object of strings.
#[derive(Default)]
struct Texts(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TextsVisitor).map(Self)
    }
}

struct TextsVisitor;

impl<'de> Visitor<'de> for TextsVisitor {
    type Value = BTreeMap<String, String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of strings")
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        let mut texts = BTreeMap::new();
        read_object(object, |name, object| {
            // null is the same as leaving it out.
            if let Some(text) = object.next_value::<Option<String>>()? {
                texts.insert(name.to_owned(), text);
            }
            Ok(true)
        })?;
        Ok(texts)
    }
}

impl<'de> Deserialize<'de> for RankRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor(PhantomData))
    }
}

impl<'de> Deserialize<'de> for ResourceRequirements {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor(PhantomData))
    }
}

struct FieldsVisitor<T>(PhantomData<T>);

impl<'de, T: Fields> Visitor<'de> for FieldsVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<T, A::Error> {
        let mut fields = T::default();
        let names = read_object(object, |name, object| fields.read(name, object))?;
        for required in T::REQUIRED {
            if !names.contains_key(*required) {
                return Err(A::Error::missing_field(required));
            }
        }
        let unknown = names.into_iter().filter(|(_, is_known)| !is_known);
        fields.set_unknown(unknown.map(|(name, _)| name).collect());
        Ok(fields)
    }
}

/// The keys of `object`, each with whether `read` knows it. The values of others are checked for keys that occur twice.
fn read_object<'de, A: MapAccess<'de>>(
    mut object: A,
    mut read: impl FnMut(&str, &mut A) -> Result<bool, A::Error>,
) -> Result<BTreeMap<String, bool>, A::Error> {
    let mut keys = BTreeMap::new();
    while let Some(key) = object.next_key::<String>()? {
        match keys.entry(key) {
            Entry::Occupied(key) => {
                let key = key.key();
                return Err(A::Error::custom(format_args!(
                    "the key '{key:.100}' is there twice"
                )));
            }
            Entry::Vacant(key) => {
                let is_known = read(key.key(), &mut object)?;
                if !is_known {
                    object.next_value::<UniqueKeys>()?;
                }
                key.insert(is_known);
            }
        }
    }
    Ok(keys)
}

/// Any value, none of whose objects has a key twice: of two equal keys, programs disagree on which one counts.
#[derive(Debug)]
pub struct UniqueKeys;

impl<'de> Deserialize<'de> for UniqueKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for UniqueKeys {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self, A::Error> {
        read_object(object, |_, _| Ok(false))?;
        Ok(self)
    }
}

/// Whole numbers by names, no name twice.
struct Sizes(BTreeMap<String, u64>);

impl<'de> Deserialize<'de> for Sizes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(SizesVisitor).map(Self)
    }
}

struct SizesVisitor;

impl<'de> Visitor<'de> for SizesVisitor {
    type Value = BTreeMap<String, u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of whole numbers")
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        let mut sizes = BTreeMap::new();
        read_object(object, |name, object| {
            /// As in the schema: not every larger number is a 64-bit float.
            const MAX: u64 = 9_007_199_254_740_992;
            let size = object.next_value::<Whole>()?.get();
            if size > MAX {
                return Err(A::Error::custom(format_args!("must be at most {MAX}")));
            }
            sizes.insert(name.to_owned(), size);
            Ok(true)
        })?;
        Ok(sizes)
    }
}

/// A whole number of at least 0 in any notation: for JSON Schema, 2.0 and 1e3 are integers. Those above 2^64 are as good as
/// 2^64.
pub(super) struct Whole(u64);

impl Whole {
    /// The number.
    pub(super) const fn get(self) -> u64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WholeVisitor).map(Self)
    }
}

struct WholeVisitor;

impl Visitor<'_> for WholeVisitor {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of at least 0")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<u64, E> {
        Ok(number)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<u64, E> {
        number
            .try_into()
            .map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole and not negative, and `as` saturates"
    )]
    fn visit_f64<E: Error>(self, number: f64) -> Result<u64, E> {
        if number.fract() == 0.0 && number >= 0.0 {
            return Ok(number as u64);
        }
        Err(E::invalid_value(Unexpected::Float(number), &self))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn needs(change: &Value) -> Result<ResourceRequirements, serde_json::Error> {
        let mut needs = json!({"cpu_cores": 1, "ram_gb": 1, "disk_gb": 1, "execution_time_sec": 1});
        let changes = change.as_object().unwrap().clone();
        needs.as_object_mut().unwrap().extend(changes);
        serde_json::from_value(needs)
    }

    #[test]
    fn whole_numbers_may_be_written_as_floats() {
        let limit = |limit: Value| {
            let needs = json!({"cpu_cores": 1, "ram_gb": 1, "disk_gb": 1, "execution_time_sec": 1});
            let request = json!({"tes_uris": [], "resource_requirements": needs, "limit": limit});
            serde_json::from_value::<RankRequest>(request).map(|request| request.limit)
        };
        for (given, expected) in [
            (json!(7), Some(7)),
            (json!(2.0), Some(2)),
            (json!(1e3), Some(1000)),
            (json!(1e300), Some(u64::MAX)),
            (json!(null), None),
        ] {
            assert_eq!(limit(given.clone()).unwrap(), expected, "{given}");
        }
        for bad in [json!(1.5), json!(-1), json!("1"), json!([1])] {
            assert!(limit(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn needs_may_be_fractions() {
        let read = needs(&json!({"cpu_cores": 0.5, "execution_time_sec": 1.25})).unwrap();
        assert_eq!((read.cpu_cores, read.execution_time_sec), (0.5, 1.25));
        for bad in [json!("1"), json!(null), json!(true)] {
            assert!(needs(&json!({"cpu_cores": bad})).is_err(), "{bad}");
        }
    }

    #[test]
    fn null_is_the_same_as_leaving_an_optional_property_out() {
        let nulls = json!({
            "preemptible": null, "zones": null, "backend_parameters": null, "backend_parameters_strict": null
        });
        assert_eq!(needs(&nulls).unwrap(), needs(&json!({})).unwrap());
    }

    #[test]
    fn backend_parameters_are_strings() {
        let read = |parameters: Value| needs(&json!({"backend_parameters": parameters}));
        let found = read(json!({"vm_size": "Standard_D8s_v3", "gpu": null})).unwrap();
        let expected = BTreeMap::from([("vm_size".to_owned(), "Standard_D8s_v3".to_owned())]);
        assert_eq!(found.backend_parameters, expected);
        for bad in [json!({"gpu": 1}), json!(["gpu"]), json!("gpu")] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_that_occurs_twice_is_refused_wherever_it_is() {
        const NEEDS: &str = r#""cpu_cores": 1, "ram_gb": 1, "disk_gb": 1, "execution_time_sec": 1"#;
        let read = |needs: &str, more: &str| {
            let body =
                format!(r#"{{"tes_uris": [], "resource_requirements": {{{NEEDS}{needs}}}{more}}}"#);
            serde_json::from_str::<RankRequest>(&body).map_err(|error| error.to_string())
        };
        assert!(read("", r#", "x": [{"a": 1}, {"a": 2}]"#).is_ok());
        for (needs, more, key) in [
            ("", r#", "tes_uris": []"#, "tes_uris"),
            (r#", "ram_gb": 1"#, "", "ram_gb"),
            ("", r#", "x": 1, "x": 1"#, "x"),
            ("", r#", "object_sizes": {"s": 1, "s": 1}"#, "s"),
            ("", r#", "mode": 0, "\u006dode": 0"#, "mode"),
            (r#", "x": [{"a": 1, "\u0061": 2}]"#, "", "a"),
            (r#", "backend_parameters": {"a": "1", "a": "2"}"#, "", "a"),
            ("", r#", "x": {"y": {"b": null, "b": null}}"#, "b"),
        ] {
            let error = read(needs, more).unwrap_err();
            assert!(
                error.contains(&format!("'{key}' is there twice")),
                "{error}"
            );
        }
    }

    #[test]
    fn a_list_is_no_object() {
        assert!(serde_json::from_str::<ResourceRequirements>("[1, 1, 1, 1]").is_err());
    }
}
