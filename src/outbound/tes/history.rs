//! What a TES shows of its tasks: how long the finished ones waited, and how many wait now.

use std::{sync::Arc, time::Duration};

use futures_util::future::join;
use reqwest::StatusCode;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::{
    super::{
        failure::FetchError,
        fetch::{Fetcher, Pass},
    },
    below,
    tasks::{Page, Task},
};
use crate::domain::queue::History;

/// How long a history is kept: a queue does not change faster than that.
pub(super) const KEPT: Duration = Duration::from_secs(30);

/// How many histories are kept, each of at most [`ENOUGH`] tasks.
pub(super) const MOST_KEPT: u64 = 2_000;

/// How many tasks are wanted.
const ENOUGH: usize = 50;

/// How many pages are read: there are servers that give five tasks a page.
const MOST_PAGES: usize = 10;

/// What is asked for, one after the other, of servers that do not take it: less at once, no size, no filter.
const ASKED: [(&str, bool); 4] = [
    ("&page_size=50", true),
    ("&page_size=10", true),
    ("", true),
    ("", false),
];

/// What was found, or why not: both are kept.
pub(super) type Kept = Result<Arc<History>, FetchError>;

/// Asks the TES whose API begins at `base`.
///
/// That waiting tasks cannot be counted is no failure: none are assumed.
pub(super) async fn fetch(fetcher: &Fetcher, base: &Url, pass: Pass<'_>) -> Kept {
    let lists = Lists {
        fetcher,
        base,
        pass,
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
    fetcher: &'a Fetcher,
    base: &'a Url,
    pass: Pass<'a>,
}

impl Lists<'_> {
    /// Up to [`ENOUGH`] tasks in `state`, from as many pages as can be had in the time for one call and one more.
    async fn tasks(&self, view: &str, state: &'static str) -> Result<Vec<Task>, FetchError> {
        let (mut url, mut page) = self.first_page(view, state).await?;
        let deadline = Instant::now() + self.fetcher.timeout();
        let first = url.query().unwrap_or_default().to_owned();
        let mut tasks: Vec<_> = page.tasks_in(state).collect();
        let mut last_token = None;
        for _ in 1..MOST_PAGES {
            let Some(token) = page.next().filter(|_| tasks.len() < ENOUGH) else {
                break;
            };
            // A token that comes again leads in a circle.
            if last_token.as_deref() == Some(token) {
                break;
            }
            url.set_query(Some(&first));
            url.query_pairs_mut().append_pair("page_token", token);
            last_token = Some(token.to_owned());
            match timeout_at(deadline, self.fetcher.get(&url, self.pass)).await {
                Ok(Ok(next)) => page = next,
                // What is there is better than nothing.
                Ok(Err(_)) | Err(_) => break,
            }
            tasks.extend(page.tasks_in(state));
        }
        tasks.truncate(ENOUGH);
        Ok(tasks)
    }

    /// The first page, and the URL that it is at.
    async fn first_page(&self, view: &str, state: &str) -> Result<(Url, Page), FetchError> {
        let mut refused = FetchError::Status(StatusCode::BAD_REQUEST);
        for (size, filtered) in ASKED {
            let filter = if filtered {
                format!("&state={state}")
            } else {
                String::new()
            };
            let mut url = below(self.base, "tasks");
            url.set_query(Some(&format!("view={view}{filter}{size}")));
            match self.fetcher.get(&url, self.pass).await {
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
