//! `server`: how the HTTP service listens, and its limits for clients.

use std::path::PathBuf;

use ipnet::IpNet;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, Unexpected},
};
use url::Url;

use super::{
    fault::{ConfigFault, ConfigFaultReason},
    section::{Section, file, must_be, positive, range, section, text},
};

section! {
    /// How the HTTP service listens.
    pub struct Server {
        /// Address or host name to listen on; `127.0.0.1` accepts connections from this machine only.
        pub host: String = "0.0.0.0".to_owned(),
            text("an address or a name", |host| !host.is_empty() && !host.contains(char::is_whitespace));
        /// TCP port; 0 takes a free one.
        pub port: u16 = 8080;
        /// PEM files for HTTPS (HTTP/2 and HTTP/1.1). Both or neither; with neither, the service speaks plain HTTP.
        /// They are read again on SIGHUP; if they cannot be used then, the service logs it and keeps those it has.
        pub tls: Tls = Tls::default();
        /// Open connections; further clients wait in the operating system's queue until one is closed. Each takes a
        /// file handle, as outbound calls do: `ulimit -n` should be above the sum of this and
        /// `outbound.max_concurrency`.
        pub max_connections: usize = 1024, range(1, 1_000_000);
        /// Largest body of a request, in bytes; a larger one is answered with 413.
        pub max_body_bytes: usize = 1 << 20, range(1, 1 << 30);
        /// Requests processed at the same time; further ones are answered with 503.
        pub max_in_flight: usize = 256, range(1, 1_000_000);
        /// Seconds until a request is answered with 504.
        pub request_deadline_sec: f64 = 10.0, positive(86_400.0);
        /// Seconds from SIGTERM or SIGINT until new connections are refused. `/readyz` answers 503 and connections are told
        /// to close meanwhile: longer than the load balancer takes to notice.
        pub readiness_delay_sec: f64 = 0.0, range(0.0, 3600.0);
        /// Seconds that requests in flight have to finish after that.
        pub shutdown_grace_sec: f64 = 10.0, range(0.0, 86_400.0);
        /// Networks of proxies whose `X-Forwarded-For` or `Forwarded` is believed, such as `[10.0.0.0/8, '::1/128']`: the
        /// address of a caller is the last one in it that is not of a trusted proxy. A proxy must set or remove both.
        pub trusted_proxies: Vec<IpNet> = Vec::new();
        /// Origins whose pages may call the service from a browser, such as `[https://portal.example.org]`, or `['*']`
        /// for all. With none, only the service's own pages may.
        pub cors_allowed_origins: Vec<CorsOrigin> = Vec::new(),
            must_be("a list of origins, or * alone", |list: &Vec<CorsOrigin>| {
                list.len() <= 1 || !list.contains(&CorsOrigin::Any)
            });
        /// Request that `/` and `/ui/` offer to send, such as `{tes_uris: [..], resource_requirements: {..}}`; null: one
        /// that shows the shape.
        pub example_request: Option<serde_json::Value> = None;
    }
}

section! {
    /// PEM files for HTTPS: both or neither.
    #[derive(Eq)]
    pub struct Tls {
        /// Certificate chain, the service's own certificate first, such as `/etc/testribute/fullchain.pem`.
        pub certificate: Option<PathBuf> = None, file().or_null();
        /// Private key of the certificate, not encrypted, such as `/etc/testribute/key.pem`.
        pub key: Option<PathBuf> = None, file().or_null();
    }
}

impl Server {
    pub(super) fn check(&self) -> Result<(), ConfigFault> {
        self.check_keys()?;
        self.tls.check().map_err(|fault| fault.within("tls"))
    }
}

impl Tls {
    /// The files themselves are checked when they are read.
    fn check(&self) -> Result<(), ConfigFault> {
        self.check_keys()?;
        let (missing, set) = match (&self.certificate, &self.key) {
            (Some(_), None) => ("key", "certificate"),
            (None, Some(_)) => ("certificate", "key"),
            _ => return Ok(()),
        };
        Err(ConfigFault {
            key: missing.to_owned(),
            reason: ConfigFaultReason::Malformed(format!(
                "is needed, since server.tls.{set} is set"
            )),
        })
    }
}

/// An origin whose pages may call the service from a browser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub enum CorsOrigin {
    /// Every origin.
    Any,
    /// This scheme, host and port, as a browser writes them.
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
