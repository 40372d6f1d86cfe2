//! The console script as its users know it.

use std::{
    io,
    process::Output,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use testribute::{
    Ranker,
    config::ConfigError,
    domain::{
        assumed::Assumed, mode::BadMode, service::BadServiceUri, token::MalformedToken,
        transfer::route::Assumption,
    },
};

use crate::support::{
    Server,
    network::{config, drs, drs_root, tes, tes_root},
    program::{RunningService, program},
    texts::{
        ANY, FetchError, LocateError, RequestFaultReason, Warning, assert_like, drs_unavailable,
        not_found, token_not_sent_over_http, unknown_location,
    },
};

struct Network {
    tes: Server,
    drs: Server,
}

impl Network {
    async fn start() -> Self {
        Self {
            tes: tes("127.0.0.1", "EUR", 1.0, 1.0, 60.0).await,
            drs: drs(&[("a001", 1_000, &["https://near.example/a"])]).await,
        }
    }

    /// The predecessor's call, with `more` options.
    async fn rank(&self, more: &[&str]) -> Output {
        program()
            .args([
                "--tes-uri",
                &tes_root(&self.tes),
                "--cpu-cores",
                "1",
                "--ram-gb",
                "1.5",
                "--disk-gb",
                "1",
            ])
            .args([
                "--execution-time-sec",
                "10",
                "--object-id",
                "a001",
                "--drs-uri",
                &drs_root(&self.drs),
            ])
            .args(more)
            .output()
            .await
            .unwrap()
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn the_answer_alone_is_on_stdout() {
    let network = Network::start().await;
    let output = network.rank(&[]).await;
    assert_eq!(text(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["service_combinations"][0]["rank"], 1);
    assert_eq!(
        answer["service_combinations"][0]["access_uris"]["tes_uri"],
        tes_root(&network.tes)
    );
}

#[tokio::test]
async fn the_predecessors_options_work_as_they_did() {
    let network = Network::start().await;
    for mode in [
        ["-m", "-1"].as_slice(),
        &["--mode=-1"],
        &["-m", "random"],
        &["--mode", "cost"],
        &["-m", "0.25"],
        &["-m1"],
        &["-v"],
        &["--jwt", "abc.def.ghi"],
    ] {
        let output = network.rank(mode).await;
        assert_eq!(
            output.status.code(),
            Some(0),
            "{mode:?}: {}",
            text(&output.stderr)
        );
    }
    for spelling in ["--drs-id", "--drs_id"] {
        let output = network.rank(&[spelling, "http://127.0.0.1:1/"]).await;
        assert_eq!(output.status.code(), Some(0));
        let refused = FetchError::Unreachable(ANY.to_owned());
        let warning = drs_unavailable("http://127.0.0.1:1/", &refused, &["a001"]);
        assert_like(text(&output.stderr), format!("[WARNING] {warning}\n"));
    }
}

#[tokio::test]
async fn the_size_of_an_object_is_stated_by_its_id() {
    let network = Network::start().await;
    let url = "ftp://near.example/a?version=2";
    let output = network.rank(&["--object-id", url]).await;
    assert_eq!(output.status.code(), Some(1), "its size is unknown");
    let sized = format!("{url}=1000");
    let with_size = ["--object-id", url, "--object-size", &sized];
    let output = network.rank(&with_size).await;
    assert_eq!(text(&output.stderr), "");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["service_combinations"][0]["access_uris"][url], url);

    let output = network.rank(&["--object-size", "a002=1000"]).await;
    assert_eq!(output.status.code(), Some(0));
    let unused = Warning::UnknownProperties(vec![
        "/object_sizes/a002 (not among --object-id)".to_owned(),
    ]);
    assert_eq!(text(&output.stderr), format!("[WARNING] {unused}\n"));

    for wrong in ["a001", "a001=", "a001=-1", "a001=1.5", "a001=1 GB"] {
        let output = network.rank(&["--object-size", wrong]).await;
        assert_eq!(output.status.code(), Some(2), "{wrong}");
        assert!(text(&output.stderr).contains("ID=BYTES"), "{wrong}");
    }
    let output = program()
        .args([
            "--task",
            "task.json",
            "--tes-uri",
            "http://x/",
            "--object-size",
            "a=1",
        ])
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test]
async fn failures_are_told_on_stderr() {
    let network = Network::start().await;
    let output = network.rank(&["--object-id", "nothing"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "");
    assert_eq!(
        text(&output.stderr),
        format!(
            "[ERROR] ResourceUnavailableError: {}\n",
            not_found("nothing")
        )
    );
}

#[tokio::test]
async fn wrong_usage_has_an_exit_code_of_its_own() {
    let network = Network::start().await;
    let unreadable = ConfigError::Unreadable {
        file: "/nonexistent.yaml".into(),
        source: io::Error::from_raw_os_error(2),
    };
    for (options, expected) in [
        (
            ["-m", "-0.5"].as_slice(),
            format!("[ERROR] ValidationError: --mode: {BadMode}\n"),
        ),
        (
            &["--mode", "Cost"],
            format!("[ERROR] ValidationError: --mode: {BadMode}\n"),
        ),
        (
            &["--tes-uri", "ftp://x"],
            format!(
                "[ERROR] ValidationError: --tes-uri (number 2): {}\n",
                BadServiceUri::NotAbsolute
            ),
        ),
        (
            &["--limit", "0"],
            format!(
                "[ERROR] ValidationError: --limit: {}\n",
                RequestFaultReason::TooLow("1".to_owned())
            ),
        ),
        (
            &["--jwt", "two words"],
            format!("[ERROR] ValidationError: --jwt: {MalformedToken}\n"),
        ),
        (&["--nonsense"], format!("{ANY}'--nonsense'{ANY}")),
        (
            &["--config", "/nonexistent.yaml"],
            format!("[ERROR] ConfigurationError: {unreadable}\n"),
        ),
    ] {
        let output = network.rank(options).await;
        assert_eq!(output.status.code(), Some(2), "{options:?}");
        assert_like(text(&output.stderr), expected);
        assert_eq!(text(&output.stdout), "");
    }
    let output = program()
        .args(["--tes-uri", "http://x/"])
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("--cpu-cores <FLOAT>"));
}

#[tokio::test]
async fn a_token_is_neither_printed_nor_sent_over_plain_http() {
    let network = Network::start().await;
    let output = network.rank(&["--jwt", "s3cr3t", "-vv"]).await;
    assert_eq!(output.status.code(), Some(0));
    let told = text(&output.stderr);
    assert!(!told.contains("s3cr3t"), "{told}");
    let warning = token_not_sent_over_http(&tes_root(&network.tes));
    assert!(told.contains(&format!("[WARNING] {warning}\n")), "{told}");
    let help = program()
        .env("TESTRIBUTE_JWT", "s3cr3t")
        .arg("--help")
        .output()
        .await
        .unwrap();
    assert!(!text(&help.stdout).contains("s3cr3t"));
}

#[tokio::test]
async fn a_table_is_for_people() {
    let network = Network::start().await;
    let output = network.rank(&["--output", "table"]).await;
    let table = text(&output.stdout);
    for part in [
        "Rank",
        "TES and access URIs",
        "Cost",
        "Time",
        "Score",
        "1 min 10 s",
        "a001 https://near.example/a",
    ] {
        assert!(table.contains(part), "{part} is not in:\n{table}");
    }
    assert!(!table.contains('\u{1b}'), "colours are for terminals");
}

#[tokio::test]
async fn help_and_completions_are_printed() {
    let help = program().arg("--help").output().await.unwrap();
    assert!(text(&help.stdout).contains("Examples:"));
    for shell in ["bash", "zsh", "fish"] {
        let script = program()
            .args(["completions", shell])
            .output()
            .await
            .unwrap();
        assert!(
            text(&script.stdout).contains("execution-time-sec"),
            "{shell}"
        );
    }
    let document = program().arg("openapi").output().await.unwrap();
    assert_eq!(
        text(&document.stdout).trim_end(),
        include_str!("../../openapi/testribute.openapi.yaml").trim_end()
    );
}

#[tokio::test]
async fn the_demonstration_ranks_on_a_network_of_its_own() {
    let output = program().args(["demo", "--once"]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    assert!(table.matches("http://tes-").count() >= 4, "{table}");
    assert!(
        !text(&output.stderr).contains("[WARNING]"),
        "{}",
        text(&output.stderr)
    );
}

#[tokio::test]
async fn the_service_says_where_it_listens_and_stops_when_told_to() {
    let service = RunningService::start(&[]).await;
    let root = service.root.clone();
    let check = program()
        .args(["healthcheck", &root])
        .output()
        .await
        .unwrap();
    assert_eq!(check.status.code(), Some(0), "{}", text(&check.stderr));
    assert_eq!(service.stop().await.0, Some(0));
    let check = program()
        .args(["healthcheck", &root])
        .output()
        .await
        .unwrap();
    assert_eq!(check.status.code(), Some(1));
}

#[tokio::test]
async fn a_secret_that_is_named_but_not_set_stops_the_start() {
    let credentials = "[{match: tes.example, bearer_env: NO_SUCH_SECRET}]";
    let output = program()
        .env("TESTRIBUTE__CREDENTIALS", credentials)
        .args(["serve", "--host", "127.0.0.1", "--port", "0"])
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = Ranker::new(&config(&format!("credentials: {credentials}"))).unwrap_err();
    assert!(text(&output.stderr).contains(&format!("[ERROR] ConfigurationError: {error}\n")));
}

#[tokio::test]
async fn a_taken_port_is_an_error_that_names_it() {
    let network = Network::start().await;
    let port = network.tes.address.port().to_string();
    let output = program()
        .args(["serve", "--host", "127.0.0.1", "--port", &port])
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let taken = std::net::TcpListener::bind(network.tes.address).unwrap_err();
    assert_like(
        text(&output.stderr),
        format!("{ANY}[ERROR] Error: {ANY} 127.0.0.1, port {port}: {taken}\n"),
    );
}

#[tokio::test]
async fn places_and_distances_of_hosts_are_told() {
    let output = program()
        .args([
            "locate",
            "https://near.example/x",
            "127.0.0.1",
            "s3://bucket/key",
        ])
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let table = text(&output.stdout);
    for line in [
        "near.example    47.000     8.000  override",
        "s3://bucket                    -  domain  aws",
        "near.example  127.0.0.1          69.6 km",
    ] {
        assert!(table.contains(line), "{line} is not in:\n{table}");
    }
    let warning = unknown_location("s3://bucket", &LocateError::Bucket);
    assert_eq!(text(&output.stderr), format!("[WARNING] {warning}\n"));
    let output = program()
        .args(["locate", "--output", "json", "127.0.0.1"])
        .output()
        .await
        .unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["places"]["127.0.0.1"]["source"], "override");
    let output = program()
        .args(["locate", "s3://bucket"])
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test]
async fn the_price_and_rate_of_a_transfer_are_told() {
    let output = program()
        .env("TESTRIBUTE__ESTIMATION__TRANSFER_MODEL", "network")
        .args(["transfer", "gcp/us-east4", "aws/us-east-1"])
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let table = text(&output.stdout);
    for part in [
        "11.1759 USD for 100 GB",
        "internet, billed to owner",
        "Mbit/s",
    ] {
        assert!(table.contains(part), "{part} is not in:\n{table}");
    }
    let output = program()
        .env("TESTRIBUTE__ESTIMATION__TRANSFER_MODEL", "network")
        .args([
            "transfer",
            "s3://bucket/key",
            "https://near.example/tes",
            "--gb",
            "10",
        ])
        .args(["--output", "json"])
        .output()
        .await
        .unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        (told["cost"]["amount"].as_f64().unwrap() - 0.9).abs() < 1e-12,
        "{told}"
    );
    assert_eq!(told["charged_as"], "internet");
    let common = Assumed::Price(Assumption::CommonRegion).to_string();
    assert_eq!(told["assumptions"][0], common, "{told}");
    assert_eq!(told["from_place"], "aws");
    assert_eq!(told["from_source"], "domain");
    assert_eq!(told["to_source"], "unknown");
}

#[tokio::test]
async fn a_transfer_costs_what_it_does_in_a_ranking() {
    for (from, amount) in [
        ("gs://b/x", 0.0),
        ("gs://b/x?userProject=p", 11.175_870_895_4),
    ] {
        let mut command = program();
        command
            .env("TESTRIBUTE__ESTIMATION__BILLED_TO", "caller")
            .args(["transfer", from, "academic"]);
        let output = command.output().await.unwrap();
        let table = text(&output.stdout);
        let uncounted = table.contains("which does not count (estimation.billed_to)");
        assert!(
            table.contains(&format!("cost         {amount:.4} USD")),
            "{table}"
        );
        assert_eq!(uncounted, amount == 0.0, "{table}");
        let output = command.args(["--output", "json"]).output().await.unwrap();
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        let cost = told["cost"]["amount"].as_f64().unwrap();
        assert!((cost - amount).abs() < 1e-6, "{told}");
    }
}

#[tokio::test]
async fn ends_of_a_transfer_that_name_nothing_are_refused() {
    for bad in [
        "",
        "not a host",
        "/data/x",
        "nowhere/eu-1",
        "amazone/us-east-1",
        "file:///data/x",
        "https://",
    ] {
        for ends in [[bad, "academic"], ["academic", bad]] {
            let output = program().arg("transfer").args(ends).output().await.unwrap();
            let told = text(&output.stderr);
            assert!(told.contains(&format!("'{bad}'")), "{ends:?}: {told}");
            assert_eq!(output.status.code(), Some(2), "{ends:?}: {told}");
            assert!(output.stdout.is_empty(), "{ends:?}");
        }
    }
}

#[tokio::test]
async fn a_transfer_tells_no_secrets_and_what_it_does_not_know() {
    let output = program()
        .args(["transfer", "https://user:secret@data.example/x?sig=secret"])
        .args(["https://user:secret@near.example/"])
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for stream in [&output.stdout, &output.stderr] {
        assert!(!text(stream).contains("secret"), "{}", text(stream));
    }
    let table = text(&output.stdout);
    for part in ["(at no known provider or network)", "assumption"] {
        assert!(table.contains(part), "{part} is not in:\n{table}");
    }
    let output = program()
        .args(["transfer", "aws/mars-1", "arn:aws:s3:::bucket/key"])
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "a bucket is no TES");
    let output = program()
        .args([
            "transfer",
            "arn:aws:s3:::bucket/key",
            "aws/mars-1",
            "--output",
            "json",
        ])
        .output()
        .await
        .unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["from_place"], "aws");
    let output = program()
        .args(["transfer", "aws/mars-1", "academic"])
        .output()
        .await
        .unwrap();
    let unlisted = Assumed::Price(Assumption::NoRow).to_string();
    assert!(
        text(&output.stdout).contains(&unlisted),
        "{}",
        text(&output.stdout)
    );
}

