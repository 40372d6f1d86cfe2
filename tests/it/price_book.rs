//! TES that do not tell their prices are ranked by the operator's book.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use axum::response::IntoResponse;
use serde_json::{Value, json};
use testribute::domain::{
    exclusion::Unfit,
    money::{Currency, Money},
};

use crate::support::{
    later,
    network::{Service, request, tes, tes_of, tes_root, warnings},
    recorder::Recorder,
    texts::{
        Access, Exclusion, FetchError, NoQueueTime, Redirect, TesError, Warning,
        queue_time_assumed, refused, status, task_info_unavailable, tes_excluded, tes_unavailable,
    },
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
    let told = [task_info_unavailable(
        &stock.server.url("/"),
        &status(405).into(),
    )];
    assert_eq!(warnings(&answer), told);
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
    assert_eq!(warnings(&answer), told, "also while it is remembered");
}

#[tokio::test]
async fn a_site_that_is_never_asked_for_task_info_has_no_warning_about_it() {
    let service = service(&format!("{BOOK}        task_info: never")).await;
    let stock = stock_tes().await;
    let answer = service.rank(&small_task(&[stock.server.url("/")])).await;
    assert_eq!(answer["warnings"], json!([]));
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
        ["POST /v1/tasks/task-info", "GET /v1/tasks?page_size=1"]
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
    let asked = stock.lines();
    assert!(
        asked.iter().all(|line| line.starts_with("GET")),
        "{asked:?}"
    );

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
        let cause = if code == 404 {
            status(404)
        } else {
            refused(code, "no")
        };
        assert_eq!(messages[1], tes_unavailable(&root, &cause));
    }
}

#[tokio::test]
async fn a_tes_that_does_not_show_its_tasks_to_the_caller_is_left_out() {
    for signal in ["fixed", "history"] {
        let service = service(&BOOK.replace("fixed", signal)).await;
        for code in [401, 403] {
            for task_info in [401, 403, 404, 405, 500] {
                let guarded = Recorder::start(move |line, _| match line {
                    "POST /v1/tasks/task-info" => Some((task_info, json!({}))),
                    line if line.starts_with("GET /v1/tasks?") => Some((code, json!({}))),
                    _ => None,
                })
                .await;
                let root = guarded.server.url("/v1/");
                let request = small_task(std::slice::from_ref(&root));
                let messages = service.refuse(&request, "ResourceUnavailableError").await;
                assert_eq!(messages[1], tes_unavailable(&root, &status(code)));
            }
        }
    }
}

/// What a server answers to task info, and the failure that is told.
fn bad_task_infos() -> Vec<(u16, Value, FetchError)> {
    let mut all: Vec<_> = [
        400, 401, 403, 404, 405, 409, 410, 415, 418, 422, 429, 500, 501, 502, 503, 504,
    ]
    .map(|code| (code, json!({}), status(code)))
    .into();
    all.push((
        400,
        json!({"detail": "no such route"}),
        refused(400, "no such route"),
    ));
    // proTES turns 405 into 500, and says so.
    all.push((
        500,
        json!({"code": "500", "message": "Method Not Allowed"}),
        refused(500, "Method Not Allowed"),
    ));
    let shape = FetchError::Malformed("estimated_compute_costs is missing".to_owned());
    all.push((200, json!({"compute": 7}), shape));
    let list = FetchError::Malformed("it is a list, and not a JSON object".to_owned());
    all.push((200, json!([]), list));
    let redirect = |status| {
        FetchError::Redirected(Redirect {
            status,
            origin: None,
        })
    };
    all.extend([301, 302, 303].map(|code| (code, json!({}), redirect(code))));
    all
}

#[tokio::test]
async fn a_site_in_the_book_is_not_lost_over_task_info() {
    let service = service(BOOK).await;
    for (code, body, cause) in bad_task_infos() {
        let odd = Recorder::start(move |line, _| {
            if line.starts_with("POST") {
                return Some((code, body.clone()));
            }
            line.starts_with("GET /v1/tasks?")
                .then(|| (200, json!({"tasks": []})))
        })
        .await;
        let root = odd.server.url("/v1/");
        let answer = service.rank(&small_task(std::slice::from_ref(&root))).await;
        assert_eq!(tes_of(&answer), [&root]);
        let told = warnings(&answer);
        assert_eq!(told.len(), 1, "{code} {told:?}");
        let again = service.rank(&small_task(std::slice::from_ref(&root))).await;
        assert_eq!(warnings(&again), told, "{code}");
        let access = cause.is_refusal().then_some(Access::Nothing);
        let cause = TesError::Call {
            failure: cause,
            path: None,
            access,
        };
        // A redirect without a target may be told as one.
        let is_redirect = (301..=303).contains(&code);
        assert!(
            is_redirect || told[0] == task_info_unavailable(&root, &cause),
            "{told:?}"
        );
    }
}

