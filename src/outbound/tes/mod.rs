//! TES instances: what would the task cost there, and how long would it wait?

mod task_info;

use std::{sync::Arc, time::Duration};

use moka::future::Cache;
use reqwest::StatusCode;
use tokio::time::timeout;
use url::Url;

pub use self::task_info::TaskInfoRequest;
use self::task_info::TaskInfoResponse;
use super::{
    failure::FetchError,
    fetch::{Fetcher, Pass},
    fingerprint::{Fingerprint, Fingerprints},
};
use crate::domain::{findings::TaskInfo, service::ServiceUri, tes_base::bases};

/// How long it is remembered where the API of a TES begins.
const REMEMBERED: Duration = Duration::from_secs(3600);

/// How many TES are remembered.
const MOST_REMEMBERED: u64 = 10_000;

/// Looking for the API at several paths may take this many times the time for one call.
const LONGEST_SEARCH: u32 = 3;

/// Asks TES instances. All clones share what is remembered.
#[derive(Debug, Clone)]
pub struct TesClient {
    fetcher: Fetcher,
    prints: Arc<Fingerprints>,
    /// Where the API begins, for a root and callers with or without a token: a server may hide from strangers.
    bases: Cache<Fingerprint, Arc<Url>>,
}

impl TesClient {
    /// A client that calls through `fetcher`.
    pub fn new(fetcher: Fetcher) -> Self {
        Self {
            fetcher,
            prints: Arc::default(),
            bases: Cache::builder()
                .max_capacity(MOST_REMEMBERED)
                .time_to_live(REMEMBERED)
                .build(),
        }
    }

    /// Asks `tes` what the task would cost there, at the path that is given and at those where it may be meant to be.
    ///
    /// # Errors
    /// [`FetchError`], of the path that is given if it is at none; [`FetchError::Malformed`] if a price or the queue
    /// time is missing, negative or beyond belief.
    pub async fn fetch_task_info(
        &self,
        tes: &ServiceUri,
        task: &TaskInfoRequest,
        pass: Pass<'_>,
    ) -> Result<TaskInfo, FetchError> {
        let key = self.prints.of((tes.root(), pass.carries_a_secret()));
        if let Some(base) = self.bases.get(&key).await {
            match self.task_info_at(&base, task, pass).await {
                Err(FetchError::Status(StatusCode::NOT_FOUND)) => self.bases.invalidate(&key).await,
                answer => return answer,
            }
        }
        let longest = self.fetcher.timeout() * LONGEST_SEARCH;
        let (base, info) = timeout(longest, self.search(tes, task, pass))
            .await
            .unwrap_or(Err(FetchError::Timeout(longest)))?;
        self.bases.insert(key, Arc::new(base)).await;
        Ok(info)
    }

    /// Task info, and where it was found. What fails on its way is not tried elsewhere.
    async fn search(
        &self,
        tes: &ServiceUri,
        task: &TaskInfoRequest,
        pass: Pass<'_>,
    ) -> Result<(Url, TaskInfo), FetchError> {
        let mut first = None;
        for base in bases(tes) {
            match self.task_info_at(&base, task, pass).await {
                Ok(info) => return Ok((base, info)),
                Err(failure) if failure.is_on_the_way() => return Err(first.unwrap_or(failure)),
                Err(failure) => _ = first.get_or_insert(failure),
            }
        }
        Err(first.unwrap_or(FetchError::Status(StatusCode::NOT_FOUND)))
    }

    async fn task_info_at(
        &self,
        base: &Url,
        task: &TaskInfoRequest,
        pass: Pass<'_>,
    ) -> Result<TaskInfo, FetchError> {
        let url = below(base, "tasks/task-info");
        let answer: TaskInfoResponse = self.fetcher.post(&url, task.json(), pass).await?;
        answer.check()
    }
}

/// The URL of `path` below `base`, whose path ends in a slash.
fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path()));
    url
}
