//! The API of a TES is found, whatever part of its URI was given.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use serde_json::{Value, json};

use crate::support::{
    faulty::{Manner, RawServer},
    later,
    network::{Service, request, tes, tes_of, warnings},
    recorder::Recorder,
    texts::{
        Exclusion, TesError, Warning, refused, status, tes_error, tes_excluded, tes_unavailable,
        timeout,
    },
};

fn task_info() -> Value {
    let price = |amount: f64| json!({"amount": amount, "currency": "EUR"});
    json!({
        "estimated_compute_costs": price(1.0), "estimated_storage_costs": price(1.0),
        "unit_costs_data_transfer": price(1.0), "estimated_queue_time_sec": 7
    })
}

/// A TES whose API begins at `base`.
async fn tes_at(base: &'static str) -> Recorder {
    Recorder::start(move |line, _| {
        (line == format!("POST {base}/tasks/task-info")).then(|| (200, task_info()))
    })
    .await
}

#[tokio::test]
async fn every_usual_way_to_write_a_tes_finds_it_and_comes_back_as_it_was() {
    let service = Service::start().await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    for path in [
        "",
        "/",
        "/v1",
        "/ga4gh/tes",
        "/ga4gh/tes/",
        "/ga4gh/tes/v1/",
        "/ga4gh/tes/v1/tasks",
    ] {
        let given = tes.url(path);
        let answer = service
            .rank(&request(std::slice::from_ref(&given), &[], &[]))
            .await;
        assert_eq!(tes_of(&answer), [&given]);
        assert_eq!(answer["warnings"], json!([]));
    }
}

#[tokio::test]
async fn paths_are_tried_in_order_and_the_right_one_is_remembered() {
    let service = Service::start().await;
    let tes = tes_at("/v1").await;
    let request = request(&[tes.server.url("/")], &[], &[]);
    service.rank(&request).await;
    let posts: Vec<_> = tes
        .lines()
        .into_iter()
        .filter(|line| line.starts_with("POST"))
        .collect();
    assert_eq!(
        posts,
        [
            "POST /tasks/task-info",
            "POST /ga4gh/tes/v1/tasks/task-info",
            "POST /v1/tasks/task-info"
        ]
    );
    service.rank(&request).await;
    assert_eq!(tes.lines(), ["POST /v1/tasks/task-info"]);
}

#[tokio::test]
async fn a_tes_that_moved_is_found_again_whatever_answers_where_it_was() {
    for old in [Recorder::NEVER, 200, 401, 403, 404, 410, 500] {
        let service = Service::start_with("timeout: 1").await;
        let moved = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&moved);
        let tes = Recorder::start(move |line, _| {
            let (base, is_old) = if seen.load(SeqCst) {
                ("/ga4gh/tes/v1", line.contains(" /v1/"))
            } else {
                ("/v1", false)
            };
            let is_info = line == format!("POST {base}/tasks/task-info");
            let elsewhere = is_old.then(|| (old, json!({"message": "welcome"})));
            is_info.then(|| (200, task_info())).or(elsewhere)
        })
        .await;
        let request = request(&[tes.server.url("/")], &[], &[]);
        service.rank(&request).await;
        moved.store(true, SeqCst);
        let answer = service.rank(&request).await;
        assert_eq!(answer["warnings"], json!([]), "{old}");
        tes.lines();
        service.rank(&request).await;
        assert_eq!(tes.lines(), ["POST /ga4gh/tes/v1/tasks/task-info"], "{old}");
    }
}

/// A TES that has task info while it is told to, and tasks in any case.
async fn tes_with_task_info_while(told: &Arc<AtomicBool>) -> Recorder {
    let told = Arc::clone(told);
    Recorder::start(move |line, _| match line {
        "POST /tasks/task-info" => told.load(SeqCst).then(|| (200, task_info())),
        _ => line
            .starts_with("GET /tasks?")
            .then(|| (200, json!({"tasks": []}))),
    })
    .await
}