#[tokio::test]
async fn the_options_for_needs_reach_the_tes_as_they_are() {
    let sent: Arc<Mutex<Vec<Value>>> = Arc::default();
    let seen = Arc::clone(&sent);
    let price = json!({"amount": 1, "currency": "EUR"});
    let router = axum::Router::new().fallback(async move |body: axum::Json<Value>| {
        seen.lock().unwrap().push(body.0);
        axum::Json(json!({
            "estimated_compute_costs": price, "estimated_storage_costs": price, "unit_costs_data_transfer": price,
            "estimated_queue_time_sec": 0
        }))
    });
    let tes = Server::start(router).await;
    let needs = [
        "--cpu-cores",
        "0.5",
        "--ram-gb",
        "1.5",
        "--disk-gb",
        "0.25",
        "--execution-time-sec",
        "10.75",
    ];
    for (options, preemptible, zones) in [
        ([].as_slice(), true, json!([])),
        (&["--preemptible"], true, json!([])),
        (&["--no-preemptible"], false, json!([])),
        // The last one counts, as in a shell's alias.
        (&["--preemptible", "--no-preemptible"], false, json!([])),
        (&["--no-preemptible", "--preemptible"], true, json!([])),
        (
            &["--zone", "eu-1", "--zone", "eu-2"],
            true,
            json!(["eu-1", "eu-2"]),
        ),
    ] {
        let output = program()
            .args(["--tes-uri", &tes.url("/")])
            .args(needs)
            .args(options)
            .output()
            .await
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let expected = json!({
            "cpu_cores": 0.5, "ram_gb": 1.5, "disk_gb": 0.25, "execution_time_sec": 10.75,
            "preemptible": preemptible, "zones": zones
        });
        let all = std::mem::take(&mut *sent.lock().unwrap());
        assert_eq!(all, [expected], "{options:?}");
    }
}

