//! Where the API of a TES begins: the path that is given, or one of the usual ones below it.

use http::StatusCode;
use serde_json::{Map, Value};
use tokio::time::Instant;
use url::Url;

use super::{NoTaskInfo, TaskInfoRequest, TesClient, below};
use crate::{
    client::{Authorization, CallScope, FetchError},
    domain::{findings::TaskInfo, service::ServiceUri, tes_base::bases},
};

/// What is remembered of a TES.
#[derive(Debug)]
pub(super) struct Endpoint {
    /// Where its API begins.
    pub(super) base: Url,
    pub(super) has_task_info: bool,
    pub(super) since: Instant,
}

/// What there is at a path.
enum Probe {
    /// A TES that shows its tasks.
    Tes,
    /// Something that wants credentials.
    Guarded,
    /// No TES, as this failure shows.
    Absent(FetchError),
}

impl TesClient {
    /// Where the API begins, and what it answers to task info. A call that got lost is not repeated at another path.
    pub(super) async fn search(
        &self,
        scope: &CallScope,
        tes: &ServiceUri,
        task: &TaskInfoRequest,
        authorization: Authorization<'_>,
    ) -> Result<(Url, Result<TaskInfo, NoTaskInfo>), FetchError> {
        let mut first_failure = None;
        let mut guarded = None;
        for base in bases(tes) {
            let none = match self.task_info_at(scope, &base, task, authorization).await {
                Ok(info) => return Ok((base, Ok(info))),
                Err(NoTaskInfo::Failed(failure)) if failure.is_on_the_way() => {
                    return Err(first_failure.unwrap_or(failure));
                }
                Err(none) => none,
            };
            match self.probe(scope, &base, authorization).await? {
                Probe::Tes => return Ok((base, Err(none))),
                Probe::Guarded if guarded.is_none() => guarded = Some((base, Err(none))),
                Probe::Guarded | Probe::Absent(_) => {
                    first_failure.get_or_insert(none.into());
                }
            }
        }
        guarded.ok_or_else(|| first_failure.unwrap_or(FetchError::Status(StatusCode::NOT_FOUND)))
    }

    /// Where the API of `tes` begins, without asking for task info.
    pub(super) async fn base(
        &self,
        scope: &CallScope,
        tes: &ServiceUri,
        authorization: Authorization<'_>,
    ) -> Result<Url, FetchError> {
        let key = self.endpoint_key(tes, authorization);
        if let Some(known) = self.endpoints.get(&key) {
            return Ok(known.base.clone());
        }
        let mut first_failure = None;
        let mut guarded = None;
        for base in bases(tes) {
            match self.probe(scope, &base, authorization).await? {
                Probe::Tes => {
                    let endpoint = Endpoint {
                        base: base.clone(),
                        has_task_info: false,
                        since: Instant::now(),
                    };
                    self.endpoints.insert(key, endpoint.into());
                    return Ok(base);
                }
                Probe::Guarded => _ = guarded.get_or_insert(base),
                Probe::Absent(failure) => _ = first_failure.get_or_insert(failure),
            }
        }
        guarded.ok_or_else(|| first_failure.unwrap_or(FetchError::Status(StatusCode::NOT_FOUND)))
    }

    /// Whether there is a TES at `base`: each has a list of tasks, which some leave out when it is empty.
    async fn probe(
        &self,
        scope: &CallScope,
        base: &Url,
        authorization: Authorization<'_>,
    ) -> Result<Probe, FetchError> {
        let mut url = below(base, "tasks");
        url.set_query(Some("view=MINIMAL&page_size=1"));
        let list = self
            .client
            .get::<Map<String, Value>>(scope, &url, authorization)
            .await;
        match list {
            Ok(list) if list.is_empty() || list.contains_key("tasks") => Ok(Probe::Tes),
            Err(failure) if failure.is_refusal() => Ok(Probe::Guarded),
            Err(failure) if failure.is_on_the_way() => Err(failure),
            Ok(_) => Ok(Probe::Absent(FetchError::Malformed(
                "it is no list of tasks".to_owned(),
            ))),
            Err(failure) => Ok(Probe::Absent(failure)),
        }
    }
}
