//! TES instances: what would the task cost there, and how long would it wait?

mod calibrate;
mod duplicates;
pub mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod history;
mod listing;
mod offer;
mod probe;
mod search;
mod state;
mod submit;
mod task_history;
mod task_info;
mod task_list;
mod tasks;
mod times;

use std::{sync::Arc, time::Duration};

use serde_json::{Map, Value};
use tokio::time::{Instant, timeout};
use url::Url;

pub(crate) use self::submit::{SubmitError, TaskState};
pub use self::{error::TesError, task_history::TaskHistory, task_info::TaskInfoRequest};
use self::{
    history::Lists,
    probe::Endpoint,
    task_history::KeptHistory,
    task_info::{has_no_task_info, read_task_info},
    task_list::TaskSource,
};
use crate::{
    client::{
        Authorization, Cache, CallScope, Client, FetchError, ServiceKind,
        cache::TtlCache,
        cache_key::{CacheKey, CacheKeys},
        limit::single_flight::SingleFlight,
        parse_object,
    },
    config,
    domain::{findings::TaskInfo, queue::COHORT, service::ServiceUri},
};

/// How long it is remembered where the API of a TES begins.
const ENDPOINT_TTL: Duration = Duration::from_secs(3600);

/// How long a TES is taken to have no task info. Short: a question about an unknown zone can be answered just as a server
/// without task info answers.
const NO_TASK_INFO_TTL: Duration = Duration::from_secs(60);

/// How long it is remembered that a TES is there and lets a caller in.
const PRESENCE_TTL: Duration = Duration::from_secs(30);

/// How many TES are remembered.
const MAX_ENDPOINTS: usize = 10_000;

const DAY_SECONDS: f64 = 86_400.0;

/// Calls TES instances. All clones share what is remembered.
#[derive(Debug)]
pub struct TesClient {
    client: Client,
    config: config::Tes,
    keys: CacheKeys,
    /// By root and credential: a server may answer 404 to callers without rights.
    endpoints: TtlCache<CacheKey, Arc<Endpoint>>,
    /// By root and credential: what one caller may see is not shown to another.
    histories: SingleFlight<CacheKey, KeptHistory>,
    /// By root and credential: where the API begins. Failures are not kept.
    presences: SingleFlight<CacheKey, Result<Arc<Url>, TesError>>,
    /// By root, task and credential. Nothing is kept: prices and queues are those of the moment.
    task_infos: SingleFlight<CacheKey, Result<Found, TesError>>,
}

/// A TES, and what it answers to task info.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// Where its API begins.
    pub(crate) base: Arc<Url>,
    /// The prices, or why there are none.
    pub(crate) info: Result<TaskInfo, NoTaskInfo>,
}

/// Why there is no task info.
#[derive(Debug, Clone)]
pub(crate) enum NoTaskInfo {
    /// The server does not have the operation, as this answer shows.
    NotImplemented(FetchError),
    /// The server may have it.
    Failed(FetchError),
}

impl NoTaskInfo {
    fn into_failure(self) -> FetchError {
        match self {
            Self::NotImplemented(failure) | Self::Failed(failure) => failure,
        }
    }
}

impl TesClient {
    /// Calls through `client`, with the price book of `config`.
    pub fn new(config: &config::Tes, client: &Client) -> Self {
        Self {
            client: client.for_kind(ServiceKind::Tes),
            config: config.clone(),
            keys: CacheKeys::default(),
            endpoints: TtlCache::new(MAX_ENDPOINTS, ENDPOINT_TTL),
            histories: SingleFlight::with_cache(TtlCache::new(history::MAX_KEPT, history::TTL))
                .counted_as(Cache::TesHistories),
            presences: SingleFlight::with_cache(TtlCache::new(MAX_ENDPOINTS, PRESENCE_TTL)),
            task_infos: SingleFlight::default(),
        }
    }

    /// What `tes` says the task costs there, asked for at the path that is given and at the usual ones. Callers that ask
    /// the same with the same credential at the same time share one call.
    ///
    /// # Errors
    /// [`TesError`] if there is no TES at any path, or it lets the caller not in.
    async fn fetch_task_info(
        &self,
        scope: &CallScope,
        tes: &ServiceUri,
        task: &TaskInfoRequest,
        authorization: Authorization<'_>,
    ) -> Result<Found, TesError> {
        let key = self
            .keys
            .of((tes.root(), task.json(), authorization.secret()));
        let fetch = async |scope: CallScope| {
            // Boxed: its future is large.
            Ok(Box::pin(self.fetch_or_search(&scope, tes, task, authorization)).await)
        };
        self.task_infos
            .get_or_fetch(&self.client, scope, key, tes.root(), |_| false, fetch)
            .await?
    }

