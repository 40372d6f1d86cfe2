//! Reads the body of a request. That for services is deserialised in one pass; only a refused body is compared with the schema of the
//! OpenAPI document, to find all of its faults.

use std::collections::HashSet;

use jsonschema::{
    ValidationError, Validator,
    error::{TypeKind, ValidationErrorKind},
};
use serde_json::{Value, json};

use super::error::HttpError;
use crate::{
    api::{request::RankRequest, strict::UniqueKeys, task_request::TaskRequest},
    config::{DefaultNeeds, Limits},
    domain::{
        mode::BadMode,
        query::{RequestFault, RequestFaultReason},
        service::{BadServiceUri, ServiceUri},
    },
    error::Error,
};

/// How many violations of the schema are reported: a body can have as many as it has values.
const MAX_FAULTS: usize = 1000;

/// Reads requests, and explains why others are refused.
#[derive(Debug)]
pub(super) struct RequestReader {
    schema: Validator,
    task_schema: Validator,
    limits: Limits,
}

impl RequestReader {
    /// Explains with the schemas `RankRequest` and `TaskRequest` of `document`, within `limits`.
    ///
    /// # Errors
    /// If the document has no usable schemas of these names.
    pub(super) fn new(
        document: &Value,
        limits: Limits,
    ) -> Result<Self, Box<ValidationError<'static>>> {
        let validator = |name: &str| {
            // With the whole document as the schema, its references resolve.
            let mut schema = document.clone();
            if let Some(top) = schema.as_object_mut() {
                top.insert(
                    "$ref".to_owned(),
                    json!(format!("#/components/schemas/{name}")),
                );
            }
            jsonschema::draft202012::new(&schema).map_err(Box::new)
        };
        Ok(Self {
            schema: validator("RankRequest")?,
            task_schema: validator("TaskRequest")?,
            limits,
        })
    }

    /// The request in `body`. Lengths, ranges and meaning are checked by [`RankRequest::into_query`], which finds all
    /// faults of a request that this accepts.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every fault, of the schema and of meaning.
    pub(super) fn read(&self, body: &[u8]) -> Result<RankRequest, HttpError> {
        serde_json::from_slice(body).map_err(|error| {
            let mut faults = match parse(body) {
                Ok(value) => self.faults(&value),
                Err(error) => {
                    return HttpError::invalid(RequestFaultReason::NotJson(error.to_string()));
                }
            };
            if faults.is_empty() {
                faults.push(RequestFault::new("", error.to_string()));
            }
            Error::Invalid(faults).into()
        })
    }

    /// The request for a task in `body`, which is compared with its schema first: tasks are written by many programs.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every fault, of the schema and of meaning.
    pub(super) fn read_task(&self, body: &[u8]) -> Result<TaskRequest, HttpError> {
        let value = parse(body)
            .map_err(|error| HttpError::invalid(RequestFaultReason::NotJson(error.to_string())))?;
        let mut faults = faults_of(&self.task_schema, &value);
        let request = serde_json::from_value::<TaskRequest>(value.clone());
        match request {
            Ok(request) if faults.is_empty() => return Ok(request),
            Err(error) if faults.is_empty() => {
                faults.push(RequestFault::new("", error.to_string()));
            }
            _ => {}
        }
        if value.is_object() {
            // What is no object has no parts to tell of.
            let task = value.get("task").filter(|task| task.is_object());
            let rest = TaskRequest {
                task: task.cloned().unwrap_or_default(),
                tes_uris: strings(&value, "tes_uris"),
                registries: strings(&value, "registries"),
                drs_uris: strings(&value, "drs_uris"),
                ..TaskRequest::default()
            };
            let of_meaning = rest.into_query(&self.limits, &DefaultNeeds::default(), &[]);
            add_new(&mut faults, of_meaning.err().unwrap_or_default());
            faults.extend(TaskRequest::misnamed(&value, &faults));
        }
        Err(Error::Invalid(faults).into())
    }

    /// All violations of the schema, up to [`MAX_FAULTS`], and the faults of meaning elsewhere.
    fn faults(&self, value: &Value) -> Vec<RequestFault> {
        let mut faults = faults_of(&self.schema, value);
        if !value.is_object() {
            return faults;
        }
        let of_meaning = strings_of(value)
            .into_query(&self.limits, &[])
            .err()
            .unwrap_or_default();
        add_new(&mut faults, of_meaning);
        faults.extend(RankRequest::misnamed(value, &faults));
        faults
    }
}

