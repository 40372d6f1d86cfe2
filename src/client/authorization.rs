//! What a call carries to show who makes it.

use secrecy::{ExposeSecret, SecretString};

use crate::{domain::token::Token, telemetry::TraceContext};

/// What a call carries besides its body.
#[derive(Debug, Clone, Copy)]
pub(super) struct CallHeaders<'a> {
    pub(super) authorization: Authorization<'a>,
    /// Ties the call to the request that it is made for.
    pub(super) trace: Option<&'a TraceContext>,
}

impl CallHeaders<'_> {
    /// Nothing: what goes to the target of a redirect.
    pub(super) const NONE: Self = Self {
        authorization: Authorization::None,
        trace: None,
    };
}

/// Whether a call shows who makes it.
#[derive(Debug, Clone, Copy)]
pub enum Authorization<'a> {
    /// There is no credential, or the URL has user info of its own.
    None,
    /// The credential may be sent.
    Send(Credential<'a>),
    /// The credential may be sent to networks of `outbound.allowed_networks`, and only there.
    SendToAllowedNetworks(Credential<'a>),
    /// There is a credential, but it would go over plain http.
    Withheld,
}

/// A secret that is sent as `Authorization`.
#[derive(Debug, Clone, Copy)]
pub enum Credential<'a> {
    /// The caller's bearer token, or one of the service itself.
    Bearer(&'a Token),
    /// User name and password of the service itself.
    Basic {
        /// The user name.
        user: &'a str,
        /// The password.
        password: &'a SecretString,
    },
}

impl<'a> Authorization<'a> {
    /// The credential that is sent, if one is.
    pub const fn credential(self) -> Option<Credential<'a>> {
        match self {
            Self::Send(credential) | Self::SendToAllowedNetworks(credential) => Some(credential),
            Self::None | Self::Withheld => None,
        }
    }

    /// User name and secret that are sent: only for keys of what is kept.
    pub fn secret(self) -> Option<(&'a str, &'a str)> {
        self.credential().map(|credential| match credential {
            Credential::Bearer(token) => ("", token.expose()),
            Credential::Basic { user, password } => (user, password.expose_secret()),
        })
    }
}
