//! The JSON interface: request, answer and error body, with their schemas.

pub mod access_uris;
pub mod explanation;
mod number;
pub mod problem;
pub mod request;
pub mod response;
pub mod strict;
pub mod transfers;
