//! A valid request, and what can be wrong with one.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    sync::Arc,
};

use super::{
    deduplicate::deduplicate,
    mode::{BadMode, Mode},
    object_id::{BadDrsUri, ObjectId},
    resources::ResourceNeeds,
    service::{BadServiceUri, ServiceUri},
    task::TaskFacts,
    tes_base::given_base,
    warning::Warning,
};

/// The key of the TES in an answer; an object cannot have it as its id.
pub const TES_KEY: &str = "tes_uri";

/// A valid request without duplicates: [`Query::new`] is the only constructor.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    needs: ResourceNeeds,
    tes: Vec<ServiceUri>,
    drs: Vec<ServiceUri>,
    objects: Vec<ObjectId>,
    object_sizes: BTreeMap<String, u64>,
    mode: Mode,
    limit: usize,
    explain: bool,
    registries: Vec<ServiceUri>,
    /// Whether the operator and not the request named the registries.
    trusts_registries: bool,
    /// The position of the first TES that only a registry of the request names.
    first_untrusted: usize,
    task: TaskFacts,
    warnings: Vec<Warning>,
}

/// The parts of a [`Query`], each valid by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryParts {
    /// The resources that the task needs.
    pub needs: ResourceNeeds,
    /// The TES that could run the task.
    pub tes: Vec<ServiceUri>,
    /// Registries with further TES.
    pub registries: Vec<ServiceUri>,
    /// Whether the operator and not the request named the registries.
    pub trusts_registries: bool,
    /// The DRS that may have its input objects.
    pub drs: Vec<ServiceUri>,
    /// The ids of its input objects.
    pub objects: Vec<Arc<str>>,
    /// Sizes of objects in bytes that the caller knows, by id.
    pub object_sizes: BTreeMap<String, u64>,
    /// The ranking mode.
    pub mode: Mode,
    /// The maximum number of combinations.
    pub limit: usize,
    /// Whether the answer has locations, distances and sources of offers.
    pub explain: bool,
    /// JSON pointers of properties that the schema of the request does not define.
    pub unknown: Vec<String>,
}

/// A fault of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFault {
    /// A JSON pointer to the faulty part; empty for the whole request.
    pub pointer: String,
    /// What is wrong with it and what it must be: mostly the text of a [`RequestFaultReason`].
    pub message: String,
}

/// What is wrong with a part of a request. The text follows its JSON pointer or the name of an option.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestFaultReason {
    /// The property is missing.
    #[error("is required")]
    Required,
    /// The value has another JSON type.
    #[error("must be {must_be}, not {is}")]
    WrongType {
        /// The expected type, with its article.
        must_be: String,
        /// The type of the value, with its article.
        is: &'static str,
    },
    /// The number is below this one.
    #[error("must be at least {0}")]
    TooLow(String),
    /// The number is above this one.
    #[error("must be at most {0}")]
    TooHigh(String),
    /// The amount is negative or not finite.
    #[error("must be a number of at least 0")]
    NotAnAmount,
    /// The text is empty.
    #[error("must not be empty")]
    Empty,
    /// The list of services is empty.
    #[error("must have at least one URI")]
    NoUri,
    /// No property has this name, and one that is missing has a similar one.
    #[error("is no known property (did you mean {0}?)")]
    Misnamed(&'static str),
    /// Two inputs of a task have the same path.
    #[error("must not be the path of another input")]
    DuplicatePath,
    /// Two inputs of a task have the same URL and different sizes.
    #[error("must be the size of the other input with the same URL")]
    DifferentSize,
    /// An input of a task has neither URL nor content.
    #[error("is required, as the input has no content")]
    NoUrl,
    /// A path in the containers is relative.
    #[error("must be an absolute path")]
    NotAbsolutePath,
    /// The type of an input or output is unknown.
    #[error("must be FILE or DIRECTORY")]
    NotAFileType,
    /// There are ids to look up and no DRS.
    #[error(
        "must have at least one URI, as some object_ids are neither URLs nor name their server (drs://host/id)"
    )]
    NoDrs,
    /// The list is longer than its limit.
    #[error("must have at most {limit} items, not {length}")]
    TooManyItems {
        /// The limit.
        limit: usize,
        /// The length of the list.
        length: usize,
    },
    /// The id is [`TES_KEY`].
    #[error("must not be '{TES_KEY}', which is the key of the TES in the answer")]
    ReservedId,
    /// The id is not valid.
    #[error(transparent)]
    Id(#[from] BadDrsUri),
    /// The URI is not valid.
    #[error(transparent)]
    Uri(#[from] BadServiceUri),
    /// The mode is not valid.
    #[error(transparent)]
    Mode(#[from] BadMode),
    /// The body is not JSON; the parser's reason.
    #[error("the body is not valid JSON: {0}")]
    NotJson(String),
    /// The connection ended before the body did.
    #[error("the body is incomplete: the connection was closed")]
    BodyIncomplete,
    /// The framework refuses the request without a reason.
    #[error("the request cannot be read")]
    Unreadable,
    /// The URI of the request is longer than its limit.
    #[error("the URI must have at most {limit} bytes, not {length}")]
    UriTooLong {
        /// The limit.
        limit: usize,
        /// The length of the URI.
        length: usize,
    },
}

impl From<RequestFaultReason> for String {
    fn from(reason: RequestFaultReason) -> Self {
        reason.to_string()
    }
}

impl RequestFault {
    /// A fault of the part at `pointer`.
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            message: message.into(),
        }
    }

    /// Whether the faulty part is at or below `pointer`.
    pub fn is_inside(&self, pointer: &str) -> bool {
        self.pointer
            .strip_prefix(pointer)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl fmt::Display for RequestFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => f.write_str(&self.message),
            pointer => write!(f, "{pointer}: {}", self.message),
        }
    }
}

