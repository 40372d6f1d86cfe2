//! Who asks? Checks callers' tokens: what they say of themselves, their signature, and their issuer's word for them.

mod claims;
mod header;
mod keys;

use std::{
    hash::{BuildHasher, RandomState},
    time::{Duration, SystemTime},
};

use moka::future::Cache;
use tracing::{debug, warn};

use self::claims::Unverified;
pub use self::header::TokenHeader;
use crate::{
    config::{Check, Jwt, Method, Security},
    domain::token::{MalformedToken, Token},
    outbound::{
        fetch::Fetcher,
        oidc::{OidcClient, OidcError},
    },
};

/// How long an issuer's word for a token is taken without asking again.
const VOUCHED_FOR: Duration = Duration::from_secs(60);

/// How many tokens are remembered for which an issuer vouched.
const REMEMBERED_TOKENS: u64 = 10_000;

/// Why a caller is not let in. Fit for the caller's eyes: holds nothing of the token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// There is no token.
    #[error("A bearer token is required.")]
    Missing,
    /// There is more than one.
    #[error("There is more than one token.")]
    Ambiguous,
    /// What should be a token has characters that none has.
    #[error("The token cannot be read: {0}.")]
    Malformed(#[from] MalformedToken),
    /// The token is not a signed JWT of a kind that is accepted.
    #[error("The token is not one that is accepted here: it {0}.")]
    NotAJwt(&'static str),
    /// Its signature is of a kind that is not accepted.
    #[error("The token's signature algorithm is not accepted here.")]
    Algorithm,
    /// It has no end.
    #[error("The token never expires; one that does is required.")]
    NeverExpires,
    /// Its time is over.
    #[error("The token has expired.")]
    Expired,
    /// Its time has not come.
    #[error("The token is not valid yet.")]
    NotYet,
    /// It is meant for someone else.
    #[error("The token is not meant for this service.")]
    Audience,
    /// It does not say who gave it out.
    #[error("The token does not say who issued it.")]
    NoIssuer,
    /// It comes from no one who is trusted.
    #[error("The token's issuer is not trusted here.")]
    Issuer,
    /// It does not say whom it is about.
    #[error("The token does not say whom it is about.")]
    NoIdentity,
    /// Its signature is wrong, or its key is not one of the issuer's.
    #[error("The token's signature is not valid.")]
    Signature,
    /// Its issuer does not vouch for it.
    #[error("The token's issuer does not accept it.")]
    Refused,
    /// Its issuer cannot be asked; the log says why.
    #[error("The token cannot be checked now, as its issuer cannot be reached.")]
    Unchecked,
}

/// Checks tokens as the configuration says.
#[derive(Debug)]
pub struct Verifier {
    jwt: Jwt,
    providers: OidcClient,
    /// The tokens for which their issuers vouched a moment ago, each as a hash of 128 bits with secret keys.
    vouched_for: Cache<[u64; 2], ()>,
    hashers: [RandomState; 2],
}

impl Verifier {
    /// Checks as `security` says, asking identity providers through `fetcher`.
    pub fn new(security: &Security, fetcher: Fetcher) -> Self {
        Self {
            providers: OidcClient::new(&security.jwt, fetcher),
            jwt: security.jwt.clone(),
            vouched_for: Cache::builder()
                .max_capacity(REMEMBERED_TOKENS)
                .time_to_live(VOUCHED_FOR)
                .build(),
            hashers: Default::default(),
        }
    }

    /// Checks `token`: what it says of itself, and then by the configured methods.
    ///
    /// # Errors
    /// [`AuthError`] unless it is valid.
    pub async fn verify(&self, token: &Token) -> Result<(), AuthError> {
        let unverified = Unverified::read(token, &self.jwt, seconds_since_1970())?;
        if !self.providers.trusts(&unverified.issuer) {
            return Err(AuthError::Issuer);
        }
        // No method, no pass.
        let mut checked = Err(AuthError::Unchecked);
        // The signature first, in whatever order they are configured: no one is asked about a token that anyone could
        // have made up.
        for method in [Method::PublicKey, Method::Userinfo] {
            if !self.jwt.validation_methods.contains(&method) {
                continue;
            }
            checked = match method {
                Method::PublicKey => self.check_signature(token, &unverified).await,
                Method::Userinfo => self.ask_issuer(token, &unverified).await,
            };
            match (&checked, self.jwt.validation_checks) {
                (Ok(()), Check::Any) | (Err(_), Check::All) => break,
                (Ok(()), Check::All) | (Err(_), Check::Any) => {}
            }
        }
        checked?;
        debug!("a token is valid");
        Ok(())
    }

    async fn check_signature(
        &self,
        token: &Token,
        unverified: &Unverified,
    ) -> Result<(), AuthError> {
        let published = self
            .providers
            .published(&unverified.issuer, unverified.key_id.as_deref())
            .await
            .map_err(|error| told(&error))?;
        keys::is_signed(token, unverified, &published.keys)
            .then_some(())
            .ok_or(AuthError::Signature)
    }

    async fn ask_issuer(&self, token: &Token, unverified: &Unverified) -> Result<(), AuthError> {
        let hashers = self.hashers.each_ref();
        let hash = hashers.map(|hasher| hasher.hash_one(token.expose()));
        if self.vouched_for.get(&hash).await.is_some() {
            return Ok(());
        }
        let subject = self
            .providers
            .subject(&unverified.issuer, token)
            .await
            .map_err(|error| told(&error))?;
        if unverified.subject.as_ref() != Some(&subject) {
            return Err(AuthError::Refused);
        }
        self.vouched_for.insert(hash, ()).await;
        Ok(())
    }
}

/// What the caller is told when a provider did not help; the log has the rest.
fn told(error: &OidcError) -> AuthError {
    match error {
        OidcError::Stranger => AuthError::Issuer,
        OidcError::Refused { .. } => {
            debug!(%error, "an identity provider refused a token");
            AuthError::Refused
        }
        OidcError::Fetch { .. }
        | OidcError::Unusable { .. }
        | OidcError::LeftAlone
        | OidcError::GivenUp => {
            warn!(%error, "a token cannot be checked");
            AuthError::Unchecked
        }
    }
}

fn seconds_since_1970() -> f64 {
    // A clock before 1970 makes every token look not yet valid, which is the safe side.
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0.0, |passed| passed.as_secs_f64())
}
