//! `testribute run`: the task goes to the best site that accepts it.

use std::{
    process::{Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    http::{HeaderName, StatusCode, header},
    routing::{MethodRouter, get, post},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    sync::Notify,
};

use crate::support::{Server, network::tes_root, program::program};

/// A TES that costs `price`, and accepts tasks if it `accepts`. Its tasks have these states, one after the other.
async fn site(
    price: f64,
    accepts: bool,
    states: &'static [&'static str],
) -> (Server, Arc<AtomicUsize>) {
    let posted = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&posted);
    let looks = Arc::new(AtomicUsize::new(0));
    let price = move |amount: f64| json!({"amount": amount * price, "currency": "EUR"});
    let info = async move |Json(_): Json<Value>| {
        Json(json!({
            "estimated_compute_costs": price(1.0), "estimated_storage_costs": price(0.0),
            "unit_costs_data_transfer": price(0.0), "estimated_queue_time_sec": 1
        }))
    };
    let create = async move |Json(_): Json<Value>| {
        counted.fetch_add(1, SeqCst);
        if accepts {
            Ok(Json(json!({"id": "task-1"})))
        } else {
            Err((
                StatusCode::FORBIDDEN,
                Json(json!({"detail": "quota exceeded"})),
            ))
        }
    };
    let task = async move || {
        let look = looks.fetch_add(1, SeqCst).min(states.len() - 1);
        Json(json!({"id": "task-1", "state": states[look]}))
    };
    let list = get(async || Json(json!({"tasks": []})));
    let router = Router::new()
        .route("/ga4gh/tes/v1/tasks/task-info", post(info))
        .route("/ga4gh/tes/v1/tasks", list.post(create))
        .route("/ga4gh/tes/v1/tasks/{id}", get(task));
    (Server::start(router).await, posted)
}

/// A TES that costs nothing, and answers to posted tasks with `create`.
async fn best_site(create: MethodRouter) -> Server {
    let info = post(async || {
        let price = |amount: f64| json!({"amount": amount, "currency": "EUR"});
        Json(json!({
            "estimated_compute_costs": price(0.0), "estimated_storage_costs": price(0.0),
            "unit_costs_data_transfer": price(0.0), "estimated_queue_time_sec": 1
        }))
    });
    let list = get(async || Json(json!({"tasks": []})));
    let router = Router::new()
        .route("/ga4gh/tes/v1/tasks/task-info", info)
        .route("/ga4gh/tes/v1/tasks", list.merge(create));
    Server::start(router).await
}

const TASK: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/it/fixtures/tasks/funnel_hello.json"
);

fn command(sites: &[&Server], more: &[&str]) -> Command {
    let mut command = program();
    command.env("TESTRIBUTE__TIMEOUT", "20");
    command.args([
        "run",
        "--task",
        TASK,
        "--mode",
        "cost",
        "--poll-sec",
        "0.01",
    ]);
    for site in sites {
        command.args(["--tes-uri", &tes_root(site)]);
    }
    command.args(more);
    command
}

async fn run(sites: &[&Server], more: &[&str]) -> Output {
    command(sites, more).output().await.unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_task_that_the_best_site_refuses_runs_at_the_next() {
    let (best, posted) = site(1.0, false, &["UNKNOWN"]).await;
    let (second, _) = site(2.0, true, &["QUEUED", "RUNNING", "COMPLETE"]).await;
    let output = run(&[&second, &best], &["--watch"]).await;
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert_eq!(posted.load(SeqCst), 1, "a task is posted once");
    assert!(told.contains("quota exceeded"), "{told}");
    for state in ["QUEUED", "RUNNING", "COMPLETE"] {
        assert_eq!(
            told.matches(&format!("task-1: {state}")).count(),
            1,
            "{told}"
        );
    }
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["id"], "task-1");
    assert_eq!(answer["tes_uri"], tes_root(&second));
}

