//! What a call sends and to which addresses, which redirects it follows, and how much of an answer is read.

use std::{net::IpAddr, path::Path, sync::Arc, time::Duration};

use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE},
};
use hyper::body::Bytes;
use rustls_platform_verifier::Verifier;
use tokio::time::timeout;
use tokio_rustls::rustls::{
    ClientConfig,
    crypto::aws_lc_rs,
    pki_types::{
        CertificateDer,
        pem::{self, PemObject},
    },
};
use url::{Host, Url};

use super::{
    authorization::{Authorization, CallHeaders},
    error::{ClientError, FetchError, Refusal},
    guard::{Guard, Reach},
    headers::{asks_for_password, is_redirect, not_followed, redirect_target, same_host_target},
    http_client::{HttpClient, Response, read_body},
    resolver::{GuardedResolver, Resolver},
    time_budget::TimeBudget,
};
use crate::{
    config,
    telemetry::trace_context::{TRACEPARENT, TRACESTATE, TraceContext},
};

/// The longest body of a refusal that is searched for a reason.
const MAX_REFUSAL_BYTES: usize = 64 << 10;

/// How many redirects of a GET are followed.
const MAX_REDIRECTS: usize = 3;

/// The method of a call, and its body.
#[derive(Debug, Clone, Copy)]
pub(super) enum Method<'a> {
    Get,
    /// The same, where 202 is an answer and not waited for.
    GetAtOnce,
    Options,
    /// For the headers of an answer of any status.
    Head,
    /// The same, of what redirects lead to.
    HeadOfTarget,
    /// With a JSON body. Idempotent: may be sent twice.
    Post(&'a [u8]),
    /// The same, which redirects to the same host may send on: an ingress redirects from http to https.
    PostOnHost(&'a [u8]),
}

/// Connects only where the guard allows it.
#[derive(Debug)]
pub(super) struct Transport {
    client: HttpClient,
    /// For credentials over plain http: connects to `outbound.allowed_networks` only.
    allowed_networks_only: HttpClient,
    guard: Arc<Guard>,
    max_bytes: usize,
}

impl Transport {
    /// Gives up a connection after `connect_timeout`.
    ///
    /// # Errors
    /// If the certificates that the system trusts, or those of `outbound.ca_file`, cannot be loaded.
    pub(super) fn new(
        reach: Reach,
        guard: &Arc<Guard>,
        resolver: &Resolver,
        connect_timeout: Duration,
        config: &config::Outbound,
    ) -> Result<Self, ClientError> {
        let tls = tls_config(config.ca_file.as_deref())?;
        let client = |admits: fn(&Guard, IpAddr) -> bool, use_proxies| {
            let resolver = GuardedResolver {
                resolver: resolver.clone(),
                guard: Arc::clone(guard),
                admits,
            };
            HttpClient::new(resolver, &tls, use_proxies, connect_timeout)
        };
        // A proxy connects to addresses that the guard never sees.
        let use_proxies = reach == Reach::Everywhere || config.proxy_from_environment;
        Ok(Self {
            client: client(Guard::admits, use_proxies),
            allowed_networks_only: client(Guard::is_listed, false),
            guard: Arc::clone(guard),
            max_bytes: config.max_response_bytes,
        })
    }

    /// Sends a request; at most three redirects are followed, of a POST at most those to the same host. Only the first one
    /// carries the credential.
    pub(super) async fn send_following_redirects(
        &self,
        url: &Url,
        method: Method<'_>,
        headers: CallHeaders<'_>,
    ) -> Result<Response, FetchError> {
        let mut response = self.send(url, method, headers).await?;
        let mut here = url.clone();
        for _ in 0..MAX_REDIRECTS {
            if matches!(method, Method::Head) || !is_redirect(response.status()) {
                return Ok(response);
            }
            here = match method {
                Method::Post(_) => return Err(not_followed(&here, &response)),
                Method::PostOnHost(_) => same_host_target(&here, &response)?,
                Method::Get
                | Method::GetAtOnce
                | Method::Options
                | Method::Head
                | Method::HeadOfTarget => redirect_target(&here, response.headers())?,
            };
            // A failure there says nothing about the service itself.
            response = self
                .send(&here, method, CallHeaders::NONE)
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
        headers: CallHeaders<'_>,
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
        let client = match headers.authorization {
            Authorization::SendToAllowedNetworks(_) => &self.allowed_networks_only,
            Authorization::None | Authorization::Send(_) | Authorization::Withheld => &self.client,
        };
        let mut sent = HeaderMap::with_capacity(8);
        sent.insert(
            ACCEPT,
            HeaderValue::from_static("application/json, */*;q=0.5"),
        );
        let (method, body) = match method {
            Method::Get | Method::GetAtOnce => (http::Method::GET, Bytes::new()),
            Method::Options => (http::Method::OPTIONS, Bytes::new()),
            Method::Head => (http::Method::HEAD, Bytes::new()),
            Method::HeadOfTarget => {
                // Compressed, it would have another size.
                sent.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
                (http::Method::HEAD, Bytes::new())
            }
            Method::Post(json) | Method::PostOnHost(json) => {
                sent.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                (http::Method::POST, Bytes::copy_from_slice(json))
            }
        };
        if let Some(TraceContext { parent, state }) = headers.trace {
            sent.insert(TRACEPARENT, parent.clone());
            if let Some(state) = state {
                sent.insert(TRACESTATE, state.clone());
            }
        }
        if let Some(credential) = headers.authorization.credential() {
            let (name, value) = credential.header();
            sent.insert(name, value);
        }
        client.send(method, url, sent, body).await
    }

    /// A refusal with its reason, and its body, unless that is long or cannot be read soon: it adds nothing to the status
    /// then.
    pub(super) async fn refusal(
        &self,
        response: Response,
        authorization: Authorization<'_>,
        time: TimeBudget,
    ) -> (FetchError, Vec<u8>) {
        let status = response.status();
        let asks_for_password = asks_for_password(&response);
        let body = read_body(response, MAX_REFUSAL_BYTES.min(self.max_bytes));
        let body = timeout(time.call() / 4, body).await;
        let body = body.unwrap_or(Ok(Vec::new())).unwrap_or_default();
        let refusal = Refusal::new(status, &body, authorization.secret(), asks_for_password);
        (refusal.into(), body)
    }

    /// The body, decompressed, up to `outbound.max_response_bytes`.
    pub(super) async fn read(&self, response: Response) -> Result<Vec<u8>, FetchError> {
        read_body(response, self.max_bytes).await
    }
}

/// Trusts the certificates that the system trusts, and those in `ca_file`.
fn tls_config(ca_file: Option<&Path>) -> Result<ClientConfig, ClientError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let roots = ca_file.map_or(Ok(Vec::new()), authorities)?;
    let config = || {
        let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&provider))?;
        Ok(ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth())
    };
    config().map_err(ClientError::Http)
}

/// The certificates in a PEM file, at least one.
fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let unusable = |problem| ClientError::CaFile {
        path: path.to_owned(),
        problem,
    };
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| match error {
            pem::Error::Io(error) => unusable(format!("cannot be read: {error}")),
            error => unusable(format!("is not in PEM format: {error}")),
        })?;
    if certificates.is_empty() {
        return Err(unusable("has no certificate".to_owned()));
    }
    Ok(certificates)
}
