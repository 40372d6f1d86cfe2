//! Verifies tokens by their issuer's keys, its userinfo endpoint, or both.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use moka::future::Cache;
use tracing::{debug, warn};

use super::{AuthError, jwt::UnverifiedJwt};
use crate::{
    config::{Check, Jwt, Method, Security},
    domain::token::Token,
    outbound::{
        fetch::Fetcher,
        oidc::{OidcClient, OidcError},
    },
};

/// How long a token that userinfo accepted is accepted without another call.
const USERINFO_TTL: Duration = Duration::from_secs(60);

/// For how many tokens that is remembered.
const USERINFO_CAPACITY: u64 = 10_000;

/// Verifies tokens as the configuration says.
#[derive(Debug)]
pub struct Verifier {
    config: Jwt,
    providers: OidcClient,
    /// The tokens that userinfo accepted, each as a hash of 128 bits with secret keys.
    userinfo_cache: Cache<[u64; 2], ()>,
    hashers: [RandomState; 2],
}

impl Verifier {
    /// A verifier that calls the identity providers of `security` through `fetcher`.
    pub fn new(security: &Security, fetcher: Fetcher) -> Self {
        Self {
            config: security.jwt.clone(),
            providers: OidcClient::new(&security.jwt, fetcher),
            userinfo_cache: Cache::builder()
                .max_capacity(USERINFO_CAPACITY)
                .time_to_live(USERINFO_TTL)
                .build(),
            hashers: Default::default(),
        }
    }

    /// Checks header and claims of `token`, and then its authenticity by the configured methods.
    ///
    /// # Errors
    /// [`AuthError`] unless it is valid.
    pub async fn verify(&self, token: &Token) -> Result<(), AuthError> {
        let jwt = UnverifiedJwt::parse(token.expose(), &self.config)?;
        if !self.providers.trusts(&jwt.issuer) {
            return Err(AuthError::UntrustedIssuer);
        }
        let uses = |method| self.config.validation_methods.contains(&method);
        // Without a method no token is valid.
        let mut result = Err(AuthError::IssuerUnavailable);
        // The signature first, however the methods are ordered: a forged token must not cause a call to userinfo.
        if uses(Method::PublicKey) {
            result = self.check_signature(token, &jwt).await;
        }
        let one_is_enough = self.config.validation_checks == Check::Any;
        let is_decided = uses(Method::PublicKey) && result.is_ok() == one_is_enough;
        if uses(Method::Userinfo) && !is_decided {
            result = self.check_userinfo(token, &jwt).await;
        }
        result.inspect(|()| debug!("a token is valid"))
    }

    async fn check_signature(&self, token: &Token, jwt: &UnverifiedJwt) -> Result<(), AuthError> {
        let key_id = jwt.key_id.as_deref();
        let published = self.providers.published(&jwt.issuer, key_id).await?;
        jwt.verify(token.expose(), &published.keys, &self.config)
    }

    async fn check_userinfo(&self, token: &Token, jwt: &UnverifiedJwt) -> Result<(), AuthError> {
        let hash = self
            .hashers
            .each_ref()
            .map(|hasher| hasher.hash_one(token.expose()));
        if self.userinfo_cache.get(&hash).await.is_some() {
            return Ok(());
        }
        let subject = self.providers.subject(&jwt.issuer, token).await?;
        if jwt.subject.as_ref() != Some(&subject) {
            return Err(AuthError::RefusedByIssuer);
        }
        self.userinfo_cache.insert(hash, ()).await;
        Ok(())
    }
}

/// The log has the details, which are not for the caller.
impl From<OidcError> for AuthError {
    fn from(error: OidcError) -> Self {
        match error {
            OidcError::Stranger => Self::UntrustedIssuer,
            OidcError::Refused { .. } => {
                debug!(%error, "an identity provider refused a token");
                Self::RefusedByIssuer
            }
            _ => {
                warn!(%error, "a token cannot be verified");
                Self::IssuerUnavailable
            }
        }
    }
}
