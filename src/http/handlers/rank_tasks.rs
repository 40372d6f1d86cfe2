//! `POST /rank-tasks`: the ranking for a whole TES task.

use std::sync::Arc;

use axum::{Extension, extract::State, response::Response};

use super::serialised;
use crate::{
    api::{task_request::TaskRequest, task_response::TaskResponse},
    http::{
        error::HttpError,
        extract::Authorized,
        openapi::examples::{self, Refusals},
        state::AppState,
    },
    ranker::Deadline,
};

/// Rank a task
///
/// Ranks sites for a TES task as a gateway has it: resources may be missing, inputs are URLs, and the run time is unknown.
/// Answers with the combinations of one TES and one access URI for each input, each with the task rewritten for it, ready
/// to be posted. The task is not posted.
#[utoipa::path(
    post,
    path = "/rank-tasks",
    operation_id = "rankTasks",
    tag = "ranking",
    request_body(content = TaskRequest, content_type = "application/json", description = "The task, where it could run, and what is known of its files."),
    responses(
        (status = 200, description = "The ranking, best combination first.", body = TaskResponse, example = examples::task_response),
        Refusals,
    ),
)]
pub(in crate::http) async fn rank_tasks(
    State(state): State<Arc<AppState>>,
    Extension(deadline): Extension<Deadline>,
    Authorized {
        caller,
        body,
        _share,
    }: Authorized,
) -> Result<Response, HttpError> {
    let request = state.requests.read_task(&body)?;
    let response = state
        .ranker
        .rank_task_before(deadline, request, &caller)
        .await?;
    Ok(serialised(&response))
}