#[tokio::test]
async fn a_tes_that_knows_nothing_of_one_question_is_asked_others_all_the_same() {
    let (service, answers) = (Service::start().await, Arc::new(AtomicBool::new(true)));
    let tes = tes_with_task_info_while(&answers).await;
    let request = request(&[tes.server.url("/")], &[], &[]);
    service.rank(&request).await;
    // As it would be for a zone that is not there.
    answers.store(false, SeqCst);
    let told = service.refuse(&request, "ResourceUnavailableError").await;
    let expected = tes_excluded(&tes.server.url("/"), Exclusion::NoPrices);
    assert_eq!(told[1], expected);
    answers.store(true, SeqCst);
    assert_eq!(service.rank(&request).await["warnings"], json!([]));
}

#[tokio::test]
async fn a_tes_without_task_info_is_asked_for_it_once_a_minute() {
    let (service, answers) = (Service::start().await, Arc::new(AtomicBool::new(false)));
    let tes = tes_with_task_info_while(&answers).await;
    let request = request(&[tes.server.url("/")], &[], &[]);
    service.refuse(&request, "ResourceUnavailableError").await;
    answers.store(true, SeqCst);
    tes.lines();
    service.refuse(&request, "ResourceUnavailableError").await;
    assert_eq!(tes.lines(), [""; 0]);
    later(61).await;
    assert_eq!(service.rank(&request).await["warnings"], json!([]));
}

#[tokio::test]
async fn a_tes_that_lost_its_task_info_is_asked_for_it_once_in_each_request() {
    let (service, answers) = (Service::start().await, Arc::new(AtomicBool::new(true)));
    let tes = tes_with_task_info_while(&answers).await;
    let request = request(&[tes.server.url("/")], &[], &[]);
    service.rank(&request).await;
    answers.store(false, SeqCst);
    tes.lines();
    service.refuse(&request, "ResourceUnavailableError").await;
    assert_eq!(
        tes.lines(),
        ["POST /tasks/task-info", "GET /tasks?page_size=1"]
    );
    service.refuse(&request, "ResourceUnavailableError").await;
    assert_eq!(tes.lines(), ["POST /tasks/task-info"]);
}

#[tokio::test]
async fn a_site_in_the_book_that_refuses_task_info_is_asked_for_that_alone() {
    let service = service_with_prices(2.0).await;
    for list in [json!({"tasks": []}), json!({}), json!({"x": 1})] {
        let tes = Recorder::start(move |line, _| {
            let is_list = line.starts_with("GET /v1/tasks?");
            let elsewhere = (!line.contains(" /v1/")).then(|| (404, json!({})));
            let here = if is_list {
                (200, list.clone())
            } else {
                (403, json!({}))
            };
            elsewhere.or(Some(here))
        })
        .await;
        let request = request(&[tes.server.url("/")], &[], &[]);
        service.rank(&request).await;
        tes.lines();
        service.rank(&request).await;
        assert_eq!(tes.lines(), ["POST /v1/tasks/task-info"]);
    }
}

#[tokio::test]
async fn a_tes_that_moved_and_lost_its_task_info_is_remembered_where_it_is() {
    let service = service_with_prices(2.0).await;
    let moved = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&moved);
    let tes = Recorder::start(move |line, _| {
        let question = if seen.load(SeqCst) {
            "GET /ga4gh/tes/v1/tasks?page_size=1"
        } else {
            "POST /v1/tasks/task-info"
        };
        let mut answer = task_info();
        answer["tasks"] = json!([]);
        (line == question).then_some((200, answer))
    })
    .await;
    let request = request(&[tes.server.url("/")], &[], &[]);
    service.rank(&request).await;
    moved.store(true, SeqCst);
    service.rank(&request).await;
    tes.lines();
    service.rank(&request).await;
    assert_eq!(tes.lines(), [""; 0]);
}

#[tokio::test]
async fn a_tes_that_is_never_asked_for_task_info_is_remembered_too() {
    let config = "tes: {task_info: never, price_book: [{match: 127.0.0.1, currency: EUR, queue: {signal: fixed},
        unit_costs: {cpu_usage: 1, memory_consumption: 0, data_storage: 0, data_transfer: 0}}]}";
    let service = Service::start_with(config).await;
    let tes = Recorder::start(|line, _| {
        line.starts_with("GET /v1/tasks?")
            .then(|| (200, json!({"tasks": []})))
    })
    .await;
    let request = request(&[tes.server.url("/")], &[], &[]);
    service.rank(&request).await;
    tes.lines();
    later(31).await;
    service.rank(&request).await;
    assert_eq!(tes.lines(), ["GET /v1/tasks?page_size=1"]);
}

