//! One call over the shared connection pool: where it may go, what it may carry, how long and how large it may be.

use std::{sync::Arc, time::Duration};

use reqwest::{
    Client, Method, Response, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER},
    redirect,
};
use serde::de::DeserializeOwned;
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout, timeout_at},
};
use url::{Host, Url};

use super::{
    failure::FetchError,
    guard::{Guard, Reach},
    resolve::{GuardedResolver, Resolver},
};
use crate::{config::Config, domain::token::Token};

/// How many redirects of a GET are followed.
const MAX_REDIRECTS: usize = 3;

/// Before a service is asked again whether it is ready, whatever it says; and the longest before a second try.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Makes calls. All clones share the connections, the name cache and the bound on calls in flight.
#[derive(Debug, Clone)]
pub struct Fetcher {
    client: Client,
    /// For tokens over plain http: connects only to what the operator listed.
    listed_only: Client,
    guard: Arc<Guard>,
    resolver: Resolver,
    slots: Arc<Semaphore>,
    timeout: Duration,
    max_bytes: usize,
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
}

/// Whether a call carries its caller's token.
#[derive(Debug, Clone, Copy)]
pub enum Pass<'a> {
    /// There is none, or the URL brings its own user name and password.
    None,
    /// It may be sent.
    Token(&'a Token),
    /// It may be sent to what the operator listed, and only there.
    ListedOnly(&'a Token),
    /// There is one, but it would go over plain http.
    HeldBack,
}

impl<'a> Pass<'a> {
    /// What the service gets to know of who asks.
    pub(super) fn secret(self) -> Option<&'a str> {
        match self {
            Self::Token(token) | Self::ListedOnly(token) => Some(token.expose()),
            Self::None | Self::HeldBack => None,
        }
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy)]
enum Question<'a> {
    Get,
    /// With a body of JSON. Asking twice does no harm.
    Post(&'a [u8]),
}

impl Fetcher {
    /// Makes calls as `config` says, to what `reach` and `outbound.allowed_networks` let them.
    ///
    /// # Errors
    /// [`FetcherError`] if the client or the resolver cannot be made.
    pub fn new(config: &Config, reach: Reach) -> Result<Self, FetcherError> {
        let timeout = config.call_timeout();
        let guard = Arc::new(Guard::new(reach, config.outbound.allowed_networks.clone()));
        // Half of the time, so that a dead name server is told apart from a dead service.
        let resolver = Resolver::new(timeout / 2).map_err(FetcherError::Resolver)?;
        let client = |admits: fn(&Guard, std::net::IpAddr) -> bool| {
            let builder = Client::builder()
                .dns_resolver(GuardedResolver {
                    resolver: resolver.clone(),
                    guard: Arc::clone(&guard),
                    admits,
                })
                .redirect(redirect::Policy::none())
                .referer(false)
                .retry(reqwest::retry::never())
                .http2_max_header_list_size(64 << 10)
                .user_agent(concat!("testribute/", env!("CARGO_PKG_VERSION")));
            // A proxy connects on our behalf, to addresses that the guard never sees.
            let builder = match reach {
                Reach::Public => builder.no_proxy(),
                Reach::Everywhere => builder,
            };
            builder.build().map_err(FetcherError::Client)
        };
        Ok(Self {
            client: client(Guard::admits)?,
            listed_only: client(Guard::is_listed)?,
            resolver,
            guard,
            slots: Arc::new(Semaphore::new(config.outbound.max_concurrency)),
            timeout,
            max_bytes: config.outbound.max_response_bytes,
            token_over_http: config.outbound.forward_token_over_http,
        })
    }

    /// The resolver that calls go through.
    pub const fn resolver(&self) -> &Resolver {
        &self.resolver
    }

