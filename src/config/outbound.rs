//! `outbound`: which addresses calls may reach, and limits for them.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use ipnet::IpNet;
use serde::{
    Deserialize, Deserializer,
    de::{Error, Unexpected},
};

use super::section::{file, range, section};

section! {
    /// Which addresses calls may reach, and limits for them.
    pub struct Outbound {
        /// Networks that calls may reach although they are not public, such as `[10.0.0.0/8, '::1']`. Anyone who can
        /// send a request can make the service call any address in them.
        #[serde(deserialize_with = "networks")]
        pub allowed_networks: Vec<IpNet> = Vec::new();
        /// Calls in flight, over the whole process. One request gets less than half of them.
        pub max_concurrency: usize = 256, range(1, 100_000);
        /// Whether calls go through HTTP_PROXY, HTTPS_PROXY and ALL_PROXY, except to the hosts in NO_PROXY. A proxy
        /// resolves names and connects by itself: addresses that it must not reach have to be blocked there.
        pub proxy_from_environment: bool = false;
        /// Name servers to use instead of the system's, such as `['10.0.0.2:53', '[2001:db8::2]:53']`.
        pub name_servers: Vec<SocketAddr> = Vec::new();
        /// Certificates in PEM that are trusted on top of the system's, such as `/etc/testribute/authorities.pem`: of an
        /// institute's own authority.
        pub ca_file: Option<PathBuf> = None, file().or_null();
        /// Largest response that is read, in bytes after decompression.
        pub max_response_bytes: usize = 1 << 20, range(1, 1 << 30);
        /// Whether the caller's token is also sent over plain http to addresses outside of `outbound.allowed_networks`, where
        /// others can read it.
        pub forward_token_over_http: bool = false;
    }
}

/// Reads networks and single addresses. The error of `ipnet` does not name the text that it could not read.
fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    struct Network(IpNet);

    impl<'de> Deserialize<'de> for Network {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            text.parse()
                .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
                .map(Self)
                .map_err(|_| {
                    let expected = "a network such as 10.0.0.0/8 or ::1/128, or an address";
                    D::Error::invalid_value(Unexpected::Str(&text), &expected)
                })
        }
    }

    let list = Vec::<Network>::deserialize(deserializer)?;
    Ok(list.into_iter().map(|Network(network)| network).collect())
}
