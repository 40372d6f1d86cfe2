//! The JSON interface: request, answer and error body, with their schemas.

pub mod explanation;
pub mod problem;
pub mod request;
pub mod response;
pub mod strict;
