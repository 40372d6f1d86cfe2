//! Reads the tasks that a TES lists, as far as they tell of its queue.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures_util::future::{join_all, join3};
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::{
    below, get_object,
    state::State,
    task_history::{DAY_SECONDS, KeptHistory, TaskHistory},
    tasks::{Page, Task, extend},
};
use crate::{
    client::{Authorization, CallScope, Client, FetchError},
    domain::queue::COHORT,
};

/// How long a history is kept: a queue does not change faster than that.
pub(super) const TTL: Duration = Duration::from_secs(30);

/// How many histories are kept.
pub(super) const MAX_KEPT: usize = 2_000;

/// How many pages of one list are read. There are servers that give five tasks a page, and servers that list the oldest
/// of thousands first.
const MAX_PAGES: usize = 40;

/// Of a list that begins with waiting tasks, after how many pages those that started are asked for by their state.
const MAX_PAGES_OF_WAITING: usize = 4;

/// Sizes of pages, one tried after the other: some servers refuse large pages, or fail at the limit of a message.
const FIRST_SIZES: [usize; 3] = [50, 10, 2];
const NEXT_SIZES: [usize; 4] = [200, 50, 10, 2];

/// The states of tasks that started.
const STARTED: [State; 4] = [
    State::Running,
    State::Complete,
    State::ExecutorError,
    State::SystemError,
];

/// The lists of tasks of one TES, as one caller may see them.
pub(super) struct Lists<'a> {
    pub(super) client: &'a Client,
    pub(super) scope: &'a CallScope,
    pub(super) base: &'a Url,
    pub(super) authorization: Authorization<'a>,
    /// Tasks that were created longer ago do not count.
    pub(super) max_age_days: f64,
    /// No further page of a list is read after it.
    pub(super) pages_until: Instant,
    /// Nothing is asked for after it, but for the first page of all tasks.
    pub(super) deadline: Instant,
    /// Of a list with the newest first, how many started tasks are read.
    pub(super) enough: usize,
}

/// What was read of a list.
#[derive(Default)]
pub(super) struct Listing {
    pub(super) tasks: Vec<Task>,
    /// Whether there is nothing more to read.
    pub(super) is_whole: bool,
}

/// In which order a list has its tasks.
#[derive(Default)]
struct Order {
    last: Option<Timestamp>,
    later: usize,
    earlier: usize,
    oldest: Option<Timestamp>,
}

impl Order {
    fn add(&mut self, tasks: &[Task]) {
        for created in tasks.iter().filter_map(|task| task.created) {
            if let Some(last) = self.last {
                self.later += usize::from(created > last);
                self.earlier += usize::from(created < last);
            }
            self.last = Some(created);
            self.oldest = Some(self.oldest.map_or(created, |oldest| oldest.min(created)));
        }
    }

    /// Servers that sort by an id made of the time have some tasks in another order.
    const fn is_newest_first(&self) -> bool {
        self.earlier > 0 && self.later * 10 <= self.earlier
    }
}

