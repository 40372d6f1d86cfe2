//! `POST /rank-services`: the ranking.

use std::sync::Arc;

use axum::{Extension, extract::State, response::Response};

use super::serialised;
use crate::{
    api::{request::RankRequest, response::RankResponse},
    http::{
        error::HttpError,
        extract::Authorized,
        openapi::examples::{self, Refusals},
        state::AppState,
    },
    ranker::Deadline,
};

/// Rank services
///
/// Asks all TES and DRS instances at once for prices, queue times, sizes and access URIs, works out where everything is,
/// and answers with the best combinations of one TES and one access URI for each object.
///
/// A service that fails is a warning and not a failure: the rest is ranked.
#[utoipa::path(
    post,
    path = "/rank-services",
    operation_id = "rankServices",
    tag = "ranking",
    request_body(content = RankRequest, content_type = "application/json", description = "The task, where it could run, and where its input objects may be had."),
    responses(
        (status = 200, description = "The ranking, best combination first.", body = RankResponse, example = examples::response),
        Refusals,
    ),
)]
pub(in crate::http) async fn rank_services(
    State(state): State<Arc<AppState>>,
    Extension(deadline): Extension<Deadline>,
    Authorized {
        caller,
        body,
        _share,
    }: Authorized,
) -> Result<Response, HttpError> {
    let request = state.requests.read(&body)?;
    let response = state.ranker.rank_before(deadline, request, &caller).await?;
    Ok(serialised(&response))
}
