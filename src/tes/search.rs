//! Which of several paths is the TES, and which failure is told if none is.

use std::sync::Arc;

use serde_json::{Map, Value};
use url::Url;

use super::{
    NoTaskInfo, below,
    error::{Access, TesError},
    task_info::says_not_found,
};
use crate::{
    client::{Authorization, FetchError},
    domain::{
        service::ServiceUri,
        tes_base::{bases, given_base},
    },
};

/// What there is at a path.
#[derive(Debug, Clone)]
pub(super) enum Probe {
    /// A TES that lets the caller in.
    Tes,
    /// A JSON object that may be a list without tasks: some servers leave out what is empty.
    Empty,
    /// A JSON object that is no list of tasks: a TES, or a server that answers so at any path.
    Object,
    /// A JSON object that says that there is nothing.
    Nothing,
    /// Something that wants other credentials.
    Guarded(FetchError),
    /// Something that does not work.
    Broken(FetchError),
    /// No TES, as this failure shows.
    Absent(FetchError),
}

impl Probe {
    /// What the answer to the question for a list of tasks shows.
    pub(super) fn of_list(list: &Map<String, Value>) -> Self {
        let is_token = |key: &String| matches!(key.as_str(), "next_page_token" | "nextPageToken");
        match list.get("tasks") {
            Some(Value::Array(_) | Value::Null) => Self::Tes,
            _ if list.keys().all(is_token) => Self::Empty,
            _ if says_not_found(list) => Self::Nothing,
            _ => Self::Object,
        }
    }

    /// What the description of a service shows.
    pub(super) fn of_service_info(info: &Map<String, Value>) -> Self {
        let kind = info.get("type").and_then(|kind| kind.get("artifact"));
        match kind.and_then(Value::as_str) {
            _ if says_not_found(info) => Self::Nothing,
            Some(artifact) if artifact.eq_ignore_ascii_case("tes") => Self::Tes,
            Some(_) => Self::Nothing,
            None => Self::Object,
        }
    }

    /// What a failed question shows.
    pub(super) fn of_failure(failure: FetchError) -> Self {
        let is_broken = failure.status().is_some_and(|status| {
            matches!(status.as_u16(), 408 | 429)
                || (status.is_server_error() && status.as_u16() != 501)
        });
        if failure.is_refusal() {
            Self::Guarded(failure)
        } else if is_broken || failure.is_on_the_way() {
            Self::Broken(failure)
        } else {
            Self::Absent(failure)
        }
    }
}

/// What is found at one of the paths.
pub(super) struct Visit {
    pub(super) base: Arc<Url>,
    /// The answer to task info, if it was asked for and is no offer.
    pub(super) none: Option<NoTaskInfo>,
    pub(super) probe: Probe,
}

impl Visit {
    /// The failure that other paths would share: there is no connection, or the host limits the rate of calls.
    pub(super) fn shared_failure(&self) -> Option<&FetchError> {
        let Probe::Broken(failure) = &self.probe else {
            return None;
        };
        let is_limited = failure
            .status()
            .is_some_and(|status| status.as_u16() == 429);
        (failure.is_without_connection() || is_limited).then_some(failure)
    }

    /// Whether service-info may say more, as the list of tasks may not be implemented.
    pub(super) fn may_lack_list(&self) -> bool {
        let Probe::Absent(failure) = &self.probe else {
            return false;
        };
        matches!(failure, FetchError::TooLarge(_))
            || failure
                .status()
                .is_some_and(|status| matches!(status.as_u16(), 400 | 404 | 405 | 422 | 501))
    }

    /// Whether it refuses the caller or does not work.
    pub(super) const fn is_refused(&self) -> bool {
        matches!(self.probe, Probe::Guarded(_) | Probe::Broken(_))
    }

