//! What a handler gets of a request: who asks, and the bytes of a JSON body.

use std::{error::Error as _, sync::Arc};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequest, Request},
    http::{
        HeaderMap,
        header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE},
    },
};
use http_body_util::LengthLimitError;

use super::{
    Service,
    error::{Failure, invalid},
};
use crate::{domain::query::RequestFaultReason, error::Error, ranker::Caller};

/// A caller who may ask, and the JSON that came along. Nothing of the body is read before the caller is known.
#[derive(Debug)]
pub(super) struct Authorized {
    pub(super) caller: Caller,
    pub(super) body: Bytes,
}

impl FromRequest<Arc<Service>> for Authorized {
    type Rejection = Failure;

    async fn from_request(request: Request, service: &Arc<Service>) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let headers = parts.headers.get_all(service.token_header.name());
        let token = service
            .token_header
            .read(headers.iter().map(axum::http::HeaderValue::as_bytes));
        let caller = match token {
            Ok(token) => service.ranker.admit(token).await?,
            // Without a need for a token, a header of another kind means someone else.
            Err(_) if !service.ranker.needs_token() => service.ranker.admit(None).await?,
            Err(error) => return Err(Error::from(error).into()),
        };
        if !is_plain_json(&parts.headers) {
            return Err(Failure::UnsupportedMediaType);
        }
        let body = read(&parts.headers, body, service.max_body_bytes).await?;
        Ok(Self { caller, body })
    }
}

fn is_plain_json(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(axum::http::HeaderValue::to_str);
    let is_json = match text(CONTENT_TYPE) {
        Some(Ok(media_type)) => {
            let mut parts = media_type
                .split(';')
                .map(|part| part.trim().to_ascii_lowercase());
            let essence = parts.next().unwrap_or_default();
            let is_utf8 = parts
                .filter_map(|parameter| parameter.strip_prefix("charset=").map(str::to_owned))
                .all(|charset| matches!(charset.trim_matches('"'), "utf-8" | "utf8" | "us-ascii"));
            is_utf8
                && (essence == "application/json"
                    || (essence.starts_with("application/") && essence.ends_with("+json")))
        }
        _ => false,
    };
    let is_plain = match text(CONTENT_ENCODING) {
        None => true,
        Some(Ok(coding)) => coding.eq_ignore_ascii_case("identity"),
        Some(Err(_)) => false,
    };
    is_json && is_plain
}

async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Failure> {
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(Failure::PayloadTooLarge(limit));
    }
    to_bytes(body, limit).await.map_err(|error| {
        let too_large = error
            .source()
            .is_some_and(<dyn std::error::Error>::is::<LengthLimitError>);
        if too_large {
            Failure::PayloadTooLarge(limit)
        } else {
            invalid(RequestFaultReason::BodyIncomplete)
        }
    })
}
