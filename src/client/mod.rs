//! One guarded HTTP client for all services: where calls may go, what they carry, when they are made, how long they take
//! and how often they are tried.

pub mod authorization;
pub mod byte_budget;
pub mod cache;
pub mod cache_key;
mod connector;
mod credentials;
pub mod error;
pub mod guard;
mod headers;
pub mod health;
mod http_client;
mod json;
pub mod limit;
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
use serde_json::{Map, Value};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::rustls;
use url::{Host, Url};

pub(crate) use self::json::{parse, parse_object};
pub use self::{
    authorization::{Authorization, Credential},
    credentials::MissingSecret,
    error::{AnyAnswer, FetchError, Redirect, Refusal},
    guard::Reach,
    limit::permits::ServiceKind,
    scope::CallScope,
    time_budget::{Deadline, TimeBudget},
};
use self::{
    credentials::Credentials,
    guard::Guard,
    http_client::Response,
    limit::permits::{HostKey, Permit, Permits},
    resolver::Resolver,
    transport::{Method, Transport},
};
use crate::{
    config::Config,
    domain::{geo::Host as KnownHost, token::Token},
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
}

/// The client for outbound calls cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The HTTP client refuses to start.
    #[error("cannot build the HTTP client; are the system's CA certificates installed? ({0})")]
    Http(#[source] rustls::Error),
    /// The DNS resolver refuses to start.
    #[error("cannot build the DNS resolver: {0}")]
    Resolver(#[source] hickory_resolver::net::NetError),
    /// A secret of the service is not in the environment.
    #[error(transparent)]
    Secret(#[from] MissingSecret),
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
        let resolver = Resolver::new(&config.outbound.name_servers, time.name_server())
            .map_err(ClientError::Resolver)?;
        let transport = Transport::new(reach, &guard, &resolver, time.connect(), &config.outbound)
            .map_err(ClientError::Http)?;
        let shared = Shared {
            transport,
            resolver,
            guard,
            credentials,
            permits: Arc::new(Permits::new(config.outbound.max_concurrency)),
            hosts: RandomState::new(),
            time,
            token_over_http: config.outbound.forward_token_over_http,
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

    /// How long calls may take, outside of any request.
    pub fn time(&self) -> TimeBudget {
        self.shared.time
    }

    /// The scope of a request with the rights of `token` that ends at `deadline`, whose answers take at most `max_bytes`.
    pub fn scope(
        &self,
        token: Option<Token>,
        deadline: Option<Deadline>,
        max_bytes: usize,
    ) -> CallScope {
        let time = TimeBudget::new(self.shared.time.call(), deadline);
        CallScope::new(token, time, max_bytes)
    }

    /// The scope of calls that the service makes for itself.
    pub fn detached_scope(&self) -> CallScope {
        CallScope::detached(self.shared.time)
    }

    /// What calls to `root` carry, over https or where the configuration allows it: the service's own credential for that
    /// host, or else the caller's `token`.
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
        let own = KnownHost::of(root).and_then(|host| credentials.for_host(&host));
        let Some(credential) = own.or(token.map(Credential::Bearer)) else {
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

    /// Reads any JSON object at `url`, following redirects.
    ///
    /// # Errors
    /// [`FetchError`]; [`FetchError::Malformed`] if the answer is not a JSON object.
    pub async fn get_object(
        &self,
        scope: &CallScope,
        url: &Url,
        authorization: Authorization<'_>,
    ) -> Result<Map<String, Value>, FetchError> {
        parse_object(&self.body(scope, url, Method::Get, authorization).await?)
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
                .send_with_retry(url, Method::Head, Authorization::None, deadline)
                .await?;
            let value = response.headers().get(name);
            Ok(value.and_then(|value| value.to_str().ok().map(str::to_owned)))
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

    /// Sends `json` by POST and gives the answer, whatever its status: the body of a refusal may say more than its status.
    /// The request may be sent twice. Redirects to the same host that keep the method are followed.
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
        let call = self.call(scope, url, async |deadline| {
            let transport = &self.shared.transport;
            let response = transport
                .send_with_retry(url, Method::PostOnHost(json), authorization, deadline)
                .await?;
            if response.status().is_success() {
                let body = transport.read(response).await?;
                return Ok(AnyAnswer {
                    refusal: None,
                    body,
                });
            }
            let (refusal, body) = self.refusal(response, authorization).await;
            Ok(AnyAnswer {
                refusal: Some(refusal),
                body,
            })
        });
        // Boxed: calls are large, and parts of many other futures.
        Box::pin(call).await
    }

    /// A refusal with its reason, and its body.
    async fn refusal(
        &self,
        response: Response,
        authorization: Authorization<'_>,
    ) -> (FetchError, Vec<u8>) {
        let status = response.status();
        let asks_for_password = headers::asks_for_password(&response);
        let transport = &self.shared.transport;
        // The body of a refusal that cannot be read adds nothing to its status.
        let body = transport.read_short(response);
        let body = timeout(self.shared.time.call() / 4, body)
            .await
            .unwrap_or_default();
        let secret = authorization.secret().map(|(_, secret)| secret);
        let refusal = Refusal::new(status, &body, secret, asks_for_password);
        (refusal.into(), body)
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

    /// The body of an answer with a status of success.
    async fn body(
        &self,
        scope: &CallScope,
        url: &Url,
        method: Method<'_>,
        authorization: Authorization<'_>,
    ) -> Result<Vec<u8>, FetchError> {
        let call = self.call(scope, url, async |deadline| {
            let transport = &self.shared.transport;
            let response = transport
                .send_with_retry(url, method, authorization, deadline)
                .await?;
            if response.status().is_success() {
                return transport.read(response).await;
            }
            // The other kinds tell their warnings without it.
            if self.kind == ServiceKind::Tes {
                return Err(self.refusal(response, authorization).await.0);
            }
            Err(FetchError::Status(response.status()))
        });
        // Boxed, as above.
        Box::pin(call).await
    }

    /// Makes one call once there is a permit, unless the circuit breaker of its host is open. Waiting for the permit does
    /// not count against the time of the call.
    async fn call<T>(
        &self,
        scope: &CallScope,
        url: &Url,
        call: impl AsyncFnOnce(Instant) -> Result<T, FetchError>,
    ) -> Result<T, FetchError> {
        let host = HostKey::of(url, &self.shared.hosts);
        let _permit = scope.permit_or_lease(self.acquire_for(scope, host)).await?;
        // Another call may have found out in the meantime.
        scope.check_host(host)?;
        let (deadline, too_late) = scope.call_end();
        // Retries are decided by the call's own time: a shared failure must not depend on the end of one request.
        let own_deadline = Instant::now() + scope.time().call();
        let result = timeout_at(deadline, call(own_deadline))
            .await
            .unwrap_or(Err(too_late));
        scope.record(self.kind, host, result.as_ref().err());
        result
    }
}