#[tokio::test]
async fn a_task_that_no_site_accepts_is_an_error_with_every_reason() {
    let (one, _) = site(1.0, false, &["UNKNOWN"]).await;
    let (two, _) = site(2.0, false, &["UNKNOWN"]).await;
    let output = run(&[&one, &two], &[]).await;
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    assert_eq!(told.matches("quota exceeded").count(), 2, "{told}");
    assert_eq!(text(&output.stdout), "");

    let (three, posted) = site(3.0, true, &["COMPLETE"]).await;
    let output = run(&[&one, &two, &three], &["--tries", "2"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(posted.load(SeqCst), 0, "only two sites are tried");
}

#[tokio::test]
async fn a_task_that_may_have_been_accepted_is_posted_nowhere_else() {
    let best = best_site(post(async || "accepted, I guess")).await;
    let (second, posted) = site(2.0, true, &["COMPLETE"]).await;
    let output = run(&[&best, &second], &[]).await;
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert_eq!(posted.load(SeqCst), 0, "it could run twice");
    assert!(told.contains(&tes_root(&best)), "{told}");
}

#[tokio::test]
async fn only_an_answer_that_surely_came_before_the_task_was_taken_is_a_refusal() {
    for (status, may_run) in [
        (303, true),
        (408, true),
        (500, true),
        (502, true),
        (504, true),
        (307, false),
        (400, false),
        (429, false),
        (501, false),
        (503, false),
    ] {
        let status = StatusCode::from_u16(status).unwrap();
        let elsewhere = [(header::LOCATION, "/ga4gh/tes/v1/tasks/task-1")];
        let best = best_site(post(async move || (status, elsewhere))).await;
        let (second, posted) = site(2.0, true, &["COMPLETE"]).await;
        let output = run(&[&best, &second], &[]).await;
        let told = text(&output.stderr);
        assert_eq!(posted.load(SeqCst) == 0, may_run, "{status}: {told}");
        assert_eq!(output.status.code(), Some(may_run.into()), "{told}");
        assert_eq!(told.contains("it may run there"), may_run, "{told}");
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_short_or_unreadable_may_be_that_to_a_task_that_runs() {
    let encoded = |encoding| [(header::CONTENT_ENCODING, encoding)];
    let not_gzip = post(async move || (encoded("gzip"), "{\"id\": \"task-1\"}"));
    let short = [(HeaderName::from_static("content-length"), "100")];
    let cut = post(async move || (short, axum::body::Body::from("{\"id\"")));
    for create in [not_gzip, cut] {
        let best = best_site(create).await;
        let (second, posted) = site(2.0, true, &["COMPLETE"]).await;
        let output = run(&[&best, &second], &[]).await;
        let told = text(&output.stderr);
        assert_eq!(posted.load(SeqCst), 0, "{told}");
        assert!(told.contains("it may run there"), "{told}");
    }
}

#[tokio::test]
async fn a_task_follows_no_redirect_to_another_port() {
    let (other, received) = site(1.0, true, &["COMPLETE"]).await;
    let target = format!("{}tasks", tes_root(&other));
    let redirect = post(async move || (StatusCode::TEMPORARY_REDIRECT, [("location", target)]));
    let best = best_site(redirect).await;
    let (second, posted) = site(2.0, true, &["COMPLETE"]).await;
    let output = run(&[&best, &second], &[]).await;
    let told = text(&output.stderr);
    assert_eq!(received.load(SeqCst), 0, "{told}");
    assert_eq!(posted.load(SeqCst), 1, "{told}");
    assert!(told.contains("answered with a redirect"), "{told}");
}

#[tokio::test]
async fn a_site_may_take_longer_to_accept_a_task_than_to_answer_a_ranking() {
    // The slowness itself is what is tested: beyond the timeout of the other calls.
    let slow = post(async || {
        tokio::time::sleep(Duration::from_millis(2_500)).await;
        Json(json!({"id": "task-1"}))
    });
    let best = best_site(slow).await;
    let mut command = command(&[&best], &[]);
    let output = command.env("TESTRIBUTE__TIMEOUT", "2").output().await;
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[tokio::test]
async fn an_answer_without_id_is_told_so_in_plain_words() {
    for answer in [json!({}), json!({"id": null}), json!({"id": ""})] {
        let best = best_site(post(async move || (StatusCode::CREATED, Json(answer)))).await;
        let output = run(&[&best], &[]).await;
        let told = text(&output.stderr);
        assert!(told.contains("it has no id of the task"), "{told}");
        assert!(!told.contains("at line"), "{told}");
    }
}

#[tokio::test]
async fn an_interrupt_while_the_task_is_posted_says_where_it_may_run() {
    for signal in ["-INT", "-TERM"] {
        let received = Arc::new(Notify::new());
        let arrived = Arc::clone(&received);
        let best = best_site(post(async move || {
            arrived.notify_one();
            std::future::pending::<()>().await;
        }))
        .await;
        let process = command(&[&best], &[])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        received.notified().await;
        let pid = process.id().unwrap().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status().await;
        assert!(sent.unwrap().success());
        let output = process.wait_with_output().await.unwrap();
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{}: {told}", output.status);
        assert!(told.contains("may run there"), "{told}");
        assert!(told.contains(&tes_root(&best)), "{told}");
    }
}

#[tokio::test]
async fn a_watch_ends_at_every_spelling_of_the_last_states() {
    for (states, code) in [
        (&["RUNNING", "COMPLETED"], 0),
        (&["CANCELING", "CANCELLED"], 1),
        (&["running", "Executor-Error"], 1),
    ] {
        let (site, _) = site(1.0, true, states).await;
        let sites = [&site];
        let ended = tokio::time::timeout(Duration::from_secs(60), run(&sites, &["--watch"]));
        let output = ended.await.unwrap();
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{states:?}: {told}");
        assert!(!told.contains("ended in state CANCELING"), "{told}");
    }
}

#[tokio::test]
async fn what_is_written_to_a_pipe_has_no_escape_codes_and_a_line_for_each_state() {
    let (site, _) = site(1.0, true, &["QUEUED", "QUEUED", "RUNNING", "COMPLETE"]).await;
    for format in ["json", "table", "uri"] {
        let output = run(&[&site], &["--watch", "--output", format]).await;
        for written in [&output.stdout, &output.stderr] {
            assert!(
                !text(written).contains(['\u{1b}', '\r']),
                "{}",
                text(written)
            );
        }
        let lines = text(&output.stderr).lines();
        let states = lines.filter(|line| line.starts_with("task-1: "));
        assert!(states.count() <= 3, "{}", text(&output.stderr));
    }
}

#[tokio::test]
async fn a_task_that_fails_is_an_error() {
    let (site, _) = site(1.0, true, &["RUNNING", "EXECUTOR_ERROR"]).await;
    let output = run(&[&site], &["--watch"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("EXECUTOR_ERROR"));
}

#[tokio::test]
async fn an_interrupted_watch_leaves_the_task_running_and_says_where() {
    let (site, _) = site(1.0, true, &["RUNNING"]).await;
    let mut process = command(&[&site], &["--watch"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
    let mut told = String::new();
    while !told.contains("RUNNING") {
        let line = log.next_line().await.unwrap();
        told += &line.unwrap_or_else(|| panic!("the program ended: {told}"));
    }
    let pid = process.id().unwrap().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().await;
    assert!(sent.unwrap().success());
    let last = log.next_line().await.unwrap().unwrap();
    assert!(
        last.contains("task-1") && last.contains(&tes_root(&site)),
        "{last}"
    );
    assert_eq!(process.wait().await.unwrap().code(), Some(130));
}

#[tokio::test]
async fn the_best_site_alone_can_be_printed() {
    let (expensive, _) = site(2.0, true, &["COMPLETE"]).await;
    let (cheap, posted) = site(1.0, true, &["COMPLETE"]).await;
    let output = program()
        .args(["--task", TASK, "--mode", "cost", "--output", "uri"])
        .args([
            "--tes-uri",
            &tes_root(&expensive),
            "--tes-uri",
            &tes_root(&cheap),
        ])
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout).trim_end(), tes_root(&cheap));
    assert_eq!(posted.load(SeqCst), 0);
}