/// The violations of `schema`, up to [`MAX_FAULTS`].
fn faults_of(schema: &Validator, value: &Value) -> Vec<RequestFault> {
    let mut faults = Vec::new();
    for error in schema.iter_errors(value) {
        match error.kind() {
            // Null, or an object with a schema of its own: faults inside of the object tell more.
            ValidationErrorKind::OneOfNotValid { context }
                if error.instance_path().as_str() != "/mode" =>
            {
                let is_inside = |one: &ValidationError<'_>| {
                    one.instance_path().as_str() != error.instance_path().as_str()
                };
                let of_object = context.iter().find(|branch| branch.iter().any(is_inside));
                let branch = of_object.or(context.first()).into_iter().flatten();
                faults.extend(branch.map(fault));
            }
            _ => faults.push(fault(&error)),
        }
        if faults.len() >= MAX_FAULTS {
            break;
        }
    }
    faults
}

/// Adds those of `more` that are elsewhere than those that are known.
fn add_new(faults: &mut Vec<RequestFault>, mut more: Vec<RequestFault>) {
    let known: HashSet<_> = faults.iter().map(|fault| &*fault.pointer).collect();
    more.retain(|fault| !known.contains(&*fault.pointer));
    faults.extend(more);
}

/// The strings of the list `field`. An item that is not a string becomes an empty one.
fn strings(value: &Value, field: &str) -> Vec<String> {
    let items = value.get(field).and_then(Value::as_array);
    let strings = items
        .into_iter()
        .flatten()
        .map(|item| item.as_str().unwrap_or_default());
    strings.map(str::to_owned).collect()
}

/// `body` as JSON. serde_json alone would keep the last of two equal keys.
fn parse(body: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice::<UniqueKeys>(body)?;
    serde_json::from_slice(body)
}

/// A request with the URIs and ids of `value`, which are all that can keep to the schema and still have a fault. An item
/// that is not a string becomes an empty one, so that the others keep their positions.
fn strings_of(value: &Value) -> RankRequest {
    RankRequest {
        tes_uris: strings(value, "tes_uris"),
        registries: strings(value, "registries"),
        object_ids: strings(value, "object_ids"),
        drs_uris: strings(value, "drs_uris"),
        ..RankRequest::default()
    }
}

/// A violation of the schema in the words of this service.
fn fault(error: &ValidationError<'_>) -> RequestFault {
    let pointer = error.instance_path().to_string();
    if pointer == "/mode" {
        return RequestFault::new(pointer, BadMode.to_string());
    }
    let reason = match error.kind() {
        ValidationErrorKind::Required { property } => {
            let property = property.as_str().unwrap_or_default();
            let pointer = format!("{pointer}/{property}");
            return RequestFault::new(pointer, RequestFaultReason::Required);
        }
        ValidationErrorKind::Type { kind } => RequestFaultReason::WrongType {
            must_be: kind_name(kind),
            is: name_of(error.instance()),
        },
        ValidationErrorKind::MaxItems { limit } => RequestFaultReason::TooManyItems {
            limit: usize::try_from(*limit).unwrap_or(usize::MAX),
            length: error.instance().as_array().map_or(0, Vec::len),
        },
        ValidationErrorKind::Minimum { limit } => RequestFaultReason::TooLow(limit.to_string()),
        ValidationErrorKind::Maximum { limit } => RequestFaultReason::TooHigh(limit.to_string()),
        ValidationErrorKind::MinItems { .. } | ValidationErrorKind::MinLength { .. } => {
            RequestFaultReason::Empty
        }
        ValidationErrorKind::Pattern { .. } if pointer.starts_with("/task/") => {
            if pointer.ends_with("/path") {
                RequestFaultReason::NotAbsolutePath
            } else {
                RequestFaultReason::NotAFileType
            }
        }
        // Of the rest, only the URIs of services have a pattern.
        ValidationErrorKind::Pattern { .. } => {
            let bad = ServiceUri::parse(error.instance().as_str().unwrap_or_default()).err();
            bad.unwrap_or(BadServiceUri::NotAbsolute).into()
        }
        _ => return RequestFault::new(pointer, error.masked().to_string()),
    };
    RequestFault::new(pointer, reason)
}

