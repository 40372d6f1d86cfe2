//! Where the API of a TES begins, and whether it is there and lets the caller in: the smallest question decides.

use std::{pin::pin, sync::Arc};

use futures_util::{
    StreamExt,
    future::{Either, join_all, select},
    stream::FuturesUnordered,
};
use http::StatusCode;
use tokio::time::{Duration, Instant, timeout, timeout_at};
use url::Url;

use super::{
    NoTaskInfo, TaskInfoRequest, TesClient, below,
    error::TesError,
    get_object,
    search::{Probe, Visit, choose, choose_last, told, told_at},
};
use crate::{
    client::{Authorization, CallScope, FetchError, parse_object},
    domain::{
        findings::TaskInfo,
        service::ServiceUri,
        tes_base::{bases, given_base},
    },
};

/// What is remembered of a TES.
#[derive(Debug)]
pub(super) struct Endpoint {
    /// Where its API begins.
    pub(super) base: Arc<Url>,
    /// What the answer to task info was, if it was asked for.
    pub(super) answer: Option<Result<(), NoTaskInfo>>,
    pub(super) since: Instant,
}

/// Looks for one TES at all paths.
struct Search<'a> {
    client: &'a TesClient,
    scope: &'a CallScope,
    tes: &'a ServiceUri,
    authorization: Authorization<'a>,
    /// What is asked for first.
    task: Option<&'a TaskInfoRequest>,
    /// Whether there are prices in the book, so that the list of tasks is of use without task info.
    is_priced: bool,
    /// Where it was found before.
    known: Option<Arc<Url>>,
}

/// Where the API begins, and what it answers to task info.
type Found = (Arc<Url>, Result<TaskInfo, NoTaskInfo>);

impl TesClient {
    /// Where the API begins, and what it answers to task info. Where it was found before, `known`, is asked first.
    pub(super) async fn search(
        &self,
        scope: &CallScope,
        tes: &ServiceUri,
        known: Option<&Endpoint>,
        task: &TaskInfoRequest,
        authorization: Authorization<'_>,
    ) -> Result<Found, TesError> {
        let search = Search {
            client: self,
            scope,
            tes,
            authorization,
            task: Some(task),
            is_priced: self.config.entry_for(tes).is_some(),
            known: known.map(|known| Arc::clone(&known.base)),
        };
        search.run().await
    }

    /// Where the API of `tes` begins, if it is there and lets the caller in, without asking for task info. Where it was
    /// found before, `known`, is asked first.
    pub(super) async fn find(
        &self,
        scope: &CallScope,
        tes: &ServiceUri,
        known: Option<&Endpoint>,
        authorization: Authorization<'_>,
    ) -> Result<Arc<Url>, TesError> {
        let search = Search {
            client: self,
            scope,
            tes,
            authorization,
            task: None,
            is_priced: true,
            known: known.map(|known| Arc::clone(&known.base)),
        };
        search.run().await.map(|(base, _)| base)
    }
}

