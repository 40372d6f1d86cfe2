//! Which pages may call the service from a browser.

use std::time::Duration;

use axum::http::{
    HeaderName, HeaderValue, Method,
    header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::request_id::X_REQUEST_ID;
use crate::config::CorsOrigin;

/// How long browsers may cache a preflight response.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// Allows requests of pages from `origins`, with a token in `token_header`, but without cookies. `None` for no origins:
/// then browsers refuse all other pages.
pub(in crate::http) fn layer(origins: &[CorsOrigin], token_header: &str) -> Option<CorsLayer> {
    let mut listed = Vec::new();
    for origin in origins {
        match origin {
            CorsOrigin::Any => return Some(allow(AllowOrigin::any(), token_header)),
            CorsOrigin::Only(origin) => listed.extend(HeaderValue::from_str(origin)),
        }
    }
    (!listed.is_empty()).then(|| allow(AllowOrigin::list(listed), token_header))
}

fn allow(origin: AllowOrigin, token_header: &str) -> CorsLayer {
    let mut headers = vec![CONTENT_TYPE, X_REQUEST_ID];
    headers.extend(HeaderName::try_from(token_header));
    CorsLayer::new()
        .allow_origin(origin)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(headers)
        .expose_headers([RETRY_AFTER, WWW_AUTHENTICATE, X_REQUEST_ID])
        .max_age(MAX_AGE)
}
