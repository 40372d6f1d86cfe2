//! The address of a caller: of its connection, or what trusted proxies say of it.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::{HeaderMap, HeaderName, HeaderValue, header::FORWARDED};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The other end of the connection of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PeerAddress(pub(super) IpAddr);

/// The proxies whose word on addresses is taken.
#[derive(Debug)]
pub(super) struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    pub(super) const fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// The address of the caller behind `peer`: the last one that proxies report and that is not of a trusted proxy.
    ///
    /// A proxy may pass on the header that it does not know as it came. So if `X-Forwarded-For` and `Forwarded`
    /// are both there and disagree, neither is believed.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.contains(peer) {
            return peer;
        }
        let by_list = self.last_untrusted(peer, values(headers, &X_FORWARDED_FOR), parse_address);
        let by_pairs = self.last_untrusted(peer, values(headers, &FORWARDED), forwarded_for);
        match (by_list, by_pairs) {
            (Some(one), Some(other)) if one != other => peer,
            (one, other) => one.or(other).unwrap_or(peer),
        }
    }

    /// Goes back from `peer` through the entries of a header, which proxies append to, as far as proxies are trusted. `None`
    /// without the header.
    fn last_untrusted<'a>(
        &self,
        peer: IpAddr,
        values: impl DoubleEndedIterator<Item = &'a str>,
        address: impl Fn(&str) -> Option<IpAddr>,
    ) -> Option<IpAddr> {
        let mut entries = values.rev().flat_map(|value| value.rsplit(',')).peekable();
        entries.peek()?;
        let mut latest = peer;
        for entry in entries {
            // Who reports an unknown or obfuscated caller is the closest that is known.
            let Some(reported) = address(entry.trim()) else {
                break;
            };
            latest = reported;
            if !self.contains(reported) {
                break;
            }
        }
        Some(latest)
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

fn values<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl DoubleEndedIterator<Item = &'a str> {
    let values = headers.get_all(name).into_iter();
    values.map(|value: &HeaderValue| value.to_str().unwrap_or_default())
}

/// The `for` of one element of `Forwarded` (RFC 7239, section 4).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    parse_address(value.trim().trim_matches('"'))
}

/// An address, with or without brackets and port.
fn parse_address(text: &str) -> Option<IpAddr> {
    let address = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0.parse().ok(),
        None => text.parse().ok().or_else(|| {
            let (host, port) = text.split_once(':')?;
            port.parse::<u16>().ok()?;
            host.parse().ok()
        }),
    };
    address.map(|address: IpAddr| address.to_canonical())
}

/// What one subscriber has of addresses: an address of IPv4, a /64 network of IPv6.
pub(super) fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            Ipv6Addr::from(network).into()
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: &str = "10.0.0.1";

    fn client(peer: &str, headers: &[(&'static str, &'static str)]) -> String {
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_static(value));
        }
        proxies.client(peer.parse().unwrap(), &map).to_string()
    }

    #[test]
    fn headers_of_strangers_are_not_believed() {
        for name in ["x-forwarded-for", "forwarded"] {
            let value = if name == "forwarded" {
                "for=1.2.3.4"
            } else {
                "1.2.3.4"
            };
            assert_eq!(client("9.9.9.9", &[(name, value)]), "9.9.9.9");
            assert_eq!(client(PROXY, &[(name, value)]), "1.2.3.4");
        }
    }

    #[test]
    fn the_last_address_that_is_not_of_a_proxy_is_the_callers() {
        for (values, expected) in [
            (&["6.6.6.6, 1.2.3.4"][..], "1.2.3.4"),
            (&["6.6.6.6, 1.2.3.4, 10.2.3.4"], "1.2.3.4"),
            (&["6.6.6.6", "1.2.3.4, 10.0.0.9"], "1.2.3.4"),
            (&["1.2.3.4:5678"], "1.2.3.4"),
            (&["::ffff:1.2.3.4"], "1.2.3.4"),
            (&["[2001:db8::7]:80"], "2001:db8::7"),
            (&["1.2.3.4, unknown"], PROXY),
            (&["1.2.3.4, unknown, 10.0.0.9"], "10.0.0.9"),
            (&["10.0.0.8, 10.0.0.9"], "10.0.0.8"),
            (&[""], PROXY),
            (&["<script>"], PROXY),
        ] {
            let headers: Vec<_> = values
                .iter()
                .map(|value| ("x-forwarded-for", *value))
                .collect();
            assert_eq!(client(PROXY, &headers), expected, "{values:?}");
        }
    }

    #[test]
    fn forwarded_is_read_as_the_standard_says() {
        for (value, expected) in [
            ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
            (
                "proto=https; For=\"[2001:db8:cafe::17]:4711\"",
                "2001:db8:cafe::17",
            ),
            ("for=6.6.6.6, for=192.0.2.43, for=10.0.0.2", "192.0.2.43"),
            ("for=_hidden", PROXY),
            ("by=1.2.3.4", PROXY),
        ] {
            assert_eq!(client(PROXY, &[("forwarded", value)]), expected, "{value}");
        }
    }

    #[test]
    fn a_header_that_a_proxy_passed_on_does_not_make_up_a_caller() {
        let both = [("x-forwarded-for", "1.2.3.4"), ("forwarded", "for=6.6.6.6")];
        assert_eq!(client(PROXY, &both), PROXY);
        let agree = [("x-forwarded-for", "1.2.3.4"), ("forwarded", "for=1.2.3.4")];
        assert_eq!(client(PROXY, &agree), "1.2.3.4");
    }

    #[test]
    fn a_subscriber_of_ipv6_is_one_however_many_addresses_it_uses() {
        let of = |text: &str| subscriber(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("1.2.3.4"), of("1.2.3.5"));
        assert_eq!(of("::ffff:1.2.3.4"), of("1.2.3.4"));
    }
}
