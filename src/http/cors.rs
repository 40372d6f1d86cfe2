//! Whose pages may call the service from a browser.

use std::time::Duration;

use axum::http::{
    HeaderName, HeaderValue, Method,
    header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::request_id::X_REQUEST_ID;
use crate::config::CorsOrigin;

/// How long a browser may remember what it was told.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// Lets pages of these origins call, with a token in `token_header` if they have one; cookies are of no use here. `None`
/// for no origins: then browsers let no other page call.
pub(super) fn layer(origins: &[CorsOrigin], token_header: &str) -> Option<CorsLayer> {
    let mut listed = Vec::new();
    for origin in origins {
        match origin {
            CorsOrigin::Any => return Some(from(AllowOrigin::any(), token_header)),
            CorsOrigin::Only(origin) => listed.extend(HeaderValue::from_str(origin)),
        }
    }
    (!listed.is_empty()).then(|| from(AllowOrigin::list(listed), token_header))
}

fn from(origin: AllowOrigin, token_header: &str) -> CorsLayer {
    let token = HeaderName::try_from(token_header).into_iter();
    CorsLayer::new()
        .allow_origin(origin)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(
            token
                .chain([CONTENT_TYPE, X_REQUEST_ID])
                .collect::<Vec<_>>(),
        )
        .expose_headers([RETRY_AFTER, WWW_AUTHENTICATE, X_REQUEST_ID])
        .max_age(MAX_AGE)
}
