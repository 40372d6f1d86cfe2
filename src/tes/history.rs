//! The tasks that a TES lists: how long the finished ones waited, and how many wait now.

use std::{sync::Arc, time::Duration};

use futures_util::future::join;
use http::StatusCode;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::{
    below,
    tasks::{Page, Task},
};
use crate::{
    client::{Authorization, CallScope, Client, FetchError},
    domain::queue::History,
};

/// How long a history is kept: a queue does not change faster than that.
pub(super) const TTL: Duration = Duration::from_secs(30);

/// How many histories are kept, each of at most [`MAX_TASKS`] tasks.
pub(super) const MAX_KEPT: usize = 2_000;

/// How many tasks are read.
const MAX_TASKS: usize = 50;

/// How many pages are read: there are servers that give five tasks a page.
const MAX_PAGES: usize = 10;

/// Page size and whether to filter by state, tried one after the other: some servers refuse large pages, or any size, or
/// a filter.
const ATTEMPTS: [(&str, bool); 4] = [
    ("&page_size=50", true),
    ("&page_size=10", true),
    ("", true),
    ("", false),
];

/// What was found, or why nothing was: both are kept.
pub(super) type KeptHistory = Result<Arc<History>, FetchError>;

/// Reads the lists of tasks of the TES whose API begins at `base`.
///
/// If waiting tasks cannot be counted, none are assumed.
pub(super) async fn fetch(
    client: &Client,
    scope: &CallScope,
    base: &Url,
    authorization: Authorization<'_>,
) -> KeptHistory {
    let lists = Lists {
        client,
        scope,
        base,
        authorization,
    };
    let (finished, queued) = join(
        lists.tasks("BASIC", "COMPLETE"),
        lists.tasks("MINIMAL", "QUEUED"),
    )
    .await;
    if let Err(cause) = &queued {
        tracing::debug!(%cause, "waiting tasks cannot be counted");
    }
    Ok(Arc::new(History {
        finished: finished?.iter().filter_map(Task::finished).collect(),
        queued: queued.map_or(0, |tasks| tasks.len()),
    }))
}

/// The lists of tasks of one TES, as one caller may see them.
struct Lists<'a> {
    client: &'a Client,
    scope: &'a CallScope,
    base: &'a Url,
    authorization: Authorization<'a>,
}

impl Lists<'_> {
    /// Up to [`MAX_TASKS`] tasks in `state`, from as many pages as can be read in the time of one call after the first page.
    async fn tasks(&self, view: &str, state: &'static str) -> Result<Vec<Task>, FetchError> {
        let (mut url, mut page) = self.first_page(view, state).await?;
        let deadline = Instant::now() + self.client.time().call();
        let first = url.query().unwrap_or_default().to_owned();
        let mut tasks: Vec<_> = page.tasks_in(state).collect();
        let mut last_token = None;
        for _ in 1..MAX_PAGES {
            let Some(token) = page.next().filter(|_| tasks.len() < MAX_TASKS) else {
                break;
            };
            // A repeated token would loop for ever.
            if last_token.as_deref() == Some(token) {
                break;
            }
            url.set_query(Some(&first));
            url.query_pairs_mut().append_pair("page_token", token);
            last_token = Some(token.to_owned());
            // A part of the list is better than nothing.
            let Some(next) = self.next_page(deadline, &url).await else {
                break;
            };
            page = next;
            tasks.extend(page.tasks_in(state));
        }
        tasks.truncate(MAX_TASKS);
        Ok(tasks)
    }

    async fn next_page(&self, deadline: Instant, url: &Url) -> Option<Page> {
        let page = self.client.get(self.scope, url, self.authorization);
        timeout_at(deadline, page).await.ok()?.ok()
    }

    /// The first page, and its URL.
    async fn first_page(&self, view: &str, state: &str) -> Result<(Url, Page), FetchError> {
        let mut refused = FetchError::Status(StatusCode::BAD_REQUEST);
        for (size, filtered) in ATTEMPTS {
            let filter = if filtered {
                format!("&state={state}")
            } else {
                String::new()
            };
            let mut url = below(self.base, "tasks");
            url.set_query(Some(&format!("view={view}{filter}{size}")));
            match self.client.get(self.scope, &url, self.authorization).await {
                Ok(page) => return Ok((url, page)),
                Err(
                    refusal @ (FetchError::Status(
                        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY,
                    )
                    | FetchError::TooLarge(_)),
                ) => refused = refusal,
                Err(failure) => return Err(failure),
            }
        }
        Err(refused)
    }
}