#[tokio::test]
async fn an_explained_answer_says_what_it_rests_on() {
    let network = Network::start().await;
    for (options, is_explained) in [([].as_slice(), false), (&["--explain"], true)] {
        let output = network.rank(options).await;
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer.get("places").is_some(), is_explained);
        let best = &answer["service_combinations"][0];
        for key in ["queue", "offer", "execution", "distances", "transfers"] {
            assert_eq!(best.get(key).is_some(), is_explained, "{key}");
        }
    }
}

/// Starts a mock, and gives back its root and the process.
async fn mock(arguments: &[&str]) -> (String, tokio::process::Child) {
    let mut process = program()
        .args(arguments)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let lines = tokio::io::BufReader::new(process.stderr.take().unwrap());
    let mut lines = tokio::io::AsyncBufReadExt::lines(lines);
    loop {
        let line = lines.next_line().await.unwrap().unwrap();
        if let Some((_, root)) = line.split_once("listening: ") {
            return (root.trim().to_owned(), process);
        }
    }
}

#[tokio::test]
async fn mocks_without_options_have_the_prices_and_objects_of_the_demonstration() {
    let (tes, _tes) = mock(&["mock-tes"]).await;
    let (drs, _drs) = mock(&["mock-drs"]).await;
    let output = program()
        .env("TESTRIBUTE__EXCHANGE_RATES__RATES", "{CHF: 1}")
        .args([
            "--tes-uri",
            &tes,
            "--drs-uri",
            &drs,
            "--cpu-cores",
            "2",
            "--ram-gb",
            "8",
        ])
        .args(["--disk-gb", "50", "--execution-time-sec", "1800"])
        .args([
            "--object-id",
            "a001",
            "--object-id",
            "a002",
            "--object-id",
            "a003",
        ])
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let best = &answer["service_combinations"][0];
    let cost = &best["cost_breakdown"];
    let sum = cost["compute"].as_f64().unwrap() + cost["storage"].as_f64().unwrap();
    assert!((sum - 0.416).abs() < 1e-9, "{cost}");
    assert!(best["time_breakdown"]["queue"].as_f64().unwrap() > 0.0);
}

