//! `testribute calibrate` prints what the lists of tasks of TES with known queues, failures and speeds tell.

use std::process::{Output, Stdio};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use testribute::{
    config::{Config, PriceEntry},
    domain::{
        calibrate::warning::CalibrationWarning, queue::NoQueueTime, service::ServiceUri, site,
    },
};
use tokio::process::Command;

use crate::support::{
    faulty::{Manner, RawServer, nobody},
    program::program,
    recorder::Recorder,
    texts::{ANY, is_like, status},
};

const HOUR: f64 = 3600.0;
const DAY: f64 = 24.0 * HOUR;

/// The prices of all sites.
const BOOK: &str = "
tes:
  price_book:
    - match: \"*\"
      currency: EUR
      unit_costs: {cpu_usage: 1e-5, memory_consumption: 0.5, data_storage: 0.25, data_transfer: 0.1}
      place: {provider: aws, region: eu-central-1}
      link: {in_mbps: 1000}
      speed: 7
";

fn ago(seconds: f64) -> String {
    (Timestamp::now() - SignedDuration::from_secs_f64(seconds)).to_string()
}

/// What the tasks of a site have in common.
#[derive(Clone, Copy)]
struct Site {
    wait: f64,
    run: f64,
    image: &'static str,
}

const FAST: Site = Site {
    wait: 30.0,
    run: 100.0,
    image: "bwa:0.7",
};
const SLOW: Site = Site {
    wait: 90.0,
    run: 400.0,
    ..FAST
};

impl Site {
    /// A task that ended in `state`, and was created `age` ago.
    fn task(self, id: usize, state: &str, age: f64) -> Value {
        let start = age - self.wait;
        json!({
            "id": format!("{state}-{id}"), "state": state, "creation_time": ago(age),
            "executors": [{"image": self.image, "command": ["bwa", "mem", "a.fq"]}],
            // Staging takes half an hour.
            "logs": [{
                "start_time": ago(start), "end_time": ago(start - self.run - HOUR / 2.0),
                "logs": [{"start_time": ago(start - HOUR / 4.0), "end_time": ago(start - HOUR / 4.0 - self.run)}]
            }]
        })
    }

    /// So many tasks of the last days in each of these states.
    fn tasks(self, states: &[(&str, usize)]) -> Vec<Value> {
        let one = |state, id| self.task(id, state, DAY + 60.0 * number(id));
        let of_state = states
            .iter()
            .flat_map(|&(state, count)| (0..count).map(move |id| one(state, id)));
        of_state.collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "few tasks")]
fn number(count: usize) -> f64 {
    count as f64
}

/// A TES with these tasks, in pages.
async fn tes(tasks: Vec<Value>) -> Recorder {
    Recorder::start(move |line, _| {
        line.starts_with("GET /v1/tasks").then(|| {
            let number = |name: &str| -> Option<usize> {
                let (_, rest) = line.split_once(&format!("{name}="))?;
                rest.split('&').next()?.parse().ok()
            };
            let start = number("page_token").unwrap_or(0);
            let end = tasks.len().min(start + number("page_size").unwrap_or(256));
            let token = (end < tasks.len()).then(|| end.to_string());
            (
                200,
                json!({"tasks": tasks[start.min(end)..end], "next_page_token": token}),
            )
        })
    })
    .await
}

fn root(tes: &Recorder) -> String {
    tes.server.url("/v1/")
}

/// A file with this configuration.
fn file(config: &str) -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("calibrate-{}.yaml", rand::random::<u64>()));
    std::fs::write(&path, config).unwrap();
    path
}

async fn calibrate(config: &str, arguments: &[&str]) -> Output {
    let file = file(config);
    let output = program()
        .arg("calibrate")
        .arg("--config")
        .arg(&file)
        .args(arguments)
        .output()
        .await
        .unwrap();
    std::fs::remove_file(file).unwrap();
    output
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The entries that were printed, read as a configuration.
fn printed(output: &Output) -> Config {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let yaml = text(&output.stdout);
    let config = Config::from_text(yaml).unwrap_or_else(|error| panic!("{error}:\n{yaml}"));
    testribute::Ranker::new(&config).unwrap();
    config
}

fn entry<'a>(config: &'a Config, uri: &str) -> &'a PriceEntry {
    let tes = ServiceUri::parse(uri).unwrap();
    config.tes.entry_for(&tes).unwrap()
}

/// STDERR has these warnings and nothing else.
#[track_caller]
fn assert_warned(output: &Output, expected: &[CalibrationWarning]) {
    let lines: Vec<_> = text(&output.stderr).lines().collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|one| format!("[WARNING] {one}"))
        .collect();
    assert!(
        lines.len() == expected.len()
            && lines
                .iter()
                .zip(&expected)
                .all(|(line, expected)| is_like(line, expected)),
        "{lines:#?} instead of {expected:#?}"
    );
}

