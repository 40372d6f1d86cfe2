//! HTTPS: who is served, how certificates are exchanged, and which are refused.

use std::{fs, future::pending, io, path::Path, sync::Arc, time::Duration};

use axum::{Router, routing::get};
use reqwest::Version;
use testribute::{
    Ranker,
    config::{self, Server},
    http::{Tls, TlsError},
};
use testribute_mock::{TesScenario, tes};
use tokio::{io::AsyncWriteExt, net::TcpStream, time};

use crate::support::{
    front::{Front, Identity, rest},
    network::{Service, request, warnings},
    program::{RunningService, program},
    texts::{ANY, assert_like},
};

async fn front(tls: Arc<Tls>) -> Front {
    let router = Router::new().route("/", get(async || "served"));
    Front::open(&Server::default(), Some(tls), router, pending()).await
}

const CERTIFICATE: &str = "server.tls.certificate";
const KEY: &str = "server.tls.key";

fn url(front: &Front) -> String {
    format!("https://localhost:{}/", front.address.port())
}

#[tokio::test]
async fn https_is_spoken_as_http_2_and_as_http_1() {
    let identity = Identity::new();
    let front = front(identity.load()).await;
    let newest = identity.client().build().unwrap();
    let older = identity.client().http1_only().build().unwrap();
    for (client, version) in [(newest, Version::HTTP_2), (older, Version::HTTP_11)] {
        let response = client.get(url(&front)).send().await.unwrap();
        assert_eq!(response.version(), version);
        assert_eq!(response.text().await.unwrap(), "served");
    }
}

