//! One guarded HTTP client for all services: where calls may go, what they carry, when they are made, how long they take
//! and how often they are tried.

pub mod authorization;
pub mod byte_budget;
pub mod cache;
pub mod cache_key;
mod call;
mod certificate;
mod connector;
mod credentials;
pub mod error;
pub mod guard;
mod headers;
pub mod health;
mod http_client;
mod json;
pub mod limit;
mod missing_secret;
mod post_once;
mod reason;
pub mod refreshing;
pub mod resolver;
mod retry;
pub mod scope;
pub mod time_budget;
mod transport;

use std::{hash::RandomState, sync::Arc};

use http::header::HeaderName;
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use url::{Host, Url};

pub(crate) use self::json::{parse, parse_any, parse_object};
use self::{
    authorization::CallHeaders,
    credentials::Credentials,
    guard::Guard,
    limit::permits::{HostKey, Permit, Permits},
    resolver::Resolver,
    transport::{Method, Transport},
};
pub use self::{
    authorization::{Authorization, Credential},
    credentials::OwnCredential,
    error::{AnyAnswer, ClientError, FetchError, Redirect, Refusal, StatusAndBody},
    guard::Reach,
    limit::permits::ServiceKind,
    missing_secret::MissingSecret,
    scope::CallScope,
    time_budget::{Deadline, DeadlineOwner, TimeBudget},
};
pub use crate::telemetry::metrics::Cache;
use crate::{
    config::Config,
    domain::token::Token,
    telemetry::{TraceContext, metrics::Metrics},
};

/// Makes calls. All clones share the connections, the name cache and the permits for calls in flight.
#[derive(Debug, Clone)]
pub struct Client {
    shared: Arc<Shared>,
    kind: ServiceKind,
}

#[derive(Debug)]
struct Shared {
    transport: Transport,
    guard: Arc<Guard>,
    resolver: Resolver,
    permits: Arc<Permits>,
    hosts: RandomState,
    credentials: Credentials,
    time: TimeBudget,
    token_over_http: bool,
    metrics: Arc<Metrics>,
}

impl Client {
    /// Makes calls as `config` says, to what `reach` and `outbound.allowed_networks` allow.
    ///
    /// # Errors
    /// [`ClientError`] if the HTTP client or the resolver cannot be made, or a secret is missing.
    pub fn new(config: &Config, reach: Reach) -> Result<Self, ClientError> {
        let credentials = Credentials::new(&config.credentials, |name| std::env::var(name).ok())?;
        let time = TimeBudget::new(config.call_timeout(), None);
        let guard = Arc::new(Guard::new(reach, config.outbound.allowed_networks.clone()));
        let metrics = Arc::new(Metrics::new()?);
        let resolver = Resolver::new(
            &config.outbound.name_servers,
            time.name_server(),
            Arc::clone(&metrics),
        )
        .map_err(ClientError::Resolver)?;
        let transport = Transport::new(reach, &guard, &resolver, time.connect(), &config.outbound)?;
        let shared = Shared {
            transport,
            resolver,
            guard,
            credentials,
            permits: Arc::new(Permits::new(config.outbound.max_concurrency)),
            hosts: RandomState::new(),
            time,
            token_over_http: config.outbound.forward_token_over_http,
            metrics,
        };
        Ok(Self {
            shared: Arc::new(shared),
            kind: ServiceKind::Other,
        })
    }

