//! One call: what it may carry, when it is its turn, how long it may take and how often it is tried.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
    time::Duration,
};

use reqwest::{Response, StatusCode, header::HeaderName};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout, timeout_at};
use url::{Host, Url};

use super::{
    credentials::Credentials,
    errand::Errand,
    failure::FetchError,
    guard::{Guard, Reach},
    head::{is_busy, pause_asked_for},
    json::parse,
    resolve::Resolver,
    shared::leave,
    turns::{Kind, Turn, Turns},
    wire::{Question, Wire},
};
pub use super::{
    credentials::NoSecret,
    pass::{Pass, Proof},
};
use crate::{
    config::Config,
    domain::{geo::Host as KnownHost, token::Token},
};

/// Before a service is asked again whether it is ready, whatever it says; and the longest before a second try.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Makes calls. All clones share the connections, the name cache and the turns for calls in flight.
#[derive(Debug, Clone)]
pub struct Fetcher {
    wire: Wire,
    guard: Arc<Guard>,
    resolver: Resolver,
    turns: Arc<Turns>,
    /// What the services are that this clone calls.
    kind: Kind,
    hosts: RandomState,
    credentials: Arc<Credentials>,
    timeout: Duration,
    token_over_http: bool,
}

/// The client for outbound calls cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum FetcherError {
    /// The HTTP client refuses to start.
    #[error("the HTTP client cannot start; are the system's CA certificates installed? ({0})")]
    Client(#[source] reqwest::Error),
    /// The DNS resolver refuses to start.
    #[error("the DNS resolver cannot start: {0}")]
    Resolver(#[source] hickory_resolver::net::NetError),
    /// A secret of the service is not in the environment.
    #[error(transparent)]
    Secret(#[from] NoSecret),
}

impl Fetcher {
    /// Makes calls as `config` says, to what `reach` and `outbound.allowed_networks` let them.
    ///
    /// # Errors
    /// [`FetcherError`] if the client or the resolver cannot be made.
    pub fn new(config: &Config, reach: Reach) -> Result<Self, FetcherError> {
        let credentials = Credentials::new(&config.credentials, |name| std::env::var(name).ok())?;
        let timeout = config.call_timeout();
        let guard = Arc::new(Guard::new(reach, config.outbound.allowed_networks.clone()));
        // Half of the time, so that a dead name server is told apart from a dead service.
        let resolver = Resolver::new(&config.outbound.name_servers, timeout / 2)
            .map_err(FetcherError::Resolver)?;
        Ok(Self {
            // To connect less than the whole, so that a host that is not there is told apart from a service that is slow.
            wire: Wire::new(reach, &guard, &resolver, timeout * 3 / 4, &config.outbound)
                .map_err(FetcherError::Client)?,
            resolver,
            guard,
            credentials: Arc::new(credentials),
            turns: Arc::new(Turns::new(config.outbound.max_concurrency)),
            kind: Kind::Other,
            hosts: RandomState::new(),
            timeout,
            token_over_http: config.outbound.forward_token_over_http,
        })
    }

    /// The same for calls to services of this `kind`.
    pub(super) fn to(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// The resolver that calls go through.
    pub const fn resolver(&self) -> &Resolver {
        &self.resolver
    }

    /// How long one call may take.
    pub(super) const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// What goes to `root` to show who asks, over https or where the configuration says so: what the service itself has
    /// for that host, or else the caller's `token`.
    pub async fn pass<'a>(&'a self, root: &Url, token: Option<&'a Token>) -> Pass<'a> {
        let own = KnownHost::of(root).and_then(|host| self.credentials.for_host(&host));
        let Some(proof) = own.or(token.map(Proof::Token)) else {
            return Pass::None;
        };
        if !root.username().is_empty() || root.password().is_some() {
            return Pass::None;
        }
        if root.scheme() == "https" || self.token_over_http {
            return Pass::Token(proof);
        }
        let listed = match root.host() {
            Some(Host::Ipv4(address)) => self.guard.is_listed(address.into()),
            Some(Host::Ipv6(address)) => self.guard.is_listed(address.into()),
            // One is enough: the client for listed addresses connects to no other.
            Some(Host::Domain(name)) => timeout(self.timeout, self.resolver.addresses(name))
                .await
                .is_ok_and(|found| {
                    found.is_ok_and(|all| all.iter().any(|&address| self.guard.is_listed(address)))
                }),
            None => false,
        };
        if listed {
            Pass::ListedOnly(proof)
        } else {
            Pass::HeldBack
        }
    }

    /// Asks `url` by GET, following redirects, and reads the answer as JSON.
    ///
    /// # Errors
    /// [`FetchError`]; [`FetchError::Malformed`] if the answer is not a `T`.
    pub async fn get<T: DeserializeOwned>(
        &self,
        url: &Url,
        pass: Pass<'_>,
    ) -> Result<T, FetchError> {
        parse(&self.bytes(url, Question::Get, pass).await?)
    }

    /// Asks `url` by GET, following redirects, for whatever there is.
    ///
    /// # Errors
    /// [`FetchError`], but never [`FetchError::Malformed`].
    pub async fn get_bytes(&self, url: &Url, pass: Pass<'_>) -> Result<Vec<u8>, FetchError> {
        self.bytes(url, Question::Get, pass).await
    }

    /// Asks `url` by HEAD for the header `name` of its answer, whatever its status is. Redirects are not followed.
    ///
    /// # Errors
    /// [`FetchError`], but never [`FetchError::Malformed`].
    pub(super) async fn header(
        &self,
        url: &Url,
        name: HeaderName,
    ) -> Result<Option<String>, FetchError> {
        let call = self.within_time(url, async |deadline| {
            let response = self
                .try_twice(url, Question::Head, Pass::None, deadline)
                .await?;
            let value = response.headers().get(name);
            Ok(value.and_then(|value| value.to_str().ok().map(str::to_owned)))
        });
        Box::pin(call).await
    }

    /// Sends `json` to `url` by POST and reads the answer as JSON. A question that may be asked twice.
    ///
    /// # Errors
    /// [`FetchError`]; [`FetchError::Malformed`] if the answer is not a `T`.
    pub async fn post<T: DeserializeOwned>(
        &self,
        url: &Url,
        json: &[u8],
        pass: Pass<'_>,
    ) -> Result<T, FetchError> {
        parse(&self.bytes(url, Question::Post(json), pass).await?)
    }

    /// Sends `json` to `url` by POST and gives back status and body, also of a refusal: its body may say what the status
    /// does not. A question that may be asked twice.
    ///
    /// # Errors
    /// [`FetchError`], but never [`FetchError::Malformed`], and [`FetchError::Status`] only of a server that is busy.
    pub(super) async fn post_for_any(
        &self,
        url: &Url,
        json: &[u8],
        pass: Pass<'_>,
    ) -> Result<(StatusCode, Vec<u8>), FetchError> {
        let call = self.within_time(url, async |deadline| {
            let response = self
                .try_twice(url, Question::Post(json), pass, deadline)
                .await?;
            let status = response.status();
            match self.wire.read(response).await {
                Ok(body) => Ok((status, body)),
                Err(failure) if status.is_success() => Err(failure),
                // What cannot be read says no more than the status.
                Err(_) => Ok((status, Vec::new())),
            }
        });
        // Boxed: calls are large, and parts of much else that is moved around.
        Box::pin(call).await
    }

    /// The body of a good answer.
    async fn bytes(
        &self,
        url: &Url,
        question: Question<'_>,
        pass: Pass<'_>,
    ) -> Result<Vec<u8>, FetchError> {
        let call = self.within_time(url, async |deadline| {
            let response = self.try_twice(url, question, pass, deadline).await?;
            if !response.status().is_success() {
                return Err(FetchError::Status(response.status()));
            }
            self.wire.read(response).await
        });
        // Boxed, as above.
        Box::pin(call).await
    }

    /// Waiting for one's turn does not count against the call's own time. Not made at all is a call to a host that no
    /// other call on the same errand could connect to.
    async fn within_time<T>(
        &self,
        url: &Url,
        call: impl AsyncFnOnce(Instant) -> Result<T, FetchError>,
    ) -> Result<T, FetchError> {
        let _leave = leave(self.turn(url)).await?;
        let (errand, host) = (Errand::current(), self.hash_of_host(url));
        // Others may have found out in the meantime.
        if let Some(error) = errand.why_dead(host) {
            return Err(error);
        }
        let deadline = Instant::now() + self.timeout;
        let result = timeout_at(deadline, call(deadline))
            .await
            .unwrap_or(Err(FetchError::Timeout(self.timeout)));
        errand.note(self.kind, host, result.as_ref().err());
        result
    }

    /// Waits for a turn to call the host of `url`.
    ///
    /// # Errors
    /// Why no other call on the same errand could connect to it.
    pub(super) async fn turn(&self, url: &Url) -> Result<Turn, FetchError> {
        let (errand, host) = (Errand::current(), self.hash_of_host(url));
        if let Some(error) = errand.why_dead(host) {
            return Err(error);
        }
        Ok(self.turns.take(&errand, self.kind, host).await)
    }

    fn hash_of_host(&self, url: &Url) -> u64 {
        self.hosts
            .hash_one((url.host_str(), url.port_or_known_default()))
    }

    /// The answer, whatever its status is, but not that of a server that is busy.
    async fn try_twice(
        &self,
        url: &Url,
        question: Question<'_>,
        pass: Pass<'_>,
        deadline: Instant,
    ) -> Result<Response, FetchError> {
        let pause = match self.when_ready(url, question, pass, deadline).await {
            Ok(response) if is_busy(response.status()) => {
                let Some(pause) = pause_asked_for(&response)
                    .filter(|&pause| pause <= LONGEST_PAUSE && Instant::now() + pause < deadline)
                else {
                    return Err(FetchError::Status(response.status()));
                };
                pause
            }
            Ok(response) => return Ok(response),
            Err(error) if error.may_pass() => Duration::ZERO,
            Err(error) => return Err(error),
        };
        tokio::time::sleep(pause).await;
        let response = self.when_ready(url, question, pass, deadline).await?;
        if is_busy(response.status()) {
            return Err(FetchError::Status(response.status()));
        }
        Ok(response)
    }

    /// The answer of a service that works on it, and asks by status 202 to come back later: as often as there is time.
    async fn when_ready(
        &self,
        url: &Url,
        question: Question<'_>,
        pass: Pass<'_>,
        deadline: Instant,
    ) -> Result<Response, FetchError> {
        loop {
            let response = self.wire.follow(url, question, pass).await?;
            let pause = match pause_asked_for(&response) {
                Some(pause) if response.status() == StatusCode::ACCEPTED => {
                    pause.max(SHORTEST_PAUSE)
                }
                _ => return Ok(response),
            };
            if Instant::now() + pause >= deadline {
                return Err(FetchError::NotReady(pause));
            }
            tokio::time::sleep(pause).await;
        }
    }
}