#[tokio::test]
async fn plain_http_on_the_port_of_https_harms_no_one() {
    let identity = Identity::new();
    let front = front(identity.load()).await;
    for text in [
        "GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        "\r\n\r\n",
        "\u{16}\u{3}\u{1}",
    ] {
        let mut stream = front.say(text).await;
        stream.shutdown().await.unwrap();
        let answer = rest(stream).await;
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    }
    let client = identity.client().build().unwrap();
    assert_eq!(client.get(url(&front)).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_handshake_that_is_never_finished_keeps_no_one_waiting_and_ends() {
    let identity = Identity::new();
    let front = front(identity.load()).await;
    let mut silent = Vec::new();
    for _ in 0..10 {
        // The beginning of a record of 512 bytes that never come.
        silent.push(front.say(b"\x16\x03\x01\x02\x00\x01").await);
    }
    let client = identity.client().build().unwrap();
    assert_eq!(client.get(url(&front)).send().await.unwrap().status(), 200);
    time::pause();
    let started = time::Instant::now();
    for stream in silent {
        assert_eq!(rest(stream).await, b"");
    }
    assert!(
        started.elapsed() >= Duration::from_secs(9),
        "{:?}",
        started.elapsed()
    );
    assert!(
        started.elapsed() < Duration::from_secs(15),
        "{:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn a_handshake_that_is_never_finished_does_not_delay_the_end() {
    let identity = Identity::new();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let router = Router::new();
    let shutdown = async move { drop(stopped.await) };
    let front = Front::open(&Server::default(), Some(identity.load()), router, shutdown).await;
    let silent = TcpStream::connect(front.address).await.unwrap();
    // A second client is served: so the first one was let in before.
    let client = identity.client().build().unwrap();
    assert_eq!(client.get(url(&front)).send().await.unwrap().status(), 404);
    stop.send(()).unwrap();
    assert_eq!(
        time::timeout(Duration::from_secs(5), rest(silent))
            .await
            .unwrap(),
        b""
    );
}

#[tokio::test]
async fn a_new_certificate_is_for_new_connections_and_a_bad_one_for_none() {
    let identity = Identity::new();
    let tls = identity.load();
    let front = front(Arc::clone(&tls)).await;
    let get = async |client: &reqwest::Client| client.get(url(&front)).send().await;
    let first = identity.client().build().unwrap();
    assert!(get(&first).await.is_ok());

    identity.renew();
    let second = identity.client().build().unwrap();
    assert!(get(&second).await.is_err(), "read without being told to");
    tls.reload().unwrap();
    assert!(get(&second).await.is_ok());
    // Its connection is open, and stays.
    assert!(get(&first).await.is_ok());

    fs::write(identity.key(), "no key").unwrap();
    tls.reload().unwrap_err();
    identity.renew();
    fs::remove_file(identity.certificate()).unwrap();
    tls.reload().unwrap_err();
    assert!(get(&second).await.is_ok());
}

#[test]
fn files_that_cannot_be_used_are_refused_with_file_key_and_reason() {
    let (good, other) = (Identity::new(), Identity::new());
    let folder = good.certificate().parent().unwrap().to_owned();
    let write = |name: &str, text: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let pem = |kind: &str| format!("-----BEGIN {kind}-----\nAAAA\n-----END {kind}-----\n");
    let whole = fs::read(good.key()).unwrap();
    let cut = write("cut.pem", &whole[..whole.len() / 2]);
    let empty = write("empty.pem", b"");
    let text = write("text.pem", b"\xffcertificate");
    let encrypted = write("encrypted.pem", pem("ENCRYPTED PRIVATE KEY").as_bytes());
    let wrong_key = write("wrong-key.pem", pem("PRIVATE KEY").as_bytes());
    let wrong_certificate = write("wrong-certificate.pem", pem("CERTIFICATE").as_bytes());
    let missing = folder.join("missing.pem");

    let unreadable = |key, file: &Path, code| TlsError::Unreadable {
        key,
        file: file.to_owned(),
        source: io::Error::from_raw_os_error(code),
    };
    let no_certificate = |file: &Path| TlsError::Malformed {
        key: CERTIFICATE,
        file: file.to_owned(),
        reason: "has no certificate in PEM format",
    };
    let no_key = |file: &Path| TlsError::Malformed {
        key: KEY,
        file: file.to_owned(),
        reason: "has no private key in PEM format that is not encrypted",
    };
    let (certificate, key) = (good.certificate(), good.key());
    for (certificate, key, expected) in [
        (&missing, &key, unreadable(CERTIFICATE, &missing, 2)),
        (&folder, &key, unreadable(CERTIFICATE, &folder, 21)),
        (&certificate, &missing, unreadable(KEY, &missing, 2)),
        (&empty, &key, no_certificate(&empty)),
        (&text, &key, no_certificate(&text)),
        (&key, &key, no_certificate(&key)),
        (&certificate, &empty, no_key(&empty)),
        (&certificate, &cut, no_key(&cut)),
        (&certificate, &encrypted, no_key(&encrypted)),
        (&certificate, &certificate, no_key(&certificate)),
        (
            &certificate,
            &other.key(),
            TlsError::Mismatch {
                key: other.key(),
                certificate: certificate.clone(),
            },
        ),
    ] {
        assert_eq!(refusal(certificate, key), expected.to_string());
    }
    // The reason is that of the TLS library.
    for (certificate, key) in [(&certificate, &wrong_key), (&wrong_certificate, &key)] {
        let (certificate, key) = (certificate.as_path(), key.as_path());
        let line = refusal(certificate, key);
        let files = format!("{} with {}", certificate.display(), key.display());
        assert_like(&line, format!("server.tls: {files}: {ANY}"));
        assert_eq!(line.lines().count(), 1, "{line}");
    }
}

fn refusal(certificate: &Path, key: &Path) -> String {
    let config = config::Tls {
        certificate: Some(certificate.to_owned()),
        key: Some(key.to_owned()),
    };
    Tls::load(&config).unwrap_err().to_string()
}

#[tokio::test]
async fn a_service_reads_its_certificate_again_on_sighup() {
    let identity = Identity::new();
    let (certificate, key) = (identity.certificate(), identity.key());
    let mut service = RunningService::start(&[
        (
            "TESTRIBUTE__SERVER__TLS__CERTIFICATE",
            certificate.to_str().unwrap(),
        ),
        ("TESTRIBUTE__SERVER__TLS__KEY", key.to_str().unwrap()),
    ])
    .await;
    let root = service.root.replace("127.0.0.1", "localhost");
    assert!(root.starts_with("https://"), "{root}");
    let healthz = async || {
        let client = identity.client().build().unwrap();
        client.get(format!("{root}/healthz")).send().await
    };
    assert_eq!(healthz().await.unwrap().status(), 200);
    let check = program()
        .arg("healthcheck")
        .env("TESTRIBUTE__SERVER__PORT", root.rsplit(':').next().unwrap())
        .env("TESTRIBUTE__SERVER__TLS__CERTIFICATE", &certificate)
        .env("TESTRIBUTE__SERVER__TLS__KEY", &key)
        .output();
    assert_eq!(check.await.unwrap().status.code(), Some(0));

    identity.renew();
    service.hang_up("the certificate was read again").await;
    assert_eq!(healthz().await.unwrap().status(), 200);

    fs::write(&key, "no key").unwrap();
    let line = service.hang_up("the certificate stays as it was").await;
    assert!(line.contains("server.tls.key: "), "{line}");
    assert_eq!(healthz().await.unwrap().status(), 200);
    assert_eq!(service.stop().await.0, Some(0));
}

#[tokio::test]
async fn a_service_does_not_start_without_its_certificate() {
    let output = program()
        .args(["serve", "--host", "127.0.0.1", "--port", "0"])
        .env("TESTRIBUTE__SERVER__TLS__CERTIFICATE", "no/such.pem")
        .env("TESTRIBUTE__SERVER__TLS__KEY", "no/key.pem")
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let unreadable = TlsError::Unreadable {
        key: CERTIFICATE,
        file: "no/such.pem".into(),
        source: io::Error::from_raw_os_error(2),
    };
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        format!("[ERROR] ConfigurationError: {unreadable}\n")
    );
}

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_is_forgotten() {
    let identity = Identity::new();
    let server = Server {
        max_connections: 1,
        ..Server::default()
    };
    let router = Router::new().route("/", get(async || "served"));
    let front = Front::open(&server, Some(identity.load()), router, pending()).await;
    for text in [&b""[..], b"\x16\x03\x01", b"\x16\x03\x01\x00\x05hello"] {
        drop(front.say(text).await);
    }
    let client = identity.client().build().unwrap();
    assert_eq!(client.get(url(&front)).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn authorities_of_the_operator_are_trusted_and_their_lack_is_told() {
    let identity = Identity::new();
    let tls = Some(identity.load());
    let tes = tes::router(TesScenario::default());
    let front = Front::open(&Server::default(), tls, tes, pending()).await;
    let root = format!("https://localhost:{}/ga4gh/tes/v1/", front.address.port());
    let request = request(&[root], &[], &[]);

    let file = identity.certificate();
    let trusting = format!("outbound: {{ca_file: '{}'}}", file.display());
    let (status, answer) = Service::start_with(&trusting).await.ask(&request).await;
    assert_eq!(status, 200, "{answer:#}");
    assert!(warnings(&answer).is_empty(), "{answer:#}");

    let (status, answer) = Service::start().await.ask(&request).await;
    assert_eq!(status, 400, "{answer:#}");
    assert!(
        answer.to_string().contains("outbound.ca_file"),
        "{answer:#}"
    );
}

#[tokio::test]
async fn what_is_wrong_with_the_certificate_of_a_service_is_told_in_words() {
    let names = |name: &str| vec![rcgen::SanType::DnsName(name.try_into().unwrap())];
    let cases = [
        (
            Identity::new(),
            false,
            "not of an authority that is trusted",
        ),
        (Identity::expired(), true, "has expired"),
        (
            Identity::with(|wanted| wanted.not_before = rcgen::date_time_ymd(3000, 1, 1)),
            true,
            "is not valid yet",
        ),
        (
            Identity::with(|wanted| wanted.subject_alt_names = names("other.example")),
            true,
            "is for another name",
        ),
        (
            Identity::with(|wanted| {
                wanted.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
            }),
            true,
            "is that of an authority and not of a server",
        ),
    ];
    for (identity, is_trusted, expected) in cases {
        let tes = tes::router(TesScenario::default());
        let tls = Some(identity.load());
        let front = Front::open(&Server::default(), tls, tes, pending()).await;
        let root = format!("https://localhost:{}/ga4gh/tes/v1/", front.address.port());
        let trusting = format!(
            "outbound: {{ca_file: '{}'}}",
            identity.certificate().display()
        );
        let service = Service::start_with(if is_trusted { &trusting } else { "" }).await;
        let (status, answer) = service.ask(&request(&[root], &[], &[])).await;
        assert_eq!(status, 400, "{answer:#}");
        let text = answer.to_string();
        assert!(text.contains(expected), "{text}");
        for word in [
            "Error(",
            "CertificateError",
            "UnknownIssuer",
            "DnsName",
            "CaUsed",
        ] {
            assert!(!text.contains(word), "{text}");
        }
    }
}

#[test]
fn a_file_of_authorities_that_cannot_be_used_stops_the_start() {
    let identity = Identity::new();
    fs::write(identity.key(), "no PEM at all").unwrap();
    for path in [identity.key(), identity.key().with_extension("missing")] {
        let mut config = config::Config::default();
        config.outbound.ca_file = Some(path.clone());
        let error = Ranker::new(&config).unwrap_err().to_string();
        let expected = format!("outbound.ca_file: '{}' ", path.display());
        assert!(error.starts_with(&expected), "{error}");
    }
}
