//! TES instances: what would the task cost there, and how long would it wait?

#[cfg(fuzzing)]
pub mod fuzzing;
mod history;
mod task_info;
mod tasks;

use std::{sync::Arc, time::Duration};

use moka::future::Cache;
use reqwest::StatusCode;
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout};
use url::Url;

pub use self::task_info::TaskInfoRequest;
use self::task_info::{TaskInfoResponse, has_no_task_info};
use super::{
    failure::FetchError,
    fetch::{Fetcher, Pass},
    fingerprint::{Fingerprint, Fingerprints},
    json::parse,
    turns::Kind,
};
use crate::domain::{findings::TaskInfo, queue::History, service::ServiceUri, tes_base::bases};

/// How long it is remembered what a TES is like.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// How long a TES is taken to have no task info. Not for long: to a question about a zone that is not there, some may
/// answer just as those do that have none.
const WITHOUT_TASK_INFO: Duration = Duration::from_secs(60);

/// How many TES are remembered.
const MOST_REMEMBERED: u64 = 10_000;

/// How many questions that are being asked are known of. Further ones are asked all the same.
const MOST_ASKED: u64 = 1000;

/// Looking for the API at several paths may take this many times the time for one call, and so may reading a history:
/// together less than a request has by default.
const LONGEST: u32 = 2;

/// Asks TES instances. All clones share what is remembered.
#[derive(Debug, Clone)]
pub struct TesClient {
    fetcher: Fetcher,
    prints: Arc<Fingerprints>,
    /// For a root and a token: a server may hide from strangers.
    known: Cache<Fingerprint, Arc<Known>>,
    /// For a root and a token: what one caller may see is not shown to another.
    histories: Cache<Fingerprint, history::Kept>,
    /// For a root, a question and a token: holds nothing longer than it takes to be asked.
    asked: Cache<Fingerprint, Option<TaskInfo>>,
}

/// What a TES is like.
#[derive(Debug)]
struct Known {
    /// Where its API begins.
    base: Url,
    has_task_info: bool,
    since: Instant,
}

/// Why there is no task info.
enum NoInfo {
    /// The server knows nothing of it, as an answer with this status says.
    Unheard(StatusCode),
    /// The server may know of it.
    Failed(FetchError),
}

impl From<NoInfo> for FetchError {
    fn from(none: NoInfo) -> Self {
        match none {
            NoInfo::Unheard(status) => Self::Status(status),
            NoInfo::Failed(failure) => failure,
        }
    }
}

/// What came of asking for task info.
type Told = Result<TaskInfo, NoInfo>;

/// `None` if the server is a TES without task info, which is no failure.
fn settled(told: Told) -> Result<Option<TaskInfo>, FetchError> {
    match told {
        Ok(info) => Ok(Some(info)),
        Err(NoInfo::Unheard(_)) => Ok(None),
        Err(NoInfo::Failed(failure)) => Err(failure),
    }
}

impl TesClient {
    /// A client that calls through `fetcher`.
    pub fn new(fetcher: Fetcher) -> Self {
        Self {
            fetcher: fetcher.to(Kind::Tes),
            prints: Arc::default(),
            known: Cache::builder()
                .max_capacity(MOST_REMEMBERED)
                .time_to_live(REMEMBERED)
                .build(),
            histories: Cache::builder()
                .max_capacity(history::MOST_KEPT)
                .time_to_live(history::KEPT)
                .build(),
            asked: Cache::builder()
                .max_capacity(MOST_ASKED)
                .time_to_live(Duration::ZERO)
                .build(),
        }
    }

    /// Asks `tes` what the task would cost there, at the path that is given and at those where it may be meant to be;
    /// `None` if there is a TES that has no task info. Whoever asks for the same, with the same rights, while the answer
    /// is on its way gets that answer. Nothing is kept: prices and queues are those of the moment.
    ///
    /// # Errors
    /// [`FetchError`], of the path that is given if there is no TES at any; [`FetchError::Malformed`] if a price or the
    /// queue time is missing, negative or beyond belief.
    pub async fn fetch_task_info(
        &self,
        tes: &ServiceUri,
        task: &TaskInfoRequest,
        pass: Pass<'_>,
    ) -> Result<Option<TaskInfo>, FetchError> {
        let key = self.prints.of((tes.root(), task.json(), pass.secret()));
        let fetch = Box::pin(self.fetch_anew(tes, task, pass));
        let asked = self.fetcher.ask_once(&self.asked, key, tes.root(), fetch);
        asked.await
    }

    async fn fetch_anew(
        &self,
        tes: &ServiceUri,
        task: &TaskInfoRequest,
        pass: Pass<'_>,
    ) -> Result<Option<TaskInfo>, FetchError> {
        let key = self.prints.of((tes.root(), pass.secret()));
        let known = self.known.get(&key).await;
        match &known {
            Some(known) if known.has_task_info => {
                match self.task_info_at(&known.base, task, pass).await {
                    Err(NoInfo::Unheard(_)) => {}
                    told => return settled(told),
                }
            }
            Some(known) if known.since.elapsed() < WITHOUT_TASK_INFO => return Ok(None),
            Some(_) | None => {}
        }
        let (base, told) = self.within_time(self.search(tes, task, pass)).await?;
        let has_task_info = !matches!(told, Err(NoInfo::Unheard(_)));
        // What it knows nothing of is this question, if it has answered others.
        if has_task_info || known.is_none_or(|known| !known.has_task_info) {
            let since = Instant::now();
            let known = Known {
                base,
                has_task_info,
                since,
            };
            self.known.insert(key, Arc::new(known)).await;
        }
        settled(told)
    }