#[tokio::test]
async fn what_a_tes_hides_from_one_token_it_may_show_to_another() {
    let service = Service::start().await;
    let tes = Recorder::start(|line, authorization| {
        let is_known = authorization == Some("Bearer friend");
        match line {
            "POST /tasks/task-info" => is_known.then(|| (200, task_info())),
            _ => Some((if is_known { 200 } else { 401 }, json!({}))),
        }
    })
    .await;
    let request = request(&[tes.server.url("/")], &[], &[]);
    for (token, expected) in [("stranger", 400), ("friend", 200)] {
        let asked = service.post().bearer_auth(token).json(&request);
        assert_eq!(asked.send().await.unwrap().status(), expected, "{token}");
    }
}

#[tokio::test]
async fn the_failure_that_is_told_is_that_of_the_path_that_was_given() {
    let service = Service::start().await;
    let good = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let bad = Recorder::start(|line, _| {
        let status = if line == "POST /x/tasks/task-info" {
            418
        } else {
            404
        };
        Some((status, json!({})))
    })
    .await;
    let roots = [bad.server.url("/x"), good.url("/ga4gh/tes/v1/")];
    let answer = service.rank(&request(&roots, &[], &[])).await;
    assert_eq!(
        warnings(&answer),
        [tes_unavailable(&roots[0], &status(418))]
    );
}

#[tokio::test]
async fn of_several_paths_the_failure_that_tells_most_is_told_with_its_path() {
    let service = Service::start().await;
    for code in [400, 500] {
        // The reason of a server, and not the 404 of guessed paths.
        let bad = Recorder::start(move |line, _| {
            line.contains(" /v1/")
                .then(|| (code, json!({"message": "the database is away"})))
        })
        .await;
        let root = bad.server.url("/");
        let told = service
            .refuse(
                &request(std::slice::from_ref(&root), &[], &[]),
                "ResourceUnavailableError",
            )
            .await;
        let expected = TesError::Call {
            failure: refused(code, "the database is away"),
            path: Some("/v1/tasks".to_owned()),
            access: None,
        };
        assert_eq!(told[1], tes_error(&root, &expected));
    }
}

#[tokio::test]
async fn where_there_is_no_tes_the_paths_that_were_tried_are_named() {
    let service = Service::start().await;
    let nothing = Recorder::start(|_, _| None).await;
    let root = nothing.server.url("/");
    let told = service
        .refuse(
            &request(std::slice::from_ref(&root), &[], &[]),
            "ResourceUnavailableError",
        )
        .await;
    let paths = ["/tasks", "/ga4gh/tes/v1/tasks", "/v1/tasks"].map(str::to_owned);
    let expected = TesError::NotFound {
        paths: paths.into(),
    };
    assert_eq!(told[1], tes_error(&root, &expected));
}