fn share(entry: &PriceEntry) -> f64 {
    match entry.failures.0 {
        site::Failures::Share(share) => share,
        other => panic!("{other:?}"),
    }
}

fn close(found: f64, expected: f64, part: f64) -> bool {
    (found - expected).abs() <= part * expected
}

#[tokio::test]
async fn queue_failures_and_speed_are_those_of_the_sites() {
    let fast = tes(FAST.tasks(&[("COMPLETE", 140), ("SYSTEM_ERROR", 20), ("CANCELED", 9)])).await;
    let slow = tes(SLOW.tasks(&[
        ("COMPLETE", 120),
        ("SYSTEM_ERROR", 30),
        ("PREEMPTED", 9),
        ("EXECUTOR_ERROR", 21),
    ]))
    .await;
    let output = calibrate(BOOK, &["--tes", &root(&fast), &root(&slow)]).await;
    assert_warned(&output, &[]);
    let config = printed(&output);
    assert_eq!(config.tes.price_book.len(), 2);
    let [of_fast, of_slow] = [entry(&config, &root(&fast)), entry(&config, &root(&slow))];
    assert!(close(of_fast.queue.default_sec, 30.0, 0.01));
    assert!(close(of_slow.queue.default_sec, 90.0, 0.01));
    assert!(close(share(of_fast), 21.0 / 180.0, 0.01), "{of_fast:?}");
    assert!(close(share(of_slow), 40.0 / 200.0, 0.01), "{of_slow:?}");
    // A factor of 4, less what ten further tasks of each that show no difference take off.
    let expected = 4.0_f64.powf(1.0 / (1.0 + 5.0 / 140.0 + 5.0 / 120.0));
    let ratio = of_fast.speed / of_slow.speed;
    assert!(close(ratio, expected, 0.02), "{ratio} not {expected}");
    assert!(close(of_fast.speed * of_slow.speed, 1.0, 0.01));
    // The rest of the entry is that of the book.
    for entry in [of_fast, of_slow] {
        assert_eq!(entry.unit_costs.cpu_usage, Some(1e-5));
        assert_eq!(entry.link.in_mbps, Some(1000.0));
        assert!(entry.place.is_some());
    }
    for rests_on in [
        "140 tasks here and 120",
        "160 tasks ended, 20",
        "tasks that started: 169",
    ] {
        assert!(
            text(&output.stdout).contains(rests_on),
            "{}",
            text(&output.stdout)
        );
    }
}

#[tokio::test]
async fn the_entries_can_be_pasted_before_those_of_the_book() {
    let (fast, slow) = (
        tes(FAST.tasks(&[("COMPLETE", 30)])).await,
        tes(SLOW.tasks(&[("COMPLETE", 30)])).await,
    );
    let output = calibrate(BOOK, &["--tes", &root(&fast), "--tes", &root(&slow)]).await;
    let entries = text(&output.stdout).split_once("price_book:\n").unwrap().1;
    let pasted = BOOK.replacen("price_book:\n", &format!("price_book:\n{entries}"), 1);
    let config = Config::from_text(&pasted).unwrap_or_else(|error| panic!("{error}:\n{pasted}"));
    assert_eq!(config.tes.price_book.len(), 3);
    assert!(entry(&config, &root(&fast)).speed > 1.0);
    assert!(entry(&config, &root(&slow)).speed < 1.0);
    assert!(close(
        entry(&config, "https://elsewhere.example/").speed,
        7.0,
        1e-9
    ));
}

#[tokio::test]
async fn figures_are_told_as_json() {
    let (fast, slow) = (
        tes(FAST.tasks(&[("COMPLETE", 30), ("SYSTEM_ERROR", 3)])).await,
        tes(SLOW.tasks(&[("COMPLETE", 20)])).await,
    );
    let output = calibrate(
        BOOK,
        &[
            "--tes",
            &root(&fast),
            &root(&slow),
            "--output",
            "json",
            "--days",
            "30",
        ],
    )
    .await;
    assert_warned(&output, &[]);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["max_age_days"], 30.0);
    let site = &told["sites"][0];
    assert_eq!(site["tes_uri"], root(&fast));
    assert_eq!(site["has_prices"], true);
    assert_eq!(site["queue"]["started"], 33);
    assert_eq!(site["failures"]["ended"], 33);
    assert_eq!(site["failures"]["system_errors"], 3);
    assert!(close(
        site["failures"]["share"].as_f64().unwrap(),
        4.0 / 53.0,
        1e-9
    ));
    assert_eq!(site["speed"]["tasks"], 30);
    assert_eq!(site["speed"]["elsewhere"], 20);
    assert_eq!(site["entry"]["match"], root(&fast));
    assert_eq!(site["entry"]["currency"], "EUR");
    assert!(site["entry"]["labels"].is_null(), "defaults are left out");
}

