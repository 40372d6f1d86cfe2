//! Where the API of a TES begins, and whether it is there and lets the caller in: the smallest question decides.

use std::{pin::pin, sync::Arc};

use futures_util::future::join;
use http::StatusCode;
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout};
use url::Url;

use super::{
    NoTaskInfo, TaskInfoRequest, TesClient, below,
    error::{Access, TesError},
    get_object,
    task_info::says_not_found,
};
use crate::{
    client::{Authorization, CallScope, FetchError},
    domain::{findings::TaskInfo, service::ServiceUri, tes_base::bases},
};

/// What is remembered of a TES.
#[derive(Debug)]
pub(super) struct Endpoint {
    /// Where its API begins.
    pub(super) base: Arc<Url>,
    /// What the answer to task info was, if the server does not have it.
    pub(super) without_task_info: Option<FetchError>,
    pub(super) since: Instant,
}

/// What there is at a path.
enum Probe {
    /// A TES that shows its tasks.
    Tes,
    /// Something that answers with JSON objects: a TES, or a server that answers so at any path.
    Object,
    /// Something that wants other credentials.
    Guarded(FetchError),
    /// No TES, as this failure shows.
    Absent(FetchError),
}

/// The paths that were tried, and what is at them.
struct Search<'a> {
    tes: &'a ServiceUri,
    /// The first path at which there may be a TES that is not sure.
    uncertain: Option<Arc<Url>>,
    guarded: Option<(Arc<Url>, FetchError)>,
    /// The first path at which a server fails.
    broken: Option<(Arc<Url>, FetchError)>,
    failures: Vec<(Arc<Url>, FetchError)>,
    /// Where the list of tasks may not be implemented.
    without_list: Vec<Arc<Url>>,
}

impl TesClient {
    /// Where the API begins, and what it answers to task info. Inserts into the caches what it finds.
    pub(super) async fn search(
        &self,
        scope: &CallScope,
        tes: &ServiceUri,
        task: &TaskInfoRequest,
        authorization: Authorization<'_>,
    ) -> Result<(Arc<Url>, Result<TaskInfo, NoTaskInfo>), TesError> {
        let mut search = Search::new(tes);
        let mut nones = Vec::new();
        for base in bases(tes) {
            let base = Arc::new(base);
            let ask = self.task_info_or_place(scope, tes, &base, task, authorization);
            let none = match ask.await {
                (Ok(info), _) => return Ok((base, Ok(info))),
                (Err(NoTaskInfo::Failed(failure)), _) if failure.is_without_connection() => {
                    return Err(failure.into());
                }
                (Err(none), Some(Ok(place))) => return Ok((place, Err(none))),
                (Err(NoTaskInfo::Failed(FetchError::Timeout(_))), Some(Err(error))) => {
                    return Err(error);
                }
                (Err(NoTaskInfo::Failed(failure @ FetchError::Timeout(_))), None) => {
                    return Err(failure.into());
                }
                (Err(none), _) => none,
            };
            if let NoTaskInfo::Failed(failure) = &none {
                search.failures.push((Arc::clone(&base), failure.clone()));
            }
            let probe = self.probe(scope, &base, authorization).await?;
            if search.add(&base, probe) {
                return Ok((base, Err(none)));
            }
            nones.push((base, none));
        }
        let found = self.end_of(search, scope, authorization).await?;
        let none = nones.into_iter().find(|(base, _)| *base == found);
        let nothing = || NoTaskInfo::NotImplemented(FetchError::Status(StatusCode::NOT_FOUND));
        let none = none.map_or_else(nothing, |(_, none)| none);
        Ok((found, Err(none)))
    }

    /// What the TES at `base` answers to task info, and, if that takes long, where the API begins: the list of tasks may be
    /// faster, but without prices in the book it is of no use.
    async fn task_info_or_place(
        &self,
        scope: &CallScope,
        tes: &ServiceUri,
        base: &Url,
        task: &TaskInfoRequest,
        authorization: Authorization<'_>,
    ) -> (
        Result<TaskInfo, NoTaskInfo>,
        Option<Result<Arc<Url>, TesError>>,
    ) {
        let mut info = pin!(self.task_info_at(scope, base, task, authorization));
        if self.config.entry_for(tes).is_none() {
            return (info.await, None);
        }
        if let Ok(info) = timeout(self.client.time().call() / 2, &mut info).await {
            return (info, None);
        }
        // Boxed: seldom needed, and large.
        let place = Box::pin(self.find(scope, tes, authorization));
        let (info, place) = join(info, place).await;
        (info, Some(place))
    }

    /// Where the API of `tes` begins, if it is there and lets the caller in, without asking for task info.
    pub(super) async fn find(
        &self,
        scope: &CallScope,
        tes: &ServiceUri,
        authorization: Authorization<'_>,
    ) -> Result<Arc<Url>, TesError> {
        let known = self.endpoints.get(&self.endpoint_key(tes, authorization));
        let known = known.map(|known| Arc::clone(&known.base));
        let mut search = Search::new(tes);
        // A TES may have moved.
        let others = bases(tes).into_iter().map(Arc::new);
        let others = others.filter(|base| Some(base) != known.as_ref());
        for base in known.clone().into_iter().chain(others) {
            let probe = self.probe(scope, &base, authorization).await?;
            let is_as_known = matches!(probe, Probe::Object)
                && known.as_ref().is_some_and(|known| *known == base);
            if is_as_known || search.add(&base, probe) {
                return Ok(base);
            }
        }
        self.end_of(search, scope, authorization).await
    }