#[tokio::test]
async fn a_web_page_for_task_info_is_told_as_one() {
    let service = service(BOOK).await;
    let router = axum::Router::new().fallback(|method: http::Method| async move {
        if method == http::Method::POST {
            axum::response::Html("<!DOCTYPE html><title>Sign in</title>").into_response()
        } else {
            axum::Json(json!({"tasks": []})).into_response()
        }
    });
    let tes = crate::support::Server::start(router).await;
    let root = tes.url("/");
    let answer = service.rank(&small_task(std::slice::from_ref(&root))).await;
    let page = FetchError::Malformed("it is a web page, not an API".to_owned());
    assert_eq!(
        warnings(&answer),
        [task_info_unavailable(&root, &page.into())]
    );

    let always = crate::support::faulty::always(200, "text/html", "<html>").await;
    let root = always.url("/");
    let told = service
        .refuse(
            &small_task(std::slice::from_ref(&root)),
            "ResourceUnavailableError",
        )
        .await;
    let page = FetchError::Malformed("it is a web page, not an API".to_owned());
    assert_eq!(told[1], tes_unavailable(&root, &page));
}

#[tokio::test]
async fn a_broken_tes_is_never_ranked_by_assumptions() {
    let service = service(&BOOK.replace("fixed", "history")).await;
    for code in [401, 403, 500, 502, 503, 504] {
        let is_broken = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_broken);
        let tes = Recorder::start(move |line, _| {
            if line.starts_with("POST") {
                return Some((405, json!({})));
            }
            let status = if seen.load(SeqCst) { code } else { 200 };
            Some((status, json!({"tasks": []})))
        })
        .await;
        let root = tes.server.url("/");
        let request = small_task(std::slice::from_ref(&root));
        let answer = service.rank(&request).await;
        assert_eq!(
            warnings(&answer).len(),
            2,
            "no task info, and no recent task: {answer:#}"
        );
        // Within the minute in which it is known to have no task info.
        is_broken.store(true, SeqCst);
        later(31).await;
        let messages = service.refuse(&request, "ResourceUnavailableError").await;
        assert!(messages[1].starts_with("TES unavailable: "), "{messages:?}");
        assert!(messages[1].contains(&code.to_string()), "{messages:?}");
    }
}

#[tokio::test]
async fn a_tes_that_stops_to_answer_or_drops_calls_is_unavailable() {
    for drops in [true, false] {
        let service = Service::start_with(&format!("timeout: 1\ntes:{BOOK}")).await;
        let is_broken = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_broken);
        let router = axum::Router::new().fallback(async move |method: http::Method| {
            if method == http::Method::POST {
                return http::StatusCode::METHOD_NOT_ALLOWED.into_response();
            }
            if !seen.load(SeqCst) {
                return axum::Json(json!({"tasks": []})).into_response();
            }
            if !drops {
                std::future::pending::<()>().await;
            }
            let cut = futures_util::stream::iter([Err::<Vec<u8>, _>(std::io::Error::other("cut"))]);
            axum::body::Body::from_stream(cut).into_response()
        });
        let tes = crate::support::Server::start(router).await;
        let request = small_task(&[tes.url("/v1/")]);
        assert_eq!(warnings(&service.rank(&request).await).len(), 1);
        is_broken.store(true, SeqCst);
        later(31).await;
        let told = service.refuse(&request, "ResourceUnavailableError").await;
        assert!(told[1].starts_with("TES unavailable: "), "{told:?}");
    }
}

