//! Properties of requests that no schema defines, with those that may be meant, and sizes of nothing.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::Value;

use crate::domain::{
    disclosure::redacted,
    query::{RequestFault, RequestFaultReason},
};

/// The names of properties that the schema does not define.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unknown(BTreeSet<String>);

impl FromIterator<String> for Unknown {
    fn from_iter<I: IntoIterator<Item = String>>(names: I) -> Self {
        Self(names.into_iter().collect())
    }
}

impl Unknown {
    /// The names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// JSON pointers of the names, each with one of `known` that may be meant.
    pub(super) fn pointers(&self, parent: &str, known: &[&str]) -> impl Iterator<Item = String> {
        self.0.iter().map(move |name| {
            let pointer = format!("{parent}/{}", escaped(name));
            match meant(name, known) {
                Some(meant) => format!("{pointer} (did you mean {meant}?)"),
                None => pointer,
            }
        })
    }
}

/// Whether a request that could be read has a property: of those that it may leave out, only the lists of services can be
/// missed.
pub(super) fn has_services(has_tes: bool, has_drs: bool) -> impl Fn(&str) -> bool {
    move |name| match name {
        "tes_uris" => has_tes,
        "drs_uris" => has_drs,
        _ => true,
    }
}

/// For each of `names` in the object at `parent` that may be meant for a property of which one of `faults` tells, and which
/// is not there: what is written under a wrong name is missing under the right one.
pub(super) fn misnamed<'a>(
    faults: &[RequestFault],
    parent: &str,
    names: impl Iterator<Item = &'a str>,
    known: &[&'static str],
    is_there: impl Fn(&str) -> bool,
) -> Vec<RequestFault> {
    let is_missing = |property: &str| {
        let pointer = format!("{parent}/{property}");
        !is_there(property) && faults.iter().any(|fault| fault.pointer == pointer)
    };
    let unknown = names.filter(|name| !known.contains(name));
    let of_name = unknown.filter_map(|name| {
        let meant = meant(name, known).filter(|meant| is_missing(meant))?;
        let pointer = format!("{parent}/{}", escaped(name));
        let reason = RequestFaultReason::Misnamed(meant);
        Some(RequestFault::new(pointer, reason))
    });
    of_name.collect()
}

/// The same for the object `value` at `parent`.
pub(super) fn misnamed_in(
    value: Option<&Value>,
    faults: &[RequestFault],
    parent: &str,
    known: &[&'static str],
) -> Vec<RequestFault> {
    let Some(Value::Object(members)) = value else {
        return Vec::new();
    };
    let names = members.keys().map(String::as_str);
    misnamed(faults, parent, names, known, |name| {
        members.contains_key(name)
    })
}

/// JSON pointers of the `sizes` that belong to none of the objects `ids`, nor to a part of one of them, if it is a bundle.
pub(super) fn unused_sizes<'a>(
    sizes: &'a BTreeMap<String, u64>,
    ids: &[String],
) -> impl Iterator<Item = String> + 'a {
    /// Bundles are not as deep, whatever their ids are.
    const MAX_PARTS: usize = 200;
    let known: HashSet<String> = if sizes.is_empty() {
        HashSet::new()
    } else {
        ids.iter().cloned().collect()
    };
    let unused = sizes.keys().filter(move |name| {
        let slashes = name.match_indices('/').take(MAX_PARTS);
        let mut bundles = slashes.filter_map(|(at, _)| name.get(..at));
        !known.contains(name.as_str()) && !bundles.any(|bundle| known.contains(bundle))
    });
    unused.map(|name| {
        let name = escaped(&redacted(name));
        format!("/object_sizes/{name} (not among object_ids)")
    })
}

/// The one of `known` that `name` may be meant to be: it differs in case, separators or a few letters, or has a part of it.
pub(super) fn meant<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    /// Longer names are nothing that someone mistyped.
    const LONGEST: usize = 40;
    /// How workflow languages call the needs of a task.
    const SYNONYMS: [(&str, &str); 7] = [
        ("cores", "cpu_cores"),
        ("threads", "cpu_cores"),
        ("mem", "ram_gb"),
        ("storage", "disk_gb"),
        ("time", "execution_time_sec"),
        ("runtime", "execution_time_sec"),
        ("walltime", "execution_time_sec"),
    ];
    let plain = |name: &str| -> Vec<char> {
        let letters = name.chars().filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    if name.len() > LONGEST {
        return None;
    }
    let given = plain(name);
    let nearest = known
        .iter()
        .map(|&one| (distance(&given, &plain(one)), one))
        .min()?;
    let allowed = given.len().min(9) / 3;
    if nearest.0 <= allowed {
        return Some(nearest.1);
    }
    let letters: String = given.iter().collect();
    let synonym = SYNONYMS.iter().find(|(word, _)| letters.starts_with(word));
    if let Some(one) = synonym.and_then(|(_, meant)| known.iter().find(|one| *one == meant)) {
        return Some(one);
    }
    // `resources`, `objects`, `tes`, `execution_time`.
    let first = name.split(['_', '-']).next()?;
    let stem = first.trim_end_matches('s');
    let mut starting = known.iter().filter(|one| one.starts_with(stem));
    let found = starting.next().filter(|_| first.len() >= 3)?;
    starting.next().is_none().then_some(*found)
}

/// The number of letters to insert, delete or replace (Levenshtein).
fn distance(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (position, letter) in one.iter().enumerate() {
        let mut diagonal = position;
        let mut left = position + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, expected) in row.iter_mut().skip(1).zip(other) {
            let replaced = diagonal + usize::from(letter != expected);
            diagonal = *cell;
            left = replaced.min(left + 1).min(diagonal + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// `name` as a reference token of a JSON pointer (RFC 6901).
pub(super) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
