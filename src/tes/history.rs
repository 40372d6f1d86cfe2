//! Reads the tasks that a TES lists, as far as they tell of its queue.

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures_util::future::{join, join_all};
use jiff::Timestamp;
use tokio::time::{Instant, timeout_at};

use super::{
    DAY_SECONDS,
    listing::{Coverage, Cut, Listing},
    state::State,
    task_history::{KeptHistory, TaskHistory},
    task_list::{MAX_PAGES, TaskList, TaskSource, is_refused_request},
    tasks::{Task, extend},
};
use crate::{client::FetchError, domain::queue::COHORT};

/// How long a history is kept: a queue does not change faster than that.
pub(super) const TTL: Duration = Duration::from_secs(30);

/// How many histories are kept.
pub(super) const MAX_KEPT: usize = 2_000;

/// Of a list that begins with waiting tasks, after how many pages those that started are asked for by their state.
const MAX_PAGES_OF_WAITING: usize = 4;

/// How many pages of a list by state are read.
const MAX_PAGES_IN_STATE: usize = MAX_PAGES / 4;

/// The states of tasks that started.
const STARTED: [State; 4] = [
    State::Running,
    State::Complete,
    State::ExecutorError,
    State::SystemError,
];

/// The lists of tasks of one TES, as one caller may see them.
pub(super) struct Lists<'a> {
    pub(super) source: TaskSource<'a>,
    /// Tasks that were created longer ago do not count.
    pub(super) max_age_days: f64,
    /// Nothing is asked for after it, but for the first page of all tasks.
    pub(super) deadline: Instant,
    /// Of a list with the newest first, how many started tasks are read.
    pub(super) enough: usize,
}

/// The waiting tasks, as a server lists them by their state.
#[derive(Default)]
struct ByState {
    tasks: Vec<Task>,
    /// Whether the server filters.
    is_filtered: bool,
    /// Whether there are no others.
    is_whole: bool,
}

/// How far a list with the newest first is read behind the started tasks that count: until so many tasks or pages have none
/// that waits.
struct Behind {
    tasks: usize,
    pages: usize,
}

impl Behind {
    /// Any waiting task may be behind the others.
    const UNFILTERED: Self = Self {
        tasks: 1000,
        pages: 10,
    };

    /// Those in the states of the specification are listed by their state.
    const FILTERED: Self = Self {
        tasks: 400,
        pages: 4,
    };
}

