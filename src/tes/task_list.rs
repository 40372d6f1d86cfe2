//! One list of tasks of a TES, read page by page.

use std::collections::HashSet;

use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::{
    below,
    state::State,
    tasks::{Page, Task},
};
use crate::{
    client::{Authorization, CallScope, Client, FetchError},
    domain::queue::ListCut,
};

/// How many pages of one list are read. There are servers that give five tasks a page, and servers that list the oldest
/// of thousands first.
pub(super) const MAX_PAGES: usize = 40;

/// Sizes of pages, one tried after the other: some servers refuse large pages, or fail at the limit of a message.
const FIRST_SIZES: [usize; 3] = [50, 10, 2];
const NEXT_SIZES: [usize; 4] = [200, 50, 10, 2];

/// A TES, as one caller sees it.
#[derive(Clone, Copy)]
pub(super) struct TaskSource<'a> {
    pub(super) client: &'a Client,
    pub(super) scope: &'a CallScope,
    pub(super) base: &'a Url,
    pub(super) authorization: Authorization<'a>,
    /// No further page of a list is read after it.
    pub(super) pages_until: Instant,
}

/// A list of tasks, as far as it was read.
pub(super) struct TaskList<'a> {
    source: TaskSource<'a>,
    state: Option<State>,
    /// In the order of the list.
    pub(super) tasks: Vec<Task>,
    pub(super) order: Order,
    pub(super) pages: usize,
    /// Where the tasks of the last page begin.
    last_page: usize,
    rest: Rest,
    sizes: &'static [usize],
    tokens: HashSet<String>,
    keys: HashSet<(String, Option<Timestamp>)>,
}

/// What follows the pages that were read.
enum Rest {
    /// The page of this token.
    Page(String),
    /// Nothing.
    Nothing,
    /// More, which cannot be read.
    Lost(ListCut),
}

/// In which order a list has its tasks.
#[derive(Default)]
pub(super) struct Order {
    last: Option<Timestamp>,
    later: usize,
    earlier: usize,
}

impl Order {
    fn add(&mut self, tasks: &[Task]) {
        for created in tasks.iter().filter_map(|task| task.created) {
            if let Some(last) = self.last {
                self.later += usize::from(created > last);
                self.earlier += usize::from(created < last);
            }
            self.last = Some(created);
        }
    }

    /// Servers that sort by an id made of the time have some tasks in another order.
    pub(super) const fn is_newest_first(&self) -> bool {
        self.earlier > 0 && self.later * 10 <= self.earlier
    }
}

impl<'a> TaskList<'a> {
    /// The first page of the tasks in `state`, or of all.
    ///
    /// # Errors
    /// [`FetchError`] of that page, in all sizes.
    pub(super) async fn open(
        source: TaskSource<'a>,
        state: Option<State>,
    ) -> Result<Self, FetchError> {
        let mut list = Self {
            source,
            state,
            tasks: Vec::new(),
            order: Order::default(),
            pages: 0,
            last_page: 0,
            rest: Rest::Nothing,
            sizes: NEXT_SIZES.as_slice(),
            tokens: HashSet::new(),
            keys: HashSet::new(),
        };
        let page = list.first_page().await?;
        list.add(page);
        Ok(list)
    }

    /// Whether there was a further page, which was read. A part of a list is better than nothing: that a page cannot be
    /// read is an error only if it is refused.
    ///
    /// # Errors
    /// [`FetchError`] with status 401 or 403.
    pub(super) async fn read_on(&mut self) -> Result<bool, FetchError> {
        let Rest::Page(token) = &self.rest else {
            return Ok(false);
        };
        let token = token.clone();
        let lost = if self.pages < MAX_PAGES {
            match self.next_page(&token).await {
                Ok(page) => {
                    self.add(page);
                    return Ok(true);
                }
                Err(Lost::Refused(failure)) => return Err(failure),
                Err(Lost::Cut(cut)) => cut,
            }
        } else {
            ListCut::Pages(self.pages)
        };
        self.rest = Rest::Lost(lost);
        Ok(false)
    }

    /// Why there is more in the list than was read, if there is.
    pub(super) fn cut(&self) -> Option<ListCut> {
        match &self.rest {
            Rest::Nothing => None,
            Rest::Page(_) => Some(ListCut::Pages(self.pages)),
            Rest::Lost(cut) => Some(cut.clone()),
        }
    }

    /// Whether all its tasks are in the state that was asked for: not every server filters.
    pub(super) fn is_filtered(&self) -> bool {
        let is_asked_for = |task: &Task| self.state.is_none_or(|state| task.state == state);
        self.tasks.iter().all(is_asked_for)
    }

    /// The tasks of the last page that was read.
    pub(super) fn last_page(&self) -> &[Task] {
        self.tasks.get(self.last_page..).unwrap_or_default()
    }

    fn add(&mut self, mut page: Page) {
        self.pages += 1;
        self.order.add(&page.tasks);
        let mut is_known = |task: &Task| task.key().is_some_and(|key| !self.keys.insert(key));
        let known = page.tasks.iter().filter(|&task| is_known(task)).count();
        // Servers that ignore the token give the first page again and again.
        let is_repeated = known > 0 && known == page.tasks.len();
        let token = page.next.filter(|_| !is_repeated);
        // A repeated token would loop for ever.
        self.rest = match token.filter(|token| self.tokens.insert(token.clone())) {
            Some(token) => Rest::Page(token),
            None => Rest::Nothing,
        };
        self.last_page = self.tasks.len();
        self.tasks.append(&mut page.tasks);
    }

    /// The first page, as large as the server gives it; at last without a size, and without a view.
    async fn first_page(&self) -> Result<Page, FetchError> {
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
            match self.page(query).await {
                Ok(page) => return Ok(page),
                // Most likely the filter.
                Err(failure) if self.state.is_some() && is_refused_request(&failure) => {
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

    /// The page after `token`, in the largest of the sizes that are left to try.
    async fn next_page(&mut self, token: &str) -> Result<Page, Lost> {
        let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
        let mut lost = ListCut::Time;
        while let [size, smaller @ ..] = self.sizes {
            let query = format!("view=BASIC&page_size={size}&page_token={token}");
            match timeout_at(self.source.pages_until, self.page(query)).await {
                Ok(Ok(page)) => return Ok(page),
                Ok(Err(failure)) if failure.is_refusal() => return Err(Lost::Refused(failure)),
                Ok(Err(failure)) => {
                    lost = ListCut::Failure(failure.to_string());
                    if !is_refused_request(&failure) && !is_too_much(&failure) {
                        break;
                    }
                    self.sizes = smaller;
                }
                Err(_) => {
                    lost = ListCut::Time;
                    break;
                }
            }
        }
        Err(Lost::Cut(lost))
    }

    async fn page(&self, query: String) -> Result<Page, FetchError> {
        let filter = self.state.map(|state| format!("state={}", state.name()));
        let query: Vec<_> = filter
            .into_iter()
            .chain([query])
            .filter(|part| !part.is_empty())
            .collect();
        let TaskSource {
            client,
            scope,
            base,
            authorization,
            ..
        } = self.source;
        let mut url: Url = below(base, "tasks");
        url.set_query((!query.is_empty()).then(|| query.join("&")).as_deref());
        Page::parse(&client.get_bytes(scope, &url, authorization).await?)
    }
}

/// Why there is no further page.
enum Lost {
    /// The server does not let the caller in.
    Refused(FetchError),
    /// Anything else.
    Cut(ListCut),
}

/// Whether the server does not like a parameter.
pub(super) fn is_refused_request(failure: &FetchError) -> bool {
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
