//! Who asks? Reads the caller's token. None can be checked yet, so where a valid one is required none is accepted.

use crate::{
    config::{Jwt, Security},
    domain::token::{MalformedToken, Token},
    outbound::fetch::Fetcher,
};

/// Why a caller is not let in. Fit for the caller's eyes: holds nothing of the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// There is no token.
    #[error("A bearer token is required.")]
    Missing,
    /// What should be a token is none.
    #[error("The token cannot be read: {0}.")]
    Malformed(#[from] MalformedToken),
    /// There is more than one.
    #[error("There is more than one token.")]
    Ambiguous,
    /// The token could not be checked.
    #[error("The token cannot be checked.")]
    Unchecked,
}

/// Checks tokens as the configuration says.
#[derive(Debug)]
pub struct Verifier;

impl Verifier {
    /// Checks as `security` says, asking identity providers through `fetcher`.
    pub fn new(_security: &Security, fetcher: Fetcher) -> Self {
        drop(fetcher);
        Self
    }

    /// Checks `token`.
    ///
    /// # Errors
    /// [`AuthError`] unless it is valid.
    #[expect(clippy::unused_async, reason = "a check asks the identity provider")]
    pub async fn verify(&self, _token: &Token) -> Result<(), AuthError> {
        Err(AuthError::Unchecked)
    }
}

/// Where a request carries its token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenHeader {
    name: String,
    prefix: String,
}

impl TokenHeader {
    /// The header that `jwt` names.
    pub fn new(jwt: &Jwt) -> Self {
        Self {
            name: jwt.auth_header_key.to_ascii_lowercase(),
            prefix: jwt.jwt_prefix.clone(),
        }
    }

    /// The name of the header, in lower case.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The token in the `values` of the header; `None` if there is no such header.
    ///
    /// # Errors
    /// [`AuthError`] if there is more than one, or it is not the prefix and a token.
    pub fn read<'a>(
        &self,
        mut values: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Option<Token>, AuthError> {
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(AuthError::Ambiguous);
        }
        let text = std::str::from_utf8(value).map_err(|_| MalformedToken)?;
        let (prefix, token) = text.split_once(' ').ok_or(MalformedToken)?;
        if !prefix.eq_ignore_ascii_case(&self.prefix) {
            return Err(MalformedToken.into());
        }
        Ok(Some(Token::new(token.trim())?))
    }
}
