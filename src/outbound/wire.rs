//! One exchange over the shared connection pool: what is sent, where redirects lead, how much is read.

use std::{net::IpAddr, sync::Arc, time::Duration};

use reqwest::{
    Client, Method, Response,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue},
    redirect,
};
use secrecy::ExposeSecret;
use url::{Host, Url};

use super::{
    failure::FetchError,
    guard::{Guard, Reach},
    head::{is_redirect, redirect_target},
    pass::{Pass, Proof},
    resolve::{GuardedResolver, Resolver},
};
use crate::{config, domain::token::Token};

/// How long a connection is kept that is not used: strangers name the hosts, and each would cost a file handle.
const IDLE: Duration = Duration::from_secs(20);

/// How many redirects of a GET are followed.
const MAX_REDIRECTS: usize = 3;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub(super) enum Question<'a> {
    Get,
    /// For what stands in the head of the answer, whatever its status is.
    Head,
    /// With a body of JSON. Asking twice does no harm.
    Post(&'a [u8]),
}

/// Connects only where the guard lets it. All clones share the connections.
#[derive(Debug, Clone)]
pub(super) struct Wire {
    client: Client,
    /// For tokens over plain http: connects only to what the operator listed.
    listed_only: Client,
    guard: Arc<Guard>,
    connect_timeout: Duration,
    max_bytes: usize,
}

impl Wire {
    /// Gives up a connection after `connect_timeout`.
    ///
    /// # Errors
    /// The HTTP client's, if it cannot be made.
    pub(super) fn new(
        reach: Reach,
        guard: &Arc<Guard>,
        resolver: &Resolver,
        connect_timeout: Duration,
        config: &config::Outbound,
    ) -> Result<Self, reqwest::Error> {
        let builder = |admits: fn(&Guard, IpAddr) -> bool| {
            Client::builder()
                .dns_resolver(GuardedResolver {
                    resolver: resolver.clone(),
                    guard: Arc::clone(guard),
                    admits,
                })
                .connect_timeout(connect_timeout)
                .pool_idle_timeout(IDLE)
                .redirect(redirect::Policy::none())
                .referer(false)
                .retry(reqwest::retry::never())
                .http2_max_header_list_size(64 << 10)
                .user_agent(concat!("testribute/", env!("CARGO_PKG_VERSION")))
        };
        let client = builder(Guard::admits);
        // A proxy connects on our behalf, to addresses that the guard never sees.
        let client = if reach == Reach::Everywhere || config.proxy_from_environment {
            client
        } else {
            client.no_proxy()
        };
        Ok(Self {
            client: client.build()?,
            listed_only: builder(Guard::is_listed).no_proxy().build()?,
            guard: Arc::clone(guard),
            connect_timeout,
            max_bytes: config.max_response_bytes,
        })
    }

    /// Sends the question, to where redirects lead if it is a GET. Only the first call carries a token or password.
    pub(super) async fn follow(
        &self,
        url: &Url,
        question: Question<'_>,
        pass: Pass<'_>,
    ) -> Result<Response, FetchError> {
        let mut response = self.send(url, question, pass).await?;
        let mut here = url.clone();
        for _ in 0..MAX_REDIRECTS {
            if matches!(question, Question::Head) || !is_redirect(response.status()) {
                return Ok(response);
            }
            if let Question::Post(_) = question {
                return Err(FetchError::Redirected(response.status().as_u16()));
            }
            here = redirect_target(&here, &response)?;
            // What is wrong there says nothing about the service itself.
            response = self
                .send(&here, question, Pass::None)
                .await
                .map_err(|error| FetchError::Astray(Box::new(error)))?;
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
            Question::Head => client.head(url.clone()),
            Question::Post(json) => client
                .request(Method::POST, url.clone())
                .header(CONTENT_TYPE, "application/json")
                .body(json.to_vec()),
        };
        let request = request.header(ACCEPT, "application/json, */*;q=0.5");
        let request = match pass {
            Pass::Token(proof) | Pass::ListedOnly(proof) => match proof {
                Proof::Token(token) => request.header(AUTHORIZATION, bearer(token)),
                Proof::Password { user, password } => {
                    request.basic_auth(user, Some(password.expose_secret()))
                }
            },
            Pass::None | Pass::HeldBack => request,
        };
        request.send().await.map_err(|error| {
            if error.is_connect() && error.is_timeout() {
                FetchError::NoConnection(self.connect_timeout)
            } else {
                error.into()
            }
        })
    }

    /// The body, decompressed, as long as it is not too large.
    pub(super) async fn read(&self, mut response: Response) -> Result<Vec<u8>, FetchError> {
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

fn bearer(token: &Token) -> HeaderValue {
    // A token has visible ASCII characters only, so this cannot fail; no token is better than half of one.
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose()))
        .unwrap_or(HeaderValue::from_static("Bearer"));
    value.set_sensitive(true);
    value
}
