//! Verifies tokens by their issuer's keys, its userinfo endpoint, or both.

use std::time::Duration;

use tracing::{debug, warn};

use super::{
    AuthError,
    jwt::UnverifiedJwt,
    oidc::{OidcClient, OidcError},
};
use crate::{
    client::{
        Client,
        cache::TtlCache,
        cache_key::{CacheKey, CacheKeys},
    },
    config::{Check, Jwt, Method, Security},
    domain::token::Token,
};

/// How long a token that userinfo accepted is accepted without another call.
const USERINFO_TTL: Duration = Duration::from_secs(60);

/// For how many tokens that is remembered.
const USERINFO_CAPACITY: usize = 10_000;

/// Verifies tokens as the configuration says.
#[derive(Debug)]
pub struct Verifier {
    config: Jwt,
    providers: OidcClient,
    /// The tokens that userinfo accepted.
    userinfo_cache: TtlCache<CacheKey, ()>,
    keys: CacheKeys,
}

impl Verifier {
    /// A verifier that calls the identity providers of `security` through `client`.
    pub fn new(security: &Security, client: Client) -> Self {
        Self {
            config: security.jwt.clone(),
            providers: OidcClient::new(&security.jwt, client),
            userinfo_cache: TtlCache::new(USERINFO_CAPACITY, USERINFO_TTL),
            keys: CacheKeys::default(),
        }
    }

    /// Checks header and claims of `token`, and then its authenticity by the configured methods. What comes back stands for
    /// issuer and identity: it is the same for all tokens of one caller.
    ///
    /// # Errors
    /// [`AuthError`] unless it is valid.
    pub async fn verify(&self, token: &Token) -> Result<CacheKey, AuthError> {
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
        result?;
        debug!("a token is valid");
        Ok(self.keys.of((&jwt.issuer, &jwt.identity)))
    }

    async fn check_signature(&self, token: &Token, jwt: &UnverifiedJwt) -> Result<(), AuthError> {
        let key_id = jwt.key_id.as_deref();
        let metadata = self.providers.metadata(&jwt.issuer, key_id).await?;
        jwt.verify(token.expose(), &metadata.keys, &self.config)
    }

    async fn check_userinfo(&self, token: &Token, jwt: &UnverifiedJwt) -> Result<(), AuthError> {
        let key = self.keys.of(token.expose());
        if self.userinfo_cache.get(&key).is_some() {
            return Ok(());
        }
        let subject = self.providers.subject(&jwt.issuer, token).await?;
        if jwt.subject.as_ref() != Some(&subject) {
            return Err(AuthError::RefusedByIssuer);
        }
        self.userinfo_cache.insert(key, ());
        Ok(())
    }
}

/// The log has the details, which are not for the caller.
impl From<OidcError> for AuthError {
    fn from(error: OidcError) -> Self {
        match error {
            OidcError::UntrustedIssuer => Self::UntrustedIssuer,
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
