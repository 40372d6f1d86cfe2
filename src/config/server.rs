//! `server`: how the HTTP service listens, and how much of it one caller may have.

use std::path::PathBuf;

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, Unexpected},
};
use url::Url;

/// How the HTTP service listens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// The address or name to listen on.
    pub host: String,
    /// The TCP port; 0 takes a free one.
    pub port: u16,
    /// With what the service speaks HTTPS; without it, it speaks plain HTTP.
    pub tls: Tls,
    /// Connections at once; further ones wait until one of them ends.
    pub max_connections: usize,
    /// The largest body of a request, in bytes.
    pub max_body_bytes: usize,
    /// Requests at once; the next one is answered with 503.
    pub max_in_flight: usize,
    /// Seconds until a request is answered with 504.
    pub request_deadline_sec: f64,
    /// Seconds that requests in flight are given when the service is told to stop.
    pub shutdown_grace_sec: f64,
    /// Whose pages may call the service from a browser.
    pub cors_allowed_origins: Vec<CorsOrigin>,
    /// The request that `/ui/` offers to send; without it, one that shows the shape.
    pub example_request: Option<serde_json::Value>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            host: "0.0.0.0".to_owned(),
            port: 8080,
            tls: Tls::default(),
            max_connections: 1024,
            max_body_bytes: 1 << 20,
            max_in_flight: 256,
            request_deadline_sec: 10.0,
            shutdown_grace_sec: 10.0,
            cors_allowed_origins: Vec::new(),
            example_request: None,
        }
    }
}

/// With what the service speaks HTTPS: both files, or neither.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// The certificate and those that vouch for it, in PEM format, the service's own first.
    pub certificate: Option<PathBuf>,
    /// The private key of the certificate, in PEM format.
    pub key: Option<PathBuf>,
}

/// Whose pages may call the service from a browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub enum CorsOrigin {
    /// Everyone's.
    Any,
    /// Those of this scheme, host and port, as a browser writes them.
    Only(String),
}

impl CorsOrigin {
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        // Browsers send the one normal form, which is compared byte by byte.
        let url = Url::parse(text).ok()?;
        let is_normal =
            matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text;
        is_normal.then(|| Self::Only(text.to_owned()))
    }
}

impl From<CorsOrigin> for String {
    fn from(origin: CorsOrigin) -> Self {
        match origin {
            CorsOrigin::Any => "*".to_owned(),
            CorsOrigin::Only(origin) => origin,
        }
    }
}

impl<'de> Deserialize<'de> for CorsOrigin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            let expected = "an origin in lower case such as https://portal.example.org, without a path and \
                            without the scheme's own port, or *";
            D::Error::invalid_value(Unexpected::Str(&text), &expected)
        })
    }
}
