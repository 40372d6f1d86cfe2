//! One exchange over the pool of connections: a request, the headers of its answer, and its body, decompressed.

use std::{
    io::{self, Write},
    sync::Arc,
    time::Duration,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use flate2::write::MultiGzDecoder;
use http::{
    HeaderMap, HeaderValue, Method, Request, Uri,
    header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, PROXY_AUTHORIZATION, USER_AGENT},
    uri::Scheme,
};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::{
    client::{legacy::Client, proxy::matcher::Matcher},
    rt::{TokioExecutor, TokioTimer},
};
use percent_encoding::percent_decode_str;
use tokio_rustls::rustls::ClientConfig;
use url::Url;

use super::{connector::Connector, error::FetchError, resolver::GuardedResolver};
use crate::domain::token::Token;

/// How long an idle connection is kept: callers name the hosts, and each connection costs a file handle.
const IDLE_TIMEOUT: Duration = Duration::from_secs(20);

/// Of the headers of an HTTP/2 answer.
const MAX_HEADER_BYTES: u32 = 64 << 10;

const AGENT: &str = concat!("testribute/", env!("CARGO_PKG_VERSION"));

/// The headers of an answer, and its body as it comes.
pub(super) type Response = http::Response<Incoming>;

/// Sends requests. Follows no redirects, and sends nothing twice but what a closed connection never took.
#[derive(Debug, Clone)]
pub(super) struct HttpClient {
    client: Client<Connector, Full<Bytes>>,
    /// For the credentials of a proxy that forwards requests; those of a tunnel are the connector's.
    proxies: Option<Arc<Matcher>>,
}

impl HttpClient {
    /// Connects to what `resolver` gives, within `connect_timeout`; with `tls` for https, and through the proxies of the
    /// environment if `use_proxies` says so.
    pub(super) fn new(
        resolver: GuardedResolver,
        tls: &ClientConfig,
        use_proxies: bool,
        connect_timeout: Duration,
    ) -> Self {
        let proxies = use_proxies.then(|| Arc::new(Matcher::from_env()));
        let connector = Connector::new(resolver, tls, proxies.clone(), connect_timeout);
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .http2_max_header_list_size(MAX_HEADER_BYTES)
            .build(connector);
        Self { client, proxies }
    }

    /// The answer to a request with these `headers` and, if it is not empty, this `body`. User info of `url` is sent as
    /// basic authorization.
    ///
    /// # Errors
    /// [`FetchError`] if there is no connection, or it ends before the headers of an answer.
    pub(super) async fn send(
        &self,
        method: Method,
        url: &Url,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response, FetchError> {
        let uri = if url.username().is_empty() && url.password().is_none() {
            Uri::try_from(url.as_str())
        } else {
            headers.insert(AUTHORIZATION, basic(url));
            let mut url = url.clone();
            // Neither can fail: the URL has a host.
            let _ = (url.set_username(""), url.set_password(None));
            Uri::try_from(url.as_str())
        };
        let uri = uri.map_err(|error| FetchError::Interrupted(error.to_string()))?;
        let gzip = HeaderValue::from_static("gzip");
        headers.entry(ACCEPT_ENCODING).or_insert(gzip);
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        if let Some(credential) = self.proxy_credential(&uri) {
            headers.insert(PROXY_AUTHORIZATION, credential);
        }
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        Ok(self.client.request(request).await?)
    }

    fn proxy_credential(&self, uri: &Uri) -> Option<HeaderValue> {
        let proxies = self.proxies.as_deref()?;
        if uri.scheme() != Some(&Scheme::HTTP) {
            return None;
        }
        proxies.intercept(uri)?.basic_auth().cloned()
    }
}

/// User name and password of `url` as basic authorization.
fn basic(url: &Url) -> HeaderValue {
    let [user, password] = [url.username(), url.password().unwrap_or_default()]
        .map(|part| percent_decode_str(part).decode_utf8_lossy());
    basic_authorization(&user, &password)
}

/// `user` and `password` as basic authorization, marked as sensitive.
pub(super) fn basic_authorization(user: &str, password: &str) -> HeaderValue {
    let encoded = BASE64_STANDARD.encode(format!("{user}:{password}"));
    // Cannot fail: base64 is ASCII.
    let mut value = HeaderValue::try_from(format!("Basic {encoded}"))
        .unwrap_or(HeaderValue::from_static("Basic"));
    value.set_sensitive(true);
    value
}

/// `token` as bearer authorization, marked as sensitive.
pub(super) fn bearer_authorization(token: &Token) -> HeaderValue {
    // Cannot fail: a token has visible ASCII characters only.
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose()))
        .unwrap_or(HeaderValue::from_static("Bearer"));
    value.set_sensitive(true);
    value
}

/// The body of `response`, decompressed.
///
/// # Errors
/// [`FetchError::TooLarge`] if it has more than `max_bytes`, [`FetchError::Malformed`] if its compression is broken, and
/// [`FetchError::Interrupted`] if it ends too early.
pub(super) async fn read_body(response: Response, max_bytes: usize) -> Result<Vec<u8>, FetchError> {
    let encoding = response.headers().get(CONTENT_ENCODING);
    let is_compressed = encoding.is_some_and(|encoding| encoding.as_bytes() == b"gzip");
    let bounded = Bounded {
        bytes: Vec::new(),
        max_bytes,
    };
    let mut body = response.into_body();
    if is_compressed {
        let mut decoder = MultiGzDecoder::new(bounded);
        let broken = |error: io::Error| match error.kind() {
            io::ErrorKind::FileTooLarge => FetchError::TooLarge(max_bytes),
            _ => FetchError::Malformed(format!("its compression is broken ({error})")),
        };
        while let Some(chunk) = next_chunk(&mut body).await? {
            decoder.write_all(&chunk).map_err(broken)?;
        }
        return Ok(decoder.finish().map_err(broken)?.bytes);
    }
    let mut bounded = bounded;
    while let Some(chunk) = next_chunk(&mut body).await? {
        bounded
            .write_all(&chunk)
            .map_err(|_| FetchError::TooLarge(max_bytes))?;
    }
    Ok(bounded.bytes)
}

async fn next_chunk(body: &mut Incoming) -> Result<Option<Bytes>, FetchError> {
    while let Some(frame) = body.frame().await {
        if let Ok(chunk) = frame?.into_data() {
            return Ok(Some(chunk));
        }
    }
    Ok(None)
}

/// Fails with [`io::ErrorKind::FileTooLarge`] instead of growing above `max_bytes`.
struct Bounded {
    bytes: Vec<u8>,
    max_bytes: usize,
}

impl Write for Bounded {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + chunk.len() > self.max_bytes {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(chunk);
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