    /// The failures here, the most telling first.
    fn failures(&self) -> impl Iterator<Item = &FetchError> {
        let of_probe = match &self.probe {
            Probe::Guarded(failure) | Probe::Broken(failure) | Probe::Absent(failure) => {
                Some(failure)
            }
            Probe::Tes | Probe::Empty | Probe::Object | Probe::Nothing => None,
        };
        let of_task_info = match &self.none {
            Some(NoTaskInfo::Failed(failure)) => Some(failure),
            Some(NoTaskInfo::NotImplemented(_)) | None => None,
        };
        of_probe.into_iter().chain(of_task_info)
    }

    /// The failure that is not that of any path.
    fn telling(&self) -> Option<&FetchError> {
        if self.is_refused() {
            return self.failures().next();
        }
        let is_telling = |failure: &&FetchError| {
            failure
                .status()
                .is_some_and(|status| !matches!(status.as_u16(), 404 | 405 | 501))
        };
        self.failures().find(is_telling)
    }
}

/// The place of the TES among `visits`. A path that refuses the caller or does not work may be the TES: no other one is
/// taken on less than a list of tasks, as its prices would be assumed.
pub(super) fn choose(visits: &[Visit]) -> Option<usize> {
    let first = |is_it: fn(&Probe) -> bool| visits.iter().position(|visit| is_it(&visit.probe));
    first(|probe| matches!(probe, Probe::Tes)).or_else(|| {
        if visits.iter().any(Visit::is_refused) {
            return None;
        }
        first(|probe| matches!(probe, Probe::Empty))
            .or_else(|| first(|probe| matches!(probe, Probe::Object)))
    })
}

/// The place of an object that says that there is nothing, if all others say less.
pub(super) fn choose_last(visits: &[Visit]) -> Option<usize> {
    if visits.iter().any(Visit::is_refused) {
        return None;
    }
    visits
        .iter()
        .position(|visit| matches!(visit.probe, Probe::Nothing))
}

/// The failure that tells most. A gateway answers all paths that it does not know in one way, so that the answer of one
/// path alone is that of the TES; else that of a path that was given tells more than that of a guessed one, and an answer
/// more than none.
pub(super) fn told(
    visits: &[Visit],
    tes: &ServiceUri,
    authorization: Authorization<'_>,
) -> TesError {
    let given = bases(tes);
    let is_given = |base: &Url| given.first() == Some(base);
    let telling: Vec<_> = visits
        .iter()
        .filter_map(|visit| Some((visit, visit.telling()?)))
        .collect();
    let key = |(visit, failure): &(&Visit, &FetchError)| {
        let status = failure.status();
        let alike = telling.iter().filter(|(_, other)| other.status() == status);
        let is_guessed = tes.root().path() == "/" || !is_given(&visit.base);
        let (is_refusal, is_refused) = (failure.is_refusal(), visit.is_refused());
        let is_silent = status.is_none();
        (
            alike.count(),
            is_guessed,
            !is_refusal,
            !is_refused,
            is_silent,
        )
    };
    let without_status = || {
        visits.iter().find_map(|visit| {
            let mut failures = visit.failures();
            Some((visit, failures.find(|failure| failure.status().is_none())?))
        })
    };
    match telling
        .iter()
        .min_by_key(|told| key(told))
        .copied()
        .or_else(without_status)
    {
        Some((visit, failure)) => told_at(visit, failure, tes, authorization),
        None => TesError::NotFound {
            paths: given
                .iter()
                .map(|base| below(base, "tasks").path().to_owned())
                .collect(),
        },
    }
}

/// The `failure` at a path, which is named if it is not the one that was given.
pub(super) fn told_at(
    Visit { base, .. }: &Visit,
    failure: &FetchError,
    tes: &ServiceUri,
    authorization: Authorization<'_>,
) -> TesError {
    // Without a connection, all paths fail alike.
    let is_given = given_base(tes) == **base || failure.is_without_connection();
    TesError::Call {
        failure: failure.clone(),
        access: Access::of(failure, authorization.at(base)),
        path: (!is_given).then(|| below(base, "tasks").path().to_owned()),
    }
}