    async fn fetch_or_search(
        &self,
        scope: &CallScope,
        tes: &ServiceUri,
        task: &TaskInfoRequest,
        authorization: Authorization<'_>,
    ) -> Result<Found, TesError> {
        let key = self.endpoint_key(tes, authorization);
        let known = self.endpoints.get(&key);
        let known = known.as_deref();
        if let Some(Endpoint {
            base,
            answer: Some(Err(none @ NoTaskInfo::NotImplemented(_))),
            since,
        }) = known
            && since.elapsed() < NO_TASK_INFO_TTL
        {
            return Ok(Found {
                base: Arc::clone(base),
                info: Err(none.clone()),
            });
        }
        let is_there = |known: &&Endpoint| {
            let presence = self.presences.get(&key).and_then(Result::ok);
            known.answer.is_some() && presence.as_ref() == Some(&known.base)
        };
        let (base, info) = if let Some(Endpoint { base, .. }) = known.filter(is_there) {
            let info = self.task_info_at(scope, base, task, authorization).await;
            (Arc::clone(base), info)
        } else {
            let search = self.search(scope, tes, known, task, authorization);
            let (base, info) = self.within_several_calls(search).await?;
            if info.is_err() {
                // The search has asked for its tasks.
                self.presences.insert(key, Ok(Arc::clone(&base)));
            }
            (base, info)
        };
        // A TES that has answered other tasks does not lack the operation: it does not know this task's zone, say.
        if known.is_none_or(|known| known.base != base || !matches!(known.answer, Some(Ok(())))) {
            let answer = info.as_ref().map(|_| ()).map_err(Clone::clone);
            self.remember(key, &base, Some(answer));
        }
        Ok(Found { base, info })
    }

    /// That the API begins at `base`, and what it answers to task info.
    fn remember(&self, key: CacheKey, base: &Arc<Url>, answer: Option<Result<(), NoTaskInfo>>) {
        let endpoint = Endpoint {
            base: Arc::clone(base),
            answer,
            since: Instant::now(),
        };
        self.endpoints.insert(key, Arc::new(endpoint));
    }

    /// Where the API of `tes` begins, if it is there and shows its tasks to the caller. That it is there is remembered for
    /// half a minute.
    ///
    /// # Errors
    /// [`TesError`] if it is not.
    async fn fetch_presence(
        &self,
        scope: &CallScope,
        tes: &ServiceUri,
        authorization: Authorization<'_>,
    ) -> Result<Arc<Url>, TesError> {
        let key = self.endpoint_key(tes, authorization);
        let fetch = async |scope: CallScope| {
            let known = self.endpoints.get(&key);
            let find = self.find(&scope, tes, known.as_deref(), authorization);
            let found = Box::pin(self.within_several_calls(find)).await;
            // Others may have found it meanwhile.
            if let Ok(base) = &found
                && self
                    .endpoints
                    .get(&key)
                    .is_none_or(|known| known.base != *base)
            {
                self.remember(key, base, None);
            }
            Ok(found)
        };
        self.presences
            .get_or_fetch(&self.client, scope, key, tes.root(), Result::is_ok, fetch)
            .await?
    }

    /// What the TES at `base` shows of its tasks to this caller. Kept for half a minute, failures too, but not that a call
    /// got lost.
    ///
    /// # Errors
    /// [`FetchError`] of the list of all tasks.
    async fn fetch_history(
        &self,
        scope: &CallScope,
        tes: &ServiceUri,
        base: &Url,
        authorization: Authorization<'_>,
    ) -> Result<Arc<TaskHistory>, FetchError> {
        let key = self.endpoint_key(tes, authorization);
        let fetch = async |scope: CallScope| {
            let time = self.client.time();
            let lists = Lists {
                source: TaskSource {
                    client: &self.client,
                    scope: &scope,
                    base,
                    authorization,
                    // What is read by then is used.
                    pages_until: Instant::now() + time.several_calls() / 2,
                },
                max_age_days: self.config.history_max_age_days,
                deadline: Instant::now() + time.several_calls() * 3 / 4,
                enough: COHORT,
            };
            let history = Box::pin(timeout(time.several_calls(), lists.history()));
            let history = history
                .await
                .unwrap_or(Err(FetchError::Timeout(time.several_calls())));
            match history {
                Err(failure) if failure.is_on_the_way() => Err(failure),
                history => Ok(history),
            }
        };
        self.histories
            .get_or_fetch(&self.client, scope, key, tes.root(), |_| true, fetch)
            .await?
    }

    async fn within_several_calls<T>(
        &self,
        work: impl Future<Output = Result<T, TesError>>,
    ) -> Result<T, TesError> {
        let limit = self.client.time().several_calls();
        timeout(limit, work)
            .await
            .unwrap_or(Err(FetchError::Timeout(limit).into()))
    }

    async fn task_info_at(
        &self,
        scope: &CallScope,
        base: &Url,
        task: &TaskInfoRequest,
        authorization: Authorization<'_>,
    ) -> Result<TaskInfo, NoTaskInfo> {
        let url = below(base, "tasks/task-info");
        let answer = self
            .client
            .post_any_status(scope, &url, task.json(), authorization)
            .await
            .map_err(NoTaskInfo::Failed)?;
        let body = parse_object(&answer.body);
        let is_absent = has_no_task_info(answer.refusal.as_ref(), body.as_ref().ok());
        let info = match answer.refusal {
            None => body.and_then(|body| read_task_info(&body)),
            Some(refusal) => Err(refusal),
        };
        info.map_err(|failure| {
            if is_absent {
                NoTaskInfo::NotImplemented(failure)
            } else {
                NoTaskInfo::Failed(failure)
            }
        })
    }

    fn endpoint_key(&self, tes: &ServiceUri, authorization: Authorization<'_>) -> CacheKey {
        self.keys.of((tes.root(), authorization.secret()))
    }
}

/// The URL of `path` below `base`, whose path ends in a slash.
fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path()));
    url
}

/// The JSON object at `url`.
async fn get_object(
    client: &Client,
    scope: &CallScope,
    url: &Url,
    authorization: Authorization<'_>,
) -> Result<Map<String, Value>, FetchError> {
    parse_object(&client.get_bytes(scope, url, authorization).await?)
}