#[tokio::test]
async fn a_tes_that_fails_leaves_the_others() {
    let (fast, slow) = (
        tes(FAST.tasks(&[("COMPLETE", 30)])).await,
        tes(SLOW.tasks(&[("COMPLETE", 30)])).await,
    );
    let nobody = nobody();
    let refusing = Recorder::start(|_, _| Some((403, json!({})))).await;
    let silent = Recorder::start(|line, _| {
        line.contains("service-info")
            .then(|| (200, json!({"type": {"artifact": "tes"}})))
    })
    .await;
    let (refused, without_list) = (refusing.server.url("/"), silent.server.url("/"));
    let output = calibrate(
        BOOK,
        &[
            "--tes",
            &nobody,
            &root(&fast),
            &refused,
            &root(&slow),
            &without_list,
        ],
    )
    .await;
    let unavailable = |service: &str| CalibrationWarning::Unavailable {
        service: service.to_owned(),
        cause: ANY.to_owned(),
    };
    let no_list = CalibrationWarning::Unavailable {
        service: without_list.clone(),
        cause: NoQueueTime::NoTaskList(status(404).to_string()).to_string(),
    };
    assert_warned(
        &output,
        &[unavailable(&nobody), unavailable(&refused), no_list],
    );
    let config = printed(&output);
    assert_eq!(config.tes.price_book.len(), 2);
    assert!(entry(&config, &root(&fast)).speed > 1.0);
}

#[tokio::test]
async fn one_tes_has_no_speed() {
    let only = tes(FAST.tasks(&[("COMPLETE", 30)])).await;
    let with_slash = root(&only);
    let without_slash = with_slash.trim_end_matches('/').to_owned();
    let output = calibrate(BOOK, &["--tes", &with_slash, &without_slash]).await;
    let twice = CalibrationWarning::Duplicate {
        service: without_slash,
    };
    assert_warned(&output, &[twice, CalibrationWarning::OneTes]);
    let config = printed(&output);
    let entry = entry(&config, &root(&only));
    assert!(close(entry.speed, 7.0, 1e-9), "that of the book stays");
    assert!(close(entry.queue.default_sec, 30.0, 0.01));
}

#[tokio::test]
async fn tasks_of_other_programs_tell_no_speed() {
    let other = Site {
        image: "star:2",
        ..SLOW
    };
    let (one, two) = (
        tes(FAST.tasks(&[("COMPLETE", 30)])).await,
        tes(other.tasks(&[("COMPLETE", 30)])).await,
    );
    let output = calibrate(BOOK, &["--tes", &root(&one), &root(&two)]).await;
    let no_speed = |tes: &Recorder| CalibrationWarning::NoSpeed {
        service: root(tes),
        has_runs: true,
    };
    assert_warned(&output, &[no_speed(&one), no_speed(&two)]);
    printed(&output);
}

#[tokio::test]
async fn a_tes_outside_of_the_book_has_prices_to_set() {
    let (fast, slow) = (
        tes(FAST.tasks(&[("COMPLETE", 30)])).await,
        tes(SLOW.tasks(&[("COMPLETE", 30)])).await,
    );
    let no_prices = |tes: &Recorder| CalibrationWarning::NoPrices { service: root(tes) };
    for model in ["network", "distance"] {
        let config = format!("estimation: {{transfer_model: {model}}}\n");
        let output = calibrate(&config, &["--tes", &root(&fast), &root(&slow)]).await;
        assert_warned(&output, &[no_prices(&fast), no_prices(&slow)]);
        printed(&output);
        let whole = format!("{config}{}", text(&output.stdout));
        let config = Config::from_text(&whole).unwrap_or_else(|error| panic!("{error}:\n{whole}"));
        assert!(entry(&config, &root(&fast)).speed > 1.0);
    }
}

#[tokio::test]
async fn lists_without_readable_times_are_told() {
    let unreadable = tes(vec![
        json!({"id": "1", "state": "COMPLETE"}),
        json!({"id": "2"}),
    ])
    .await;
    let output = calibrate(BOOK, &["--tes", &root(&unreadable)]).await;
    let service = root(&unreadable);
    let cause = NoQueueTime::Unreadable {
        tasks: 2,
        unreadable: 2,
    };
    // That a task completed is readable.
    assert_warned(
        &output,
        &[
            CalibrationWarning::NoQueue { service, cause },
            CalibrationWarning::OneTes,
        ],
    );
    let config = printed(&output);
    assert!(close(
        share(entry(&config, &root(&unreadable))),
        1.0 / 21.0,
        0.01
    ));
}

