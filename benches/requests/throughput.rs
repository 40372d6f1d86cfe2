//! Requests per second, beside a bare handler that makes the same calls and nothing else: the physical limit.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{
        StatusCode,
        header::{ACCEPT, CONTENT_TYPE},
    },
    response::IntoResponse,
    routing::post,
};
use futures_util::future::{join_all, try_join_all};
use reqwest::{Client, Method, Url, redirect};
use serde_json::{Value, json};
use testribute::config::Config;

use super::{median, world};

const OBJECTS: [&str; 2] = ["a001", "a002"];

/// In seconds; nothing else in a request looks like it.
const EXECUTION_TIME: u32 = 1800;

const CONCURRENCY: [usize; 3] = [1, 8, 64];

/// Both are measured once a round, one right after the other, so that what else the machine does hits both.
const ROUNDS: u32 = 9;

const LENGTH_OF_A_ROUND: Duration = Duration::from_millis(1200);

pub(crate) fn run() {
    println!(
        "\na request with 2 TES, 2 DRS and 2 objects; the bare handler makes 6 calls for it, and answers as many bytes"
    );
    println!("CPU time is that of the whole process: callers and mocks too");
    println!(
        "\nas it comes, callers ask for equal tasks: objects are remembered, equal questions asked once:"
    );
    compare(&world::config(), |_| EXECUTION_TIME);
    println!("\nas it comes, each task is another: objects are remembered:");
    compare(&world::config(), |number| EXECUTION_TIME + number % 1000);
    let mut config = world::config();
    config.drs.cache_ttl_sec = 0;
    println!("\nthe same 6 calls for each request: drs.cache_ttl_sec 0, and each task is another:");
    compare(&config, |number| EXECUTION_TIME + number % 1000);
}

/// Measures a service with this `config` beside the bare handler, with requests of these execution times.
fn compare(config: &Config, execution_time: fn(u32) -> u32) {
    let outside = world::threads("outside");
    let inside = world::threads("inside");
    let neighbours = outside.block_on(Neighbours::start());
    let requests = Requests {
        template: neighbours.request(),
        execution_time,
        number: AtomicU32::default(),
    };
    let requests = Arc::new(requests);
    let service = inside.block_on(world::testribute(config));
    let caller = world::caller();
    let answer = outside.block_on(answer_of(&caller, &service, requests.next()));
    let bare = inside.block_on(bare(&neighbours, answer));

    let ask =
        |url: &str, concurrency| outside.block_on(round(&caller, url, &requests, concurrency));
    println!(
        "| concurrency | bare handler, requests/s | testribute, requests/s | ratio | least and most | bare handler, CPU us a request | testribute, CPU us a request |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|");
    for concurrency in CONCURRENCY {
        // Connections are made before anything counts.
        ask(&bare, concurrency);
        ask(&service, concurrency);
        let rounds = (0..ROUNDS).map(|round| {
            if round % 2 == 0 {
                (ask(&bare, concurrency), ask(&service, concurrency))
            } else {
                let ours = ask(&service, concurrency);
                (ask(&bare, concurrency), ours)
            }
        });
        let (limit, ours): (Vec<_>, Vec<_>) = rounds.unzip();
        let mut ratios: Vec<_> = ours
            .iter()
            .zip(&limit)
            .map(|(ours, limit)| ours.per_second / limit.per_second)
            .collect();
        let ratio = median(&mut ratios);
        let middle = |rounds: &[Round], figure: fn(&Round) -> f64| {
            median(&mut rounds.iter().map(figure).collect::<Vec<_>>())
        };
        println!(
            "| {concurrency} | {:.0} | {:.0} | {ratio:.2} | {:.2} {:.2} | {:.0} | {:.0} |",
            middle(&limit, |round| round.per_second),
            middle(&ours, |round| round.per_second),
            ratios.first().unwrap(),
            ratios.last().unwrap(),
            middle(&limit, |round| round.cpu_microseconds),
            middle(&ours, |round| round.cpu_microseconds),
        );
    }
}

/// What a round gave.
struct Round {
    per_second: f64,
    /// CPU time of the whole process for one request: tells more than the clock where others use the machine too.
    cpu_microseconds: f64,
}

/// The services that a request names.
struct Neighbours {
    tes: [String; 2],
    drs: [String; 2],
}

impl Neighbours {
    async fn start() -> Self {
        Self {
            tes: [
                world::tes("EUR", 600.0, Duration::ZERO).await,
                world::tes("CHF", 60.0, Duration::ZERO).await,
            ],
            drs: [
                world::drs("files-1.example", &OBJECTS).await,
                world::drs("files-2.example", &OBJECTS).await,
            ],
        }
    }