    /// Where the API begins, and what is said to task info there. What fails on its way is not tried elsewhere.
    async fn search(
        &self,
        tes: &ServiceUri,
        task: &TaskInfoRequest,
        pass: Pass<'_>,
    ) -> Result<(Url, Told), FetchError> {
        let mut first = None;
        let mut guarded = None;
        for base in bases(tes) {
            let none = match self.task_info_at(&base, task, pass).await {
                Ok(info) => return Ok((base, Ok(info))),
                Err(NoInfo::Failed(failure)) if failure.is_on_the_way() => {
                    return Err(first.unwrap_or(failure));
                }
                Err(none) => none,
            };
            match self.door_at(&base, pass).await? {
                Door::Open => return Ok((base, Err(none))),
                Door::Guarded if guarded.is_none() => guarded = Some((base, Err(none))),
                Door::Guarded | Door::None(_) => _ = first.get_or_insert(none.into()),
            }
        }
        guarded.ok_or_else(|| first.unwrap_or(FetchError::Status(StatusCode::NOT_FOUND)))
    }

    /// What `tes` shows of its tasks to the one who asks. Kept for half a minute, also that nothing is shown, but not
    /// that the question got lost; who asks for the same at the same time waits for the one answer.
    ///
    /// # Errors
    /// [`FetchError`], of the path that is given if there is no TES at any.
    pub async fn fetch_history(
        &self,
        tes: &ServiceUri,
        pass: Pass<'_>,
    ) -> Result<Arc<History>, FetchError> {
        let key = self.prints.of((tes.root(), pass.secret()));
        let fetch = self.within_time(async {
            let base = self.base(tes, pass).await?;
            history::fetch(&self.fetcher, &base, pass).await
        });
        let fetch = Box::pin(async { Ok::<_, FetchError>(fetch.await) });
        let asked = self
            .fetcher
            .ask_once(&self.histories, key, tes.root(), fetch);
        let history = asked.await.flatten();
        if history.as_ref().is_err_and(FetchError::is_on_the_way) {
            self.histories.invalidate(&key).await;
        }
        history
    }

    async fn within_time<T>(
        &self,
        work: impl Future<Output = Result<T, FetchError>>,
    ) -> Result<T, FetchError> {
        let longest = self.fetcher.timeout() * LONGEST;
        timeout(longest, work)
            .await
            .unwrap_or(Err(FetchError::Timeout(longest)))
    }

    /// Where the API of `tes` begins, without asking for task info.
    async fn base(&self, tes: &ServiceUri, pass: Pass<'_>) -> Result<Url, FetchError> {
        let key = self.prints.of((tes.root(), pass.secret()));
        if let Some(known) = self.known.get(&key).await {
            return Ok(known.base.clone());
        }
        let mut first = None;
        let mut guarded = None;
        for base in bases(tes) {
            match self.door_at(&base, pass).await? {
                Door::Open => {
                    let known = Known {
                        base: base.clone(),
                        has_task_info: false,
                        since: Instant::now(),
                    };
                    self.known.insert(key, Arc::new(known)).await;
                    return Ok(base);
                }
                Door::Guarded => _ = guarded.get_or_insert(base),
                Door::None(failure) => _ = first.get_or_insert(failure),
            }
        }
        guarded.ok_or_else(|| first.unwrap_or(FetchError::Status(StatusCode::NOT_FOUND)))
    }

    async fn task_info_at(&self, base: &Url, task: &TaskInfoRequest, pass: Pass<'_>) -> Told {
        let url = below(base, "tasks/task-info");
        let (status, body) = match self.fetcher.post_for_any(&url, task.json(), pass).await {
            Ok(answer) => answer,
            Err(failure) => return Err(NoInfo::Failed(failure)),
        };
        let info = if status.is_success() {
            parse::<TaskInfoResponse>(&body).and_then(|response| response.check())
        } else {
            Err(FetchError::Status(status))
        };
        info.map_err(|failure| {
            if has_no_task_info(status, &body) {
                NoInfo::Unheard(status)
            } else {
                NoInfo::Failed(failure)
            }
        })
    }

    /// Whether there is a TES at `base`: every one has a list of tasks, which some leave out when it is empty.
    async fn door_at(&self, base: &Url, pass: Pass<'_>) -> Result<Door, FetchError> {
        let mut url = below(base, "tasks");
        url.set_query(Some("view=MINIMAL&page_size=1"));
        match self.fetcher.get::<Map<String, Value>>(&url, pass).await {
            Ok(list) if list.is_empty() || list.contains_key("tasks") => Ok(Door::Open),
            Err(FetchError::Status(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)) => {
                Ok(Door::Guarded)
            }
            Err(failure) if failure.is_on_the_way() => Err(failure),
            Ok(_) => Ok(Door::None(FetchError::Malformed(
                "it is no list of tasks".to_owned(),
            ))),
            Err(failure) => Ok(Door::None(failure)),
        }
    }
}

/// What there is at a path.
enum Door {
    Open,
    /// Something, for those that it knows.
    Guarded,
    /// No TES, as this shows.
    None(FetchError),
}

/// The URL of `path` below `base`, whose path ends in a slash.
fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path()));
    url
}
