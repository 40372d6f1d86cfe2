//! `failures: history`: how the tasks that a TES lists ended decides how often a task is expected to be paid for.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use testribute::domain::assumed::Assumed;

use crate::support::{
    network::{Service, request, warnings},
    recorder::Recorder,
    texts::{ANY, NoQueueTime, Warning, assert_like, is_like},
};

/// So many tasks in each of these states, created so many days ago.
fn tasks(states: &[(&str, usize)], days: i64) -> Vec<Value> {
    let created = Timestamp::now() - SignedDuration::from_hours(24 * days);
    let task = |state: &str| json!({"state": state, "creation_time": created.to_string(), "logs": [{"start_time": created.to_string()}]});
    let states = states.iter();
    states
        .flat_map(|&(state, count)| (0..count).map(move |_| task(state)))
        .collect()
}

/// 80 tasks that ended, and others.
const MIXED: &[(&str, usize)] = &[
    ("COMPLETE", 60),
    ("SYSTEM_ERROR", 10),
    ("PREEMPTED", 6),
    ("EXECUTOR_ERROR", 4),
    ("CANCELED", 5),
    ("RUNNING", 3),
];

/// A TES that lists `tasks`, and answers to task info if it has `info`.
async fn tes(tasks: Vec<Value>, info: Option<Value>) -> Recorder {
    Recorder::start(move |line, _| {
        if line.starts_with("GET /v1/tasks") {
            Some((200, json!({"tasks": tasks})))
        } else if line == "POST /v1/tasks/task-info" {
            info.clone().map(|info| (200, info))
        } else {
            None
        }
    })
    .await
}

fn task_info() -> Value {
    let price = json!({"amount": 1, "currency": "EUR"});
    json!({
        "estimated_compute_costs": price, "estimated_storage_costs": price,
        "unit_costs_data_transfer": price, "estimated_queue_time_sec": 7
    })
}

/// The explained answer of a service whose entry for the TES has `keys`.
async fn rank(tes: &Recorder, keys: &str, preemptible: bool) -> Value {
    let service = Service::start_with(&format!(
        "
tes:
  price_book:
    - match: \"*\"
      currency: EUR
      unit_costs: {{cpu_usage: 1, memory_consumption: 0, data_storage: 0, data_transfer: 0}}
      {keys}
"
    ))
    .await;
    let mut request = request(&[tes.server.url("/v1/")], &[], &[]);
    request["explain"] = true.into();
    request["resource_requirements"] = json!({
        "cpu_cores": 1, "ram_gb": 1, "disk_gb": 1, "execution_time_sec": 100, "preemptible": preemptible
    });
    service.rank(&request).await
}

#[track_caller]
fn assert_share(answer: &Value, share: f64) {
    let first = &answer["service_combinations"][0];
    let tries = 1.0 / (1.0 - share);
    let close = |found: &Value, expected: f64| {
        let found = found.as_f64().unwrap();
        assert!(
            (found - expected).abs() < 1e-9 * expected,
            "{found} is not {expected}: {first:#}"
        );
    };
    close(&first["execution"]["tries"], tries);
    close(&first["time_breakdown"]["execution"], 100.0 * tries);
}

#[tokio::test]
async fn failures_are_counted_in_the_list_of_tasks_as_the_entry_says() {
    for (keys, failed) in [
        ("failures: history", 16.0),
        ("failures: history_with_executor_errors", 20.0),
        ("failures: history\n      preemptions_per_hour: 0.5", 10.0),
        (
            "failures: history_with_executor_errors\n      preemptions_per_hour: 0.5",
            14.0,
        ),
    ] {
        for signal in ["history", "fixed"] {
            let site = tes(tasks(MIXED, 1), None).await;
            let keys = format!("{keys}\n      queue: {{signal: {signal}}}");
            let answer = rank(&site, &keys, false).await;
            assert_share(&answer, (failed + 1.0) / 100.0);
            let times = (1.0 / (1.0 - (failed + 1.0) / 100.0) * 1e12_f64).round() / 1e12;
            let assumed = Assumed::Tries(site.server.url("/v1/"), times).to_string();
            let told = answer["assumptions"].as_array().unwrap();
            assert!(told.contains(&assumed.into()), "{told:#?}");
        }
    }
}

#[tokio::test]
async fn preemptions_are_told_apart_from_failures() {
    let site = tes(tasks(MIXED, 1), None).await;
    let keys = "failures: history\n      preemptions_per_hour: 36";
    let answer = rank(&site, keys, true).await;
    // One preemption is expected in 100 s.
    let tries = (std::f64::consts::E - 1.0) / (1.0 - 11.0 / 100.0);
    let found = answer["service_combinations"][0]["execution"]["tries"].as_f64();
    assert!((found.unwrap() - tries).abs() < 1e-9, "{answer:#}");
}

#[tokio::test]
async fn a_tes_that_only_fails_is_not_tried_for_ever() {
    let site = tes(tasks(&[("SYSTEM_ERROR", 400)], 1), None).await;
    assert_share(&rank(&site, "failures: history", false).await, 0.9);
}

#[tokio::test]
async fn where_nothing_has_ended_a_share_is_assumed() {
    for list in [
        Vec::new(),
        tasks(&[("RUNNING", 5), ("CANCELED", 5)], 1),
        tasks(MIXED, 30),
    ] {
        let site = tes(list, None).await;
        let answer = rank(&site, "failures: history", false).await;
        assert_share(&answer, 0.05);
        let assumed = Assumed::PriorFailures(vec![site.server.url("/v1/")], 0.05).to_string();
        let told = answer["assumptions"].as_array().unwrap();
        assert!(told.contains(&assumed.into()), "{told:#?}");
    }
}

#[tokio::test]
async fn failures_of_a_tes_with_task_info_are_counted_too() {
    let site = tes(tasks(MIXED, 1), Some(task_info())).await;
    let answer = rank(&site, "failures: history", false).await;
    assert_eq!(answer["service_combinations"][0]["offer"], "task-info");
    assert_share(&answer, 17.0 / 100.0);
    // Amounts of task info are multiplied as others are.
    let compute = answer["service_combinations"][0]["cost_breakdown"]["compute"].as_f64();
    assert!((compute.unwrap() - 1.0 / 0.83).abs() < 1e-9, "{answer:#}");
}

#[tokio::test]
async fn a_list_that_cannot_be_read_is_a_warning() {
    let site = Recorder::start(|line, _| match line {
        "POST /v1/tasks/task-info" => Some((200, task_info())),
        line if line.starts_with("GET /v1/tasks") => Some((500, json!({}))),
        _ => None,
    })
    .await;
    let answer = rank(&site, "failures: history", false).await;
    assert_share(&answer, 0.05);
    let expected = Warning::FailuresAssumed {
        service: site.server.url("/v1/"),
        cause: NoQueueTime::NoTaskList(ANY.to_owned()),
    };
    let told = warnings(&answer);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_like(told[0], &expected);
    let assumptions = answer["assumptions"].as_array().unwrap();
    let is_told = |text: &Value| is_like(text.as_str().unwrap(), &expected.to_string());
    assert!(assumptions.iter().any(is_told), "{assumptions:#?}");
}

#[tokio::test]
async fn without_the_rule_the_list_is_not_read() {
    let site = tes(tasks(MIXED, 1), Some(task_info())).await;
    assert_share(&rank(&site, "failures: 0.5", false).await, 0.5);
    let lists = site.lines();
    assert!(
        lists.iter().all(|line| !line.starts_with("GET")),
        "{lists:?}"
    );
}