#[tokio::test]
async fn one_tes_under_several_spellings_is_ranked_once_in_the_place_of_the_first() {
    let service = Service::start().await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let other = tes_at("/v1").await;
    let roots = [
        tes.url(""),
        other.server.url("/v1"),
        tes.url("/ga4gh/tes/v1/"),
        tes.url("/ga4gh/tes/v1/tasks"),
        other.server.url("/"),
    ];
    let answer = service.rank(&request(&roots, &[], &[])).await;
    let mut ranked = tes_of(&answer);
    ranked.sort_unstable();
    let mut expected = [&*roots[0], &*roots[1]];
    expected.sort_unstable();
    assert_eq!(ranked, expected);
    let duplicate = |value: &String| {
        let field = "tes_uris";
        let value = value.clone();
        Warning::Duplicate { field, value }.to_string()
    };
    let told: Vec<_> = [&roots[3], &roots[2], &roots[4]].map(duplicate).into();
    assert_eq!(warnings(&answer), told);
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_not_tried_at_other_paths() {
    let service = Service::start_with("timeout: 0.25").await;
    let hanging = RawServer::start(Manner::Hangs).await;
    let request = request(std::slice::from_ref(&hanging.root), &[], &[]);
    let messages = service.refuse(&request, "ResourceUnavailableError").await;
    assert_eq!(messages[1], tes_unavailable(&hanging.root, &timeout(0.25)));
}

#[tokio::test]
async fn a_path_that_is_busy_does_not_hide_the_others() {
    let service = Service::start().await;
    let busy = Recorder::start(|_, _| Some((503, json!({})))).await;
    let request = request(&[busy.server.url("/")], &[], &[]);
    let told = service.refuse(&request, "ResourceUnavailableError").await;
    assert_eq!(
        told[1],
        tes_unavailable(&busy.server.url("/"), &status(503))
    );
    // A gateway answers 503 where it has no backend: each path is asked once.
    assert_eq!(busy.lines().len(), 6);
}

fn is_real(line: &str) -> bool {
    line.contains(" /ga4gh/tes/v1/")
}

/// A TES at the standard path that has no task info; `hangs` says which questions have no answer.
async fn tes_that_hangs(
    hangs: fn(&str) -> bool,
    list: Value,
    delay: u64,
) -> crate::support::Server {
    let router = axum::Router::new().fallback(
        async move |method: http::Method, uri: http::Uri| -> axum::response::Response {
            use axum::response::IntoResponse;
            let line = format!("{method} {uri}");
            if hangs(&line) {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(std::time::Duration::from_millis(delay)).await;
            match line.as_str() {
                "GET /ga4gh/tes/v1/tasks?page_size=1" if !list.is_null() => {
                    axum::Json(list).into_response()
                }
                "GET /ga4gh/tes/v1/service-info" => {
                    axum::Json(json!({"type": {"artifact": "tes"}})).into_response()
                }
                _ => http::StatusCode::NOT_FOUND.into_response(),
            }
        },
    );
    crate::support::Server::start(router).await
}

#[tokio::test]
async fn a_site_in_the_book_is_not_lost_over_a_question_that_hangs() {
    let list = || json!({"tasks": []});
    let post: fn(&str) -> bool = |line| line.starts_with("POST");
    let guessed: fn(&str) -> bool = |line| !is_real(line);
    for (hangs, list, delay, path) in [
        (post, Value::Null, 0, "/"),
        (post, json!({"next": 1}), 0, "/ga4gh/tes/v1/"),
        (post, list(), 600, "/ga4gh/tes/v1/"),
        (guessed, list(), 0, "/"),
    ] {
        let service = service_with_prices(1.0).await;
        let tes = tes_that_hangs(hangs, list.clone(), delay).await;
        let (status, answer) = service.ask(&request(&[tes.url(path)], &[], &[])).await;
        assert_eq!(status, 200, "{path} {list} {delay} {answer}");
    }
}

#[tokio::test]
async fn a_guessed_path_that_drops_calls_hides_no_tes() {
    let router = axum::Router::new().fallback(async move |uri: http::Uri| {
        use axum::response::IntoResponse;
        if uri == "/ga4gh/tes/v1/tasks?page_size=1" {
            return axum::Json(json!({"tasks": []})).into_response();
        }
        let cut = futures_util::stream::iter([Err::<Vec<u8>, _>(std::io::Error::other("cut"))]);
        axum::body::Body::from_stream(cut).into_response()
    });
    let service = service_with_prices(1.0).await;
    let tes = crate::support::Server::start(router).await;
    let (status, answer) = service.ask(&request(&[tes.url("/")], &[], &[])).await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn a_tes_without_tasks_that_leaves_the_list_out_costs_one_more_call_at_most() {
    let service = service_with_prices(1.0).await;
    let tes = Recorder::start(|line, _| {
        Some(match line {
            "GET /service-info" => (200, json!({"type": {"artifact": "tes"}})),
            line if line.starts_with("GET /tasks?") => (200, json!({})),
            _ => return None,
        })
    })
    .await;
    service
        .rank(&request(&[tes.server.url("/")], &[], &[]))
        .await;
    let expected = [
        "POST /tasks/task-info",
        "GET /tasks?page_size=1",
        "GET /service-info",
    ];
    assert_eq!(tes.lines(), expected);
}

/// A server with one API at several paths, and these prices at each.
async fn tes_at_paths(prices: &'static [(&'static str, f64)]) -> Recorder {
    Recorder::start(move |line, _| {
        let price = |amount: f64| json!({"amount": amount, "currency": "EUR"});
        let (_, amount) = prices
            .iter()
            .find(|(base, _)| line == format!("POST {base}/tasks/task-info"))?;
        let mut info = task_info();
        info["estimated_compute_costs"] = price(*amount);
        Some((200, info))
    })
    .await
}

#[tokio::test]
async fn one_server_with_several_base_paths_is_ranked_once() {
    let one = tes_at_paths(&[("", 1.0), ("/v1", 1.0), ("/ga4gh/tes/v1", 1.0)]).await;
    let prefixed = tes_at_paths(&[("/site-a/ga4gh/tes/v1", 1.0), ("/site-b/ga4gh/tes/v1", 1.0)]);
    let priced = tes_at_paths(&[("/v1", 1.0), ("/ga4gh/tes/v1", 2.0)]);
    let (prefixed, priced) = (prefixed.await, priced.await);
    for (tes, paths, expected) in [
        (&one, ["/", "/v1", "/ga4gh/tes/v1/"].as_slice(), 1),
        (
            &prefixed,
            &["/site-a/ga4gh/tes/v1", "/site-b/ga4gh/tes/v1"],
            2,
        ),
        (
            &prefixed,
            &["/site-a", "/site-b", "/site-a/ga4gh/tes/v1"],
            2,
        ),
        (&priced, &["/v1/", "/ga4gh/tes/v1/"], 2),
    ] {
        let service = Service::start().await;
        let roots: Vec<_> = paths.iter().map(|path| tes.server.url(path)).collect();
        let answer = service.rank(&request(&roots, &[], &[])).await;
        assert_eq!(tes_of(&answer).len(), expected, "{paths:?} {answer}");
        assert!(tes_of(&answer).contains(&roots[0].as_str()), "{paths:?}");
        let told = warnings(&answer);
        assert_eq!(told.len(), paths.len() - expected, "{told:?}");
    }
}

#[tokio::test]
async fn spellings_of_a_tes_that_fail_alike_are_told_once() {
    for code in [401, 404, 500] {
        let service = Service::start().await;
        let bad = Recorder::start(move |_, _| Some((code, json!({})))).await;
        let roots = ["/", "/ga4gh/tes/v1/", "/v1"].map(|path| bad.server.url(path));
        let (_, answer) = service.ask(&request(&roots, &[], &[])).await;
        let told = answer.to_string();
        assert_eq!(told.matches("TES unavailable").count(), 1, "{code} {told}");
    }
}

#[tokio::test]
async fn a_server_that_limits_the_rate_of_calls_is_not_tried_at_other_paths() {
    let service = Service::start().await;
    let busy = Recorder::start(|_, _| Some((429, json!({})))).await;
    let request = request(&[busy.server.url("/")], &[], &[]);
    service.refuse(&request, "ResourceUnavailableError").await;
    // Its tasks are asked for, and nothing at another path.
    assert_eq!(
        busy.lines(),
        ["POST /tasks/task-info", "GET /tasks?page_size=1"]
    );
}

/// A TES at `/v1/` that takes more than a quarter, and less than half, of a second; `lines` are the questions so far.
async fn slow_tes(elsewhere: u16) -> (crate::support::Server, Arc<std::sync::Mutex<Vec<String>>>) {
    use axum::response::IntoResponse;
    let lines: Arc<std::sync::Mutex<Vec<String>>> = Arc::default();
    let asked = Arc::clone(&lines);
    let router = axum::Router::new().fallback(async move |method: http::Method, uri: http::Uri| {
        let line = format!("{method} {uri}");
        asked.lock().unwrap().push(line.clone());
        if !line.contains(" /v1/") {
            let status = http::StatusCode::from_u16(elsewhere).unwrap();
            return status.into_response();
        }
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        axum::Json(task_info()).into_response()
    });
    (crate::support::Server::start(router).await, lines)
}

#[tokio::test]
async fn a_limit_of_rate_at_a_guessed_path_hides_no_slow_tes() {
    let service = Service::start_with("timeout: 1").await;
    let (tes, _) = slow_tes(429).await;
    let answer = service.rank(&request(&[tes.url("/v1/")], &[], &[])).await;
    assert_eq!(tes_of(&answer), [tes.url("/v1/")]);
}

#[tokio::test]
async fn a_slow_tes_is_asked_nowhere_else_once_it_is_found() {
    let service = Service::start_with("timeout: 1").await;
    let (tes, lines) = slow_tes(404).await;
    let request = request(&[tes.url("/")], &[], &[]);
    service.rank(&request).await;
    lines.lock().unwrap().clear();
    service.rank(&request).await;
    assert_eq!(*lines.lock().unwrap(), ["POST /v1/tasks/task-info"]);
}

/// With prices for every TES on this machine, of which only the small question is asked.
async fn service_with_prices(timeout: f64) -> Service {
    let book = "{match: 127.0.0.1, currency: EUR, unit_costs: {cpu_usage: 1, memory_consumption: 0, data_storage: 0, data_transfer: 0},
        queue: {signal: fixed, default_sec: 77}}";
    Service::start_with(&format!(
        "timeout: {timeout}\ntes: {{price_book: [{book}]}}"
    ))
    .await
}