fn kind_name(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(kind) => with_article(&kind.to_string()),
        TypeKind::Multiple(kinds) => {
            let mut kinds: Vec<_> = kinds.iter().map(|kind| kind.to_string()).collect();
            // What is wanted first; without a value, a property may be null.
            kinds.sort_by_key(|kind| kind == "null");
            let kinds: Vec<_> = kinds.iter().map(|kind| with_article(kind)).collect();
            kinds.join(" or ")
        }
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
    use std::collections::BTreeSet;

    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;
    use crate::http::document;

    fn reader(limits: Limits) -> RequestReader {
        let document = serde_json::to_value(document(&limits, None)).unwrap();
        RequestReader::new(&document, limits).unwrap()
    }

    fn faults_of(tes_uri: &str) -> Vec<RequestFault> {
        let needs = json!({"cpu_cores": 1, "ram_gb": 1, "disk_gb": 1, "execution_time_sec": 1});
        let request = json!({"tes_uris": [tes_uri], "resource_requirements": needs});
        reader(Limits::default()).faults(&request)
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
            assert_eq!(faults_of(good), [], "{good}");
        }
    }

    #[test]
    fn a_uri_that_breaks_the_schema_is_refused_in_our_own_words() {
        for (bad, why) in [
            ("", BadServiceUri::NotAbsolute),
            ("ftp://tes.example", BadServiceUri::NotAbsolute),
            ("http:///tes", BadServiceUri::NotAbsolute),
            ("http://tes example", BadServiceUri::Blank),
            ("http://tes.example\u{85}", BadServiceUri::Blank),
            ("http://tes.example/\u{feff}", BadServiceUri::Blank),
            ("http://tes.example/?q", BadServiceUri::NotARoot),
        ] {
            assert_eq!(ServiceUri::parse(bad), Err(why), "{bad:?}");
            let fault = RequestFault::new("/tes_uris/0", why.to_string());
            assert_eq!(faults_of(bad), [fault], "{bad:?}");
        }
    }

    #[test]
    fn the_number_of_faults_is_bounded() {
        let many = vec![""; 50_000];
        let needs = json!({"cpu_cores": 1, "ram_gb": 1, "disk_gb": 1, "execution_time_sec": 1, "zones": vec![0; 50_000]});
        let request = json!({
            "tes_uris": many, "object_ids": many, "drs_uris": many, "resource_requirements": needs, "explain": 1,
        });
        let faults = reader(Limits::default()).faults(&request);
        assert!(
            (MAX_FAULTS..5 * MAX_FAULTS).contains(&faults.len()),
            "{}",
            faults.len()
        );
    }

    /// The members of a JSON object, as text.
    type Members = Vec<(&'static str, String)>;

    fn object(members: &Members) -> String {
        let members = members
            .iter()
            .map(|(key, value)| format!("\"{key}\": {value}"));
        format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
    }

    /// One of `texts`, which are JSON.
    fn one_of(texts: &'static [&'static str]) -> BoxedStrategy<String> {
        select(texts).prop_map(str::to_owned).boxed()
    }

    fn number() -> BoxedStrategy<String> {
        one_of(&[
            "0",
            "-0",
            "-0.0",
            "1",
            "2.0",
            "1e0",
            "0.5",
            "1.5",
            "-1",
            "-1.0",
            "-0.5",
            "7",
            "7.0",
            "8",
            "1e3",
            "9007199254740992",
            "9007199254740992.0",
            "9007199254740993",
            "18446744073709551615",
            "18446744073709551616",
            "-9223372036854775808",
            "1e300",
            "1e999",
            "-",
        ])
    }

    fn anything() -> BoxedStrategy<String> {
        let other = one_of(&[
            "null",
            "true",
            "[]",
            "{}",
            "\"\"",
            "\"cost\"",
            "\"a\"",
            "[1]",
            "[\"\", null]",
            "[[]]",
            r#"{"a": 1, "a": 2}"#,
            r#"{"a": [{"b": 1, "c": 1}, {"b": 1}]}"#,
            r#"[{"b": [{"a": 1, "\u0061": 1}]}]"#,
        ]);
        prop_oneof![number(), other, uri()].boxed()
    }

    fn uri() -> BoxedStrategy<String> {
        let odd = select(
            &[
                'a', '0', '.', ':', '/', '?', '#', '@', '\\', '%', '[', ']', ' ', '\t', '\n', '\0',
                '\u{7f}', '\u{85}', '\u{a0}', '\u{1680}', '\u{180e}', '\u{200b}', '\u{2028}',
                '\u{3000}', '\u{feff}', 'é',
            ][..],
        );
        let rest = vec(odd, 0..5).prop_map(|odd| odd.into_iter().collect::<String>());
        let start = select(
            &[
                "http://",
                "HTTPS://",
                "http://a",
                "https://a/",
                "ftp://",
                "http:/",
                "",
            ][..],
        );
        let odd =
            (start, rest).prop_map(|(start, rest)| json!(format!("{start}{rest}")).to_string());
        let good = one_of(&["\"http://tes.example/\"", "\"https://b:8443/v1\""]);
        prop_oneof![4 => good, 1 => odd].boxed()
    }

    fn id() -> BoxedStrategy<String> {
        one_of(&[
            "\"a001\"",
            "\"drs://drs.example/a\"",
            "\"drs://dg.4503:b\"",
            "\"drs://b\"",
            "\"\"",
            "\"tes_uri\"",
        ])
    }

    fn list(item: BoxedStrategy<String>, lengths: std::ops::Range<usize>) -> BoxedStrategy<String> {
        let item = prop_oneof![30 => item, 1 => anything()];
        vec(item, lengths)
            .prop_map(|items| format!("[{}]", items.join(", ")))
            .boxed()
    }

    /// A member that is most likely `usual`, but may be anything, missing, or there twice.
    fn member(key: &'static str, usual: BoxedStrategy<String>) -> impl Strategy<Value = Members> {
        let value = prop_oneof![12 => usual, 1 => anything()];
        (value, 0..40).prop_map(move |(value, rare)| match rare {
            0 => Members::new(),
            1 => vec![(key, value.clone()), (key, value)],
            _ => vec![(key, value)],
        })
    }

    fn unknown() -> impl Strategy<Value = Members> {
        let member = (select(&["colour", "a/b", "Mode", ""][..]), anything());
        vec(member, 0..3)
    }

    fn body() -> impl Strategy<Value = String> {
        let whole = || one_of(&["0", "1", "2.0", "1e3", "9007199254740992"]);
        let amount = || one_of(&["0", "8", "0.5", "1e300", "-0.0"]);
        let needs = (
            member("cpu_cores", whole()),
            member("ram_gb", amount()),
            member("disk_gb", amount()),
            member("execution_time_sec", whole()),
            member("preemptible", one_of(&["true", "false"])),
            member("zones", list(one_of(&["\"\"", "\"eu-1\""]), 0..3)),
            unknown(),
        );
        let needs = needs.prop_map(|(a, b, c, d, e, f, g)| object(&[a, b, c, d, e, f, g].concat()));
        let request = (
            member("tes_uris", list(uri(), 1..4)),
            member("resource_requirements", needs.boxed()),
            member("object_ids", list(id(), 0..4)),
            member("drs_uris", list(uri(), 0..4)),
            member(
                "mode",
                one_of(&["\"cost\"", "\"random\"", "0", "0.5", "1", "-1"]),
            ),
            member("limit", one_of(&["1", "7", "2.0", "8", "0"])),
            member("explain", one_of(&["true", "false"])),
            unknown(),
        );
        request.prop_map(|(a, b, c, d, e, f, g, h)| object(&[a, b, c, d, e, f, g, h].concat()))
    }

    fn pointers(faults: &[RequestFault]) -> BTreeSet<&str> {
        faults.iter().map(|fault| &*fault.pointer).collect()
    }

    #[test]
    fn a_task_that_is_no_object_is_one_fault() {
        for task in ["[1]", "[[]]", "[]", "1", "\"task\"", "null", "true"] {
            let body = format!("{{\"task\": {task}, \"tes_uris\": [\"https://tes.example/\"]}}");
            let refused = reader(Limits::default()).read_task(body.as_bytes());
            let Err(HttpError::Ranking(Error::Invalid(faults))) = refused else {
                panic!("{refused:?}");
            };
            assert_eq!(pointers(&faults), BTreeSet::from(["/task"]), "{faults:?}");
            assert_eq!(faults.len(), 1, "{faults:?}");
        }
    }

    #[test]
    fn a_body_is_accepted_if_and_only_if_the_schema_and_the_meaning_accept_it() {
        let limits = Limits {
            tes_uris: 2,
            drs_uris: 2,
            object_ids: 2,
            combinations: 7,
            ..Limits::default()
        };
        let reader = reader(limits);
        proptest!(ProptestConfig::with_cases(4000), |(body in body())| {
            let explained = parse(body.as_bytes()).map(|value| reader.faults(&value));
            let is_valid = explained.as_ref().is_ok_and(Vec::is_empty);
            let is_syntax = explained.is_err();
            match reader.read(body.as_bytes()) {
                Ok(request) => match request.into_query(&limits, &[]) {
                    Ok(_) => prop_assert!(is_valid, "{explained:?}"),
                    // All faults are found without the schema.
                    Err(faults) => {
                        let explained = explained.unwrap();
                        let (mut meant, mut found) = (pointers(&faults), pointers(&explained));
                        // Which negative numbers are modes is no matter of the schema.
                        meant.remove("/mode");
                        found.remove("/mode");
                        prop_assert_eq!(meant, found);
                    }
                },
                Err(HttpError::Ranking(Error::Invalid(faults))) => {
                    prop_assert!(!is_valid, "{faults:?}");
                    let texts: BTreeSet<_> = faults.iter().map(ToString::to_string).collect();
                    prop_assert_eq!(texts.len(), faults.len(), "{:?}", faults);
                    if is_syntax {
                        prop_assert_eq!(pointers(&faults), BTreeSet::from([""]));
                    }
                }
                Err(other) => prop_assert!(false, "{other:?}"),
            }
        });
    }
}
