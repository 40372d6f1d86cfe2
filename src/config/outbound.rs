//! `outbound`: where calls may go, and how many at once.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, Unexpected},
};

/// Where calls may go, and how many at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outbound {
    /// Networks that calls may reach although they are not public; one address is a network too.
    #[serde(deserialize_with = "networks")]
    pub allowed_networks: Vec<IpNet>,
    /// Calls in flight, over the whole process. One request gets less than half of them.
    pub max_concurrency: usize,
    /// Name servers that are asked instead of the system's, as `address:port`.
    pub name_servers: Vec<SocketAddr>,
    /// Whether calls go through the proxies that the environment names. Those connect where they like: names are looked
    /// up by them, and checked by no one here.
    pub proxy_from_environment: bool,
    /// The largest answer that is read, in bytes after decompression.
    pub max_response_bytes: usize,
    /// Whether the caller's token may go over plain http.
    pub forward_token_over_http: bool,
}

impl Default for Outbound {
    fn default() -> Self {
        Self {
            allowed_networks: Vec::new(),
            max_concurrency: 256,
            name_servers: Vec::new(),
            proxy_from_environment: false,
            max_response_bytes: 1 << 20,
            forward_token_over_http: false,
        }
    }
}

/// Reads a list of networks; what `ipnet` alone says of a wrong one leaves out which it is.
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