#[tokio::test]
async fn a_tes_without_a_list_of_tasks_shows_itself_by_its_service_info() {
    let service = service(BOOK).await;
    for code in [400, 404, 405, 422, 501] {
        for (artifact, is_tes) in [("tes", true), ("TES", true), ("drs", false)] {
            let tes = Recorder::start(move |line, _| {
                Some(match line {
                    "GET /v1/service-info" => (200, json!({"type": {"artifact": artifact}})),
                    line if line.starts_with("POST") => (404, json!({})),
                    _ => (code, json!({})),
                })
            })
            .await;
            let request = small_task(&[tes.server.url("/v1/")]);
            let (status, answer) = service.ask(&request).await;
            assert_eq!(status.is_success(), is_tes, "{code} {artifact} {answer}");
        }
    }
}

#[tokio::test]
async fn an_entry_decides_about_task_info_for_its_tes() {
    let never = service(&format!("{BOOK}        task_info: never")).await;
    let own = tes("127.0.0.1", "EUR", 7.0, 1.0, 5.0).await;
    let request = small_task(&[tes_root(&own)]);
    let answer = never.rank(&request).await;
    assert_eq!(
        answer["service_combinations"][0]["cost_breakdown"]["compute"],
        80.0
    );
    let auto = service(&format!(
        "{BOOK}        task_info: auto\n    task_info: never"
    ))
    .await;
    let answer = auto.rank(&request).await;
    assert_eq!(
        answer["service_combinations"][0]["cost_breakdown"]["compute"],
        140.0
    );
}

#[tokio::test]
async fn an_unknown_queue_time_of_task_info_is_assumed() {
    let service = service(BOOK).await;
    let price = json!({"amount": "1.5", "currency": "eur"});
    let tes = Recorder::start(move |_, _| {
        Some((200, json!({
            "estimated_compute_costs": price, "estimated_storage_costs": price, "unit_costs_data_transfer": price
        })))
    })
    .await;
    let root = tes.server.url("/");
    let answer = service.rank(&small_task(std::slice::from_ref(&root))).await;
    let best = &answer["service_combinations"][0];
    assert_eq!(
        (
            &best["cost_breakdown"]["compute"],
            &best["time_breakdown"]["queue"]
        ),
        (&json!(1.5), &json!(77))
    );
    assert_eq!(
        warnings(&answer),
        [queue_time_assumed(&root, NoQueueTime::NotInTaskInfo, 77.0)]
    );
}

#[tokio::test]
async fn a_backend_parameter_that_is_needed_strictly_has_to_be_offered() {
    let service = service(&format!("{BOOK}        labels: {{gpu: \"1\"}}")).await;
    let stock = stock_tes().await;
    let root = stock.server.url("/v1/");
    let mut request = small_task(std::slice::from_ref(&root));
    for (parameters, strict, fits) in [
        (json!({"gpu": "1"}), json!(true), true),
        (json!({"gpu": "2"}), json!(false), true),
        (json!({"gpu": "2"}), json!(null), true),
        (json!({"gpu": "2"}), json!(true), false),
        (json!({"gpu": "1", "vm_size": "x"}), json!(true), false),
    ] {
        request["resource_requirements"]["backend_parameters"] = parameters.clone();
        request["resource_requirements"]["backend_parameters_strict"] = strict;
        let (status, answer) = service.ask(&request).await;
        assert_eq!(status.is_success(), fits, "{parameters} {answer}");
    }
}

#[tokio::test]
async fn the_discount_is_for_tasks_that_state_that_they_may_be_preempted() {
    let service = service(BOOK).await;
    let stock = stock_tes().await;
    let mut request = small_task(&[stock.server.url("/v1/")]);
    for (stated, compute) in [
        (json!(true), 40.0),
        (json!(false), 80.0),
        (json!(null), 80.0),
    ] {
        request["resource_requirements"]["preemptible"] = stated;
        request["explain"] = json!(true);
        let answer = service.rank(&request).await;
        let best = &answer["service_combinations"][0];
        assert_eq!(best["cost_breakdown"]["compute"], compute);
        let shown = best.get("preemptible_discount");
        assert_eq!(shown, (compute < 80.0).then_some(&json!(0.5)));
        request["explain"] = json!(false);
        let answer = service.rank(&request).await;
        let best = &answer["service_combinations"][0];
        assert_eq!(best.get("preemptible_discount"), None);
    }
}

