//! Names: who is asked for them and how often, and which of their addresses are called.

use std::{collections::BTreeMap, net::IpAddr};

use crate::support::{
    dns::NameServer,
    faulty::{Manner, RawServer},
    network::{Service, drs, drs_root, request, tes, warnings},
};

fn zone(names: &[(&'static str, &[&str], u32)]) -> BTreeMap<&'static str, (Vec<IpAddr>, u32)> {
    let addresses = |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect();
    names
        .iter()
        .map(|&(name, list, ttl)| (name, (addresses(list), ttl)))
        .collect()
}

async fn service(names: &NameServer, more: &str) -> Service {
    Service::start_with(&format!(
        "{{outbound: {{name_servers: ['{}'], {more}}}}}",
        names.address
    ))
    .await
}

#[tokio::test]
async fn names_are_asked_of_the_configured_servers_and_not_again_for_a_while() {
    let names = NameServer::start(zone(&[
        ("tes_1.test", &["127.0.0.1"], 3600),
        // May be kept for no time at all.
        ("fleeting.test", &["127.0.0.1"], 0),
    ]))
    .await;
    let service = service(&names, "").await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let uri = |host: &str| format!("http://{host}:{}/", tes.address.port());
    let uris = [uri("tes_1.test"), uri("fleeting.test"), uri("none.test")];
    for _ in 0..3 {
        let answer = service.rank(&request(&uris, &[], &[])).await;
        assert_eq!(answer["service_combinations"].as_array().unwrap().len(), 2);
        assert_eq!(
            warnings(&answer),
            [format!(
                "TES unavailable: '{}' does not resolve: DNS knows no address for its host name.",
                uris[2]
            )]
        );
    }
    // Once for either family.
    for name in ["tes_1.test", "fleeting.test"] {
        assert_eq!(names.times_asked(name), 2, "{name}");
    }
}

#[tokio::test]
async fn of_a_name_with_several_addresses_only_those_are_called_that_may_be() {
    let canary = RawServer::start(Manner::Hangs).await;
    let port = canary
        .root
        .rsplit(':')
        .next()
        .unwrap()
        .trim_end_matches('/')
        .to_owned();
    let names = NameServer::start(zone(&[
        ("inner.test", &["127.0.0.1"], 60),
        ("mixed.test", &["127.0.0.1", "::1", "::ffff:127.0.0.1"], 60),
    ]))
    .await;
    let service = service(&names, "allowed_networks: [127.0.0.2]").await;
    for name in ["inner.test", "mixed.test"] {
        let uri = format!("http://{name}:{port}/");
        let told = service
            .refuse(&request(&[uri], &[], &[]), "ResourceUnavailableError")
            .await;
        assert!(
            told[1].contains("which is not a public address"),
            "{told:?}"
        );
    }
    assert_eq!(*canary.connections.borrow(), 0);
}

#[tokio::test]
async fn one_request_has_no_more_hosts_looked_up_than_it_may() {
    let names = NameServer::start(zone(&[("tes.test", &["127.0.0.1"], 60)])).await;
    // Time for all look-ups, however busy the machine is.
    let service = Service::start_with(&format!(
        "{{timeout: 60, server: {{request_deadline_sec: 600}}, outbound: {{name_servers: ['{}']}}}}",
        names.address
    ))
    .await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let uris: Vec<_> = (0..1100)
        .map(|number| format!("https://h{number}.test/x"))
        .collect();
    let uris: Vec<_> = uris.iter().map(String::as_str).collect();
    let ids: Vec<_> = (0..11).map(|number| format!("o{number}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let objects = ids.iter().zip(uris.chunks(100));
    let objects: Vec<_> = objects.map(|(&id, uris)| (id, 1, uris)).collect();
    let drs = drs(&objects).await;
    let tes_uri = format!("http://tes.test:{}/", tes.address.port());
    let told = service
        .refuse(
            &request(&[tes_uri], &[drs_root(&drs)], &ids),
            "ResourceUnavailableError",
        )
        .await;
    let text = "Locations unknown: 101 hosts were not looked up, as one request may have 1000 of them; ask for fewer \
                objects.";
    assert!(told.iter().any(|line| line == text), "{:?}", told.last());
    let asked: usize = (0..1100)
        .map(|n| names.times_asked(&format!("h{n}.test")))
        .sum();
    assert_eq!(asked, 2 * 999, "one is the TES's");
}
