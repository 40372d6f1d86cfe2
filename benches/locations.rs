//! How long it takes to find the place of an address in the embedded table.
//!
//! `cargo bench --bench locations`

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark that fails may stop at once"
)]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use divan::{Bencher, black_box, counter::ItemsCount};
use testribute::atlas::Atlas;

/// How many addresses are looked up one after the other.
const ADDRESSES: u32 = 10_000;

fn main() {
    divan::main();
}

/// Spread over all of IPv4.
#[divan::bench]
fn ipv4(bencher: Bencher) {
    look_up(bencher, |number| {
        Ipv4Addr::from_bits(number.wrapping_mul(0x9e37_79b9)).into()
    });
}

/// Spread over all that is given out of IPv6: `2000::/4`.
#[divan::bench]
fn ipv6(bencher: Bencher) {
    look_up(bencher, |number| {
        let prefix = 0x2000_0000 | (number.wrapping_mul(0x9e37_79b9) >> 4);
        Ipv6Addr::from_bits(u128::from(prefix) << 96 | u128::from(number)).into()
    });
}

fn look_up(bencher: Bencher, address: fn(u32) -> IpAddr) {
    let atlas = Atlas::embedded().unwrap();
    let addresses: Vec<_> = (0..ADDRESSES).map(address).collect();
    bencher.counter(ItemsCount::new(ADDRESSES)).bench(|| {
        let found = addresses
            .iter()
            .filter(|&&address| atlas.lookup(black_box(address)).is_some());
        found.count()
    });
}