/// What a server answers at `/tasks` and at `/ga4gh/tes/v1/tasks`, and at all other paths; to task info nothing but 405.
fn at_both(
    given: (u16, Value),
    usual: (u16, Value),
    elsewhere: u16,
) -> impl Fn(&str, Option<&str>) -> Option<(u16, Value)> + Clone {
    move |line, _| {
        Some(match line {
            line if line.starts_with("POST") => (405, json!({})),
            line if line.starts_with("GET /tasks?") => given.clone(),
            line if line.starts_with("GET /ga4gh/tes/v1/tasks?") => usual.clone(),
            _ => (
                elsewhere,
                json!({"message": "Missing Authentication Token"}),
            ),
        })
    }
}

#[tokio::test]
async fn what_a_server_answers_at_a_guessed_path_hides_no_tes_at_another() {
    let service = service_with_prices(2.0).await;
    let no_list = [
        json!({}),
        json!({"message": "welcome"}),
        json!({"code": 404, "message": "not found"}),
        json!({"tasks": "/x"}),
    ];
    let mut guessed: Vec<_> = no_list.into_iter().map(|body| (200, body)).collect();
    guessed.extend([401, 403, 404, 500, 502, 503, 504].map(|code| (code, json!({}))));
    for given in guessed {
        let tes = Recorder::start(at_both(given.clone(), (200, json!({"tasks": []})), 404)).await;
        let answer = service
            .rank(&request(&[tes.server.url("/")], &[], &[]))
            .await;
        assert_eq!(tes_of(&answer), [tes.server.url("/")], "{given:?}");
        tes.lines();
        // What was found is remembered.
        later(31).await;
        service
            .rank(&request(&[tes.server.url("/")], &[], &[]))
            .await;
        assert_eq!(
            tes.lines(),
            ["GET /ga4gh/tes/v1/tasks?page_size=1"],
            "{given:?}"
        );
    }
}

