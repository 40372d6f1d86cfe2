//! Networks whose addresses are answered from many sites (anycast, or a name server that gives the nearest): where a
//! database places them says nothing about where the data are.
//!
//! The ranges are those of Cloudflare (www.cloudflare.com/ips), Fastly (api.fastly.com/public-ip-list), CloudFront
//! (ip-ranges.amazonaws.com), Google (www.gstatic.com/ipranges/goog.json) and Akamai (AS 20940 and AS 16625) as commonly
//! known; they were written without access to these lists and have not been compared with their current state. A range that
//! is missing leaves a place exact that is not; one too many marks a place that is right.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::LazyLock,
};

use ipnet::{Ipv4Net, Ipv6Net};

/// The operator and its ranges.
struct Cdn {
    name: &'static str,
    ranges: &'static [&'static str],
}

const CDNS: [Cdn; 5] = [
    Cdn {
        name: "Cloudflare",
        ranges: &[
            "103.21.244.0/22",
            "103.22.200.0/22",
            "103.31.4.0/22",
            "104.16.0.0/13",
            "104.24.0.0/14",
            "108.162.192.0/18",
            "131.0.72.0/22",
            "141.101.64.0/18",
            "162.158.0.0/15",
            "172.64.0.0/13",
            "173.245.48.0/20",
            "188.114.96.0/20",
            "190.93.240.0/20",
            "197.234.240.0/22",
            "198.41.128.0/17",
            "2400:cb00::/32",
            "2606:4700::/32",
            "2803:f800::/32",
            "2405:b500::/32",
            "2405:8100::/32",
            "2a06:98c0::/29",
            "2c0f:f248::/32",
        ],
    },
    Cdn {
        name: "Amazon CloudFront",
        ranges: &[
            "3.160.0.0/14",
            "3.164.0.0/18",
            "3.165.0.0/16",
            "3.166.0.0/15",
            "3.168.0.0/14",
            "3.172.0.0/18",
            "13.32.0.0/15",
            "13.35.0.0/16",
            "13.224.0.0/14",
            "13.249.0.0/16",
            "15.158.0.0/16",
            "18.64.0.0/14",
            "18.68.0.0/16",
            "18.154.0.0/15",
            "18.160.0.0/15",
            "18.164.0.0/15",
            "18.172.0.0/15",
            "18.238.0.0/15",
            "18.244.0.0/15",
            "52.46.0.0/18",
            "52.84.0.0/15",
            "52.222.128.0/17",
            "54.182.0.0/16",
            "54.192.0.0/16",
            "54.230.0.0/16",
            "54.239.128.0/18",
            "54.239.192.0/19",
            "54.240.128.0/18",
            "64.252.64.0/18",
            "64.252.128.0/18",
            "65.8.0.0/16",
            "65.9.0.0/17",
            "65.9.128.0/18",
            "70.132.0.0/18",
            "71.152.0.0/17",
            "99.84.0.0/16",
            "99.86.0.0/16",
            "108.138.0.0/15",
            "108.156.0.0/14",
            "130.176.0.0/16",
            "143.204.0.0/16",
            "144.220.0.0/16",
            "204.246.164.0/22",
            "204.246.168.0/22",
            "204.246.176.0/20",
            "205.251.200.0/21",
            "205.251.208.0/20",
            "216.137.32.0/19",
            "2600:9000::/28",
        ],
    },
    Cdn {
        name: "Fastly",
        ranges: &[
            "23.235.32.0/20",
            "43.249.72.0/22",
            "103.244.50.0/24",
            "103.245.222.0/23",
            "103.245.224.0/24",
            "104.156.80.0/20",
            "140.248.64.0/18",
            "140.248.128.0/17",
            "146.75.0.0/17",
            "151.101.0.0/16",
            "157.52.64.0/18",
            "167.82.0.0/17",
            "167.82.128.0/20",
            "167.82.160.0/20",
            "167.82.224.0/20",
            "172.111.64.0/18",
            "185.31.16.0/22",
            "199.27.72.0/21",
            "199.232.0.0/16",
            "2a04:4e40::/32",
            "2a04:4e42::/32",
        ],
    },
    Cdn {
        name: "Akamai",
        ranges: &[
            "2.16.0.0/13",
            "23.0.0.0/12",
            "23.32.0.0/11",
            "23.64.0.0/14",
            "23.72.0.0/13",
            "23.192.0.0/11",
            "72.246.0.0/15",
            "88.221.0.0/16",
            "92.122.0.0/15",
            "95.100.0.0/15",
            "96.6.0.0/15",
            "96.16.0.0/15",
            "104.64.0.0/10",
            "118.214.0.0/16",
            "173.222.0.0/15",
            "184.24.0.0/13",
            "184.50.0.0/15",
            "184.84.0.0/14",
            "2600:1400::/24",
            "2a02:26f0::/29",
        ],
    },
    Cdn {
        name: "Google's front ends",
        ranges: &[
            "64.233.160.0/19",
            "66.102.0.0/20",
            "72.14.192.0/18",
            "74.125.0.0/16",
            "108.177.0.0/17",
            "142.250.0.0/15",
            "172.217.0.0/16",
            "172.253.0.0/16",
            "173.194.0.0/16",
            "192.178.0.0/15",
            "199.36.153.4/30",
            "199.36.153.8/30",
            "209.85.128.0/17",
            "216.58.192.0/19",
            "216.239.32.0/19",
            "2001:4860::/32",
            "2404:6800::/32",
            "2607:f8b0::/32",
            "2800:3f0::/32",
            "2a00:1450::/32",
            "2c0f:fb50::/32",
        ],
    },
];