    /// Where the TES is, if no path has a list of tasks.
    async fn end_of(
        &self,
        search: Search<'_>,
        scope: &CallScope,
        authorization: Authorization<'_>,
    ) -> Result<Arc<Url>, TesError> {
        // Where something is closed or broken, what answers at another path is hardly the TES.
        if search.guarded.is_none() && search.broken.is_none() {
            if let Some(base) = search.uncertain {
                return Ok(base);
            }
            for base in &search.without_list {
                if self.is_service_info(scope, base, authorization).await? {
                    return Ok(Arc::clone(base));
                }
            }
        }
        Err(search.into_error(authorization))
    }

    /// Whether there is a TES at `base`: each has a list of tasks, which some leave out when it is empty. A gateway may fail
    /// at one path and serve another, but not if it cannot be reached or does not answer.
    async fn probe(
        &self,
        scope: &CallScope,
        base: &Url,
        authorization: Authorization<'_>,
    ) -> Result<Probe, TesError> {
        let mut url = below(base, "tasks");
        url.set_query(Some("page_size=1"));
        match get_object(&self.client, scope, &url, authorization).await {
            Ok(list) if list.contains_key("tasks") => Ok(Probe::Tes),
            Ok(_) => Ok(Probe::Object),
            Err(failure) if failure.is_refusal() => Ok(Probe::Guarded(failure)),
            Err(failure) if is_broken(&failure) => Ok(Probe::Absent(failure)),
            Err(failure) if failure.is_on_the_way() => Err(failure.into()),
            Err(failure) => Ok(Probe::Absent(failure)),
        }
    }

    /// Whether there is a description of a TES, or of a service that does not say of which kind it is.
    async fn is_service_info(
        &self,
        scope: &CallScope,
        base: &Url,
        authorization: Authorization<'_>,
    ) -> Result<bool, TesError> {
        let url = below(base, "service-info");
        match get_object(&self.client, scope, &url, authorization).await {
            Ok(info) => Ok(is_of_tes(&info)),
            Err(failure) if failure.is_on_the_way() => Err(failure.into()),
            Err(_) => Ok(false),
        }
    }
}

impl<'a> Search<'a> {
    const fn new(tes: &'a ServiceUri) -> Self {
        Self {
            tes,
            uncertain: None,
            guarded: None,
            broken: None,
            failures: Vec::new(),
            without_list: Vec::new(),
        }
    }

    /// Whether the search is over: there is a TES at `base`.
    fn add(&mut self, base: &Arc<Url>, probe: Probe) -> bool {
        match probe {
            Probe::Tes => return true,
            // Some answer with 200 that there is nothing.
            Probe::Object => {
                self.uncertain.get_or_insert_with(|| Arc::clone(base));
            }
            Probe::Guarded(failure) => {
                self.guarded
                    .get_or_insert_with(|| (Arc::clone(base), failure));
            }
            Probe::Absent(failure) => {
                let may_lack_it = matches!(failure, FetchError::TooLarge(_))
                    || failure.status().is_some_and(|status| {
                        matches!(status.as_u16(), 400 | 404 | 405 | 422 | 501)
                    });
                if may_lack_it {
                    self.without_list.push(Arc::clone(base));
                }
                if self.broken.is_none() && is_broken(&failure) {
                    self.broken = Some((Arc::clone(base), failure.clone()));
                }
                self.failures.push((Arc::clone(base), failure));
            }
        }
        false
    }

    /// The failure that tells most: of several paths, all but one do not exist.
    fn into_error(self, authorization: Authorization<'_>) -> TesError {
        let given = bases(self.tes);
        let call = |base: &Url, failure: FetchError| TesError::Call {
            access: Access::of(&failure, authorization.at(base)),
            path: (given.first() != Some(base)).then(|| below(base, "tasks").path().to_owned()),
            failure,
        };
        // Some gateways refuse every path that they do not know, and the one that was guessed last is the right one.
        let refused = match (self.guarded, self.broken) {
            (Some((guarded, _)), Some((base, failure)))
                if given.first() == Some(&*guarded) && guarded != base =>
            {
                Some((base, failure))
            }
            (guarded, _) => guarded,
        };
        if let Some((base, failure)) = refused {
            return call(&base, failure);
        }
        let tells = |(_, failure): &&(Arc<Url>, FetchError)| {
            failure
                .status()
                .is_some_and(|status| !matches!(status.as_u16(), 404 | 405 | 501))
        };
        let is_no_status = |(_, failure): &&(Arc<Url>, FetchError)| failure.status().is_none();
        let failure = self
            .failures
            .iter()
            .find(tells)
            .or_else(|| self.failures.iter().find(is_no_status));
        match failure {
            Some((base, failure)) => call(base, failure.clone()),
            None => TesError::NotFound {
                paths: given
                    .iter()
                    .map(|base| below(base, "tasks").path().to_owned())
                    .collect(),
            },
        }
    }
}

/// Whether a server, or one behind it, fails.
fn is_broken(failure: &FetchError) -> bool {
    let status = failure.status().map(|status| status.as_u16());
    matches!(failure, FetchError::Interrupted(_))
        || status.is_some_and(|status| status >= 500 && status != 501)
}

/// Whether service-info is that of a TES, as far as it says.
fn is_of_tes(info: &Map<String, Value>) -> bool {
    if says_not_found(info) {
        return false;
    }
    let artifact = info
        .get("type")
        .and_then(|kind| kind.get("artifact")?.as_str());
    artifact.is_none_or(|artifact| artifact.eq_ignore_ascii_case("tes"))
}