#[tokio::test]
async fn a_tes_that_is_closed_or_broken_is_not_ranked_for_what_answers_at_another_path() {
    let service = service_with_prices(2.0).await;
    for code in [401, 403, 429, 500, 502, 503, 504] {
        for body in [
            json!({}),
            json!({"message": "welcome"}),
            json!({"code": 404, "message": "not found"}),
        ] {
            let tes = Recorder::start(at_both((200, body.clone()), (code, json!({})), 404)).await;
            let request = request(&[tes.server.url("/")], &[], &[]);
            let told = service.refuse(&request, "ResourceUnavailableError").await;
            assert!(told[1].contains(&code.to_string()), "{told:?}");
            assert!(told[1].contains("/ga4gh/tes/v1/tasks"), "{told:?}");
        }
    }
}

#[tokio::test]
async fn the_failure_of_one_path_alone_is_told_and_not_that_of_all_guessed_ones() {
    let service = service_with_prices(2.0).await;
    for (guessed, real) in [(403, 500), (403, 400), (401, 503), (500, 401), (400, 403)] {
        let answers = at_both((guessed, json!({})), (real, json!({})), guessed);
        let tes = Recorder::start(answers).await;
        let request = request(&[tes.server.url("/")], &[], &[]);
        let told = service.refuse(&request, "ResourceUnavailableError").await;
        assert!(told[1].contains(&format!("status {real}")), "{told:?}");
    }
}