#[tokio::test]
async fn nothing_that_can_be_measured_is_a_failure() {
    let old = tes(vec![FAST.task(1, "COMPLETE", 20.0 * DAY)]).await;
    let output = calibrate(BOOK, &["--tes", &root(&old)]).await;
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
    assert!(output.stdout.is_empty());
    assert!(text(&output.stderr).contains("[ERROR]"));
    let output = calibrate(BOOK, &["--tes", &root(&old), "--days", "30"]).await;
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let output = calibrate(BOOK, &["--tes", &nobody()]).await;
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
}

#[tokio::test]
async fn what_waits_counts_in_the_queue() {
    let mut tasks = FAST.tasks(&[("COMPLETE", 3)]);
    for id in 0..5 {
        let created = ago(HOUR);
        tasks.push(json!({"id": format!("q{id}"), "state": "QUEUED", "creation_time": created}));
    }
    let jammed = tes(tasks).await;
    let output = calibrate(BOOK, &["--tes", &root(&jammed)]).await;
    let config = printed(&output);
    assert!(close(
        entry(&config, &root(&jammed)).queue.default_sec,
        HOUR,
        0.01
    ));
}

#[tokio::test]
async fn the_rule_of_the_entry_decides_which_failures_count() {
    let site = tes(FAST.tasks(&[
        ("COMPLETE", 60),
        ("SYSTEM_ERROR", 4),
        ("PREEMPTED", 8),
        ("EXECUTOR_ERROR", 8),
    ]))
    .await;
    for (rule, failed) in [
        ("failures: history", 12.0),
        ("failures: history_with_executor_errors", 20.0),
        ("failures: 0.5", 12.0),
        ("preemptions_per_hour: 0.1", 4.0),
    ] {
        let book = BOOK.replace("speed: 7", rule);
        let output = calibrate(&book, &["--tes", &root(&site)]).await;
        let found = share(entry(&printed(&output), &root(&site)));
        assert!(
            close(found, (failed + 1.0) / 100.0, 0.01),
            "{rule}: {found}"
        );
    }
}

#[tokio::test]
async fn the_credentials_of_the_configuration_are_sent() {
    let tasks = FAST.tasks(&[("COMPLETE", 3)]);
    let guarded = Recorder::start(move |line, authorization| {
        let is_let_in = authorization == Some("Bearer secret-of-the-service");
        let answer = || {
            if is_let_in {
                (200, json!({"tasks": tasks}))
            } else {
                (401, json!({}))
            }
        };
        line.starts_with("GET /v1/tasks").then(answer)
    })
    .await;
    let config = file(&format!(
        "{BOOK}
credentials: [{{match: 127.0.0.1, bearer_env: TES_TOKEN}}]
outbound: {{allowed_networks: [127.0.0.0/8]}}
"
    ));
    let output = program()
        .env("TES_TOKEN", "secret-of-the-service")
        .args(["calibrate", "--config", config.to_str().unwrap(), "-vv"])
        .args(["--tes", &root(&guarded)])
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for stream in [&output.stdout, &output.stderr] {
        assert!(!text(stream).contains("secret-of-the-service"));
    }
    std::fs::remove_file(config).unwrap();
}

#[tokio::test]
async fn wrong_usage_is_told() {
    for arguments in [
        &["calibrate"][..],
        &["calibrate", "--tes"],
        &["calibrate", "--tes", "tes.example"],
        &["calibrate", "--tes", "https://tes.example/?a=b"],
        &["calibrate", "--tes", "https://tes.example/", "--days", "0"],
        &[
            "calibrate",
            "--tes",
            "https://tes.example/",
            "--days",
            "many",
        ],
        &[
            "calibrate",
            "--tes",
            "https://tes.example/",
            "--output",
            "table",
        ],
    ] {
        let output = program().args(arguments).output().await.unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[tokio::test]
async fn it_can_be_interrupted() {
    let mut hanging = RawServer::start(Manner::Hangs).await;
    let process = program()
        .args(["calibrate", "--tes", &hanging.root])
        .env("TESTRIBUTE__TIMEOUT", "60")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    hanging
        .connections
        .wait_for(|count| *count > 0)
        .await
        .unwrap();
    let pid = process.id().unwrap().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().await;
    assert!(sent.unwrap().success());
    let output = process.wait_with_output().await.unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", text(&output.stderr));
    assert!(output.stdout.is_empty());
    assert_eq!(text(&output.stderr).lines().count(), 1);
}