    /// The same for calls to services of this `kind`.
    #[must_use]
    pub fn for_kind(&self, kind: ServiceKind) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            kind,
        }
    }

    /// The resolver that calls go through.
    pub fn resolver(&self) -> &Resolver {
        &self.shared.resolver
    }

    /// The metrics of calls, and of all that is done with them.
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.shared.metrics
    }

    /// Sets the metrics that are read off and not counted.
    pub fn update_metrics(&self) {
        let calls = &self.shared.metrics.calls;
        calls.set_permits(self.shared.permits.seen());
    }

    /// How long calls may take, outside of any request.
    pub fn time(&self) -> TimeBudget {
        self.shared.time
    }

    /// The scope of a request with the rights of `token` that ends at `deadline`, whose answers take at most `max_bytes`, and
    /// whose calls carry `trace`.
    pub fn scope(
        &self,
        token: Option<Token>,
        deadline: Option<Deadline>,
        max_bytes: usize,
        trace: Option<TraceContext>,
    ) -> CallScope {
        let time = TimeBudget::new(self.shared.time.call(), deadline);
        CallScope::traced(token, time, max_bytes, trace)
    }

    /// The scope of calls that the service makes for itself.
    pub fn detached_scope(&self) -> CallScope {
        CallScope::detached(self.shared.time)
    }

    /// What calls to the service at `root` carry, over https or where the configuration allows it: the service's own
    /// credential for it, or else the caller's `token`.
    pub async fn authorization<'a>(
        &'a self,
        root: &Url,
        token: Option<&'a Token>,
    ) -> Authorization<'a> {
        let Shared {
            credentials,
            guard,
            resolver,
            ..
        } = &*self.shared;
        let own = credentials.for_service(self.kind, root);
        let callers = token.map(Credential::Bearer);
        let Some(credential) = own.map(Credential::Own).or(callers) else {
            return Authorization::None;
        };
        if !root.username().is_empty() || root.password().is_some() {
            return Authorization::None;
        }
        if root.scheme() == "https" || self.shared.token_over_http {
            return Authorization::Send(credential);
        }
        let is_allowed = match root.host() {
            Some(Host::Ipv4(address)) => guard.is_listed(address.into()),
            Some(Host::Ipv6(address)) => guard.is_listed(address.into()),
            // One is enough: the transport for allowed networks connects to no other address.
            Some(Host::Domain(name)) => timeout(self.shared.time.call(), resolver.addresses(name))
                .await
                .is_ok_and(|found| {
                    found.is_ok_and(|all| all.iter().any(|&address| guard.is_listed(address)))
                }),
            None => false,
        };
        if is_allowed {
            Authorization::SendToAllowedNetworks(credential)
        } else {
            Authorization::Withheld
        }
    }

    /// Reads the JSON object at `url`, following redirects.
    ///
    /// # Errors
    /// [`FetchError`]; [`FetchError::Malformed`] if the answer is not a `T`.
    pub async fn get<T: DeserializeOwned>(
        &self,
        scope: &CallScope,
        url: &Url,
        authorization: Authorization<'_>,
    ) -> Result<T, FetchError> {
        parse(&self.body(scope, url, Method::Get, authorization).await?)
    }

    /// Reads what is at `url`, following redirects.
    ///
    /// # Errors
    /// [`FetchError`], but never [`FetchError::Malformed`].
    pub async fn get_bytes(
        &self,
        scope: &CallScope,
        url: &Url,
        authorization: Authorization<'_>,
    ) -> Result<Vec<u8>, FetchError> {
        self.body(scope, url, Method::Get, authorization).await
    }

    /// The same; of a service that is not ready yet the answer that says so.
    ///
    /// # Errors
    /// As [`get_bytes`](Self::get_bytes).
    pub(crate) async fn get_at_once(
        &self,
        scope: &CallScope,
        url: &Url,
        authorization: Authorization<'_>,
    ) -> Result<Vec<u8>, FetchError> {
        let method = Method::GetAtOnce;
        self.body(scope, url, method, authorization).await
    }

    /// The header `name` of the answer to a HEAD request, whatever its status. Redirects are not followed.
    ///
    /// # Errors
    /// [`FetchError`], but never [`FetchError::Malformed`].
    pub async fn head(
        &self,
        scope: &CallScope,
        url: &Url,
        name: HeaderName,
    ) -> Result<Option<String>, FetchError> {
        let call = self.call(scope, url, async |deadline| {
            let transport = &self.shared.transport;
            let response = transport
                .send_with_retry(url, Method::Head, CallHeaders::NONE, deadline)
                .await?;
            let value = response.headers().get(name);
            Ok(value.and_then(|value| value.to_str().ok().map(str::to_owned)))
        });
        Box::pin(call).await
    }

    /// The size of what is at `url`, as the answer to a HEAD request tells it; redirects are followed, and nothing is sent
    /// but the URL.
    ///
    /// # Errors
    /// [`FetchError`], but never [`FetchError::Malformed`].
    pub async fn content_length(
        &self,
        scope: &CallScope,
        url: &Url,
    ) -> Result<Option<u64>, FetchError> {
        let call = self.call(scope, url, async |deadline| {
            let transport = &self.shared.transport;
            let response = transport
                .send_with_retry(url, Method::HeadOfTarget, CallHeaders::NONE, deadline)
                .await?;
            if !response.status().is_success() {
                return Err(FetchError::Status(response.status()));
            }
            Ok(headers::content_length(response.headers()))
        });
        Box::pin(call).await
    }

    /// Sends `json` by POST and reads a JSON object. The request may be sent twice.
    ///
    /// # Errors
    /// [`FetchError`]; [`FetchError::Malformed`] if the answer is not a `T`.
    pub async fn post<T: DeserializeOwned>(
        &self,
        scope: &CallScope,
        url: &Url,
        json: &[u8],
        authorization: Authorization<'_>,
    ) -> Result<T, FetchError> {
        let method = Method::Post(json);
        parse(&self.body(scope, url, method, authorization).await?)
    }

    /// Sends `json` by POST, maybe twice, and gives the answer, whatever its status: the body of a refusal may say more.
    /// Redirects to the same host that keep the method are followed.
    ///
    /// # Errors
    /// [`FetchError`], but never [`FetchError::Malformed`], and a status only of a server that is busy.
    pub async fn post_any_status(
        &self,
        scope: &CallScope,
        url: &Url,
        json: &[u8],
        authorization: Authorization<'_>,
    ) -> Result<AnyAnswer, FetchError> {
        self.answer_or_refusal(scope, url, Method::PostOnHost(json), authorization)
            .await
    }

    /// Status and body of any answer to GET, after redirects.
    ///
    /// # Errors
    /// As [`post_any_status`](Self::post_any_status).
    pub async fn get_any_status(
        &self,
        scope: &CallScope,
        url: &Url,
        authorization: Authorization<'_>,
    ) -> Result<StatusAndBody, FetchError> {
        self.any_status(scope, url, Method::Get, authorization)
            .await
    }

    /// Reads the JSON object that `url` answers to OPTIONS, following redirects.
    ///
    /// # Errors
    /// [`FetchError`]; [`FetchError::Malformed`] if the answer is not a `T`.
    pub async fn options<T: DeserializeOwned>(
        &self,
        scope: &CallScope,
        url: &Url,
        authorization: Authorization<'_>,
    ) -> Result<T, FetchError> {
        parse(
            &self
                .body(scope, url, Method::Options, authorization)
                .await?,
        )
    }

    /// Waits for a permit to call the host of `url`.
    ///
    /// # Errors
    /// Why no call of this request can reach the host, or [`FetchError::BudgetExceeded`].
    pub(crate) async fn acquire(&self, scope: &CallScope, url: &Url) -> Result<Permit, FetchError> {
        let host = HostKey::of(url, &self.shared.hosts);
        self.acquire_for(scope, host).await
    }

    async fn acquire_for(&self, scope: &CallScope, host: HostKey) -> Result<Permit, FetchError> {
        scope.check_host(host)?;
        let (permits, holder) = (&self.shared.permits, scope.holder());
        if let Some(permit) = permits.try_acquire(holder) {
            return Ok(permit);
        }
        scope
            .until_end(permits.acquire(holder, self.kind, host))
            .await
    }
}
