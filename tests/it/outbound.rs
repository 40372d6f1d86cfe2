//! Where calls may go and what they carry, attacked.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, StatusCode, header::LOCATION},
    response::IntoResponse,
};
use serde_json::{Value, json};
use testribute::{
    client::{Authorization, Client, Credential, FetchError, Reach, Redirect},
    config::Config,
    domain::{service::ServiceUri, token::Token},
};
use url::Url;

use crate::support::{Server, client};

/// A server that keeps the path and headers of every request, and answers with `status` and `location`.
#[derive(Clone)]
struct Canary {
    seen: Arc<Mutex<Vec<(String, HeaderMap)>>>,
}

impl Canary {
    async fn start(
        host: &str,
        answer: impl Fn(&str) -> (StatusCode, Option<String>) + Clone + Send + Sync + 'static,
    ) -> (Self, Server) {
        let canary = Self {
            seen: Arc::default(),
        };
        let seen = Arc::clone(&canary.seen);
        let router = Router::new().fallback(async move |request: Request| {
            let path = request.uri().path().to_owned();
            seen.lock()
                .unwrap()
                .push((path.clone(), request.headers().clone()));
            match answer(&path) {
                (status, Some(location)) => (status, [(LOCATION, location)], "{}").into_response(),
                (status, None) => (status, "{}").into_response(),
            }
        });
        (canary, Server::start_on(host, router).await)
    }

    async fn good(host: &str) -> (Self, Server) {
        Self::start(host, |_| (StatusCode::OK, None)).await
    }

    fn paths(&self) -> Vec<String> {
        self.seen
            .lock()
            .unwrap()
            .iter()
            .map(|(path, _)| path.clone())
            .collect()
    }

    /// The `Authorization` of each request, "" where there was none.
    fn credentials(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        let of = |headers: &HeaderMap| {
            let value = headers.get("authorization");
            value.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
        };
        seen.iter().map(|(_, headers)| of(headers)).collect()
    }
}

fn strangers_fetcher() -> Client {
    Client::new(&Config::default(), Reach::Public).unwrap()
}

async fn get(client: &Client, url: &str) -> Result<Value, FetchError> {
    let scope = client.detached_scope();
    client
        .get(&scope, &Url::parse(url).unwrap(), Authorization::None)
        .await
}

#[tokio::test]
async fn no_spelling_of_a_special_address_is_called() {
    let (canary, server) = Canary::good("127.0.0.1").await;
    let (canary6, server6) = Canary::good("::1").await;
    let (port, port6) = (server.address.port(), server6.address.port());
    let client = strangers_fetcher();
    let own = Client::new(&Config::default(), Reach::Everywhere).unwrap();
    for host in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "127.0.0.2",
        "0",
        "0.0.0.0",
        "①②⑦.⓪.⓪.①",
        "１２７.０.０.１",
        "127。0。0。1",
        "%31%32%37.0.0.1",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "x.localhost",
        "a.b.localhost.",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b:1::127.0.0.1]",
        "[2002:7f00:1::]",
        "[::]",
        "ann@127.0.0.1",
        "example.org@127.0.0.1",
        "example.org%40@127.0.0.1",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "[fe80::1]",
        "10.0.0.1",
        "192.168.0.1",
        "172.16.0.1",
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[2001:db8::1]",
        "[ff02::1]",
    ] {
        let url = format!("http://{host}:{port}/");
        let refused = get(&client, &url).await;
        assert!(
            matches!(refused, Err(FetchError::AddressNotAllowed(_))),
            "{url}: {refused:?}"
        );
    }
    let refused = get(&client, &format!("http://[::1]:{port6}/")).await;
    assert!(
        matches!(refused, Err(FetchError::AddressNotAllowed(_))),
        "{refused:?}"
    );
    assert_eq!(canary.paths(), [""; 0]);
    assert_eq!(canary6.paths(), [""; 0]);
    // The canary sings: the same spellings reach it with the user's own rights.
    for host in [
        "127.1",
        "0x7f000001",
        "localhost",
        "[::ffff:127.0.0.1]",
        "①②⑦.⓪.⓪.①",
    ] {
        get(&own, &format!("http://{host}:{port}/")).await.unwrap();
    }
    assert_eq!(canary.paths().len(), 5);
}

