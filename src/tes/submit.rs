//! Posting a task, and its state. Only the console does this: the service has no side effects.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use super::{TesClient, TesError, below};
use crate::{
    client::{Authorization, CallScope, FetchError, parse},
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

/// The answer to a task that was accepted.
#[derive(Deserialize)]
struct Created {
    id: Value,
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
        let created = parse::<Created>(&body).map_err(SubmitError::Lost)?;
        match created.id {
            Value::String(id) if !id.is_empty() => Ok(id),
            Value::Number(id) => Ok(id.to_string()),
            _ => {
                let failure = FetchError::Malformed("it has no id of a task".to_owned());
                Err(SubmitError::Lost(failure))
            }
        }
    }

    /// The state of the task `id`, in the words of the TES, in upper case.
    ///
    /// # Errors
    /// [`SubmitError::Refused`].
    pub(crate) async fn task_state(
        &self,
        scope: &CallScope,
        tes: &ServiceUri,
        id: &str,
    ) -> Result<String, SubmitError> {
        let (base, authorization) = self.reach(scope, tes).await?;
        let id = utf8_percent_encode(id, NON_ALPHANUMERIC);
        let url = below(&base, &format!("tasks/{id}"));
        let task: Map<String, Value> = self
            .client
            .get(scope, &url, authorization)
            .await
            .map_err(TesError::from)?;
        let state = task.get("state").and_then(Value::as_str);
        Ok(state.unwrap_or("UNKNOWN").to_ascii_uppercase())
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

/// A call that failed before the task was sent, or was refused, is known not to have started anything.
fn lost_or_refused(failure: FetchError) -> SubmitError {
    match failure {
        FetchError::Timeout(_) | FetchError::BudgetExceeded(_) | FetchError::Interrupted(_) => {
            SubmitError::Lost(failure)
        }
        failure => SubmitError::Refused(failure.into()),
    }
}
