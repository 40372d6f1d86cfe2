//! Many requests for a long time, a third of whose services are faulty, while a name server and the exchange rates fail,
//! SIGHUP comes every minute, and the clock jumps: nothing grows, and nothing is lost.
//!
//! `tests/soak.sh MINUTES` runs it. `SOAK_SECONDS` is its length, by default ten minutes; `SOAK_FAKETIME` the path of
//! libfaketime, without which the clock does not jump.

#![expect(clippy::print_stdout, reason = "the figures are to be read")]

use std::{
    env, fs,
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use axum::Router;
use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::Value;
use tokio::net::UdpSocket;

use crate::support::{
    Server,
    dns::NameServer,
    faulty::{Manner, RawServer, always, nobody},
    network::{drs, drs_root, request, tes, tes_root, warnings},
    program::RunningService,
};

/// Unless `SOAK_CALLERS` says otherwise: a debug build cannot serve so many within its timeouts.
const CALLERS: usize = 200;

const OBJECTS: [&str; 4] = ["a", "b", "c", "d"];

/// Every fault comes to every caller, beside twice as many healthy services.
struct Network {
    tes: Vec<String>,
    drs: Vec<String>,
    faulty: Vec<String>,
    rates: Server,
    names: NameServer,
    _alive: (Vec<Server>, Vec<RawServer>),
}

/// Rates that fail every other time.
async fn rates() -> Server {
    let asked = Arc::new(AtomicUsize::new(0));
    let router = Router::new().fallback(move || {
        let fails = asked.fetch_add(1, Relaxed) % 2 == 1;
        async move {
            if fails {
                (StatusCode::INTERNAL_SERVER_ERROR, "")
            } else {
                (StatusCode::OK, include_str!("fixtures/ecb/daily.xml"))
            }
        }
    });
    Server::start(router).await
}

/// A port where no name server is.
async fn no_name_server() -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.local_addr().unwrap()
}

impl Network {
    async fn start() -> Self {
        let mut servers = Vec::new();
        for (queue, currency) in [(10.0, "EUR"), (20.0, "USD"), (30.0, "CHF"), (40.0, "EUR")] {
            servers.push(tes("127.0.0.1", currency, 1.0, 1.0, queue).await);
        }
        let objects =
            OBJECTS.map(|id| (id, 1000, ["https://near.example/x", "https://127.0.0.1/y"]));
        let objects: Vec<_> = objects
            .iter()
            .map(|(id, size, uris)| (*id, *size, uris.as_slice()))
            .collect();
        servers.push(drs(&objects).await);
        servers.push(drs(&objects).await);
        let (tes, drs) = (
            servers[..4].iter().map(tes_root),
            servers[4..].iter().map(drs_root),
        );
        let (mut tes, drs): (Vec<_>, Vec<_>) = (tes.collect(), drs.collect());
        // One of them by its name, which the second name server knows.
        tes[3] = tes[3].replace("127.0.0.1", "tes.example");
        let zone = [("tes.example", (vec!["127.0.0.1".parse().unwrap()], 1))];

        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
        let endless = format!("{head}transfer-encoding: chunked\r\n\r\n");
        let piece = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
        let behaviours = [
            Manner::Hangs,
            Manner::SaysThenHangs(format!("{head}content-length: 100\r\n\r\n{{").into_bytes()),
            Manner::Repeats(endless.into_bytes(), piece.into_bytes(), Duration::ZERO),
            Manner::says(""),
            Manner::says("SSH-2.0-OpenSSH_9.2\r\n\r\n"),
            Manner::Says(format!("{head}content-length: 100\r\n\r\n{{}}").into_bytes()),
        ];
        let raw = join_all(behaviours.map(RawServer::start)).await;
        let mut faulty: Vec<_> = raw.iter().map(|server| server.root.clone()).collect();
        for (status, body) in [
            (500, ""),
            (503, ""),
            (200, "<html>"),
            (200, "{\"size\": -1}"),
            (401, "{}"),
        ] {
            let server = always(status, "application/json", body).await;
            faulty.push(server.url("/"));
            servers.push(server);
        }
        faulty.push(nobody());
        faulty.push("http://tes.invalid/".to_owned());
        Self {
            tes,
            drs,
            faulty,
            rates: rates().await,
            names: NameServer::start(zone.into()).await,
            _alive: (servers, raw),
        }
    }

    /// A request of which a third of the services are faulty, each number with others.
    fn request(&self, number: usize) -> Value {
        let faulty = |skip: usize| self.faulty[(number + skip) % self.faulty.len()].clone();
        let (mut tes, mut drs) = (self.tes.clone(), self.drs.clone());
        tes.extend([faulty(0), faulty(5)]);
        drs.push(faulty(9));
        let mut request = request(&tes, &drs, &OBJECTS);
        request["resource_requirements"]["execution_time_sec"] = (10 + number % 1000).into();
        request
    }
}

