//! A bounded cache of look-ups.

use std::{collections::HashMap, mem, net::IpAddr};

use crate::coordinates::Coordinates;

/// How many look-ups a generation holds; both together take about 0.8 MB at most.
const GENERATION: usize = 4_096;

/// The locations of the addresses that were looked up last, at least [`GENERATION`] of them.
///
/// A full `young` generation replaces the `old` one. Addresses that are looked up again move from `old` to `young`, so
/// that frequent ones stay.
#[derive(Debug, Default)]
pub(crate) struct LookupCache {
    young: HashMap<IpAddr, Option<Coordinates>>,
    old: HashMap<IpAddr, Option<Coordinates>>,
}

impl LookupCache {
    /// What was inserted for `address`; the outer `None` if it is not cached.
    #[expect(
        clippy::option_option,
        reason = "that an address has no location is cached too"
    )]
    pub(crate) fn get(&mut self, address: IpAddr) -> Option<Option<Coordinates>> {
        if let Some(location) = self.young.get(&address) {
            return Some(*location);
        }
        let location = self.old.remove(&address)?;
        self.insert(address, location);
        Some(location)
    }

    pub(crate) fn insert(&mut self, address: IpAddr, location: Option<Coordinates>) {
        if self.young.len() >= GENERATION {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(address, location);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn address(number: usize) -> IpAddr {
        Ipv4Addr::from(u32::try_from(number).unwrap()).into()
    }

    #[test]
    fn look_ups_are_cached_with_and_without_a_location() {
        let mut cache = LookupCache::default();
        let location = Coordinates::new(47.5, 7.5);
        cache.insert(address(1), location);
        cache.insert(address(2), None);
        assert_eq!(cache.get(address(1)), Some(location));
        assert_eq!(cache.get(address(2)), Some(None));
        assert_eq!(cache.get(address(3)), None);
    }

    #[test]
    fn the_cache_is_bounded_and_keeps_what_is_looked_up_again() {
        let mut cache = LookupCache::default();
        cache.insert(address(0), None);
        for number in 1..10 * GENERATION {
            cache.insert(address(number), None);
            assert_eq!(cache.get(address(0)), Some(None), "{number}");
            assert!(cache.young.len() + cache.old.len() <= 2 * GENERATION);
        }
        assert_eq!(cache.get(address(1)), None);
        let last = 10 * GENERATION - 1;
        for number in last - GENERATION + 2..=last {
            assert_eq!(cache.get(address(number)), Some(None), "{number}");
        }
    }
}
