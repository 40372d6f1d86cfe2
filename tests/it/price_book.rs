//! TES that do not tell their prices are ranked by the operator's book.

use serde_json::{Value, json};
use testribute::domain::{
    exclusion::Unfit,
    money::{Currency, Money},
};

use crate::support::{
    network::{Service, request, tes, tes_of, tes_root, warnings},
    recorder::Recorder,
    texts::{Exclusion, status, tes_excluded, tes_unavailable},
};

/// Prices that make sums of whole numbers; nothing is asked about the queue.
const BOOK: &str = "
    price_book:
      - match: 127.0.0.1
        currency: EUR
        unit_costs: {cpu_usage: 1, memory_consumption: 2, data_storage: 3, data_transfer: 4}
        preemptible_discount: 0.5
        queue: {signal: fixed, default_sec: 77}
";

async fn service(tes: &str) -> Service {
    Service::start_with(&format!("tes:{tes}")).await
}

/// A TES without task info, whose API begins at `/v1`.
async fn stock_tes() -> Recorder {
    Recorder::start(|line, _| match line {
        "POST /v1/tasks/task-info" => Some((405, json!({"detail": "Method Not Allowed"}))),
        line if line.starts_with("GET /v1/tasks?") => Some((200, json!({"tasks": []}))),
        _ => None,
    })
    .await
}

fn small_task(tes: &[String]) -> Value {
    let mut request = request(tes, &[], &[]);
    request["resource_requirements"] = json!({
        "cpu_cores": 2, "ram_gb": 3, "disk_gb": 5, "execution_time_sec": 10, "preemptible": false
    });
    request
}

#[tokio::test]
async fn a_tes_without_task_info_is_ranked_by_the_book() {
    let service = service(BOOK).await;
    let stock = stock_tes().await;
    let mut request = small_task(&[stock.server.url("/")]);
    let answer = service.rank(&request).await;
    assert_eq!(answer["warnings"], json!([]));
    let best = &answer["service_combinations"][0];
    // 10 s * (2 cores * 1 + 3 GB * 2), 5 GB * 3.
    assert_eq!(best["cost_breakdown"]["compute"], 80.0);
    assert_eq!(best["cost_breakdown"]["storage"], 15.0);
    assert_eq!(best["time_breakdown"]["queue"], 77);

    request["resource_requirements"]["preemptible"] = json!(true);
    let answer = service.rank(&request).await;
    assert_eq!(
        answer["service_combinations"][0]["cost_breakdown"]["compute"],
        40.0
    );
}

#[tokio::test]
async fn a_discount_needs_machines_that_it_is_for() {
    let service = service(&format!("{BOOK}        capacity: {{preemptible: false}}")).await;
    let stock = stock_tes().await;
    let mut request = small_task(&[stock.server.url("/")]);
    request["resource_requirements"]["preemptible"] = json!(true);
    let answer = service.rank(&request).await;
    assert_eq!(
        answer["service_combinations"][0]["cost_breakdown"]["compute"],
        80.0
    );
}

#[tokio::test]
async fn that_there_is_no_task_info_is_remembered() {
    let service = service(BOOK).await;
    let stock = stock_tes().await;
    let request = small_task(&[stock.server.url("/v1")]);
    service.rank(&request).await;
    assert_eq!(
        stock.lines(),
        [
            "POST /v1/tasks/task-info",
            "GET /v1/tasks?view=MINIMAL&page_size=1"
        ]
    );
    service.rank(&request).await;
    assert!(stock.lines().is_empty());
}

#[tokio::test]
async fn a_tes_without_task_info_and_entry_is_left_out_with_the_key_to_set() {
    let service = service(" {}").await;
    let stock = stock_tes().await;
    let good = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let roots = [stock.server.url("/"), tes_root(&good)];
    let answer = service.rank(&small_task(&roots)).await;
    assert_eq!(tes_of(&answer), [&roots[1]]);
    assert_eq!(
        warnings(&answer),
        [tes_excluded(&roots[0], Exclusion::NoPrices)]
    );
}

#[tokio::test]
async fn what_a_tes_says_itself_goes_before_the_book() {
    let service = service(BOOK).await;
    let own = tes("127.0.0.1", "EUR", 7.0, 1.0, 5.0).await;
    let answer = service.rank(&small_task(&[tes_root(&own)])).await;
    let best = &answer["service_combinations"][0];
    assert_eq!(best["cost_breakdown"]["compute"], 140.0);
    assert_eq!(best["time_breakdown"]["queue"], 5);
}

