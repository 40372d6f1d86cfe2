//! A request that was found to be valid.

use std::{collections::HashSet, fmt, hash::Hash, sync::Arc};

use super::{
    mode::Mode,
    object_id::{DrsUri, ObjectId},
    resources::ResourceNeeds,
    service::ServiceUri,
    warning::Warning,
};

/// The key that stands for the TES in an answer, so that no object can have it for its id.
pub const TES_KEY: &str = "tes_uri";

/// What is asked, proven to be complete and free of duplicates: it can only be had from [`Query::new`].
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    needs: ResourceNeeds,
    tes: Vec<ServiceUri>,
    drs: Vec<ServiceUri>,
    objects: Vec<ObjectId>,
    mode: Mode,
    limit: usize,
    explain: bool,
    warnings: Vec<Warning>,
}

/// The parts of a [`Query`], each valid by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryParts {
    /// What the task needs.
    pub needs: ResourceNeeds,
    /// Where it could run.
    pub tes: Vec<ServiceUri>,
    /// Where its objects may be had.
    pub drs: Vec<ServiceUri>,
    /// The ids of its input objects.
    pub objects: Vec<Arc<str>>,
    /// What combinations are ranked by.
    pub mode: Mode,
    /// How many combinations are wanted at most.
    pub limit: usize,
    /// Whether the answer is to explain itself.
    pub explain: bool,
    /// JSON pointers of properties of the request that mean nothing to us.
    pub unknown: Vec<String>,
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFault {
    /// A JSON pointer to the part that is wrong; empty for the whole.
    pub pointer: String,
    /// What is wrong with it, and what it should be.
    pub message: String,
}

impl RequestFault {
    /// `message` is about the part of the request at `pointer`.
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            message: message.into(),
        }
    }

    /// Whether the fault is about the part at `pointer` or something inside of it.
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
    /// Takes duplicates once, with a warning, and checks what the parts mean together.
    ///
    /// # Errors
    /// Every fault, with its JSON pointer.
    pub fn new(parts: QueryParts) -> Result<Self, Vec<RequestFault>> {
        let mut faults = Vec::new();
        if parts.tes.is_empty() {
            faults.push(RequestFault::new("/tes_uris", "at least one URI is needed"));
        }
        let needs_drs = parts
            .objects
            .iter()
            .any(|given| DrsUri::scheme_stripped(given).is_none());
        let objects: Vec<_> = parts
            .objects
            .into_iter()
            .map(|given| check_id(&given))
            .collect();
        if parts.drs.is_empty() && needs_drs {
            faults.push(RequestFault::new(
                "/drs_uris",
                "at least one URI is needed when there are object_ids that do not name their server (drs://host/id)",
            ));
        }
        let mut good = Vec::with_capacity(objects.len());
        for (position, id) in objects.into_iter().enumerate() {
            match id {
                Ok(id) => good.push(id),
                Err(message) => {
                    faults.push(RequestFault::new(
                        format!("/object_ids/{position}"),
                        message,
                    ));
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
        let tes = take_once(
            "tes_uris",
            parts.tes,
            |uri| uri.root().clone(),
            ToString::to_string,
            &mut warnings,
        );
        let drs = take_once(
            "drs_uris",
            parts.drs,
            |uri| uri.root().clone(),
            ToString::to_string,
            &mut warnings,
        );
        let objects = take_once(
            "object_ids",
            good,
            |id| Arc::clone(id.given()),
            ToString::to_string,
            &mut warnings,
        );
        Ok(Self {
            needs: parts.needs,
            tes,
            drs,
            objects,
            mode: parts.mode,
            limit: parts.limit,
            explain: parts.explain,
            warnings,
        })
    }

    /// What the task needs.
    pub const fn needs(&self) -> &ResourceNeeds {
        &self.needs
    }

    /// Where it could run: at least one.
    pub fn tes(&self) -> &[ServiceUri] {
        &self.tes
    }

    /// Where its objects may be had: at least one if there are objects with bare ids.
    pub fn drs(&self) -> &[ServiceUri] {
        &self.drs
    }

    /// The ids of its input objects.
    pub fn objects(&self) -> &[ObjectId] {
        &self.objects
    }

    /// What combinations are ranked by.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// How many combinations are wanted at most.
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// Whether the answer is to explain itself.
    pub const fn explain(&self) -> bool {
        self.explain
    }

    /// What was odd about the request although it is valid.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

/// The id that is written `given`, or what is wrong with it.
fn check_id(given: &Arc<str>) -> Result<ObjectId, String> {
    if given.is_empty() {
        return Err("an id cannot be empty".to_owned());
    }
    if &**given == TES_KEY {
        return Err(format!(
            "an id cannot be '{TES_KEY}', the answer's key for the TES"
        ));
    }
    ObjectId::parse(Arc::clone(given)).map_err(|bad| bad.to_string())
}

/// The items of `list` whose `key` was not there before, in their order; one warning for each that was.
fn take_once<T, K: Hash + Eq>(
    field: &'static str,
    list: Vec<T>,
    key: impl Fn(&T) -> K,
    shown: impl Fn(&T) -> String,
    warnings: &mut Vec<Warning>,
) -> Vec<T> {
    let mut seen = HashSet::new();
    let mut warned = HashSet::new();
    list.into_iter()
        .filter(|item| {
            let new = seen.insert(key(item));
            if !new && warned.insert(key(item)) {
                warnings.push(Warning::Duplicate {
                    field,
                    value: shown(item),
                });
            }
            new
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> QueryParts {
        QueryParts {
            needs: ResourceNeeds {
                cpu_cores: 1,
                ram_gb: 1.0,
                disk_gb: 1.0,
                execution_seconds: 60,
                preemptible: true,
                zones: Vec::new(),
            },
            tes: vec![ServiceUri::parse("https://tes.example/").unwrap()],
            drs: vec![ServiceUri::parse("https://drs.example/").unwrap()],
            objects: vec!["a001".into()],
            mode: Mode::BALANCED,
            limit: 10,
            explain: false,
            unknown: Vec::new(),
        }
    }

    #[test]
    fn duplicates_are_taken_once_with_a_warning() {
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
        let shown: Vec<_> = query.warnings().iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "Duplicate in tes_uris: 'https://TES.example' was taken once.",
                "Duplicate in object_ids: 'a001' was taken once."
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
        assert!(with(&["drs://drs.example/a", "drs://dg.4503:b"]).is_ok());
        let pointers = |faults: Vec<RequestFault>| -> Vec<_> {
            faults.into_iter().map(|fault| fault.pointer).collect()
        };
        let faults = with(&["drs://drs.example/a", "b"]).unwrap_err();
        assert_eq!(pointers(faults), ["/drs_uris"]);
        let faults = with(&["drs://drs.example/a", "drs://b"]).unwrap_err();
        assert_eq!(pointers(faults), ["/object_ids/1"]);
    }

    #[test]
    fn all_faults_are_told_at_once() {
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
