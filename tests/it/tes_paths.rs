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
async fn a_tes_that_moved_is_found_again() {
    let service = Service::start().await;
    let moved = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&moved);
    let tes = Recorder::start(move |line, _| {
        let base = if seen.load(SeqCst) {
            "/ga4gh/tes/v1"
        } else {
            "/v1"
        };
        (line == format!("POST {base}/tasks/task-info")).then(|| (200, task_info()))
    })
    .await;
    let request = request(&[tes.server.url("/")], &[], &[]);
    service.rank(&request).await;
    moved.store(true, SeqCst);
    let answer = service.rank(&request).await;
    assert_eq!(answer["warnings"], json!([]));
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
    let busy = Recorder::start(|_, _| Some((503, json!({})))).await;
    let request = crate::support::network::request(&[busy.server.url("/")], &[], &[]);
    service.refuse(&request, "ResourceUnavailableError").await;
    // Its tasks are asked for, and nothing at another path.
    assert_eq!(
        busy.lines(),
        ["POST /tasks/task-info", "GET /tasks?page_size=1"]
    );
}
