//! One exchange over the shared connection pool: what is sent, which redirects are followed, how much is read.

use std::{net::IpAddr, sync::Arc, time::Duration};

use reqwest::{
    Client, Response,
    header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HeaderValue},
    redirect,
};
use secrecy::ExposeSecret;
use url::{Host, Url};

use super::{
    authorization::{Authorization, Credential},
    error::FetchError,
    guard::{Guard, Reach},
    headers::{is_redirect, redirect_target},
    resolver::{GuardedResolver, Resolver},
};
use crate::{config, domain::token::Token};

/// How long an idle connection is kept: callers name the hosts, and each connection costs a file handle.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// How many redirects of a GET are followed.
const MAX_REDIRECTS: usize = 3;

/// The method of a call, and its body.
#[derive(Debug, Clone, Copy)]
pub(super) enum Method<'a> {
    Get,
    /// For the headers of an answer of any status.
    Head,
    /// The same, of what redirects lead to.
    HeadOfTarget,
    /// With a JSON body. Idempotent: may be sent twice.
    Post(&'a [u8]),
}

/// Connects only where the guard allows it.
#[derive(Debug)]
pub(super) struct Transport {
    client: Client,
    /// For credentials over plain http: connects to `outbound.allowed_networks` only.
    allowed_networks_only: Client,
    guard: Arc<Guard>,
    connect_timeout: Duration,
    max_bytes: usize,
}

impl Transport {
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
                .pool_idle_timeout(IDLE_TIMEOUT)
                .redirect(redirect::Policy::none())
                .referer(false)
                .retry(reqwest::retry::never())
                .http2_max_header_list_size(64 << 10)
                .user_agent(concat!("testribute/", env!("CARGO_PKG_VERSION")))
        };
        let client = builder(Guard::admits);
        // A proxy connects to addresses that the guard never sees.
        let client = if reach == Reach::Everywhere || config.proxy_from_environment {
            client
        } else {
            client.no_proxy()
        };
        Ok(Self {
            client: client.build()?,
            allowed_networks_only: builder(Guard::is_listed).no_proxy().build()?,
            guard: Arc::clone(guard),
            connect_timeout,
            max_bytes: config.max_response_bytes,
        })
    }

    /// Sends a request; of a GET and for the size of a target, at most three redirects are followed. Only the first one carries the credential.
    pub(super) async fn send_following_redirects(
        &self,
        url: &Url,
        method: Method<'_>,
        authorization: Authorization<'_>,
    ) -> Result<Response, FetchError> {
        let mut response = self.send(url, method, authorization).await?;
        let mut here = url.clone();
        for _ in 0..MAX_REDIRECTS {
            if matches!(method, Method::Head) || !is_redirect(response.status()) {
                return Ok(response);
            }
            if let Method::Post(_) = method {
                return Err(FetchError::Redirected(response.status().as_u16()));
            }
            here = redirect_target(&here, &response)?;
            // A failure there says nothing about the service itself.
            response = self
                .send(&here, method, Authorization::None)
                .await
                .map_err(|error| FetchError::RedirectTarget(Box::new(error)))?;
        }
        if is_redirect(response.status()) {
            return Err(FetchError::TooManyRedirects(MAX_REDIRECTS));
        }
        Ok(response)
    }

    async fn send(
        &self,
        url: &Url,
        method: Method<'_>,
        authorization: Authorization<'_>,
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
            return Err(FetchError::AddressNotAllowed(address));
        }
        let client = match authorization {
            Authorization::SendToAllowedNetworks(_) => &self.allowed_networks_only,
            Authorization::None | Authorization::Send(_) | Authorization::Withheld => &self.client,
        };
        let request = match method {
            Method::Get => client.get(url.clone()),
            Method::Head => client.head(url.clone()),
            // Compressed, it would have another size.
            Method::HeadOfTarget => client.head(url.clone()).header(ACCEPT_ENCODING, "identity"),
            Method::Post(json) => client
                .post(url.clone())
                .header(CONTENT_TYPE, "application/json")
                .body(json.to_vec()),
        };
        let request = request.header(ACCEPT, "application/json, */*;q=0.5");
        let request = match authorization.credential() {
            Some(Credential::Bearer(token)) => request.header(AUTHORIZATION, bearer(token)),
            Some(Credential::Basic { user, password }) => {
                request.basic_auth(user, Some(password.expose_secret()))
            }
            None => request,
        };
        request.send().await.map_err(|error| {
            if error.is_connect() && error.is_timeout() {
                FetchError::NoConnection(self.connect_timeout)
            } else {
                error.into()
            }
        })
    }

    /// The body, decompressed, up to `outbound.max_response_bytes`.
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
    // Cannot fail: a token has visible ASCII characters only.
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose()))
        .unwrap_or(HeaderValue::from_static("Bearer"));
    value.set_sensitive(true);
    value
}
