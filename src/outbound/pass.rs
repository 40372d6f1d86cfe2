//! What a call carries to show who asks.

use secrecy::{ExposeSecret, SecretString};

use crate::domain::token::Token;

/// Whether a call shows who asks.
#[derive(Debug, Clone, Copy)]
pub enum Pass<'a> {
    /// There is nothing to show, or the URL brings its own user name and password.
    None,
    /// It may be sent.
    Token(Proof<'a>),
    /// It may be sent to what the operator listed, and only there.
    ListedOnly(Proof<'a>),
    /// There is something, but it would go over plain http.
    HeldBack,
}

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub enum Proof<'a> {
    /// The caller, or the service itself where it has a token of its own.
    Token(&'a Token),
    /// The service itself.
    Password {
        /// Its name there.
        user: &'a str,
        /// Its password there.
        password: &'a SecretString,
    },
}

impl<'a> Pass<'a> {
    /// What the other side gets to know of who asks: user name and secret. For keys of what is remembered, nothing else.
    pub(super) fn secret(self) -> Option<(&'a str, &'a str)> {
        match self {
            Self::Token(proof) | Self::ListedOnly(proof) => Some(match proof {
                Proof::Token(token) => ("", token.expose()),
                Proof::Password { user, password } => (user, password.expose_secret()),
            }),
            Self::None | Self::HeldBack => None,
        }
    }
}