impl Lists<'_> {
    /// What the lists tell of the queue now.
    pub(super) async fn history(&self) -> KeptHistory {
        let now = Timestamp::now();
        let Listing { tasks, is_whole } = self.tasks(now).await?;
        let history = TaskHistory::new(&tasks, is_whole, now, self.max_age_days);
        Ok(Arc::new(history))
    }

    /// Reads the list of all tasks as far as its recent ones need, and beside it those of waiting tasks: they may be far
    /// behind others. A server that filters nothing lists the same tasks again, which count once.
    pub(super) async fn tasks(&self, now: Timestamp) -> Result<Listing, FetchError> {
        let waiting = |state| self.in_state(state, MAX_PAGES / 4);
        let (all, queued, initializing) = join3(
            self.all(now),
            waiting(State::Queued),
            waiting(State::Initializing),
        )
        .await;
        let Listing {
            mut tasks,
            is_whole,
        } = all?;
        for more in [queued, initializing].into_iter().flatten() {
            extend(&mut tasks, more);
        }
        let mut seen = HashSet::new();
        tasks.retain(|task| task.id.as_ref().is_none_or(|id| seen.insert(id.clone())));
        Ok(Listing { tasks, is_whole })
    }

    /// The tasks in any state. A list with the newest first is read until enough have started; any other one to its end.
    async fn all(&self, now: Timestamp) -> Result<Listing, FetchError> {
        let mut order = Order::default();
        let (mut started, mut pages) = (0, 0);
        let mut listing = self
            .read(None, |page| {
                pages += 1;
                order.add(&page.tasks);
                started += page
                    .tasks
                    .iter()
                    .filter(|task| task.has_started(now))
                    .count();
                let is_enough = started >= self.enough || self.is_too_old(order.oldest, now);
                let is_behind_waiting = pages >= MAX_PAGES_OF_WAITING && started < COHORT / 2;
                if !order.is_newest_first() {
                    Next::Page
                } else if is_enough {
                    Next::Done
                } else if is_behind_waiting {
                    Next::Pause
                } else {
                    Next::Page
                }
            })
            .await?;
        if !listing.is_whole && order.is_newest_first() {
            let states = STARTED.map(|state| self.in_state(state, 1));
            for started in join_all(states).await.into_iter().flatten() {
                extend(&mut listing.tasks, started);
            }
        }
        Ok(listing)
    }

    fn is_too_old(&self, oldest: Option<Timestamp>, now: Timestamp) -> bool {
        oldest.is_some_and(|oldest| {
            now.duration_since(oldest).as_secs_f64() > self.max_age_days * DAY_SECONDS
        })
    }

    /// The tasks in `state` on the first `max_pages`, if the server filters and lists them.
    async fn in_state(&self, state: State, max_pages: usize) -> Option<Vec<Task>> {
        let mut pages = 0;
        let mut is_filtered = true;
        let listing = self.read(Some(state), |page| {
            pages += 1;
            is_filtered = is_filtered && page.is_filtered_by(state);
            if is_filtered && pages < max_pages {
                Next::Page
            } else {
                Next::Pause
            }
        });
        let listing = timeout_at(self.deadline, listing).await.ok()?;
        let listing = listing
            .inspect_err(|cause| tracing::debug!(%cause, ?state, "tasks cannot be filtered"))
            .ok()?;
        is_filtered.then_some(listing.tasks)
    }

    /// The pages of a list until `next` says otherwise, or as many as there are, or as are allowed. A part of the list is
    /// better than nothing.
    async fn read(
        &self,
        state: Option<State>,
        mut next: impl FnMut(&Page) -> Next,
    ) -> Result<Listing, FetchError> {
        let mut tokens = HashSet::new();
        let mut tasks: Vec<Task> = Vec::new();
        let mut page = self.first_page(state).await?;
        let mut sizes = NEXT_SIZES.as_slice();
        for _ in 1..MAX_PAGES {
            let decision = next(&page);
            tasks.append(&mut page.tasks);
            // A repeated token would loop for ever.
            let token = page.next.filter(|token| tokens.insert(token.clone()));
            let is_whole = token.is_none() || matches!(decision, Next::Done);
            let (Some(token), Next::Page) = (token, decision) else {
                return Ok(Listing { tasks, is_whole });
            };
            match self.next_page(state, &token, &mut sizes).await {
                Some(following) => page = following,
                None => break,
            }
        }
        Ok(Listing {
            tasks,
            is_whole: false,
        })
    }

    /// The first page, as large as the server gives it; at last without a size, and without a view.
    async fn first_page(&self, state: Option<State>) -> Result<Page, FetchError> {
        let mut refused = None;
        let sized = FIRST_SIZES.map(|size| format!("view=BASIC&page_size={size}"));
        let any = ["view=BASIC".to_owned(), String::new()];
        for (attempt, query) in sized.into_iter().chain(any).enumerate() {
            let is_refused = refused.as_ref().is_some_and(is_refused_request);
            // A server that does not like the parameters is not asked for ever smaller pages; one at its limit is not
            // asked for larger ones.
            if (attempt == 2 && is_refused) || (attempt > 2 && !is_refused) {
                continue;
            }
            match self.page(state, query).await {
                Ok(page) => return Ok(page),
                // Most likely the filter.
                Err(failure) if state.is_some() && is_refused_request(&failure) => {
                    return Err(failure);
                }
                Err(failure) if is_refused_request(&failure) || is_too_much(&failure) => {
                    refused = Some(failure);
                }
                Err(failure) => return Err(failure),
            }
        }
        Err(refused.unwrap_or(FetchError::Interrupted(String::new())))
    }

    /// The page after `token`, and the `sizes` that are left to try.
    async fn next_page(
        &self,
        state: Option<State>,
        token: &str,
        sizes: &mut &[usize],
    ) -> Option<Page> {
        while let [size, smaller @ ..] = *sizes {
            let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
            let query = format!("view=BASIC&page_size={size}&page_token={token}");
            match timeout_at(self.pages_until, self.page(state, query)).await {
                Ok(Ok(page)) => return Some(page),
                Ok(Err(failure)) if is_refused_request(&failure) || is_too_much(&failure) => {
                    *sizes = smaller;
                }
                Ok(Err(_)) | Err(_) => return None,
            }
        }
        None
    }

    async fn page(&self, state: Option<State>, query: String) -> Result<Page, FetchError> {
        let filter = state.map(|state| format!("state={}", state.name()));
        let query: Vec<_> = filter
            .into_iter()
            .chain([query])
            .filter(|part| !part.is_empty())
            .collect();
        let mut url = below(self.base, "tasks");
        url.set_query((!query.is_empty()).then(|| query.join("&")).as_deref());
        let body = get_object(self.client, self.scope, &url, self.authorization).await?;
        Page::read(&body)
    }
}

/// What follows a page.
enum Next {
    /// The next page, if there is one.
    Page,
    /// Nothing more is needed.
    Done,
    /// There is more, which is not read like this.
    Pause,
}

/// Whether the server does not like a parameter.
fn is_refused_request(failure: &FetchError) -> bool {
    matches!(
        failure.status().map(|status| status.as_u16()),
        Some(400 | 422)
    )
}

/// Whether a smaller page may come through: gateways have limits for messages, and answer with any of these beyond them.
fn is_too_much(failure: &FetchError) -> bool {
    matches!(
        failure,
        FetchError::TooLarge(_) | FetchError::Interrupted(_)
    ) || failure
        .status()
        .is_some_and(|status| matches!(status.as_u16(), 413 | 429) || status.is_server_error())
}
