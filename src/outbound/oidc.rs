//! Identity providers: which keys do they sign with, and whom does a token belong to?
//!
//! Only the configured issuers are ever asked; nothing that a token says leads to a call elsewhere.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jsonwebtoken::jwk::JwkSet;
use serde_json::{Map, Value};
use tokio::{sync::Mutex, time::Instant};
use tracing::warn;
use url::Url;

use super::{
    failure::FetchError,
    fetch::{Fetcher, Pass},
};
use crate::{config::Jwt, domain::token::Token};

/// The least time between two fetches for a key that is not known: a stranger's choice of key must not make us call.
const BETWEEN_REFRESHES: Duration = Duration::from_secs(60);

/// How long a provider that failed is left alone while nothing at all is known of it.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Asks identity providers, and remembers what they say.
#[derive(Debug)]
pub struct OidcClient {
    fetcher: Fetcher,
    discovery_suffix: String,
    keys_field: String,
    userinfo_field: String,
    keep: Duration,
    /// By issuer, without a slash at its end.
    providers: BTreeMap<String, Mutex<Provider>>,
}

/// What is known of a provider.
#[derive(Debug, Default)]
struct Provider {
    published: Option<Arc<Published>>,
    /// When the provider was last asked, with or without success.
    asked: Option<Instant>,
    /// When what is known was fetched.
    fetched: Option<Instant>,
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
        reason: String,
    },
    /// The last call failed a moment ago.
    #[error("the provider failed a moment ago and is left alone for {} s", AFTER_FAILURE.as_secs())]
    LeftAlone,
}

impl OidcClient {
    /// A client for the issuers that `jwt` trusts.
    pub fn new(jwt: &Jwt, fetcher: Fetcher) -> Self {
        let providers = jwt
            .issuers
            .iter()
            .map(|issuer| (trimmed(issuer).to_owned(), Mutex::default()));
        Self {
            fetcher,
            discovery_suffix: jwt.idp_config_url_suffix.clone(),
            keys_field: jwt.idp_config_jwks.clone(),
            userinfo_field: jwt.idp_config_userinfo.clone(),
            keep: Duration::from_secs(jwt.cache_ttl_sec),
            providers: providers.collect(),
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
        let issuer = trimmed(issuer);
        let provider = self.providers.get(issuer).ok_or(OidcError::Stranger)?;
        // Held while fetching, so that many callers make one call.
        let mut provider = provider.lock().await;
        let now = Instant::now();
        let since = |then: Option<Instant>| then.map(|then| now.duration_since(then));
        let asked = since(provider.asked);
        if let Some(published) = &provider.published {
            let is_fresh = since(provider.fetched).is_some_and(|age| age < self.keep);
            let has_key = key_id.is_none_or(|id| published.keys.find(id).is_some());
            let is_too_soon = asked.is_some_and(|ago| ago < BETWEEN_REFRESHES);
            if (is_fresh && has_key) || is_too_soon {
                return Ok(Arc::clone(published));
            }
        } else if asked.is_some_and(|ago| ago < AFTER_FAILURE) {
            return Err(OidcError::LeftAlone);
        }
        let fetched = self.fetch(issuer).await;
        // Only now: a caller who goes away in the middle must not use up the others' try.
        provider.asked = Some(now);
        match (fetched, &provider.published) {
            (Ok(published), _) => {
                let published = Arc::new(published);
                provider.published = Some(Arc::clone(&published));
                provider.fetched = Some(now);
                Ok(published)
            }
            (Err(error), Some(remembered)) => {
                warn!(issuer, %error, "an identity provider is down; its remembered keys serve on");
                Ok(Arc::clone(remembered))
            }
            (Err(error), None) => Err(error),
        }
    }

    async fn fetch(&self, issuer: &str) -> Result<Published, OidcError> {
        let url = format!("{issuer}{}", self.discovery_suffix);
        let unusable = |reason: &str| OidcError::Unusable {
            url: url.clone(),
            reason: reason.to_owned(),
        };
        let address = Url::parse(&url).map_err(|_| unusable("is not a URL"))?;
        let document: Map<String, Value> = self.get(&address, Pass::None).await?;
        let text = |field: &str| document.get(field).and_then(Value::as_str);
        if text("issuer").map(trimmed) != Some(issuer) {
            return Err(unusable("is about another issuer"));
        }
        // Whoever is asked over TLS must not lead to a place that is not.
        let endpoint = |field: &str| {
            text(field)
                .and_then(|url| Url::parse(url).ok())
                .filter(|url| url.scheme() == "https" || url.scheme() == address.scheme())
        };
        let keys =
            endpoint(&self.keys_field).ok_or_else(|| unusable("has no usable URL of a key set"))?;
        Ok(Published {
            keys: self.key_set(&keys).await?,
            userinfo: endpoint(&self.userinfo_field),
        })
    }

    /// The keys that can be read: providers publish keys of kinds that are not known here, too.
    async fn key_set(&self, url: &Url) -> Result<JwkSet, OidcError> {
        let mut document: Map<String, Value> = self.get(url, Pass::None).await?;
        let Some(Value::Array(keys)) = document.remove("keys") else {
            return Err(OidcError::Unusable {
                url: url.to_string(),
                reason: "has no list of keys".to_owned(),
            });
        };
        let keys = keys
            .into_iter()
            .filter_map(|key| serde_json::from_value(key).ok());
        Ok(JwkSet {
            keys: keys.collect(),
        })
    }

    /// The subject that `token` belongs to, says the userinfo endpoint of `issuer`.
    ///
    /// # Errors
    /// [`OidcError`] if there is no such endpoint, it refuses the token, or it does not name a subject.
    pub async fn subject(&self, issuer: &str, token: &Token) -> Result<String, OidcError> {
        let published = self.published(issuer, None).await?;
        let unusable = |url: &str, reason: &str| OidcError::Unusable {
            url: url.to_owned(),
            reason: reason.to_owned(),
        };
        let url = published
            .userinfo
            .as_ref()
            .ok_or_else(|| unusable(issuer, "has no userinfo endpoint"))?;
        let pass = match self.fetcher.pass(url, Some(token)).await {
            pass @ (Pass::Token(_) | Pass::ListedOnly(_)) => pass,
            Pass::None | Pass::HeldBack => {
                return Err(unusable(
                    url.as_str(),
                    "would get the token over plain http",
                ));
            }
        };
        let claims: Map<String, Value> = self.get(url, pass).await?;
        claims
            .get("sub")
            .and_then(Value::as_str)
            .map(ToOwned::to_owned)
            .ok_or_else(|| unusable(url.as_str(), "names no subject"))
    }

    async fn get(&self, url: &Url, pass: Pass<'_>) -> Result<Map<String, Value>, OidcError> {
        self.fetcher
            .get(url, pass)
            .await
            .map_err(|source| OidcError::Fetch {
                url: url.to_string(),
                source,
            })
    }
}

fn trimmed(issuer: &str) -> &str {
    issuer.strip_suffix('/').unwrap_or(issuer)
}
