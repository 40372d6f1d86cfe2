//! The extractor of handlers that need an authorized caller and a JSON body.

use std::{
    error::Error as _,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{ConnectInfo, FromRequest, Request},
    http::{
        Extensions, HeaderMap, HeaderValue,
        header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT},
        request::Parts,
    },
};
use http_body_util::{BodyExt, LengthLimitError};
use tokio::time::{Instant, timeout};

use super::{
    caller_limits::{CallerKey, Share},
    client_address::PeerAddress,
    error::HttpError,
    state::AppState,
};
use crate::{
    domain::query::RequestFaultReason,
    error::Error,
    ranker::Caller,
    telemetry::{TraceContext, metrics::Refusal},
};

const UNKNOWN_PEER: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// The longest body of a refused request that is taken from its connection.
const MAX_DISCARDED_BYTES: u64 = 64 << 10;

/// For how long it is awaited.
const DISCARDING: Duration = Duration::from_secs(1);

/// An authorized caller and the bytes of a JSON body. The body of a caller who is not authorized is not kept.
#[derive(Debug)]
pub(super) struct Authorized {
    pub(super) caller: Caller,
    pub(super) body: Bytes,
    /// Held until the response is there.
    pub(super) _share: Option<Share>,
}

impl FromRequest<Arc<AppState>> for Authorized {
    type Rejection = HttpError;

    async fn from_request(request: Request, state: &Arc<AppState>) -> Result<Self, HttpError> {
        let (parts, body) = request.into_parts();
        let admitted = admit(&parts, state).await.and_then(|admitted| {
            let is_json = has_json_type(&parts.headers) && has_no_encoding(&parts.headers);
            is_json
                .then_some(admitted)
                .ok_or(HttpError::UnsupportedMediaType)
        });
        let (caller, share) = match admitted {
            Ok(admitted) => admitted,
            Err(error) => {
                discard(&parts.headers, body);
                return Err(error);
            }
        };
        let body = read(&parts.headers, body, state.max_body_bytes).await?;
        Ok(Self {
            caller,
            body,
            _share: share,
        })
    }
}

/// The caller, if its token and its limits admit it.
async fn admit(parts: &Parts, state: &AppState) -> Result<(Caller, Option<Share>), HttpError> {
    let metrics = &state.ranker.metrics().requests;
    let address = state
        .trusted_proxies
        .client(peer(&parts.extensions), &parts.headers);
    let limited = |error| {
        metrics.refused(match error {
            HttpError::CallerInFlight(_) => Refusal::CallerShare,
            _ => Refusal::CallerRate,
        });
        error
    };
    match caller_of(&parts.headers, state).await {
        Ok(caller) => {
            let key = CallerKey::of(caller.identity(), address);
            let share = state.callers.admit(key, Instant::now());
            let trace = TraceContext::of_request(&parts.headers);
            Ok((caller.in_trace(trace), share.map_err(limited)?))
        }
        // Who tries tokens is limited too.
        Err(error) => {
            let key = CallerKey::of(None, address);
            let counted = state.callers.count(key, Instant::now());
            counted.map_err(limited)?;
            metrics.refused(Refusal::Unauthorized);
            Err(error)
        }
    }
}

/// The other end of the connection. Another server than that of this crate tells it by `ConnectInfo`, or not at all.
fn peer(extensions: &Extensions) -> IpAddr {
    let ours = extensions.get::<PeerAddress>().map(|peer| peer.0);
    let axums = || extensions.get::<ConnectInfo<SocketAddr>>();
    ours.or_else(|| axums().map(|peer| peer.0.ip()))
        .unwrap_or(UNKNOWN_PEER)
}

/// The caller, if its token admits it.
pub(super) async fn caller_of(headers: &HeaderMap, state: &AppState) -> Result<Caller, HttpError> {
    let values = headers.get_all(state.token_header.name()).iter();
    let caller = match state.token_header.read(values.map(HeaderValue::as_bytes)) {
        Ok(token) => state.ranker.admit(token).await?,
        // Where no token is required, a malformed header may be meant for a proxy.
        Err(_) if !state.ranker.needs_token() => state.ranker.admit(None).await?,
        Err(error) => return Err(Error::from(error).into()),
    };
    Ok(caller)
}

/// Whether the body is declared as `application/json` or `application/*+json`, in UTF-8.
fn has_json_type(headers: &HeaderMap) -> bool {
    let Some(Ok(media_type)) = headers.get(CONTENT_TYPE).map(HeaderValue::to_str) else {
        return false;
    };
    let media_type = media_type.to_ascii_lowercase();
    let mut parts = media_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let is_json = essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"));
    let is_utf8 = parts
        .filter_map(|parameter| parameter.strip_prefix("charset="))
        .all(|charset| matches!(charset.trim_matches('"'), "utf-8" | "utf8" | "us-ascii"));
    is_json && is_utf8
}

fn has_no_encoding(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_ENCODING)
        .is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// Takes the body of a refused request from its connection, if it is short and about to come: many clients send it after
/// the head, and would find a connection closed that they were not told is to be closed. The response does not wait for it.
pub(super) fn discard(headers: &HeaderMap, mut body: Body) {
    let is_short = announced(headers).is_some_and(|length| length <= MAX_DISCARDED_BYTES);
    // A client that sends `Expect` waits for the answer, and then sends nothing.
    if is_short && !headers.contains_key(EXPECT) {
        tokio::spawn(timeout(DISCARDING, async move {
            while let Some(Ok(_)) = body.frame().await {}
        }));
    }
}

/// The length of a body, as its head says.
fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, HttpError> {
    if announced(headers).is_some_and(|length| length > limit as u64) {
        return Err(HttpError::PayloadTooLarge(limit));
    }
    to_bytes(body, limit).await.map_err(|error| {
        let is_too_large = error
            .source()
            .is_some_and(<dyn std::error::Error>::is::<LengthLimitError>);
        if is_too_large {
            HttpError::PayloadTooLarge(limit)
        } else {
            HttpError::invalid(RequestFaultReason::BodyIncomplete)
        }
    })
}
