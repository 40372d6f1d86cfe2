//! Authentication of callers: reads the bearer token of a request and verifies it as the configuration says.

mod error;
mod header;
mod jwt;
pub mod oidc;
mod verifier;

pub use self::{error::AuthError, header::TokenHeader, verifier::Verifier};