#[tokio::test]
async fn task_info_may_be_asked_always_or_never() {
    let own = tes("127.0.0.1", "EUR", 7.0, 1.0, 5.0).await;
    let stock = stock_tes().await;
    let roots = [tes_root(&own), stock.server.url("/")];

    let never = service(&format!("{BOOK}    task_info: never")).await;
    let answer = never.rank(&small_task(&roots)).await;
    for combination in answer["service_combinations"].as_array().unwrap() {
        assert_eq!(combination["cost_breakdown"]["compute"], 80.0);
    }
    assert!(stock.lines().is_empty());

    let always = service(&format!("{BOOK}    task_info: always")).await;
    let answer = always.rank(&small_task(&roots)).await;
    assert_eq!(tes_of(&answer), [&roots[0]]);
    assert_eq!(
        warnings(&answer),
        [tes_excluded(&roots[1], Exclusion::NoTaskInfo)]
    );
}

#[tokio::test]
async fn the_book_does_not_hide_that_a_tes_is_not_there_or_lets_no_one_in() {
    let service = service(BOOK).await;
    for code in [404, 401, 500] {
        let bad = Recorder::start(move |_, _| Some((code, json!({"msg": "no"})))).await;
        let root = bad.server.url("/");
        let messages = service
            .refuse(
                &small_task(std::slice::from_ref(&root)),
                "ResourceUnavailableError",
            )
            .await;
        assert_eq!(messages[1], tes_unavailable(&root, &status(code)));
    }
}

#[tokio::test]
async fn a_tes_that_shows_its_tasks_to_some_only_is_a_tes() {
    let service = service(BOOK).await;
    let guarded = Recorder::start(|line, _| match line {
        "POST /v1/tasks/task-info" => Some((405, json!({}))),
        line if line.starts_with("GET /v1/tasks?") => Some((401, json!({}))),
        _ => None,
    })
    .await;
    let answer = service.rank(&small_task(&[guarded.server.url("/")])).await;
    assert_eq!(answer["warnings"], json!([]));
}

#[tokio::test]
async fn prices_beyond_all_measure_are_no_offer() {
    let service = service(BOOK).await;
    let stock = stock_tes().await;
    let mut request = small_task(&[stock.server.url("/v1")]);
    request["resource_requirements"]["execution_time_sec"] = json!(9_000_000_000_000_000_u64);
    let messages = service.refuse(&request, "ResourceUnavailableError").await;
    // 9 * 10^15 s * (2 cores * 1 + 3 GB * 2).
    let amount = Money::new(7.2e16, Currency::EUR).unwrap_err();
    assert_eq!(
        messages[1],
        tes_excluded(&stock.server.url("/v1"), Exclusion::PriceOutOfRange(amount))
    );
}

#[tokio::test]
async fn a_tes_that_cannot_hold_the_task_is_left_out_with_the_reason_and_not_asked() {
    let capacity = "        capacity: {max_cpu_cores: 8, zones: [eu-1], preemptible: false}";
    let service = service(&format!("{BOOK}{capacity}")).await;
    let stock = stock_tes().await;
    let elsewhere = tes("127.0.0.2", "EUR", 1.0, 1.0, 0.0).await;
    let roots = [stock.server.url("/v1/"), tes_root(&elsewhere)];
    let mut request = small_task(&roots);
    for (need, value, reason) in [
        ("cpu_cores", json!(9), Unfit::Cores { has: 8, needs: 9 }),
        (
            "zones",
            json!(["us-1", "us-2"]),
            Unfit::NoZone(vec!["eu-1".to_owned()]),
        ),
    ] {
        let fits = request["resource_requirements"][need].take();
        request["resource_requirements"][need] = value;
        let answer = service.rank(&request).await;
        assert_eq!(tes_of(&answer), [&roots[1]]);
        assert_eq!(warnings(&answer), [tes_excluded(&roots[0], reason)]);
        if !fits.is_null() {
            request["resource_requirements"][need] = fits;
        }
    }
    assert!(stock.lines().is_empty());

    request["resource_requirements"]["zones"] = json!(["us-1", "eu-1"]);
    request["resource_requirements"]["preemptible"] = json!(true);
    let answer = service.rank(&request).await;
    assert_eq!(answer["warnings"], json!([]));
    assert_eq!(tes_of(&answer).len(), 2);
}