/// Resident memory in kilobytes and open files of a process.
fn state(process: u32) -> (u64, usize) {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    let resident = resident.trim().trim_end_matches(" kB").parse().unwrap();
    let files = fs::read_dir(format!("/proc/{process}/fd")).unwrap().count();
    (resident, files)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes eleven minutes: see the head of the file"]
async fn under_full_load_with_faulty_services_nothing_grows() {
    let length = env::var("SOAK_SECONDS").map_or(600, |text| text.parse().unwrap());
    let length = Duration::from_secs(length);
    let network = Arc::new(Network::start().await);
    let name_servers = format!(
        "[\"{}\", \"{}\"]",
        no_name_server().await,
        network.names.address
    );
    let rates = network.rates.url("/");
    let clock = Path::new(env!("CARGO_TARGET_TMPDIR")).join("soak-clock");
    fs::write(&clock, "+0").unwrap();
    let mut variables = vec![
        ("TESTRIBUTE__OUTBOUND__ALLOWED_NETWORKS", "[127.0.0.0/8]"),
        ("TESTRIBUTE__OUTBOUND__NAME_SERVERS", &name_servers),
        ("TESTRIBUTE__DRS__CACHE_TTL_SEC", "1"),
        ("TESTRIBUTE__EXCHANGE_RATES__SOURCE", "ecb"),
        ("TESTRIBUTE__EXCHANGE_RATES__ECB_URL", &rates),
        ("TESTRIBUTE__EXCHANGE_RATES__CACHE_TTL_SEC", "1"),
        ("TESTRIBUTE__EXCHANGE_RATES__RATES", "{USD: 1.1, CHF: 0.9}"),
    ];
    let faketime = env::var("SOAK_FAKETIME").unwrap_or_default();
    if !faketime.is_empty() {
        variables.extend([
            ("LD_PRELOAD", faketime.as_str()),
            ("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap()),
            ("FAKETIME_CACHE_DURATION", "1"),
            // Timeouts are measured with the other clock, which no administrator can set.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ]);
    }
    let mut service = RunningService::start(&variables).await;
    let (process, url) = (service.id(), format!("{}/rank-services", service.root));
    println!("idle: {:?} (resident kB, open files)", state(process));
    let answered = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let callers = env::var("SOAK_CALLERS").map_or(CALLERS, |text| text.parse().unwrap());
    let callers: Vec<_> = (0..callers)
        .map(|_| {
            let (network, answered, url) =
                (Arc::clone(&network), Arc::clone(&answered), url.clone());
            let client = reqwest::Client::builder().no_proxy().build().unwrap();
            tokio::spawn(async move {
                while started.elapsed() < length {
                    let number = answered.fetch_add(1, Relaxed);
                    let sent = client.post(&url).json(&network.request(number)).send();
                    let response = sent.await.unwrap();
                    assert_eq!(response.status(), StatusCode::OK);
                    let answer: Value = response.json().await.unwrap();
                    assert_eq!(answer["service_combinations"].as_array().unwrap().len(), 64);
                    // A DRS may fail in more than one way.
                    let told = warnings(&answer);
                    assert!(told.len() >= 3, "{told:#?}");
                    for text in told {
                        let faulty = network.faulty.iter().any(|root| text.contains(root));
                        assert!(faulty || text.contains("European Central Bank"), "{text}");
                    }
                }
            })
        })
        .collect();
    let mut states = Vec::new();
    let mut hang_ups = 0;
    while started.elapsed() < length {
        service.read_log_for(length / 20).await;
        if started.elapsed().as_secs() / 60 > hang_ups {
            hang_ups += 1;
            fs::write(
                &clock,
                ["+1d", "-1d", "+0"][usize::try_from(hang_ups % 3).unwrap()],
            )
            .unwrap();
            service.hang_up("was read again").await;
        }
        states.push(state(process));
        println!(
            "{:>4} s: {:>8} requests, {:?}",
            started.elapsed().as_secs(),
            answered.load(Relaxed),
            states.last().unwrap()
        );
    }
    for caller in callers {
        caller.await.unwrap();
    }
    // Twice as long as connections that no one uses are kept.
    service.read_log_for(Duration::from_secs(60)).await;
    let (resident, files) = state(process);
    println!("idle: {resident} kB, {files} open files; {hang_ups} SIGHUPs");
    // After a while of warming up, memory stays where it is.
    let (early, late) = (states[states.len() / 4].0, states[states.len() - 1].0);
    assert!(late < early + early / 4, "{early} kB grew to {late} kB");
    assert!(files < 40, "{files} files are still open");
    assert_eq!(service.stop().await.0, Some(0));
}
