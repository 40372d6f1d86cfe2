//! Headers that restrict what browsers do with responses.

use axum::{
    Router,
    http::{
        HeaderName, HeaderValue, Response,
        header::{CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS},
    },
};
use tower_http::set_header::SetResponseHeaderLayer;

/// Of `/ui/`: scripts, styles and calls from and to this service alone, and no frame of another page around it. Swagger UI
/// sets styles on its elements and draws its icons from `data:` URLs.
pub(in crate::http) const SWAGGER_UI_POLICY: &str = "default-src 'none'; script-src 'self'; \
     style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

/// Of `/`: the same without inline styles, fonts and `data:` URLs, and no text can become markup or code.
pub(in crate::http) const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

/// No guessing of content types.
pub(super) fn for_every_response<B>(mut response: Response<B>) -> Response<B> {
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// Isolates `page` from other sites: `policy` is one of the policies above.
pub(in crate::http) fn for_page<S: Clone + Send + Sync + 'static>(
    page: Router<S>,
    policy: &'static str,
) -> Router<S> {
    let set = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
    };
    page.layer(set(CONTENT_SECURITY_POLICY, policy))
        .layer(set(REFERRER_POLICY, "no-referrer"))
}
