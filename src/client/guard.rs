//! Which addresses calls may go to: public ones, and those that the operator lists in `outbound.allowed_networks`.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::domain::address::is_public;

/// Which addresses calls may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses and `outbound.allowed_networks`: for calls on behalf of others.
    Public,
    /// Every address: for calls of the user who runs the program.
    Everywhere,
}

/// Decides for one address at a time, at the moment of connecting to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    reach: Reach,
    allowed: Vec<IpNet>,
}

impl Guard {
    /// Lets calls out to what `reach` says, and to `allowed`.
    pub const fn new(reach: Reach, allowed: Vec<IpNet>) -> Self {
        Self { reach, allowed }
    }

    /// Whether a call may go to `address`.
    pub fn admits(&self, address: IpAddr) -> bool {
        self.reach == Reach::Everywhere || is_public(address) || self.is_listed(address)
    }

    /// Whether the operator listed `address`, so that even a token may go there over plain http.
    pub fn is_listed(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.allowed
            .iter()
            .any(|network| network.contains(&address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public() -> Guard {
        Guard::new(Reach::Public, Vec::new())
    }

    #[test]
    fn public_addresses_may_be_called() {
        for address in [
            "8.8.8.8",
            "131.152.229.70",
            "100.63.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "223.255.255.255",
            "2001:1458:201:a8::100:1a7",
            "2606:4700::1111",
            "2a00:1450:400a::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(public().admits(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn special_addresses_may_not() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.255",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.31.196.1",
            "192.52.193.1",
            "192.88.99.1",
            "192.168.1.1",
            "192.175.48.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2620:4f:8000::1",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!public().admits(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn the_operator_can_list_networks_and_the_console_reaches_everything() {
        let guard = Guard::new(Reach::Public, vec!["10.0.0.0/8".parse().unwrap()]);
        assert!(guard.admits("10.1.2.3".parse().unwrap()));
        assert!(guard.is_listed("::ffff:10.1.2.3".parse().unwrap()));
        assert!(!guard.admits("192.168.0.1".parse().unwrap()));
        assert!(!guard.is_listed("8.8.8.8".parse().unwrap()));
        let own = Guard::new(Reach::Everywhere, Vec::new());
        assert!(own.admits("127.0.0.1".parse().unwrap()));
        assert!(!own.is_listed("127.0.0.1".parse().unwrap()));
    }
}
