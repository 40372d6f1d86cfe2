//! Networks whose addresses are answered from many sites (anycast, or a name server that gives the nearest): where a
//! database places them says nothing about where the data are.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::LazyLock,
};

use ipnet::IpNet;
use serde::Deserialize;

/// An operator and its ranges.
#[derive(Deserialize)]
struct Cdn {
    operator: String,
    ranges: Vec<IpNet>,
}

/// First and last address of each range, in order, and its operator.
#[derive(Default)]
struct Ranges {
    v4: Vec<(Ipv4Addr, Ipv4Addr, &'static str)>,
    v6: Vec<(Ipv6Addr, Ipv6Addr, &'static str)>,
}

/// Parsed at first use. A test makes sure that the file is valid.
static CDNS: LazyLock<Vec<Cdn>> = LazyLock::new(|| {
    yaml_serde::from_str(include_str!("data/cdn_ranges.yaml")).unwrap_or_default()
});

static RANGES: LazyLock<Ranges> = LazyLock::new(|| {
    let mut all = Ranges::default();
    for cdn in CDNS.iter() {
        for range in &cdn.ranges {
            let name = cdn.operator.as_str();
            match range {
                IpNet::V4(range) => all.v4.push((range.network(), range.broadcast(), name)),
                IpNet::V6(range) => all.v6.push((range.network(), range.broadcast(), name)),
            }
        }
    }
    all.v4.sort_unstable();
    all.v6.sort_unstable();
    all
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
        assert_eq!(CDNS.len(), 7);
        let is_network = |range: &IpNet| range.addr() == range.network();
        assert!(CDNS.iter().flat_map(|cdn| &cdn.ranges).all(is_network));
        assert!(RANGES.v4.windows(2).all(|pair| pair[0].1 < pair[1].0));
        assert!(RANGES.v6.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }

    #[test]
    fn addresses_of_networks_with_many_sites_are_known() {
        let cases = [
            ("104.16.132.229", "Cloudflare"),
            ("2606:4700::6810:84e5", "Cloudflare"),
            ("13.33.1.1", "Amazon CloudFront"),
            ("3.173.1.1", "Amazon CloudFront"),
            ("2600:9000:2000::1", "Amazon CloudFront"),
            ("99.83.190.1", "AWS Global Accelerator"),
            ("76.223.0.0", "AWS Global Accelerator"),
            ("151.101.1.69", "Fastly"),
            ("2a04:4e42::1", "Fastly"),
            ("23.1.2.3", "Akamai"),
            ("69.192.0.1", "Akamai"),
            ("8.8.8.8", "Google's front ends"),
            ("142.250.74.208", "Google's front ends"),
            ("::ffff:142.250.74.208", "Google's front ends"),
            ("2a00:1450:4001::cf", "Google's front ends"),
            ("34.120.1.1", "Google Cloud's load balancers"),
            ("130.211.32.0", "Google Cloud's load balancers"),
            ("2600:1901::1", "Google Cloud's load balancers"),
        ];
        for (address, name) in cases {
            assert_eq!(operator(address.parse().unwrap()), Some(name), "{address}");
        }
        for cdn in CDNS.iter() {
            let is_tested = |(_, name): &(&str, &str)| *name == cdn.operator;
            assert!(cases.iter().any(is_tested), "{}", cdn.operator);
        }
    }

    #[test]
    fn machines_of_clouds_and_other_addresses_are_where_they_are() {
        for address in [
            // S3, EC2, a regional edge cache of CloudFront, and a machine of Google Cloud.
            "52.216.0.1",
            "3.5.140.2",
            "3.10.17.129",
            "34.65.0.1",
            "2600:1900:4010::1",
            "131.152.229.70",
            "8.8.9.0",
            "0.0.0.0",
            "255.255.255.255",
            "::",
            "::1",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        ] {
            assert_eq!(operator(address.parse().unwrap()), None, "{address}");
        }
    }
}
