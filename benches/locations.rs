//! How long a look-up in the embedded location table takes, cached and not.
//!
//! `cargo bench --bench locations`

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that fails may stop at once"
)]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use divan::{Bencher, black_box, counter::ItemsCount};
use ip_locations::IpLocations;

/// More addresses than the cache holds: each is evicted before it is looked up again.
const UNCACHED: u32 = 20_000;

/// Fewer addresses than the cache holds.
const CACHED: u32 = 1_000;

fn main() {
    divan::main();
}

#[divan::bench(args = [UNCACHED, CACHED], sample_size = 1, sample_count = 20)]
fn ipv4(bencher: Bencher, addresses: u32) {
    look_up(bencher, addresses, v4);
}

#[divan::bench(args = [UNCACHED, CACHED], sample_size = 1, sample_count = 20)]
fn ipv6(bencher: Bencher, addresses: u32) {
    look_up(bencher, addresses, v6);
}

/// Spread over all of IPv4.
fn v4(number: u32) -> IpAddr {
    Ipv4Addr::from_bits(number.wrapping_mul(0x9e37_79b9)).into()
}

/// Spread over all of IPv6 that is assigned: `2000::/4`.
fn v6(number: u32) -> IpAddr {
    let prefix = 0x2000_0000 | (number.wrapping_mul(0x9e37_79b9) >> 4);
    Ipv6Addr::from_bits(u128::from(prefix) << 96 | u128::from(number)).into()
}

fn look_up(bencher: Bencher, addresses: u32, address: fn(u32) -> IpAddr) {
    let table = IpLocations::embedded().unwrap();
    let addresses: Vec<_> = (0..addresses).map(address).collect();
    let look_up_all = || {
        let found = addresses
            .iter()
            .filter(|&&address| table.lookup(black_box(address)).is_some());
        found.count()
    };
    // So that the first sample is like the others.
    look_up_all();
    bencher
        .counter(ItemsCount::new(addresses.len()))
        .bench(look_up_all);
}

/// What the first look-up in a process includes: checking the checksum and finding the blocks.
#[divan::bench]
fn reading_the_file(bencher: Bencher) {
    let file = include_bytes!("../crates/ip-locations/data/dbip-city-lite.iplocs");
    bencher.bench(|| IpLocations::read(black_box(file)).unwrap());
}
