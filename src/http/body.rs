//! Checks a body against the schema of the OpenAPI document, and against what it means, and tells all faults at once.

use std::iter;

use jsonschema::{
    ValidationError, Validator,
    error::{TypeKind, ValidationErrorKind},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{error::HttpError, json};
use crate::{
    api::request::RankRequest,
    config::Limits,
    domain::{
        mode::BadMode,
        query::RequestFault,
        service::{BadServiceUri, ServiceUri},
    },
    error::Error,
};

/// The compiled schema of a request.
#[derive(Debug)]
pub(super) struct RequestReader {
    schema: Validator,
    limits: Limits,
}

impl RequestReader {
    /// The validator for the request that `document` describes, within `limits`.
    ///
    /// # Errors
    /// If the document has no usable schema of a request.
    pub(super) fn new(
        document: &Value,
        limits: Limits,
    ) -> Result<Self, Box<ValidationError<'static>>> {
        // With the whole document as the schema, its references resolve.
        let mut schema = document.clone();
        if let Some(top) = schema.as_object_mut() {
            top.insert("$ref".to_owned(), json!("#/components/schemas/RankRequest"));
        }
        Ok(Self {
            schema: jsonschema::draft202012::new(&schema).map_err(Box::new)?,
            limits,
        })
    }

    /// The request that `body` is.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every fault: those of the schema, and those of meaning in the parts that keep to it.
    pub(super) fn read(&self, body: &[u8]) -> Result<RankRequest, HttpError> {
        let mut value = json::parse(body)
            .map_err(|error| HttpError::invalid(format!("the body is not valid JSON: {error}")))?;
        // Most requests are valid, and that is told sooner than all that is wrong with one.
        if self.schema.is_valid(&value) {
            return deserialise(&value).map_err(|fault| Error::Invalid(vec![fault]).into());
        }
        let mut faults = Vec::new();
        let mut spoilt = Vec::new();
        for error in self.schema.iter_errors(&value) {
            let fault = fault(&error);
            if !is_about_length(error.kind()) {
                spoilt.push(fault.pointer.clone());
            }
            faults.push(fault);
        }
        for pointer in &spoilt {
            neutralise(&mut value, pointer);
        }
        complete(&mut value);
        // What is left keeps to the schema; it may still make no sense.
        if let Ok(request) = deserialise(&value)
            && let Err(further) = request.into_query(&self.limits)
        {
            let is_new = |fault: &RequestFault| {
                faults.iter().all(|known| known.pointer != fault.pointer)
                    && !spoilt.iter().any(|pointer| fault.is_inside(pointer))
            };
            let further: Vec<_> = further.into_iter().filter(is_new).collect();
            faults.extend(further);
        }
        Err(Error::Invalid(faults).into())
    }
}

/// Whether a list is too long or too short: its items can be read all the same.
const fn is_about_length(kind: &ValidationErrorKind) -> bool {
    matches!(
        kind,
        ValidationErrorKind::MinItems { .. } | ValidationErrorKind::MaxItems { .. }
    )
}

/// A value that keeps to the schema can still be refused, where numbers are beyond what is computed with.
fn deserialise(value: &Value) -> Result<RankRequest, RequestFault> {
    RankRequest::deserialize(value).or_else(|_| {
        // Once more, for the place of what is wrong: keeping track of it takes time.
        serde_path_to_error::deserialize(value).map_err(|error| {
            let steps = error.path().iter().map(ToString::to_string);
            let pointer = iter::once(String::new())
                .chain(steps)
                .collect::<Vec<_>>()
                .join("/");
            RequestFault::new(pointer, error.into_inner().to_string())
        })
    })
}

/// Replaces what is at `pointer` by something that keeps to the schema. Places in lists are kept, so that the pointers
/// of further faults are right.
fn neutralise(value: &mut Value, pointer: &str) {
    let Some((parent, step)) = pointer.rsplit_once('/') else {
        *value = json!({});
        return;
    };
    match value.pointer_mut(parent) {
        Some(Value::Object(members)) => {
            members.shift_remove(&step.replace("~1", "/").replace("~0", "~"));
        }
        Some(Value::Array(items)) => {
            let item = step
                .parse::<usize>()
                .ok()
                .and_then(|step| items.get_mut(step));
            if let Some(item) = item {
                *item = json!("");
            }
        }
        _ => {}
    }
}

