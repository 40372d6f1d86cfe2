//! Why there is no ranking, as the caller of the library sees it.

use crate::{
    auth::AuthError,
    domain::{query::RequestFault, unrankable::Unrankable},
    pipeline::SetupError,
};

/// Why there is no ranking.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request makes no sense; every fault is told, with its JSON pointer.
    #[error("{}", Faults(.0))]
    Invalid(Vec<RequestFault>),
    /// Nothing can be ranked, for these reasons and after these warnings.
    #[error(transparent)]
    Unrankable(#[from] Unrankable),
    /// A valid token is required.
    #[error(transparent)]
    Unauthorized(#[from] AuthError),
    /// The configuration asks for something that cannot be had.
    #[error(transparent)]
    Setup(#[from] SetupError),
}

struct Faults<'a>(&'a [RequestFault]);

impl std::fmt::Display for Faults<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (position, fault) in self.0.iter().enumerate() {
            let separator = if position > 0 { "; " } else { "" };
            write!(f, "{separator}{fault}")?;
        }
        Ok(())
    }
}