#[test]
fn what_only_looks_like_a_uri_is_no_service() {
    for bad in [
        "http://[fe80::1%25eth0]/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.256/",
        "http:///127.0.0.1/",
        "http:\\\\127.0.0.1\\",
        "http://a b/",
        "http://%00/",
        "http://[::1/",
        "http://[127.0.0.1]/",
        "http://1.2.3.4.5/",
    ] {
        assert!(ServiceUri::parse(bad).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn three_redirects_are_followed_and_no_more() {
    let hop = |path: &str| match path.trim_start_matches('/').parse::<u32>() {
        Ok(0) | Err(_) => (StatusCode::OK, None),
        Ok(left) => (StatusCode::FOUND, Some(format!("/{}", left - 1))),
    };
    let (_, server) = Canary::start("127.0.0.1", hop).await;
    assert_eq!(get(&client(), &server.url("/3")).await, Ok(json!({})));
    assert_eq!(
        get(&client(), &server.url("/4")).await,
        Err(FetchError::TooManyRedirects(3))
    );
    let (_, for_ever) = Canary::start("127.0.0.1", |_| {
        (StatusCode::PERMANENT_REDIRECT, Some("/".to_owned()))
    })
    .await;
    assert_eq!(
        get(&client(), &for_ever.url("/")).await,
        Err(FetchError::TooManyRedirects(3))
    );
}

#[tokio::test]
async fn every_redirect_is_a_call_of_its_own() {
    // 127.0.0.0/8 is allowed in these tests, ::1 is not.
    let (canary, hidden) = Canary::good("::1").await;
    let port = hidden.address.port();
    for (target, refusal) in [
        (
            format!("http://[::1]:{port}/"),
            FetchError::RedirectTarget(Box::new(FetchError::AddressNotAllowed(
                "::1".parse().unwrap(),
            ))),
        ),
        (
            "http://169.254.169.254/latest/".to_owned(),
            FetchError::RedirectTarget(Box::new(FetchError::AddressNotAllowed(
                "169.254.169.254".parse().unwrap(),
            ))),
        ),
        ("ftp://127.0.0.1/".to_owned(), FetchError::BadRedirect),
        ("file:///etc/passwd".to_owned(), FetchError::BadRedirect),
        ("http://".to_owned(), FetchError::BadRedirect),
        (String::new(), FetchError::TooManyRedirects(3)),
    ] {
        let to = target.clone();
        let (_, server) = Canary::start("127.0.0.1", move |_| {
            (StatusCode::SEE_OTHER, Some(to.clone()))
        })
        .await;
        assert_eq!(
            get(&client(), &server.url("/x")).await,
            Err(refusal),
            "{target}"
        );
    }
    let (_, nowhere) = Canary::start("127.0.0.1", |_| (StatusCode::FOUND, None)).await;
    assert_eq!(
        get(&client(), &nowhere.url("/")).await,
        Err(FetchError::BadRedirect)
    );
    assert_eq!(canary.paths(), [""; 0]);
}

#[tokio::test]
async fn a_post_is_not_repeated_elsewhere() {
    let (canary, elsewhere) = Canary::good("127.0.0.1").await;
    let to = elsewhere.url("/");
    let (_, server) = Canary::start("127.0.0.1", move |_| {
        (StatusCode::TEMPORARY_REDIRECT, Some(to.clone()))
    })
    .await;
    let url = Url::parse(&server.url("/")).unwrap();
    let refused: Result<Value, _> = client()
        .post(&client().detached_scope(), &url, b"{}", Authorization::None)
        .await;
    let redirect = Redirect {
        status: 307,
        origin: Some(elsewhere.url("")),
    };
    assert_eq!(refused, Err(FetchError::Redirected(redirect)));
    assert_eq!(canary.paths(), [""; 0]);
}

#[tokio::test]
async fn a_token_goes_to_the_service_and_not_along_a_redirect() {
    let (elsewhere, other) = Canary::good("127.0.0.1").await;
    let to = other.url("/b");
    let (first, server) =
        Canary::start("127.0.0.1", move |_| (StatusCode::FOUND, Some(to.clone()))).await;
    let url = Url::parse(&server.url("/a")).unwrap();
    let token = Token::new("s3cret").unwrap();
    let client = client();
    let pass = client.authorization(&url, Some(&token)).await;
    let _: Value = client
        .get(&client.detached_scope(), &url, pass)
        .await
        .unwrap();
    assert_eq!(first.credentials(), ["Bearer s3cret"]);
    assert_eq!(elsewhere.credentials(), [""]);
}

#[tokio::test]
async fn a_password_in_the_uri_goes_instead_of_the_token_and_not_along_a_redirect() {
    let (elsewhere, other) = Canary::good("127.0.0.1").await;
    let to = format!("http://eve:pw@{}/b", other.address);
    let (first, server) =
        Canary::start("127.0.0.1", move |_| (StatusCode::FOUND, Some(to.clone()))).await;
    let url = Url::parse(&format!("http://ann:pw@{}/a", server.address)).unwrap();
    let token = Token::new("s3cret").unwrap();
    let client = client();
    let pass = client.authorization(&url, Some(&token)).await;
    let _: Value = client
        .get(&client.detached_scope(), &url, pass)
        .await
        .unwrap();
    assert_eq!(first.credentials(), ["Basic YW5uOnB3"]);
    assert_eq!(elsewhere.credentials(), [""]);
}

#[tokio::test]
async fn a_token_is_held_back_from_plain_http_unless_the_operator_says_otherwise() {
    let token = Token::new("s3cret").unwrap();
    let strangers = strangers_fetcher();
    let mut config = Config::default();
    config.outbound.forward_token_over_http = true;
    let careless = Client::new(&config, Reach::Public).unwrap();
    for (uri, held_back) in [
        ("https://tes.example/", false),
        ("http://8.8.8.8/", true),
        ("http://127.0.0.1/", true),
        ("http://localhost/", true),
        ("http://tes.invalid/", true),
    ] {
        let url = Url::parse(uri).unwrap();
        let pass = strangers.authorization(&url, Some(&token)).await;
        assert_eq!(
            matches!(pass, Authorization::Withheld),
            held_back,
            "{uri}: {pass:?}"
        );
        assert!(matches!(
            careless.authorization(&url, Some(&token)).await,
            Authorization::Send(_)
        ));
        assert!(!format!("{pass:?}").contains("s3cret"));
    }
    let listed = client();
    let pass = listed
        .authorization(&Url::parse("http://127.0.0.1/").unwrap(), Some(&token))
        .await;
    assert!(
        matches!(pass, Authorization::SendToAllowedNetworks(_)),
        "{pass:?}"
    );
    // It is at ::1, too, which is not listed; then that address is not connected to.
    let pass = listed
        .authorization(&Url::parse("http://localhost/").unwrap(), Some(&token))
        .await;
    assert!(
        matches!(pass, Authorization::SendToAllowedNetworks(_)),
        "{pass:?}"
    );
}

#[tokio::test]
async fn a_token_for_listed_networks_connects_to_nothing_else() {
    // With the user's own rights every address may be called, but only 127.0.0.1 is listed.
    let mut config = Config::default();
    config.outbound.allowed_networks = vec!["127.0.0.1/32".parse().unwrap()];
    let client = Client::new(&config, Reach::Everywhere).unwrap();
    let (canary, server) = Canary::good("::1").await;
    let url = Url::parse(&format!("http://localhost:{}/", server.address.port())).unwrap();
    let token = Token::new("s3cret").unwrap();
    let refused: Result<Value, _> = client
        .get(
            &client.detached_scope(),
            &url,
            Authorization::SendToAllowedNetworks(Credential::Bearer(&token)),
        )
        .await;
    assert!(refused.is_err());
    assert_eq!(canary.paths(), [""; 0]);
}

#[tokio::test]
async fn a_compression_bomb_is_not_unpacked() {
    let bomb = include_bytes!("fixtures/bomb.gz");
    let router = Router::new().fallback(async || {
        (
            [
                ("content-encoding", "gzip"),
                ("content-type", "application/json"),
            ],
            bomb.as_slice(),
        )
    });
    let server = Server::start(router).await;
    let limit = 64 << 10;
    assert_eq!(
        get(&client(), &server.url("/")).await,
        Err(FetchError::TooLarge(limit))
    );
}

#[tokio::test]
async fn a_call_that_breaks_off_before_the_answer_is_tried_once_more() {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let (first, _) = listener.accept().await.unwrap();
        drop(first);
        let (mut second, _) = listener.accept().await.unwrap();
        let _ = second.read(&mut [0; 1024]).await.unwrap();
        second
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
            .await
            .unwrap();
    });
    assert_eq!(get(&client(), &url).await, Ok(json!({})));
    served.await.unwrap();
}

#[tokio::test]
async fn a_service_that_is_busy_for_a_moment_is_asked_again() {
    for (status, retry_after, expected) in [
        (StatusCode::SERVICE_UNAVAILABLE, "0", Ok(json!({}))),
        (StatusCode::TOO_MANY_REQUESTS, "0", Ok(json!({}))),
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "3600",
            Err(FetchError::Status(StatusCode::SERVICE_UNAVAILABLE)),
        ),
    ] {
        let asked = Arc::new(Mutex::new(0));
        let router = Router::new().fallback(async move || {
            let mut asked = asked.lock().unwrap();
            *asked += 1;
            if *asked == 1 {
                (status, [("retry-after", retry_after)], "").into_response()
            } else {
                "{}".into_response()
            }
        });
        let server = Server::start(router).await;
        assert_eq!(get(&client(), &server.url("/")).await, expected);
    }
}

#[tokio::test]
async fn tls_where_there_is_none_and_none_where_there_is_are_told() {
    let (_, server) = Canary::good("127.0.0.1").await;
    let https = format!("https://{}/", server.address);
    let refused = get(&client(), &https).await.unwrap_err();
    assert!(matches!(refused, FetchError::Unreachable(_)), "{refused}");
}
