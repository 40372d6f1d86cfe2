//! `POST /rank-services`: the main job.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};

use super::{Service, error::Failure, extract::Authorized};
use crate::{
    api::{request::RankRequest, response::RankResponse},
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
        (status = 200, description = "The ranking, best combination first.", body = RankResponse, example = super::openapi::example_answer),
        super::openapi::Refusals,
    ),
)]
pub(super) async fn rank_services(
    State(service): State<Arc<Service>>,
    Extension(deadline): Extension<Deadline>,
    request: Authorized,
) -> Result<Json<RankResponse>, Failure> {
    let Authorized { caller, body } = request;
    let request = service.validator.read(&body)?;
    let ranked = service.ranker.rank_before(deadline, request, &caller);
    Ok(Json(ranked.await?))
}
