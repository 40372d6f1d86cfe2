//! TES instances: what would the task cost there, and how long would it wait?

#[cfg(fuzzing)]
pub mod fuzzing;
mod history;
mod offer;
mod probe;
mod task_info;
mod tasks;

use std::{sync::Arc, time::Duration};

use http::StatusCode;
use tokio::time::Instant;
use url::Url;

pub use self::task_info::TaskInfoRequest;
use self::{
    history::KeptHistory,
    probe::Endpoint,
    task_info::{TaskInfoResponse, has_no_task_info},
};
use crate::{
    client::{
        Authorization, CallScope, Client, FetchError, ServiceKind,
        cache::TtlCache,
        cache_key::{CacheKey, CacheKeys},
        limit::single_flight::SingleFlight,
        parse,
    },
    config,
    domain::{findings::TaskInfo, queue::History, service::ServiceUri},
};

/// How long it is remembered where the API of a TES begins.
const ENDPOINT_TTL: Duration = Duration::from_secs(3600);

/// How long a TES is taken to have no task info. Short: a question about an unknown zone can be answered just as a server
/// without task info answers.
const NO_TASK_INFO_TTL: Duration = Duration::from_secs(60);

/// How many TES are remembered.
const MAX_ENDPOINTS: usize = 10_000;

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
    /// By root, task and credential. Nothing is kept: prices and queues are those of the moment.
    task_infos: SingleFlight<CacheKey, Option<TaskInfo>>,
}

/// Why there is no task info.
enum NoTaskInfo {
    /// The server does not have the operation, as an answer with this status says.
    NotImplemented(StatusCode),
    /// The server may have it.
    Failed(FetchError),
}

impl From<NoTaskInfo> for FetchError {
    fn from(none: NoTaskInfo) -> Self {
        match none {
            NoTaskInfo::NotImplemented(status) => Self::Status(status),
            NoTaskInfo::Failed(failure) => failure,
        }
    }
}

impl NoTaskInfo {
    /// `None` for a TES without task info, which is no failure.
    fn into_result(self) -> Result<Option<TaskInfo>, FetchError> {
        match self {
            Self::NotImplemented(_) => Ok(None),
            Self::Failed(failure) => Err(failure),
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
            histories: SingleFlight::with_cache(TtlCache::new(history::MAX_KEPT, history::TTL)),
            task_infos: SingleFlight::default(),
        }
    }

    /// What `tes` says the task costs there, asked for at the path that is given and at the usual ones; `None` if there is
    /// a TES without task info. Callers that ask the same with the same credential at the same time share one call.
    ///
    /// # Errors
    /// [`FetchError`] of the path that is given, if there is no TES at any; [`FetchError::Malformed`] if a price or the
    /// queue time is missing, negative or implausible.
    pub async fn fetch_task_info(
        &self,
        scope: &CallScope,
        tes: &ServiceUri,
        task: &TaskInfoRequest,
        authorization: Authorization<'_>,
    ) -> Result<Option<TaskInfo>, FetchError> {
        let key = self
            .keys
            .of((tes.root(), task.json(), authorization.secret()));
        let fetch = async |scope: CallScope| {
            // Boxed: searching is rare, and its future large.
            Box::pin(self.fetch_or_search(&scope, tes, task, authorization)).await
        };
        self.task_infos
            .get_or_fetch(&self.client, scope, key, tes.root(), |_| false, fetch)
            .await
    }

    async fn fetch_or_search(
        &self,
        scope: &CallScope,
        tes: &ServiceUri,
        task: &TaskInfoRequest,
        authorization: Authorization<'_>,
    ) -> Result<Option<TaskInfo>, FetchError> {
        let key = self.endpoint_key(tes, authorization);
        let known = self.endpoints.get(&key);
        match &known {
            Some(known) if known.has_task_info => {
                match self
                    .task_info_at(scope, &known.base, task, authorization)
                    .await
                {
                    Ok(info) => return Ok(Some(info)),
                    Err(NoTaskInfo::Failed(failure)) => return Err(failure),
                    Err(NoTaskInfo::NotImplemented(_)) => {}
                }
            }
            Some(known) if known.since.elapsed() < NO_TASK_INFO_TTL => return Ok(None),
            Some(_) | None => {}
        }
        let search = self.search(scope, tes, task, authorization);
        let (base, info) = self.within_several_calls(search).await?;
        let has_task_info = !matches!(info, Err(NoTaskInfo::NotImplemented(_)));
        // A TES that has answered other tasks does not lack the operation: it does not know this task's zone, say.
        if has_task_info || known.is_none_or(|known| !known.has_task_info) {
            let since = Instant::now();
            let endpoint = Endpoint {
                base,
                has_task_info,
                since,
            };
            self.endpoints.insert(key, Arc::new(endpoint));
        }
        info.map(Some).or_else(NoTaskInfo::into_result)
    }

    /// What `tes` shows of its tasks to this caller. Kept for half a minute, failures too, but not that a call got lost.
    ///
    /// # Errors
    /// [`FetchError`] of the path that is given, if there is no TES at any.
    pub async fn fetch_history(
        &self,
        scope: &CallScope,
        tes: &ServiceUri,
        authorization: Authorization<'_>,
    ) -> Result<Arc<History>, FetchError> {
        let key = self.endpoint_key(tes, authorization);
        let fetch = async |scope: CallScope| {
            let history = self.within_several_calls(async {
                let base = self.base(&scope, tes, authorization).await?;
                history::fetch(&self.client, &scope, &base, authorization).await
            });
            // Boxed: seldom asked for, and large.
            match Box::pin(history).await {
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
        work: impl Future<Output = Result<T, FetchError>>,
    ) -> Result<T, FetchError> {
        let limit = self.client.time().several_calls();
        tokio::time::timeout(limit, work)
            .await
            .unwrap_or(Err(FetchError::Timeout(limit)))
    }

    async fn task_info_at(
        &self,
        scope: &CallScope,
        base: &Url,
        task: &TaskInfoRequest,
        authorization: Authorization<'_>,
    ) -> Result<TaskInfo, NoTaskInfo> {
        let url = below(base, "tasks/task-info");
        let (status, body) = self
            .client
            .post_any_status(scope, &url, task.json(), authorization)
            .await
            .map_err(NoTaskInfo::Failed)?;
        let info = if status.is_success() {
            parse::<TaskInfoResponse>(&body).and_then(|response| response.check())
        } else {
            Err(FetchError::Status(status))
        };
        info.map_err(|failure| {
            if has_no_task_info(status, &body) {
                NoTaskInfo::NotImplemented(status)
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
