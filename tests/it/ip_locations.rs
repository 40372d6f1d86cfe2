//! The embedded location table against the databases that it was made from.

use std::{
    env, fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use maxminddb::{Reader, WithinOptions};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::Value;
use testribute::{
    domain::{address::is_public, geo::Coordinates},
    locations::embedded_location,
};

/// City databases as paths with the separator of `PATH` between them.
const DATABASES: &str = "TESTRIBUTE_CITY_DATABASES";

const ADDRESSES: usize = 10_000;

#[test]
#[expect(clippy::print_stdout, reason = "the figure is what it is run for")]
#[ignore = "needs the databases: set TESTRIBUTE_CITY_DATABASES to their paths, and run with --ignored"]
fn the_embedded_table_agrees_with_the_databases_it_was_made_from() {
    let paths = env::var_os(DATABASES).expect("TESTRIBUTE_CITY_DATABASES names the databases");
    for path in env::split_paths(&paths) {
        let database = Reader::from_source(fs::read(&path).unwrap()).unwrap();
        let sample = if database.metadata().ip_version == 4 {
            random_v4()
        } else {
            random_v6(&database)
        };
        let mut agree = 0;
        for address in &sample {
            let found = embedded_location(*address).unwrap();
            agree += usize::from(match (found, place(&database, *address)) {
                (Some(found), Some(expected)) => found.distance_to(expected).get() <= 120.0,
                (found, expected) => found == expected,
            });
        }
        println!("{}: {agree} of {} agree", path.display(), sample.len());
        assert!(agree * 100 >= sample.len() * 99);
    }
}

fn random_v4() -> Vec<IpAddr> {
    let mut random = StdRng::seed_from_u64(4);
    std::iter::repeat_with(|| IpAddr::from(Ipv4Addr::from(random.random::<u32>())))
        .filter(|address| is_public(*address))
        .take(ADDRESSES)
        .collect()
}

/// Addresses in random networks: most of all IPv6 addresses are in few networks.
fn random_v6(database: &Reader<Vec<u8>>) -> Vec<IpAddr> {
    let networks: Vec<(u128, u32)> = database
        .networks(WithinOptions::default())
        .unwrap()
        .filter_map(|found| {
            let network = found.unwrap().network().unwrap();
            match network.ip() {
                IpAddr::V6(first) => Some((first.into(), 128 - u32::from(network.prefix()))),
                IpAddr::V4(_) => None,
            }
        })
        .collect();
    let mut random = StdRng::seed_from_u64(6);
    std::iter::repeat_with(|| {
        let (first, host_bits) = networks[random.random_range(0..networks.len())];
        let host = random.random::<u128>() & ((1 << host_bits) - 1);
        IpAddr::from(Ipv6Addr::from(first | host))
    })
    .filter(|address| is_public(*address))
    .take(ADDRESSES)
    .collect()
}

fn place(database: &Reader<Vec<u8>>, address: IpAddr) -> Option<Coordinates> {
    let record: Value = database.lookup(address).unwrap().decode().unwrap()?;
    let record = record.get("location").unwrap_or(&record);
    let degrees = |key| record.get(key)?.as_f64();
    Coordinates::new(degrees("latitude")?, degrees("longitude")?).ok()
}
