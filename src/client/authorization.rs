//! What a call carries to show who makes it.

use http::{HeaderName, HeaderValue, header::AUTHORIZATION};
use url::Url;

use super::{credentials::OwnCredential, http_client::bearer_authorization};
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

/// A secret that is sent.
#[derive(Debug, Clone, Copy)]
pub enum Credential<'a> {
    /// The caller's bearer token.
    Bearer(&'a Token),
    /// A secret of the service itself.
    Own(&'a OwnCredential),
}

impl Credential<'_> {
    /// The header that it is sent as, marked as sensitive.
    pub(super) fn header(self) -> (HeaderName, HeaderValue) {
        match self {
            Self::Bearer(token) => (AUTHORIZATION, bearer_authorization(token)),
            Self::Own(own) => own.header(),
        }
    }
}

impl<'a> Authorization<'a> {
    /// The credential that is sent, if one is.
    pub const fn credential(self) -> Option<Credential<'a>> {
        match self {
            Self::Send(credential) | Self::SendToAllowedNetworks(credential) => Some(credential),
            Self::None | Self::Withheld => None,
        }
    }

    /// What a call to `url` carries: a secret of the service itself goes only where it is configured for.
    #[must_use]
    pub fn at(self, url: &Url) -> Self {
        match self.credential() {
            Some(Credential::Own(own)) if !own.covers(url) => Self::None,
            _ => self,
        }
    }

    /// User name or header, and secret that are sent: only for keys of what is kept, and to find it in answers.
    pub fn secret(self) -> Option<(&'a str, &'a str)> {
        self.credential().map(|credential| match credential {
            Credential::Bearer(token) => ("", token.expose()),
            Credential::Own(own) => own.secret(),
        })
    }
}
