//! `telemetry`: what operators see of the service.

use url::Url;

use super::section::{range, section, text};

section! {
    /// What operators see of the service, besides the log.
    #[derive(Eq)]
    pub struct Telemetry {
        /// Whether there is `GET /metrics`, in the text format of Prometheus. Where `security.authorization_required`
        /// is set it needs a token, except on `metrics_port`.
        pub metrics: bool = true;
        /// Port of its own for `/metrics`, on `server.host`, which needs no token; `/metrics` is not on `server.port` then.
        /// Let only the scraper reach it. null: none.
        pub metrics_port: Option<u16> = None, range(1, u16::MAX).or_null();
        /// Where traces are sent, by OTLP over HTTP, such as `http://localhost:4318`; `/v1/traces` is added. null:
        /// nowhere.
        pub otlp_endpoint: Option<String> = None, text("an absolute http or https URL", is_url).hidden().or_null();
    }
}

fn is_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}