impl Search<'_> {
    /// Asks at one path after the other until there is a TES; at all of them at once as soon as one is slow. Where it was
    /// found before, it has the time of a call.
    async fn run(self) -> Result<Found, TesError> {
        let call = self.client.client.time().call();
        let start = Instant::now();
        let head_start = if self.known.is_some() {
            call
        } else {
            self.head_start()
        };
        let visit = |base: &Arc<Url>| Box::pin(self.visit(Arc::clone(base)));
        let mut first = visit(&self.first());
        let early = match timeout(head_start, &mut first).await {
            Ok(Ok(found)) => return Ok(found),
            Ok(Err(visit)) => Some(visit),
            Err(_) => None,
        };
        // A TES that is where it was needs no more.
        let bases = self.bases();
        let mut rest = bases.iter().skip(1);
        let mut pending = FuturesUnordered::new();
        let mut visits: Vec<Visit> = Vec::with_capacity(bases.len());
        if let Some(visit) = early {
            if let Some(failure) = visit.shared_failure() {
                return Err(told_at(&visit, failure, self.tes, self.authorization));
            }
            if self.is_as_known(&visit) {
                return Ok(found(visit));
            }
            visits.push(visit);
        } else {
            pending.push(first);
            pending.extend(rest.by_ref().map(visit));
        }
        // Enough for a call that begins when another was given up.
        let deadline = start + call * 3 / 2;
        loop {
            let until = match rest.len() {
                0 => deadline,
                _ => deadline.min(Instant::now() + self.head_start()),
            };
            match timeout_at(until, pending.next()).await {
                Ok(Some(Ok(found))) => return Ok(found),
                Ok(Some(Err(visit))) => visits.push(visit),
                Ok(None) => match rest.next() {
                    Some(base) => pending.push(visit(base)),
                    None => break,
                },
                Err(_) if rest.len() == 0 => break,
                Err(_) => pending.extend(rest.by_ref().map(visit)),
            }
        }
        drop(pending);
        let mut visits = in_order(&bases, visits, call);
        if let Some(place) = choose(&visits) {
            return Ok(found(visits.swap_remove(place)));
        }
        self.describe(&mut visits).await;
        match choose(&visits).or_else(|| choose_last(&visits)) {
            Some(place) => Ok(found(visits.swap_remove(place))),
            None => Err(told(&visits, self.tes, self.authorization)),
        }
    }

    /// Where it was found before, or the path that was given.
    fn first(&self) -> Arc<Url> {
        let known = self.known.as_ref();
        known.map_or_else(|| Arc::new(given_base(self.tes)), Arc::clone)
    }

    /// All paths, the first one first. A TES may have moved.
    fn bases(&self) -> Vec<Arc<Url>> {
        let known = self.known.as_ref();
        let others = bases(self.tes).into_iter().map(Arc::new);
        let others = others.filter(|base| Some(base) != known);
        known.into_iter().cloned().chain(others).collect()
    }

    /// Whether a look at a TES that is known finds it as it was taken for one.
    fn is_as_known(&self, visit: &Visit) -> bool {
        let is_object = matches!(visit.probe, Probe::Empty | Probe::Object | Probe::Nothing);
        self.task.is_none() && self.known.as_ref() == Some(&visit.base) && is_object
    }

    /// How long a question is waited for before others are asked beside it.
    fn head_start(&self) -> Duration {
        self.client.client.time().call() / 4
    }

    /// What is at `base`, unless it is the TES.
    async fn visit(&self, base: Arc<Url>) -> Result<Found, Visit> {
        let (none, probe) = match self.task {
            None => (None, Box::pin(self.probe(&base)).await),
            Some(task) => match Box::pin(self.ask(&base, task)).await {
                Ok(info) => return Ok((base, Ok(info))),
                Err((none, probe)) => (Some(none), probe),
            },
        };
        let visit = Visit { base, none, probe };
        match visit.probe {
            Probe::Tes => Ok(found(visit)),
            _ => Err(visit),
        }
    }

    /// Task info, or what else there is. The list of tasks may be faster; without prices in the book that is of no use.
    async fn ask(
        &self,
        base: &Url,
        task: &TaskInfoRequest,
    ) -> Result<TaskInfo, (NoTaskInfo, Probe)> {
        let client = self.client;
        let mut info = pin!(client.task_info_at(self.scope, base, task, self.authorization));
        let early = if self.is_priced {
            timeout(self.head_start(), &mut info).await.ok()
        } else {
            Some(info.as_mut().await)
        };
        if let Some(info) = early {
            let none = match info {
                Ok(info) => return Ok(info),
                Err(none) => none,
            };
            if let NoTaskInfo::Failed(failure) = &none
                && failure.is_about_the_service()
            {
                let probe = Probe::Broken(failure.clone());
                return Err((none, probe));
            }
            let probe = self.probe(base).await;
            return Err((none, probe));
        }
        match select(info, pin!(self.probe(base))).await {
            Either::Left((Ok(info), _)) => Ok(info),
            Either::Left((Err(none), probe)) => Err((none, probe.await)),
            Either::Right((probe, info)) => info.await.map_err(|none| (none, probe)),
        }
    }

    /// What the smallest question finds at `base`: each TES has a list of tasks, which some leave out when it is empty.
    async fn probe(&self, base: &Url) -> Probe {
        let mut url = below(base, "tasks");
        url.set_query(Some("page_size=1"));
        let client = &self.client.client;
        let answer = client.get_at_once(self.scope, &url, self.authorization);
        let probe = match answer.await.and_then(|body| parse_object(&body)) {
            Ok(list) => Probe::of_list(&list),
            Err(failure) => return Probe::of_failure(failure),
        };
        // One call more tells a TES without tasks from a server that answers so at any path.
        if !matches!(probe, Probe::Tes) && self.bases().len() > 1 {
            let description = timeout(self.head_start(), self.service_info(base));
            if let Ok(Probe::Tes) = description.await {
                return Probe::Tes;
            }
        }
        probe
    }

    /// Whether there is a description of a TES, or of a service that does not say of which kind it is.
    async fn service_info(&self, base: &Url) -> Probe {
        let url = below(base, "service-info");
        match get_object(&self.client.client, self.scope, &url, self.authorization).await {
            Ok(info) => Probe::of_service_info(&info),
            Err(failure) => Probe::of_failure(failure),
        }
    }

    /// Asks for service-info where the list of tasks may not be implemented, unless a path refuses the caller or fails.
    async fn describe(&self, visits: &mut [Visit]) {
        if visits.iter().any(Visit::is_refused) {
            return;
        }
        let limit = self.client.client.time().call() / 2;
        let lacking = visits.iter_mut().filter(|visit| visit.may_lack_list());
        let descriptions = lacking.map(async |visit| {
            match timeout(limit, self.service_info(&visit.base)).await {
                // The answer to the other question tells more.
                Ok(Probe::Absent(_) | Probe::Nothing) | Err(_) => {}
                Ok(probe) => visit.probe = probe,
            }
        });
        join_all(descriptions).await;
    }
}

/// The `visits` of all paths in the order of `bases`; those that are not over have no answer.
fn in_order(bases: &[Arc<Url>], mut visits: Vec<Visit>, limit: Duration) -> Vec<Visit> {
    let all = bases.iter().map(
        |base| match visits.iter().position(|visit| visit.base == *base) {
            Some(place) => visits.swap_remove(place),
            None => Visit {
                base: Arc::clone(base),
                none: None,
                probe: Probe::Broken(FetchError::Timeout(limit)),
            },
        },
    );
    all.collect()
}

fn found(visit: Visit) -> Found {
    let nothing = || NoTaskInfo::NotImplemented(FetchError::Status(StatusCode::NOT_FOUND));
    (visit.base, Err(visit.none.unwrap_or_else(nothing)))
}