impl Lists<'_> {
    /// What the lists tell of the queue now.
    pub(super) async fn history(&self) -> KeptHistory {
        let now = Timestamp::now();
        let listing = self.tasks(now).await?;
        let history = TaskHistory::new(&listing, now, self.max_age_days);
        Ok(Arc::new(history))
    }

    /// Reads the list of all tasks as far as its recent ones need, and beside it those of waiting tasks: they may be far
    /// behind others. A server that filters nothing lists the same tasks again, which count once.
    ///
    /// # Errors
    /// [`FetchError`] of the first page of all tasks, or of a later one that is refused.
    pub(super) async fn tasks(&self, now: Timestamp) -> Result<Listing, FetchError> {
        let (all, waiting) = join(self.all(now), self.waiting()).await;
        let mut all = all?;
        let is_newest_first = all.order.is_newest_first();
        let mut more = Vec::new();
        if is_newest_first && all.cut().is_some() {
            more = self.behind(&mut all, &waiting, now).await?;
        }
        let cut = all.cut().filter(|_| !self.is_over(&all, now));
        let coverage = match cut.map(|cause| Cut::of(&all, cause)) {
            None => Coverage::Whole,
            Some(_)
                if is_newest_first && waiting.is_whole && self.has_started(&all, &more, now) =>
            {
                Coverage::Whole
            }
            Some(cut) if is_newest_first => Coverage::Newest(cut),
            Some(cut) if waiting.is_filtered => {
                more.extend(
                    self.in_state(State::Running, MAX_PAGES_OF_WAITING)
                        .await
                        .tasks(),
                );
                Coverage::Unfinished(cut)
            }
            Some(cut) => Coverage::Older(cut),
        };
        let mut tasks = all.tasks;
        for more in more.into_iter().chain([waiting.tasks]) {
            extend(&mut tasks, more);
        }
        let mut seen = HashSet::new();
        tasks.retain(|task| task.key().is_none_or(|key| seen.insert(key)));
        Ok(Listing { tasks, coverage })
    }

    /// The tasks in any state. A list with the newest first is read until enough have started, or so many wait that it is
    /// better to ask for the others; any other one to its end.
    async fn all(&self, now: Timestamp) -> Result<TaskList<'_>, FetchError> {
        let mut list = TaskList::open(self.source, None).await?;
        let mut started = 0;
        loop {
            started += count_started(list.last_page(), now);
            let is_enough = started >= self.enough || self.is_over(&list, now);
            let is_behind_waiting = list.pages >= MAX_PAGES_OF_WAITING && started < COHORT / 2;
            if list.order.is_newest_first() && (is_enough || is_behind_waiting) {
                return Ok(list);
            }
            if !list.read_on().await? {
                return Ok(list);
            }
        }
    }

    /// Reads on in `all`, which has the newest first. Also those that started, if so many wait that none of them is found
    /// and the server filters.
    async fn behind(
        &self,
        all: &mut TaskList<'_>,
        waiting: &ByState,
        now: Timestamp,
    ) -> Result<Vec<Vec<Task>>, FetchError> {
        let mut started = count_started(&all.tasks, now);
        if started < self.enough && waiting.is_filtered {
            let lists = join_all(STARTED.map(|state| self.in_state(state, 1))).await;
            return Ok(lists.into_iter().filter_map(Filtered::tasks).collect());
        }
        let most = if waiting.is_whole {
            Behind::FILTERED
        } else {
            Behind::UNFILTERED
        };
        let mut read = Behind { tasks: 0, pages: 0 };
        while read.tasks < most.tasks && read.pages < most.pages && !self.is_over(all, now) {
            if !all.read_on().await? {
                break;
            }
            let page = all.last_page();
            started += count_started(page, now);
            let is_new =
                |task: &Task| task.waits(now) && (task.state == State::Other || !waiting.is_whole);
            if started < self.enough || page.iter().any(is_new) {
                read = Behind { tasks: 0, pages: 0 };
            } else {
                read.tasks += page.len();
                read.pages += 1;
            }
        }
        Ok(Vec::new())
    }

    /// Whether the started tasks that count were read.
    fn has_started(&self, all: &TaskList<'_>, more: &[Vec<Task>], now: Timestamp) -> bool {
        !more.is_empty() || count_started(&all.tasks, now) >= self.enough
    }

    /// Whether a list with the newest first has come to tasks that do not count.
    fn is_over(&self, list: &TaskList<'_>, now: Timestamp) -> bool {
        let mut created = list.last_page().iter().filter_map(|task| task.created);
        let is_old = |created: Timestamp| {
            now.duration_since(created).as_secs_f64() > self.max_age_days * DAY_SECONDS
        };
        list.order.is_newest_first() && created.next().is_some_and(is_old) && created.all(is_old)
    }

    /// The tasks that wait, if the server filters. One state is asked for before the others: many servers filter nothing.
    async fn waiting(&self) -> ByState {
        let in_state = |state| self.in_state(state, MAX_PAGES_IN_STATE);
        let queued = in_state(State::Queued).await;
        if matches!(queued, Filtered::Ignored) {
            return ByState::default();
        }
        let (initializing, paused) =
            join(in_state(State::Initializing), in_state(State::Other)).await;
        let is_whole = [&queued, &initializing].into_iter().all(Filtered::is_whole)
            && (paused.is_whole() || matches!(paused, Filtered::Failed));
        let all = [queued, initializing, paused];
        let is_filtered = all
            .iter()
            .any(|list| matches!(list, Filtered::Tasks { .. }))
            && !all.iter().any(|list| matches!(list, Filtered::Ignored));
        ByState {
            is_filtered,
            is_whole: is_filtered && is_whole,
            tasks: all
                .into_iter()
                .filter_map(Filtered::tasks)
                .flatten()
                .collect(),
        }
    }

    /// The tasks in `state` on the first `max_pages`.
    async fn in_state(&self, state: State, max_pages: usize) -> Filtered {
        let read = timeout_at(self.deadline, self.read_in_state(state, max_pages)).await;
        let list = match read {
            Ok(Ok(list)) => list,
            Ok(Err(cause)) => {
                tracing::debug!(%cause, ?state, "tasks cannot be filtered");
                return if is_refused_request(&cause) {
                    Filtered::Unknown
                } else {
                    Filtered::Failed
                };
            }
            Err(_) => return Filtered::Failed,
        };
        if list.is_filtered() {
            Filtered::Tasks {
                is_whole: list.cut().is_none(),
                tasks: list.tasks,
            }
        } else {
            Filtered::Ignored
        }
    }

    async fn read_in_state(
        &self,
        state: State,
        max_pages: usize,
    ) -> Result<TaskList<'_>, FetchError> {
        let mut list = TaskList::open(self.source, Some(state)).await?;
        while list.is_filtered() && list.pages < max_pages && list.read_on().await? {}
        Ok(list)
    }
}

/// What a server answers to a question for the tasks in one state.
enum Filtered {
    Tasks {
        tasks: Vec<Task>,
        is_whole: bool,
    },
    /// It does not have the state.
    Unknown,
    /// It lists all tasks.
    Ignored,
    /// The call failed.
    Failed,
}

impl Filtered {
    /// Whether there are no other tasks in the state.
    const fn is_whole(&self) -> bool {
        matches!(self, Self::Tasks { is_whole: true, .. } | Self::Unknown)
    }

    fn tasks(self) -> Option<Vec<Task>> {
        match self {
            Self::Tasks { tasks, .. } => Some(tasks),
            Self::Unknown | Self::Ignored | Self::Failed => None,
        }
    }
}

fn count_started(tasks: &[Task], now: Timestamp) -> usize {
    tasks.iter().filter(|task| task.has_started(now)).count()
}
