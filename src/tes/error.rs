//! Why a TES cannot be used: the calls that failed, and what to change.

use std::fmt;

use crate::client::{Authorization, Credential, FetchError};

/// Why a TES cannot be used. The texts continue after its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TesError {
    /// A call failed.
    #[error("{failure}{}{}", At(path), Hint(*access))]
    Call {
        /// Why.
        failure: FetchError,
        /// The path, unless it is below the URI that was given.
        path: Option<String>,
        /// What the call carried, if it was refused.
        access: Option<Access>,
    },
    /// There is no TES at any of the paths.
    #[error("has no TES API: {} were tried; check the URI", .paths.join(", "))]
    NotFound {
        /// The paths that were tried.
        paths: Vec<String>,
    },
}

/// What a refused call carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Nothing,
    /// Nothing, and the service asks for a user name and a password.
    NoPassword,
    /// The caller's token.
    CallersToken,
    /// The service's own credential for the host.
    OwnCredential,
    /// Nothing, as the URI is plain http.
    Withheld,
}

impl Access {
    /// What a call with this `authorization` carried, when it failed in this way.
    pub(super) fn of(failure: &FetchError, authorization: Authorization<'_>) -> Option<Self> {
        if !failure.is_refusal() {
            return None;
        }
        Some(match authorization {
            Authorization::Withheld => Self::Withheld,
            Authorization::None if failure.asks_for_password() => Self::NoPassword,
            Authorization::None => Self::Nothing,
            Authorization::Send(credential) | Authorization::SendToAllowedNetworks(credential) => {
                match credential {
                    Credential::Own(_) => Self::OwnCredential,
                    Credential::Bearer(_) if failure.asks_for_password() => Self::NoPassword,
                    Credential::Bearer(_) => Self::CallersToken,
                }
            }
        })
    }
}

impl TesError {
    /// Whether it is the same failure, at whatever path.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Call {
                    failure, access, ..
                },
                Self::Call {
                    failure: other,
                    access: others,
                    ..
                },
            ) => failure == other && access == others,
            (Self::NotFound { .. }, Self::NotFound { .. }) => true,
            _ => false,
        }
    }
}

impl From<FetchError> for TesError {
    fn from(failure: FetchError) -> Self {
        Self::Call {
            failure,
            path: None,
            access: None,
        }
    }
}

struct At<'a>(&'a Option<String>);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(path) => write!(f, " (at {path})"),
            None => Ok(()),
        }
    }
}

struct Hint(Option<Access>);

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            None => "",
            Some(Access::Nothing) => {
                "; send a token with the request, or have the operator add the TES to credentials"
            }
            Some(Access::NoPassword) => {
                "; it asks for a user name and a password, which the operator can set in credentials (basic_user, \
                 basic_password_env)"
            }
            Some(Access::CallersToken) => {
                "; the caller's token gives no access, but the operator can add the TES to credentials"
            }
            Some(Access::OwnCredential) => {
                "; the secret that credentials has for it gives no access"
            }
            Some(Access::Withheld) => "; the token was not sent, as the URI is plain http",
        })
    }
}
