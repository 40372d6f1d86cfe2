//! The access URIs of a combination, as a JSON object.

use std::{fmt, sync::Arc};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, Visitor},
    ser::SerializeMap,
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, Schema, Type},
    },
};

use crate::domain::{
    findings::Findings,
    query::{Query, TES_KEY},
    rank::Combination,
};

/// The chosen access URIs by object id, in the order of the request, and the chosen TES.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessUris {
    /// The id and access URI of each object.
    pub objects: Vec<(Arc<str>, Arc<str>)>,
    /// The TES as it was given in the request.
    pub tes_uri: Arc<str>,
}

impl AccessUris {
    /// Shares the strings: a thousand combinations of the same few URIs hold each URI once.
    pub(super) fn of(combination: &Combination<'_>, query: &Query, findings: &Findings) -> Self {
        let chosen = findings.objects.iter().zip(combination.uris);
        let mut objects = Vec::with_capacity(combination.uris.len());
        objects.extend(chosen.filter_map(|(object, &uri)| {
            let access = object.access.get(usize::try_from(uri).ok()?)?;
            Some((Arc::clone(&object.id), Arc::clone(&access.uri)))
        }));
        let tes = query.tes().get(combination.tes);
        Self {
            objects,
            tes_uri: tes.map(|tes| Arc::clone(tes.given())).unwrap_or_default(),
        }
    }
}

impl Serialize for AccessUris {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.objects.len() + 1))?;
        for (id, uri) in &self.objects {
            map.serialize_entry(&**id, &**uri)?;
        }
        map.serialize_entry(TES_KEY, &*self.tes_uri)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for AccessUris {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = AccessUris;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map from ids to URIs")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<AccessUris, M::Error> {
                let mut objects = Vec::new();
                let mut tes_uri = None;
                while let Some((id, uri)) = map.next_entry::<Arc<str>, Arc<str>>()? {
                    if &*id == TES_KEY {
                        tes_uri = Some(uri);
                    } else {
                        objects.push((id, uri));
                    }
                }
                let tes_uri = tes_uri.ok_or_else(|| de::Error::missing_field(TES_KEY))?;
                Ok(AccessUris { objects, tes_uri })
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}

impl ToSchema for AccessUris {}

impl PartialSchema for AccessUris {
    fn schema() -> RefOr<Schema> {
        let uri = |description: &str| {
            ObjectBuilder::new()
                .schema_type(Type::String)
                .description(Some(description))
        };
        ObjectBuilder::new()
            .property(
                TES_KEY,
                uri("The TES, exactly as it was given in the request."),
            )
            .required(TES_KEY)
            .description(Some(
                "The access URI of each object, by its id, and under `tes_uri` the TES. Ids come in the order of the request.",
            ))
            .additional_properties(Some(Schema::from(uri("The access URI of the object."))))
            .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_have_the_order_of_the_request_and_the_tes_is_last() {
        let uris = AccessUris {
            objects: vec![
                ("z".into(), "ftp://z".into()),
                ("a".into(), "ftp://a".into()),
            ],
            tes_uri: "https://tes".into(),
        };
        let json = serde_json::to_string(&uris).unwrap();
        assert_eq!(
            json,
            r#"{"z":"ftp://z","a":"ftp://a","tes_uri":"https://tes"}"#
        );
        assert_eq!(serde_json::from_str::<AccessUris>(&json).unwrap(), uris);
    }
}
