//! Identity providers: which keys do they sign with, and whom does a token belong to?
//!
//! Only the configured issuers are ever asked; nothing that a token says leads to a call elsewhere.

mod discovery;
mod memory;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jsonwebtoken::jwk::JwkSet;
use reqwest::StatusCode;
use serde_json::{Map, Value};
use url::Url;

use self::{
    discovery::Discovery,
    memory::{AFTER_FAILURE, Provider},
};
use super::{
    failure::FetchError,
    fetch::{Fetcher, Pass, Proof},
};
use crate::{config::Jwt, domain::token::Token};

/// Asks identity providers, and remembers what they say.
#[derive(Debug)]
pub struct OidcClient {
    fetcher: Fetcher,
    /// By issuer, without a slash at its end.
    providers: BTreeMap<String, Arc<Provider>>,
}

/// What a provider publishes.
#[derive(Debug)]
pub struct Published {
    /// The keys that it signs with.
    pub keys: JwkSet,
    /// Where it tells whom a token belongs to.
    userinfo: Option<Url>,
}

/// What is needed of a provider cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The issuer is none of those that are trusted.
    #[error("the issuer is not one of security.jwt.issuers")]
    Stranger,
    /// The userinfo endpoint was asked, and does not accept the token.
    #[error("{url} does not accept the token (status {})", status.as_u16())]
    Refused {
        /// The endpoint.
        url: String,
        /// What it answered.
        status: StatusCode,
    },
    /// A document could not be fetched.
    #[error("{url} {source}")]
    Fetch {
        /// Where it should be.
        url: String,
        /// What happened.
        source: FetchError,
    },
    /// A document is there but says something else.
    #[error("{url} {reason}")]
    Unusable {
        /// Where it is.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The last call failed a moment ago.
    #[error("the provider failed a moment ago and is left alone for {} s", AFTER_FAILURE.as_secs())]
    LeftAlone,
    /// The call was given up, as everything stops.
    #[error("the call to the provider was given up")]
    GivenUp,
}

impl OidcClient {
    /// A client for the issuers that `jwt` trusts.
    pub fn new(jwt: &Jwt, fetcher: Fetcher) -> Self {
        let keep = Duration::from_secs(jwt.cache_ttl_sec);
        let providers = jwt.issuers.iter().map(|issuer| {
            let issuer = trimmed(issuer).to_owned();
            let discovery = Discovery::new(issuer.clone(), jwt, fetcher.clone());
            (issuer, Arc::new(Provider::new(discovery, keep)))
        });
        Self {
            providers: providers.collect(),
            fetcher,
        }
    }

    /// Whether `issuer` is trusted: it is the same as a configured one, but for one slash at the end.
    pub fn trusts(&self, issuer: &str) -> bool {
        self.providers.contains_key(trimmed(issuer))
    }

    /// What `issuer` publishes: as it is remembered, unless that is too old or lacks `key_id`. While the provider is
    /// down, what is remembered serves on.
    ///
    /// # Errors
    /// [`OidcError`] if nothing is remembered and nothing can be had.
    pub async fn published(
        &self,
        issuer: &str,
        key_id: Option<&str>,
    ) -> Result<Arc<Published>, OidcError> {
        let provider = self.providers.get(trimmed(issuer));
        provider.ok_or(OidcError::Stranger)?.published(key_id).await
    }

    /// The subject that `token` belongs to, says the userinfo endpoint of `issuer`.
    ///
    /// # Errors
    /// [`OidcError`] if there is no such endpoint, it refuses the token, or it does not name a subject.
    pub async fn subject(&self, issuer: &str, token: &Token) -> Result<String, OidcError> {
        let published = self.published(issuer, None).await?;
        let unusable = |url: &str, reason| OidcError::Unusable {
            url: url.to_owned(),
            reason,
        };
        let url = published
            .userinfo
            .as_ref()
            .ok_or_else(|| unusable(issuer, "has no usable URL of a userinfo endpoint"))?;
        // The question is whose this very token is: credentials that the service has for the host would be another's.
        let pass = Pass::Token(Proof::Token(token));
        let told: Result<Map<String, Value>, _> = self.fetcher.get(url, pass).await;
        let claims = told.map_err(|failure| match failure {
            FetchError::Status(
                status @ (StatusCode::BAD_REQUEST
                | StatusCode::UNAUTHORIZED
                | StatusCode::FORBIDDEN),
            ) => OidcError::Refused {
                url: url.to_string(),
                status,
            },
            // What is there instead could be the token, so it is not told.
            FetchError::Malformed(_) => unusable(url.as_str(), "does not hold a JSON object"),
            source => OidcError::Fetch {
                url: url.to_string(),
                source,
            },
        })?;
        claims
            .get("sub")
            .and_then(Value::as_str)
            .map(ToOwned::to_owned)
            .ok_or_else(|| unusable(url.as_str(), "names no subject"))
    }
}

/// Issuers are the same with and without one slash at the end.
fn trimmed(issuer: &str) -> &str {
    issuer.strip_suffix('/').unwrap_or(issuer)
}
