//! Why a caller's token is refused, in sentences for the caller.

use jsonwebtoken::errors::{Error, ErrorKind};

use crate::domain::token::MalformedToken;

/// Why a caller is not authenticated. The text is meant for the caller and contains no part of the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// The request has no token.
    #[error("A bearer token is required.")]
    Missing,
    /// The request has several headers with a token.
    #[error("The request has more than one token.")]
    MoreThanOne,
    /// The header is not the configured prefix and a token.
    #[error("The token cannot be read: {0}.")]
    Malformed(#[from] MalformedToken),
    /// The token has more than this many bytes.
    #[error("The token is larger than {0} bytes.")]
    TooLarge(usize),
    /// The token is not a JWS in compact serialisation, or a registered claim occurs twice.
    #[error("The token is not a signed JWT (two JSON objects and a signature, in base64url).")]
    NotAJwt,
    /// The signature algorithm is missing, unknown or not configured.
    #[error("The token's signature algorithm (`alg`) is not accepted.")]
    Algorithm,
    /// The header has this parameter, or this parameter has another value than those that are accepted.
    #[error("The token's header parameter `{0}` is not accepted.")]
    HeaderParameter(&'static str),
    /// This claim is not a time; `exp` may also be missing.
    #[error("The token's claim `{0}` is not a time in seconds since 1970.")]
    Time(String),
    /// The token is no longer valid.
    #[error("The token has expired.")]
    Expired,
    /// The token was issued, or becomes valid, in the future.
    #[error("The token is not valid yet.")]
    NotYetValid,
    /// The audience is missing or none of those that are configured.
    #[error("The token is not meant for this service (claim `aud`).")]
    Audience,
    /// The claim of this name, which is configurable, is missing.
    #[error("The token has no issuer (claim `{0}`).")]
    NoIssuer(String),
    /// The issuer is none of those that are configured.
    #[error("The token's issuer is not trusted.")]
    UntrustedIssuer,
    /// The claim of this name, which is configurable, is missing.
    #[error("The token has no subject (claim `{0}`).")]
    NoSubject(String),
    /// The signature is wrong, or the issuer does not publish the one key that it has to be verified with.
    #[error("The token's signature is not valid.")]
    Signature,
    /// The userinfo endpoint refuses the token or names another subject.
    #[error("The token's issuer does not accept it.")]
    RefusedByIssuer,
    /// Keys or userinfo are needed and not available; the log says why.
    #[error("The token cannot be verified now, because its issuer is not available.")]
    IssuerUnavailable,
}

impl From<Error> for AuthError {
    fn from(error: Error) -> Self {
        match error.into_kind() {
            ErrorKind::Base64(_) | ErrorKind::Json(_) => Self::NotAJwt,
            ErrorKind::InvalidAlgorithm => Self::Algorithm,
            // `InvalidToken`: `exp` is 0. The number of parts was checked before.
            ErrorKind::ExpiredSignature | ErrorKind::InvalidToken => Self::Expired,
            ErrorKind::ImmatureSignature => Self::NotYetValid,
            ErrorKind::InvalidAudience => Self::Audience,
            ErrorKind::MissingRequiredClaim(name) if name == "aud" => Self::Audience,
            ErrorKind::MissingRequiredClaim(name) | ErrorKind::InvalidClaimFormat(name) => {
                Self::Time(name)
            }
            // The others are about keys and signatures; the enum is non-exhaustive.
            _ => Self::Signature,
        }
    }
}