    /// Whether `token` may go to `root`: over https, or where the configuration says so.
    pub async fn pass<'a>(&self, root: &Url, token: Option<&'a Token>) -> Pass<'a> {
        let Some(token) = token else {
            return Pass::None;
        };
        if !root.username().is_empty() || root.password().is_some() {
            return Pass::None;
        }
        if root.scheme() == "https" || self.token_over_http {
            return Pass::Token(token);
        }
        let listed = match root.host() {
            Some(Host::Ipv4(address)) => self.guard.is_listed(address.into()),
            Some(Host::Ipv6(address)) => self.guard.is_listed(address.into()),
            // Decided once more on the address that is connected to, so nothing hangs on this answer but the warning.
            Some(Host::Domain(name)) => timeout(self.timeout, self.resolver.addresses(name))
                .await
                .is_ok_and(|found| {
                    found.is_ok_and(|all| all.iter().all(|&address| self.guard.is_listed(address)))
                }),
            None => false,
        };
        if listed {
            Pass::ListedOnly(token)
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

    /// The body of a good answer. Waiting for one's turn does not count against the call's own time.
    async fn bytes(
        &self,
        url: &Url,
        question: Question<'_>,
        pass: Pass<'_>,
    ) -> Result<Vec<u8>, FetchError> {
        let _slot = self.slots.acquire().await;
        let deadline = Instant::now() + self.timeout;
        timeout_at(deadline, self.try_twice(url, question, pass, deadline))
            .await
            .unwrap_or(Err(FetchError::Timeout(self.timeout)))
    }

    async fn try_twice(
        &self,
        url: &Url,
        question: Question<'_>,
        pass: Pass<'_>,
        deadline: Instant,
    ) -> Result<Vec<u8>, FetchError> {
        let pause = match self.when_ready(url, question, pass, deadline).await {
            Ok(response) if is_busy(response.status()) => {
                let Some(pause) = pause_asked_for(&response)
                    .filter(|&pause| pause <= LONGEST_PAUSE && Instant::now() + pause < deadline)
                else {
                    return Err(FetchError::Status(response.status()));
                };
                pause
            }
            Ok(response) => return self.read(response).await,
            Err(error) if error.may_pass() => Duration::ZERO,
            Err(error) => return Err(error),
        };
        tokio::time::sleep(pause).await;
        self.read(self.when_ready(url, question, pass, deadline).await?)
            .await
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
            let response = self.follow(url, question, pass).await?;
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

    /// Sends the question, to where redirects lead if it is a GET. Only the first call carries a token or password.
    async fn follow(
        &self,
        url: &Url,
        question: Question<'_>,
        pass: Pass<'_>,
    ) -> Result<Response, FetchError> {
        let mut response = self.send(url, question, pass).await?;
        let mut here = url.clone();
        for _ in 0..MAX_REDIRECTS {
            if !is_redirect(response.status()) {
                return Ok(response);
            }
            if let Question::Post(_) = question {
                return Err(FetchError::Redirected(response.status().as_u16()));
            }
            here = redirect_target(&here, &response)?;
            response = self.send(&here, question, Pass::None).await?;
        }
        if is_redirect(response.status()) {
            return Err(FetchError::TooManyRedirects(MAX_REDIRECTS));
        }
        Ok(response)
    }

    async fn send(
        &self,
        url: &Url,
        question: Question<'_>,
        pass: Pass<'_>,
    ) -> Result<Response, FetchError> {
        // Literal addresses never reach the guarded resolver.
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(address.into()),
            Some(Host::Ipv6(address)) => Some(address.into()),
            Some(Host::Domain(_)) | None => None,
        };
        if let Some(address) = literal
            && !self.guard.admits(address)
        {
            return Err(FetchError::OffLimits(address));
        }
        let client = match pass {
            Pass::ListedOnly(_) => &self.listed_only,
            Pass::None | Pass::Token(_) | Pass::HeldBack => &self.client,
        };
        let request = match question {
            Question::Get => client.get(url.clone()),
            Question::Post(json) => client
                .request(Method::POST, url.clone())
                .header(CONTENT_TYPE, "application/json")
                .body(json.to_vec()),
        };
        let request = request.header(ACCEPT, "application/json, */*;q=0.5");
        let request = match pass {
            Pass::Token(token) | Pass::ListedOnly(token) => {
                request.header(AUTHORIZATION, bearer(token))
            }
            Pass::None | Pass::HeldBack => request,
        };
        Ok(request.send().await?)
    }

    /// The body, decompressed, as long as it is not too large.
    async fn read(&self, mut response: Response) -> Result<Vec<u8>, FetchError> {
        if !response.status().is_success() {
            return Err(FetchError::Status(response.status()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > self.max_bytes {
                return Err(FetchError::TooLarge(self.max_bytes));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// Reads JSON; what is wrong is told by place and kind.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, FetchError> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        if error.inner().is_data() {
            malformed(&format!("at {}: {}", error.path(), error.inner()))
        } else {
            malformed(&format!("it is not JSON ({})", error.inner()))
        }
    })?;
    match reader.end() {
        Ok(()) => Ok(parsed),
        Err(error) => Err(malformed(&format!("it is not JSON ({error})"))),
    }
}

/// The parser's words repeat what the service wrote: they are cut, and kept to one line.
fn malformed(reason: &str) -> FetchError {
    const LONGEST: usize = 200;
    let mut shown: String = reason
        .chars()
        .take(LONGEST)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if shown.len() < reason.len() {
        shown.push('\u{2026}');
    }
    FetchError::Malformed(shown)
}

fn bearer(token: &Token) -> HeaderValue {
    // A token has visible ASCII characters only, so this cannot fail; no token is better than half of one.
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose()))
        .unwrap_or(HeaderValue::from_static("Bearer"));
    value.set_sensitive(true);
    value
}

const fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

const fn is_busy(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 503)
}

/// The pause that `Retry-After` asks for, if it is given in seconds.
fn pause_asked_for(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}

fn redirect_target(here: &Url, response: &Response) -> Result<Url, FetchError> {
    let mut target = response
        .headers()
        .get(LOCATION)
        .and_then(|location| location.to_str().ok())
        .and_then(|location| here.join(location).ok())
        .filter(|target| matches!(target.scheme(), "http" | "https") && target.has_host())
        .ok_or(FetchError::BadRedirect)?;
    // Neither can fail: the target has a host.
    let _ = (target.set_username(""), target.set_password(None));
    Ok(target)
}