/// Adds what is required and not there.
fn complete(value: &mut Value) {
    let Some(request) = value.as_object_mut() else {
        return;
    };
    request.entry("tes_uris").or_insert_with(|| json!([]));
    let needs = request
        .entry("resource_requirements")
        .or_insert_with(|| json!({}));
    if let Some(needs) = needs.as_object_mut() {
        for field in ["cpu_cores", "ram_gb", "disk_gb", "execution_time_sec"] {
            needs.entry(field).or_insert_with(|| json!(0));
        }
    }
}

/// A violation of the schema in our own words.
fn fault(error: &ValidationError<'_>) -> RequestFault {
    let pointer = error.instance_path().to_string();
    if pointer == "/mode" {
        return RequestFault::new(pointer, BadMode.to_string());
    }
    let message = match error.kind() {
        ValidationErrorKind::Required { property } => {
            let property = property.as_str().unwrap_or_default();
            return RequestFault::new(format!("{pointer}/{property}"), "is required");
        }
        ValidationErrorKind::Type { kind } => {
            format!(
                "must be {}, not {}",
                kind_name(kind),
                name_of(error.instance())
            )
        }
        ValidationErrorKind::MinItems { limit } => match pointer.as_str() {
            "/tes_uris" => "at least one URI is needed".to_owned(),
            _ => format!("at least {limit} items are needed"),
        },
        ValidationErrorKind::MaxItems { limit } => {
            let length = error.instance().as_array().map_or(0, Vec::len);
            format!("at most {limit} items are taken, here are {length}")
        }
        ValidationErrorKind::Minimum { limit } => format!("must be at least {limit}"),
        ValidationErrorKind::Maximum { limit } => format!("must be at most {limit}"),
        ValidationErrorKind::MinLength { .. } => "cannot be empty".to_owned(),
        // Of all that is asked for, only the URIs of services have a pattern.
        ValidationErrorKind::Pattern { .. } => {
            let bad = ServiceUri::parse(error.instance().as_str().unwrap_or_default()).err();
            bad.unwrap_or(BadServiceUri::NotAbsolute).to_string()
        }
        _ => error.masked().to_string(),
    };
    RequestFault::new(pointer, message)
}

fn kind_name(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(kind) => with_article(&kind.to_string()),
        TypeKind::Multiple(_) => "of another type".to_owned(),
    }
}

fn with_article(kind: &str) -> String {
    match kind {
        "array" | "integer" | "object" => format!("an {kind}"),
        "null" => kind.to_owned(),
        _ => format!("a {kind}"),
    }
}

const fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "this number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tes_uri: &str) -> Result<RankRequest, HttpError> {
        let document = serde_json::to_value(crate::http::document(&Limits::default(), None));
        let validator = RequestReader::new(&document.unwrap(), Limits::default()).unwrap();
        let needs = json!({"cpu_cores": 1, "ram_gb": 1, "disk_gb": 1, "execution_time_sec": 1});
        let request = json!({"tes_uris": [tes_uri], "resource_requirements": needs});
        validator.read(request.to_string().as_bytes())
    }

    #[test]
    fn the_schema_takes_every_uri_that_can_be_used() {
        for good in [
            "http://tes",
            "HTTPS://TES.example:8443/ga4gh/tes/v1",
            "http://ann:p%40ss@tes.example/",
            "http://[2001:db8::1]:80/a//b/",
            "https://büro.example/ä",
            "http://127.0.0.1/'\"{}|^`<>",
        ] {
            assert!(ServiceUri::parse(good).is_ok(), "{good}");
            assert!(read(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn a_uri_that_breaks_the_schema_is_refused_in_our_own_words() {
        for (bad, why) in [
            ("", BadServiceUri::NotAbsolute),
            ("ftp://tes.example", BadServiceUri::NotAbsolute),
            ("http:///tes", BadServiceUri::NotAbsolute),
            ("http://tes example", BadServiceUri::NotAbsolute),
            ("http://tes.example\u{85}", BadServiceUri::NotAbsolute),
            ("http://tes.example/?q", BadServiceUri::NotARoot),
        ] {
            match read(bad) {
                Err(HttpError::Ranking(Error::Invalid(faults))) => {
                    assert_eq!(
                        faults,
                        [RequestFault::new("/tes_uris/0", why.to_string())],
                        "{bad:?}"
                    );
                }
                other => panic!("{bad:?}: {other:?}"),
            }
        }
    }
}