/// First and last address of each range, in order, and its operator.
struct Ranges {
    v4: Vec<(Ipv4Addr, Ipv4Addr, &'static str)>,
    v6: Vec<(Ipv6Addr, Ipv6Addr, &'static str)>,
}

/// Parsed at first use. A test makes sure that all are valid.
static RANGES: LazyLock<Ranges> = LazyLock::new(|| {
    let all = CDNS
        .iter()
        .flat_map(|cdn| cdn.ranges.iter().map(|range| (*range, cdn.name)));
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    for (range, name) in all {
        if let Ok(net) = range.parse::<Ipv4Net>() {
            v4.push((net.network(), net.broadcast(), name));
        } else if let Ok(net) = range.parse::<Ipv6Net>() {
            v6.push((net.network(), net.broadcast(), name));
        }
    }
    v4.sort_unstable();
    v6.sort_unstable();
    Ranges { v4, v6 }
});

/// The operator of the network of `address`, if it answers from many sites.
pub(super) fn operator(address: IpAddr) -> Option<&'static str> {
    match address.to_canonical() {
        IpAddr::V4(address) => in_ranges(&RANGES.v4, address),
        IpAddr::V6(address) => in_ranges(&RANGES.v6, address),
    }
}

fn in_ranges<A: Ord + Copy>(ranges: &[(A, A, &'static str)], address: A) -> Option<&'static str> {
    let after = ranges.partition_point(|(first, ..)| *first <= address);
    let (_, last, name) = ranges.get(after.checked_sub(1)?)?;
    (address <= *last).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ranges_are_valid_and_none_overlaps_another() {
        let count: usize = CDNS.iter().map(|cdn| cdn.ranges.len()).sum();
        assert_eq!(RANGES.v4.len() + RANGES.v6.len(), count);
        assert!(RANGES.v4.windows(2).all(|pair| pair[0].1 < pair[1].0));
        assert!(RANGES.v6.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }

    #[test]
    fn addresses_of_networks_with_many_sites_are_known() {
        for (address, name) in [
            ("104.16.132.229", Some("Cloudflare")),
            ("2606:4700::6810:84e5", Some("Cloudflare")),
            ("13.33.1.1", Some("Amazon CloudFront")),
            ("151.101.1.69", Some("Fastly")),
            ("23.1.2.3", Some("Akamai")),
            ("142.250.74.208", Some("Google's front ends")),
            ("::ffff:142.250.74.208", Some("Google's front ends")),
            ("2a00:1450:4001::cf", Some("Google's front ends")),
            ("52.216.0.1", None),
            ("131.152.229.70", None),
            ("8.8.4.255", None),
            ("0.0.0.0", None),
            ("255.255.255.255", None),
            ("::1", None),
        ] {
            assert_eq!(operator(address.parse().unwrap()), name, "{address}");
        }
    }
}
