//! Why a secret of `credentials` cannot be had from the environment.

use std::fmt;

/// A secret of the service is not where the configuration says it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("credentials[{position}].{key}: the environment variable {name} {fault}")]
pub struct MissingSecret {
    pub(super) position: usize,
    pub(super) key: &'static str,
    pub(super) name: String,
    pub(super) fault: MissingSecretFault,
}

/// What is wrong with the environment variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MissingSecretFault {
    NotSet,
    NoBearerToken,
    NoPassword,
    NoHeaderValue,
}

impl fmt::Display for MissingSecretFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotSet => "is not set",
            Self::NoBearerToken => "does not hold a bearer token",
            Self::NoPassword => "does not hold a password",
            Self::NoHeaderValue => {
                "does not hold the value of a header: visible ASCII characters, and blanks between them"
            }
        })
    }
}