impl Query {
    /// Removes duplicates, with a warning, and checks what depends on several parts.
    ///
    /// # Errors
    /// All faults.
    pub fn new(parts: QueryParts) -> Result<Self, Vec<RequestFault>> {
        let mut faults = Vec::new();
        if parts.tes.is_empty() && parts.registries.is_empty() {
            faults.push(RequestFault::new("/tes_uris", RequestFaultReason::NoUri));
        }
        let objects: Vec<_> = parts
            .objects
            .into_iter()
            .map(|given| check_id(&given))
            .collect();
        // An invalid id may have been meant for a DRS.
        let needs_drs = |id: &Result<ObjectId, RequestFaultReason>| match id {
            Ok(id) => id.is_bare(),
            Err(reason) => !matches!(reason, RequestFaultReason::Id(_)),
        };
        if parts.drs.is_empty() && objects.iter().any(needs_drs) {
            faults.push(RequestFault::new("/drs_uris", RequestFaultReason::NoDrs));
        }
        let mut valid = Vec::with_capacity(objects.len());
        for (position, id) in objects.into_iter().enumerate() {
            match id {
                Ok(id) => valid.push(id),
                Err(reason) => {
                    let pointer = format!("/object_ids/{position}");
                    faults.push(RequestFault::new(pointer, reason));
                }
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }

        let mut warnings = Vec::new();
        if !parts.unknown.is_empty() {
            warnings.push(Warning::UnknownProperties(parts.unknown));
        }
        if parts.needs.is_nothing() {
            warnings.push(Warning::NoNeeds);
        }
        let tes = deduplicate(
            "tes_uris",
            parts.tes,
            // The list of tasks is often given as the URI of the service.
            given_base,
            ToString::to_string,
            &mut warnings,
        );
        let drs = deduplicate(
            "drs_uris",
            parts.drs,
            |uri| uri.root().clone(),
            ToString::to_string,
            &mut warnings,
        );
        let objects = deduplicate(
            "object_ids",
            valid,
            |id| Arc::clone(id.given()),
            ToString::to_string,
            &mut warnings,
        );
        let registries = deduplicate(
            "registries",
            parts.registries,
            |uri| uri.root().clone(),
            ToString::to_string,
            &mut warnings,
        );
        Ok(Self {
            needs: parts.needs,
            first_untrusted: tes.len(),
            tes,
            registries,
            trusts_registries: parts.trusts_registries,
            task: TaskFacts::default(),
            drs,
            objects,
            object_sizes: parts.object_sizes,
            mode: parts.mode,
            limit: parts.limit,
            explain: parts.explain,
            warnings,
        })
    }

    /// The same query for a whole task, with `warnings` about it.
    #[must_use]
    pub fn for_task(mut self, task: TaskFacts, warnings: Vec<Warning>) -> Self {
        self.task = task;
        self.warnings.extend(warnings);
        self
    }

    /// The same query with the TES that its registries list, each once, up to `limit` TES; the number of those above it.
    #[must_use]
    pub fn with_listed(mut self, listed: Vec<ServiceUri>, limit: usize) -> (Self, usize) {
        let mut known: HashSet<_> = self.tes.iter().map(given_base).collect();
        let mut skipped = 0;
        for uri in listed {
            if !known.insert(given_base(&uri)) {
                continue;
            }
            if self.tes.len() < limit {
                self.tes.push(uri);
            } else {
                skipped += 1;
            }
        }
        if self.trusts_registries {
            self.first_untrusted = self.tes.len();
        }
        (self, skipped)
    }

    /// Registries whose TES could run the task too.
    pub fn registries(&self) -> &[ServiceUri] {
        &self.registries
    }

    /// Whether the TES at this position may get the caller's token: the caller or the operator named it, or the operator
    /// its registry.
    pub const fn trusts(&self, tes: usize) -> bool {
        tes < self.first_untrusted
    }

    /// What is known of the task besides its needs and objects.
    pub const fn task(&self) -> &TaskFacts {
        &self.task
    }

    /// The resources that the task needs.
    pub const fn needs(&self) -> &ResourceNeeds {
        &self.needs
    }

    /// The TES that could run the task: at least one if there are no registries.
    pub fn tes(&self) -> &[ServiceUri] {
        &self.tes
    }

    /// The DRS that may have its objects: at least one if there is a bare id.
    pub fn drs(&self) -> &[ServiceUri] {
        &self.drs
    }

    /// The ids of its input objects.
    pub fn objects(&self) -> &[ObjectId] {
        &self.objects
    }

    /// The size in bytes of an object, as the caller knows it.
    pub fn object_size(&self, id: &str) -> Option<u64> {
        self.object_sizes.get(id).copied()
    }

    /// The ranking mode.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// The maximum number of combinations.
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// Whether the answer has locations, distances and sources of offers.
    pub const fn explain(&self) -> bool {
        self.explain
    }

    /// The warnings about the request itself.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

fn check_id(given: &Arc<str>) -> Result<ObjectId, RequestFaultReason> {
    if given.is_empty() {
        return Err(RequestFaultReason::Empty);
    }
    if &**given == TES_KEY {
        return Err(RequestFaultReason::ReservedId);
    }
    Ok(ObjectId::parse(Arc::clone(given))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> QueryParts {
        QueryParts {
            needs: ResourceNeeds {
                cpu_cores: 1.0,
                ..ResourceNeeds::default()
            },
            tes: vec![ServiceUri::parse("https://tes.example/").unwrap()],
            registries: Vec::new(),
            trusts_registries: false,
            drs: vec![ServiceUri::parse("https://drs.example/").unwrap()],
            objects: vec!["a001".into()],
            object_sizes: BTreeMap::new(),
            mode: Mode::BALANCED,
            limit: 10,
            explain: false,
            unknown: Vec::new(),
        }
    }

    #[test]
    fn duplicates_are_used_once_with_a_warning() {
        let mut parts = parts();
        parts
            .tes
            .push(ServiceUri::parse("https://TES.example").unwrap());
        parts
            .objects
            .extend(["a002".into(), "a001".into(), "a001".into()]);
        let query = Query::new(parts).unwrap();
        assert_eq!(query.tes().len(), 1);
        let ids: Vec<_> = query.objects().iter().map(ToString::to_string).collect();
        assert_eq!(ids, ["a001", "a002"]);
        let duplicate = |field, value: &str| Warning::Duplicate {
            field,
            value: value.to_owned(),
        };
        assert_eq!(
            query.warnings(),
            [
                duplicate("tes_uris", "https://TES.example"),
                duplicate("object_ids", "a001")
            ]
        );
    }

    #[test]
    fn ids_that_name_their_server_need_no_drs() {
        let with = |ids: &[&str]| {
            let objects = ids.iter().map(|&id| id.into()).collect();
            Query::new(QueryParts {
                drs: Vec::new(),
                objects,
                ..parts()
            })
        };
        assert!(with(&["drs://drs.example/a", "drs://dg.4503:b", "s3://bucket/c"]).is_ok());
        let pointers = |faults: Vec<RequestFault>| -> Vec<_> {
            faults.into_iter().map(|fault| fault.pointer).collect()
        };
        let faults = with(&["drs://drs.example/a", "b"]).unwrap_err();
        assert_eq!(pointers(faults), ["/drs_uris"]);
        let faults = with(&["drs://drs.example/a", "drs://b"]).unwrap_err();
        assert_eq!(pointers(faults), ["/object_ids/1"]);
    }

    #[test]
    fn all_faults_are_reported_at_once() {
        let parts = QueryParts {
            tes: Vec::new(),
            drs: Vec::new(),
            objects: vec!["".into(), "a".into(), "tes_uri".into()],
            ..parts()
        };
        let pointers: Vec<_> = Query::new(parts)
            .unwrap_err()
            .into_iter()
            .map(|fault| fault.pointer)
            .collect();
        assert_eq!(
            pointers,
            ["/tes_uris", "/drs_uris", "/object_ids/0", "/object_ids/2"]
        );
    }
}
