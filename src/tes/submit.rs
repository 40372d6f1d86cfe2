//! Posting a task, and its state. Only the console does this: the service has no side effects.

use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use url::Url;

use super::{TesClient, TesError, below, state::State};
use crate::{
    client::{Authorization, CallScope, FetchError, parse_object},
    domain::service::ServiceUri,
};

/// Why a task was not accepted, or its state is unknown. The text continues after the name of the TES.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SubmitError {
    /// There is no TES, or it refuses the task: it does not run there.
    #[error("{0}")]
    Refused(#[from] TesError),
    /// The answer got lost: the task may run there.
    #[error("{0}, after the task was sent: it may run there all the same")]
    Lost(FetchError),
}

/// The state of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TaskState {
    /// As TES names it; of a state that is not known, what the server calls it, in upper case.
    pub(crate) name: String,
    /// Whether no other follows.
    pub(crate) is_last: bool,
    /// Whether the task succeeded.
    pub(crate) is_complete: bool,
}

impl TaskState {
    fn of(task: &Map<String, Value>) -> Self {
        let state = State::of(task);
        let given = task.get("state").and_then(Value::as_str);
        Self {
            name: match state {
                State::Other => given.unwrap_or("UNKNOWN").to_ascii_uppercase(),
                known => known.name().to_owned(),
            },
            is_last: state.is_last(),
            is_complete: state == State::Complete,
        }
    }
}

impl TesClient {
    /// Posts `task` once, and never again: it could run twice.
    ///
    /// # Errors
    /// [`SubmitError`].
    pub(crate) async fn submit(
        &self,
        scope: &CallScope,
        tes: &ServiceUri,
        task: &[u8],
    ) -> Result<String, SubmitError> {
        let (base, authorization) = self.reach(scope, tes).await?;
        let url = below(&base, "tasks");
        let body = self
            .client
            .post_once(scope, &url, task, authorization)
            .await
            .map_err(lost_or_refused)?;
        let created = parse_object(&body).map_err(SubmitError::Lost)?;
        match created.get("id") {
            Some(Value::String(id)) if !id.is_empty() => Ok(id.clone()),
            Some(Value::Number(id)) => Ok(id.to_string()),
            _ => {
                let failure = FetchError::Malformed("it has no id of the task".to_owned());
                Err(SubmitError::Lost(failure))
            }
        }
    }

    /// The state of the task `id`.
    ///
    /// # Errors
    /// [`SubmitError::Refused`].
    pub(crate) async fn task_state(
        &self,
        scope: &CallScope,
        tes: &ServiceUri,
        id: &str,
    ) -> Result<TaskState, SubmitError> {
        let (base, authorization) = self.reach(scope, tes).await?;
        let id = utf8_percent_encode(id, NON_ALPHANUMERIC);
        let url = below(&base, &format!("tasks/{id}"));
        let task: Map<String, Value> = self
            .client
            .get(scope, &url, authorization)
            .await
            .map_err(TesError::from)?;
        Ok(TaskState::of(&task))
    }

    /// Where the API of `tes` begins, and what calls to it carry.
    pub(super) async fn reach<'a>(
        &'a self,
        scope: &'a CallScope,
        tes: &ServiceUri,
    ) -> Result<(std::sync::Arc<Url>, Authorization<'a>), TesError> {
        let authorization = self.client.authorization(tes.root(), scope.token()).await;
        let base = self.fetch_presence(scope, tes, authorization).await?;
        Ok((base, authorization))
    }
}

/// Whether the task may run, although the answer is `failure`: a failure may come after the task was saved.
fn lost_or_refused(failure: FetchError) -> SubmitError {
    if started_nothing(&failure) {
        SubmitError::Refused(failure.into())
    } else {
        SubmitError::Lost(failure)
    }
}

/// Whether `failure` surely came before the task was taken: there was no connection, or the answer says so.
fn started_nothing(failure: &FetchError) -> bool {
    if let FetchError::Redirected(redirect) = failure {
        // 303 leads to what the POST made.
        return redirect.status != 303;
    }
    let says_so = |status: StatusCode| match status.as_u16() {
        // A gateway or the service gave up waiting.
        408 => false,
        501 | 503 => true,
        _ => status.is_client_error(),
    };
    failure.is_without_connection() || failure.status().is_some_and(says_so)
}