#[tokio::test]
async fn a_discount_that_does_not_apply_is_not_shown() {
    let own = tes("127.0.0.1", "EUR", 7.0, 1.0, 5.0).await;
    let stock = stock_tes().await;
    // Prices of the TES itself, and a site without preemptible machines.
    for (more, root) in [
        ("", tes_root(&own)),
        (
            "        capacity: {preemptible: false}",
            stock.server.url("/v1/"),
        ),
    ] {
        let service = service(&format!("{BOOK}{more}")).await;
        let mut request = small_task(&[root]);
        request["resource_requirements"]["preemptible"] = json!(true);
        request["explain"] = json!(true);
        let answer = service.rank(&request).await;
        let best = &answer["service_combinations"][0];
        assert_eq!(best.get("preemptible_discount"), None, "{more}");
    }
}

#[tokio::test]
async fn a_task_that_needs_nothing_has_a_warning() {
    let service = Service::start().await;
    let own = tes("127.0.0.1", "EUR", 7.0, 1.0, 5.0).await;
    let mut request = small_task(&[tes_root(&own)]);
    for (needs, is_nothing) in [
        ([0.0, 0.0, 0.0, 0.0], true),
        ([0.0, 0.0, 0.0, 1.0], false),
        ([0.5, 0.0, 0.0, 0.0], false),
        ([0.0, 1e-9, 0.0, 0.0], false),
        ([0.0, 0.0, 1.0, 0.0], false),
    ] {
        let [cpu, ram, disk, time] = needs;
        request["resource_requirements"] = json!({
            "cpu_cores": cpu, "ram_gb": ram, "disk_gb": disk, "execution_time_sec": time
        });
        let answer = service.rank(&request).await;
        let expected = is_nothing.then(|| Warning::NoNeeds.to_string());
        assert_eq!(warnings(&answer), Vec::from_iter(expected), "{needs:?}");
    }
}

#[tokio::test]
async fn task_info_gets_fractions_and_backend_parameters() {
    let service = service(BOOK).await;
    let sent: Arc<Mutex<Vec<Value>>> = Arc::default();
    let seen = Arc::clone(&sent);
    let router = axum::Router::new().fallback(move |body: axum::Json<Value>| async move {
        seen.lock().unwrap().push(body.0);
        http::StatusCode::NOT_FOUND
    });
    let tes = crate::support::Server::start(router).await;
    let mut request = small_task(&[tes.url("/v1/")]);
    request["resource_requirements"] = json!({
        "cpu_cores": 0.5, "ram_gb": 3, "disk_gb": 5, "execution_time_sec": 10.25,
        "backend_parameters": {"vm_size": "x"}, "backend_parameters_strict": true
    });
    service.ask(&request).await;
    let expected = json!({
        "cpu_cores": 0.5, "ram_gb": 3.0, "disk_gb": 5.0, "execution_time_sec": 10.25, "preemptible": true, "zones": [],
        "backend_parameters": {"vm_size": "x"}, "backend_parameters_strict": true
    });
    assert!(
        sent.lock().unwrap().is_empty(),
        "a book without the label leaves it out"
    );
    let plain = Service::start().await;
    plain.ask(&request).await;
    assert_eq!(sent.lock().unwrap()[0], expected);
}

#[tokio::test]
async fn an_ingress_may_redirect_task_info_on_its_host() {
    let own = tes("127.0.0.1", "EUR", 7.0, 1.0, 5.0).await;
    let elsewhere = tes("127.0.0.2", "EUR", 7.0, 1.0, 5.0).await;
    let service = Service::start().await;
    for (code, to, is_followed) in [
        (307, &own, true),
        (308, &own, true),
        (302, &own, false),
        (307, &elsewhere, false),
        (308, &elsewhere, false),
    ] {
        let target = to.url("/ga4gh/tes/v1/tasks/task-info");
        let ingress = axum::Router::new().fallback(move || async move {
            (
                http::StatusCode::from_u16(code).unwrap(),
                [("location", target)],
            )
        });
        let ingress = crate::support::Server::start(ingress).await;
        let (status, answer) = service.ask(&small_task(&[ingress.url("/")])).await;
        assert_eq!(status.is_success(), is_followed, "{code} {answer}");
        if !is_followed {
            assert!(
                answer.to_string().contains(&format!("to {}", to.url(""))),
                "{answer}"
            );
        }
    }
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
        (
            "cpu_cores",
            json!(9),
            Unfit::Cores {
                has: 8.0,
                needs: 9.0,
            },
        ),
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
    assert_eq!(
        warnings(&answer),
        [task_info_unavailable(&roots[0], &status(405).into())]
    );
    assert_eq!(tes_of(&answer).len(), 2);
}
