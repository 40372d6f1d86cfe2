//! Identity providers: which keys do they sign with, and which subject does a token belong to?
//!
//! Only the configured issuers are ever called; nothing in a token leads to a call elsewhere.

mod discovery;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use http::StatusCode;
use jsonwebtoken::jwk::JwkSet;
use serde_json::{Map, Value};
use tokio::time::Instant;
use url::Url;

use self::discovery::Discovery;
use crate::{
    client::{
        Authorization, Client, Credential, FetchError,
        refreshing::{RefreshPolicy, Refreshing},
    },
    config::Jwt,
    domain::token::Token,
};

/// The least time between two fetches for an unknown key, since a stranger's choice of key must not cause calls; and
/// between two fetches from a provider that is down while its metadata is kept.
const RETRY_WITH_METADATA: Duration = Duration::from_secs(60);

/// How long a provider that failed is left alone while nothing of it is kept.
const RETRY_WITHOUT_METADATA: Duration = Duration::from_secs(5);

/// Calls identity providers, and keeps their metadata.
#[derive(Debug)]
pub struct OidcClient {
    client: Client,
    /// By issuer, without a slash at its end.
    providers: BTreeMap<String, Provider>,
}

#[derive(Debug)]
struct Provider {
    discovery: Arc<Discovery>,
    metadata: Arc<Refreshing<IssuerMetadata, OidcError>>,
}

/// What an issuer publishes.
#[derive(Debug)]
pub struct IssuerMetadata {
    /// The keys that it signs with.
    pub keys: JwkSet,
    /// Its userinfo endpoint.
    userinfo: Option<Url>,
}

/// Why an identity provider did not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// The issuer is not configured.
    #[error("the issuer is not one of security.jwt.issuers")]
    UntrustedIssuer,
    /// The userinfo endpoint does not accept the token.
    #[error("{url} rejected the token (status {})", status.as_u16())]
    Refused {
        /// The endpoint.
        url: String,
        /// The status of its answer.
        status: StatusCode,
    },
    /// A document could not be fetched.
    #[error("{url} {source}")]
    Fetch {
        /// Its URL.
        url: String,
        /// Why not.
        source: FetchError,
    },
    /// A document has other contents than it should.
    #[error("{url} {reason}")]
    Unusable {
        /// Its URL.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The call was interrupted by the shutdown.
    #[error("the call to the provider was interrupted")]
    Interrupted,
}

impl OidcClient {
    /// A client for the issuers that `jwt` trusts.
    pub fn new(jwt: &Jwt, client: Client) -> Self {
        let policy = RefreshPolicy {
            ttl: Duration::from_secs(jwt.cache_ttl_sec),
            retry_with_value: RETRY_WITH_METADATA,
            retry_without_value: RETRY_WITHOUT_METADATA,
        };
        let providers = jwt.issuers.iter().map(|issuer| {
            let issuer = without_slash(issuer).to_owned();
            let provider = Provider {
                discovery: Arc::new(Discovery::new(issuer.clone(), jwt, &client)),
                metadata: Arc::new(Refreshing::new(issuer.clone(), policy)),
            };
            (issuer, provider)
        });
        Self {
            providers: providers.collect(),
            client,
        }
    }

    /// Whether `issuer` is trusted: equal to a configured one, but for one slash at the end.
    pub fn trusts(&self, issuer: &str) -> bool {
        self.providers.contains_key(without_slash(issuer))
    }

    /// What `issuer` publishes: as it is kept, unless that is stale or lacks `key_id`. While the provider is down, what is
    /// kept is used on.
    ///
    /// # Errors
    /// [`OidcError`] if nothing is kept and nothing can be fetched.
    pub async fn metadata(
        &self,
        issuer: &str,
        key_id: Option<&str>,
    ) -> Result<Arc<IssuerMetadata>, OidcError> {
        let provider = self
            .providers
            .get(without_slash(issuer))
            .ok_or(OidcError::UntrustedIssuer)?;
        let has_key =
            |metadata: &IssuerMetadata| key_id.is_none_or(|id| metadata.keys.find(id).is_some());
        let fetch = || {
            let discovery = Arc::clone(&provider.discovery);
            async move { discovery.fetch().await }
        };
        let snapshot = provider
            .metadata
            .get(Instant::now(), None, has_key, fetch)
            .await;
        match (snapshot.value, snapshot.failure) {
            (Some((metadata, _)), _) => Ok(metadata),
            (None, failure) => Err(failure.unwrap_or(OidcError::Interrupted)),
        }
    }

    /// The subject of `token` by the userinfo endpoint of `issuer`.
    ///
    /// # Errors
    /// [`OidcError`] if there is no such endpoint, it refuses the token, or it names no subject.
    pub async fn subject(&self, issuer: &str, token: &Token) -> Result<String, OidcError> {
        let metadata = self.metadata(issuer, None).await?;
        let unusable = |url: &str, reason| OidcError::Unusable {
            url: url.to_owned(),
            reason,
        };
        let url = metadata
            .userinfo
            .as_ref()
            .ok_or_else(|| unusable(issuer, "has no usable URL of a userinfo endpoint"))?;
        // This very token is asked about: the service's own credential for the host would be another's.
        let authorization = Authorization::Send(Credential::Bearer(token));
        let scope = self.client.detached_scope();
        let claims: Result<Map<String, Value>, _> =
            self.client.get(&scope, url, authorization).await;
        let claims = claims.map_err(|failure| match failure {
            FetchError::Status(
                status @ (StatusCode::BAD_REQUEST
                | StatusCode::UNAUTHORIZED
                | StatusCode::FORBIDDEN),
            ) => OidcError::Refused {
                url: url.to_string(),
                status,
            },
            // The answer could contain the token, so it is not shown.
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
fn without_slash(issuer: &str) -> &str {
    issuer.strip_suffix('/').unwrap_or(issuer)
}
