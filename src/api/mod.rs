//! The JSON interface: request, answer and error body, with their schemas.

pub mod access_uris;
pub mod explanation;
mod number;
pub mod problem;
pub mod request;
pub mod response;
pub mod strict;
mod task_plan;
pub mod task_request;
pub mod task_response;
pub mod task_template;
pub mod tes_task;
pub mod transfers;
pub mod unknown;
