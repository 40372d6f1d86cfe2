//! What goes over the wire: the request, the answer and the one error body, with their schemas.

pub mod explanation;
pub mod problem;
pub mod request;
pub mod response;