#[tokio::test]
async fn an_answer_tells_more_than_none() {
    let service = service_with_prices(0.5).await;
    let silent = (Recorder::NEVER, json!({}));
    let failure = (500, json!({"message": "the database is away"}));
    let tes = Recorder::start(at_both(silent, failure, 404)).await;
    let request = request(&[tes.server.url("/")], &[], &[]);
    let told = service.refuse(&request, "ResourceUnavailableError").await;
    assert!(told[1].contains("the database is away"), "{told:?}");
}

#[tokio::test]
async fn a_description_that_hangs_hides_no_failure() {
    let service = service_with_prices(0.5).await;
    let tes = Recorder::start(|line, _| match line {
        line if line.contains("service-info") => Some((Recorder::NEVER, json!({}))),
        line if line.contains(" /v1/") => Some((400, json!({"message": "no page_size here"}))),
        _ => None,
    })
    .await;
    let request = request(&[tes.server.url("/")], &[], &[]);
    let told = service.refuse(&request, "ResourceUnavailableError").await;
    assert!(told[1].contains("no page_size here"), "{told:?}");
}

#[tokio::test]
async fn a_gateway_that_refuses_what_it_does_not_know_hides_no_failure() {
    let service = service_with_prices(2.0).await;
    let failure = (500, json!({"message": "the database is away"}));
    let tes = Recorder::start(at_both((403, json!({})), failure, 403)).await;
    let root = tes.server.url("/");
    let request = request(std::slice::from_ref(&root), &[], &[]);
    let told = service.refuse(&request, "ResourceUnavailableError").await;
    let expected = TesError::Call {
        failure: refused(500, "the database is away"),
        path: Some("/ga4gh/tes/v1/tasks".to_owned()),
        access: None,
    };
    assert_eq!(told[1], tes_error(&root, &expected));
}

#[tokio::test]
async fn a_tes_that_never_answers_to_task_info_is_ranked_if_it_shows_itself() {
    let service = service_with_prices(0.5).await;
    let list = (200, json!({"tasks": []}));
    let cases: [(&str, &str, (u16, Value)); 4] = [
        ("/", "GET /ga4gh/tes/v1/tasks?page_size=1", list.clone()),
        ("/v1/", "GET /v1/tasks?page_size=1", list),
        (
            "/v1/",
            "GET /v1/tasks?page_size=1",
            (200, json!({"message": "welcome"})),
        ),
        (
            "/v1/",
            "GET /v1/service-info",
            (200, json!({"type": {"artifact": "tes"}})),
        ),
    ];
    for (path, question, answer) in cases {
        let tes = Recorder::start(move |line, _| {
            if line.starts_with("POST") {
                Some((Recorder::NEVER, json!({})))
            } else {
                (line == question).then(|| answer.clone())
            }
        })
        .await;
        let root = tes.server.url(path);
        let answer = service
            .rank(&request(std::slice::from_ref(&root), &[], &[]))
            .await;
        assert_eq!(tes_of(&answer), [&root], "{question}");
        assert!(
            warnings(&answer)[0].contains("did not answer within"),
            "{answer:#}"
        );
    }
}

#[tokio::test]
async fn a_server_with_its_api_at_several_paths_is_ranked_once() {
    let service = service_with_prices(2.0).await;
    let tes = Recorder::start(|line, _| {
        let is_list = line.starts_with("GET") && line.contains("/tasks?");
        is_list.then(|| (200, json!({"tasks": []})))
    })
    .await;
    let roots = [
        "/",
        "/v1",
        "/ga4gh/tes/v1/",
        "/a/ga4gh/tes/v1",
        "/b/v1",
        "/b/",
    ]
    .map(|path| tes.server.url(path));
    let answer = service.rank(&request(&roots, &[], &[])).await;
    let mut ranked = tes_of(&answer);
    ranked.sort_unstable();
    assert_eq!(ranked, [&roots[0], &roots[3], &roots[4]]);
    for value in [&roots[1], &roots[2], &roots[5]] {
        let duplicate = Warning::Duplicate {
            field: "tes_uris",
            value: value.clone(),
        };
        assert!(
            warnings(&answer).contains(&&*duplicate.to_string()),
            "{answer:#}"
        );
    }
}