    fn request(&self) -> String {
        let request = json!({
            "tes_uris": self.tes, "drs_uris": self.drs, "object_ids": OBJECTS,
            "resource_requirements": world::needs(), "mode": 0.5, "limit": 100
        });
        request.to_string()
    }
}

/// The requests that callers send, one after the other.
struct Requests {
    template: String,
    execution_time: fn(u32) -> u32,
    number: AtomicU32,
}

impl Requests {
    fn next(&self) -> Bytes {
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let execution_time = (self.execution_time)(number).to_string();
        let usual = EXECUTION_TIME.to_string();
        self.template.replacen(&usual, &execution_time, 1).into()
    }
}

/// The service's answer, which must rank all there is.
async fn answer_of(caller: &Client, service: &str, request: Bytes) -> Bytes {
    let response = post_json(caller, service, request).await;
    assert_eq!(response.status(), StatusCode::OK);
    let body = response.bytes().await.unwrap();
    let answer: Value = serde_json::from_slice(&body).unwrap();
    let combinations = answer.get("service_combinations").unwrap();
    assert_eq!(combinations.as_array().unwrap().len(), 8, "{answer:#}");
    assert_eq!(answer.get("warnings"), Some(&json!([])), "{answer:#}");
    body
}

/// A handler that makes the service's calls, all at once, and answers what the service would.
struct Bare {
    client: Client,
    questions: Vec<(Method, Url, Bytes)>,
    answer: Bytes,
}

/// Serves a [`Bare`]; gives back the URL to POST to.
async fn bare(neighbours: &Neighbours, answer: Bytes) -> String {
    let needs: Bytes = serde_json::to_vec(&world::needs()).unwrap().into();
    let task_infos = neighbours.tes.iter().map(|tes| {
        let url = format!("{tes}tasks/task-info");
        (Method::POST, url.parse().unwrap(), needs.clone())
    });
    let objects = neighbours.drs.iter().flat_map(|drs| {
        OBJECTS.map(|id| {
            let url = format!("{drs}objects/{id}");
            (Method::GET, url.parse().unwrap(), Bytes::new())
        })
    });
    let bare = Bare {
        // As the service makes its own.
        client: Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .http2_max_header_list_size(64 << 10)
            .user_agent("bare")
            .build()
            .unwrap(),
        questions: task_infos.chain(objects).collect(),
        answer,
    };
    let router = Router::new().route("/", post(pass_through));
    world::serve(router.with_state(Arc::new(bare))).await
}

async fn pass_through(State(bare): State<Arc<Bare>>, _request: Bytes) -> impl IntoResponse {
    let calls = bare.questions.iter().map(async |(method, url, body)| {
        let mut request = bare
            .client
            .request(method.clone(), url.clone())
            .header(ACCEPT, "application/json");
        if !body.is_empty() {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .body(body.clone());
        }
        request.send().await?.error_for_status()?.bytes().await
    });
    match try_join_all(calls).await {
        Ok(_) => (
            StatusCode::OK,
            [(CONTENT_TYPE, "application/json")],
            bare.answer.clone(),
        ),
        Err(error) => (
            StatusCode::BAD_GATEWAY,
            [(CONTENT_TYPE, "text/plain")],
            error.to_string().into(),
        ),
    }
}

/// A round of `concurrency` callers that each send one request after the other.
async fn round(caller: &Client, url: &str, requests: &Arc<Requests>, concurrency: usize) -> Round {
    let (started, cpu) = (Instant::now(), cpu_seconds());
    let callers = (0..concurrency).map(|_| {
        let (client, url, requests) = (caller.clone(), url.to_owned(), Arc::clone(requests));
        tokio::spawn(async move {
            let mut answered = 0_u32;
            while started.elapsed() < LENGTH_OF_A_ROUND {
                let response = post_json(&client, &url, requests.next()).await;
                assert_eq!(response.status(), StatusCode::OK);
                response.bytes().await.unwrap();
                answered += 1;
            }
            answered
        })
    });
    let answered = join_all(callers).await.into_iter().map(Result::unwrap);
    let answered = f64::from(answered.sum::<u32>());
    Round {
        per_second: answered / started.elapsed().as_secs_f64(),
        cpu_microseconds: (cpu_seconds() - cpu) * 1e6 / answered,
    }
}

/// CPU time of this process so far, to a hundredth of a second; not a number where there is no `/proc`.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name, which is in parentheses, user and system time are the 12th and 13th field.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |field| fields.split_whitespace().nth(field)?.parse::<f64>().ok();
    match (ticks(11), ticks(12)) {
        (Some(user), Some(system)) => (user + system) / 100.0,
        _ => f64::NAN,
    }
}

async fn post_json(client: &Client, url: &str, body: Bytes) -> reqwest::Response {
    let request = client.post(url).header(CONTENT_TYPE, "application/json");
    request.body(body).send().await.unwrap()
}
