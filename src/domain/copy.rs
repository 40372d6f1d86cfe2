//! The copies of an object as seen from one TES.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::{
    exact::{Cost, Seconds},
    exclusion::Exclusion,
    object::{AccessUri, DataObject},
    scheme::Scheme,
};

/// Cost and time of moving one copy of an object to one TES.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CopyEstimate {
    /// The position of the access URI among those of the object.
    pub uri: u32,
    /// The position of its route among those of the TES.
    pub route: u32,
    /// The cost of the transfer.
    pub cost: Cost,
    /// The duration of the transfer.
    pub time: Seconds,
}

/// Whether only the host of a copy can read it.
pub(super) fn is_local(object: &DataObject, uri: u32) -> bool {
    access(object, uri).is_some_and(|access| access.is_local)
}

/// The scheme of a copy, if a TES cannot read it that reads only `readable` (`None`: all).
pub(super) fn unread_scheme(
    object: &DataObject,
    uri: u32,
    readable: Option<&[Scheme]>,
) -> Option<Scheme> {
    let readable = readable?;
    let scheme = Scheme::of(&access(object, uri)?.uri);
    (!readable.contains(&scheme)).then_some(scheme)
}

/// Why a TES that reads only `readable` has no copy of `object`.
pub(super) fn no_copy(object: &DataObject, readable: Option<&[Scheme]>) -> Exclusion {
    let id = Arc::clone(&object.id);
    let mut others = (0_u32..)
        .zip(&object.access)
        .filter(|(_, access)| !access.is_local)
        .peekable();
    if others.peek().is_none() {
        Exclusion::OnlyLocalPaths { object: id }
    } else if others.all(|(uri, _)| unread_scheme(object, uri, readable).is_some()) {
        Exclusion::NothingToRead { object: id }
    } else {
        Exclusion::NoDistance { object: id }
    }
}

fn access(object: &DataObject, uri: u32) -> Option<&AccessUri> {
    object.access.get(usize::try_from(uri).ok()?)
}

/// Keeps the best host for each URI that several hosts serve, such as the URI of an object at a DRS.
pub(super) fn cheapest_of_each_uri(
    object: &DataObject,
    mut estimates: Vec<CopyEstimate>,
) -> Vec<CopyEstimate> {
    let uri = |estimate: &CopyEstimate| Some(&*access(object, estimate.uri)?.uri);
    let mut best = HashMap::with_capacity(estimates.len());
    for (position, estimate) in estimates.iter().enumerate() {
        let value = (estimate.cost, estimate.time, position);
        let least = best.entry(uri(estimate)).or_insert(value);
        *least = value.min(*least);
    }
    if best.len() < estimates.len() {
        estimates = best
            .into_values()
            .map(|(.., position)| position)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .filter_map(|position| estimates.get(position).copied())
            .collect();
    }
    estimates
}