/// Arguments, the exit code, and a part of what STDERR says about them.
type Wrong = (&'static [&'static str], i32, &'static str);

const NEEDS: [&str; 8] = [
    "--cpu-cores",
    "1",
    "--ram-gb",
    "1",
    "--disk-gb",
    "1",
    "--execution-time-sec",
    "1",
];

#[tokio::test]
async fn wrong_usage_is_told_in_terms_of_options() {
    let wrong: [Wrong; 14] = [
        (&[], 2, "--tes-uri <URI> --task <FILE>"),
        (&["run"], 2, "provided:\n  --task <FILE>\n\nUsage"),
        (
            &["--cpu-cores", "-1"],
            2,
            "'-1' for '--cpu-cores <FLOAT>': must be a number of at least 0",
        ),
        (
            &["--limit", "-3"],
            2,
            "'-3' for '--limit <N>': must be an integer of at least 0",
        ),
        (
            &["--object-size", "a=-1"],
            2,
            "must be ID=BYTES, with an integer of at least 0",
        ),
        (
            &["run", "--task", "no.json"],
            2,
            "ValidationError: no.json: cannot be read: ",
        ),
        (
            &["run", "--task", "Cargo.toml"],
            2,
            "ValidationError: Cargo.toml: is not valid JSON: ",
        ),
        (
            &["healthcheck", "ftp://x"],
            1,
            "'ftp://x/healthz' is no http or https URL with a host",
        ),
        (
            &["healthcheck", "http://u:secret@127.0.0.1:1/"],
            1,
            "127.0.0.1:1/healthz' cannot be reached: Connection refused",
        ),
        (
            &["transfer", "aws/mars-1", "academic"],
            0,
            "[WARNING] Region unknown: the tables do not list 'aws/mars-1'.",
        ),
        (&["rank"], 2, ": must have at least one URI"),
        (
            &["rank", "--tes-uri", "x"],
            2,
            "ValidationError: --tes-uri (number 1): must be an absolute",
        ),
        (
            &[
                "rank",
                "--tes-uri",
                "http://127.0.0.1:1/",
                "--object-id",
                "a",
            ],
            2,
            "--drs-uri: must have at least one URI, as some --object-id are neither",
        ),
        (
            &[
                "rank",
                "--tes-uri",
                "http://127.0.0.1:1/",
                "--object-size",
                "a=1",
            ],
            1,
            "ignored: /object_sizes/a (not among --object-id).",
        ),
    ];
    for (args, code, told) in wrong {
        let mut command = program();
        match args.split_first() {
            Some((&"rank", rest)) => command.args(NEEDS).args(rest),
            _ => command.args(args),
        };
        let output = command.output().await.unwrap();
        let stderr = text(&output.stderr);
        assert!(stderr.contains(told), "{args:?}: {stderr}");
        assert!(!stderr.contains("secret"), "{args:?}: {stderr}");
        assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}");
    }
}
