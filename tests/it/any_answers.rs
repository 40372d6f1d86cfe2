//! Whatever JSON a site in the price book answers, it is ranked if it answers the small question.

use proptest::{collection::vec, option::weighted, prelude::*, sample::select};
use serde_json::{Value, json};

use crate::support::{
    network::{Service, request},
    recorder::Recorder,
};

const CONFIG: &str = "
timeout: 1
tes:
    price_book:
      - match: 127.0.0.1
        currency: EUR
        unit_costs: {cpu_usage: 1, memory_consumption: 2, data_storage: 3, data_transfer: 4}
        queue: {default_sec: 77}
";

/// What libraries say of JSON in their own words.
const WORDS_OF_RUST: [&str; 10] = [
    "f64",
    "u64",
    "i64",
    "usize",
    "struct",
    "enum",
    "variant",
    "untagged",
    "invalid type",
    " at .",
];

/// The bodies of a TES and their statuses.
#[derive(Debug, Clone)]
struct Answers {
    small: (u16, Value),
    task_info: (u16, Value),
    list: (u16, Value),
    service_info: (u16, Value),
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_site_that_answers_the_small_question_is_ranked(
        answers in any_answers(), path in select(vec!["/", "/v1/", "/ga4gh/tes/v1/"])
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let service = Service::start_with(CONFIG).await;
            let tes = Recorder::start(move |line, _| {
                let Answers { small, task_info, list, service_info } = &answers;
                Some(if line.starts_with("POST") {
                    task_info.clone()
                } else if line.ends_with("?page_size=1") {
                    small.clone()
                } else if line.ends_with("service-info") {
                    service_info.clone()
                } else {
                    list.clone()
                })
            })
            .await;
            let mut request = request(&[tes.server.url(path)], &[], &[]);
            request["explain"] = json!(true);
            let answer = service.rank(&request).await;
            let best = &answer["service_combinations"][0];
            for number in [
                &best["cost_estimate"]["amount"], &best["time_estimate"], &best["score"],
            ] {
                let number = number.as_f64().unwrap();
                assert!(number.is_finite() && number >= 0.0, "{best}");
            }
            assert_plain(&answer);
        });
    }

    #[test]
    fn what_a_drs_answers_is_read_or_told_in_plain_words(answer in any_object(), status in any_status()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let service = Service::start_with(CONFIG).await;
            let site = Recorder::start(|_, _| Some((200, json!({"tasks": []})))).await;
            let drs = Recorder::start(move |_, _| Some((status, answer.clone()))).await;
            let tes = [site.server.url("/v1/")];
            let request = request(&tes, &[drs.server.url("/")], &["a1"]);
            let (status, answer) = service.ask(&request).await;
            assert!(matches!(status.as_u16(), 200 | 400), "{status} {answer}");
            assert_plain(&answer);
        });
    }
}

/// No text of an answer or an error is in the words of Rust.
fn assert_plain(answer: &Value) {
    let text = answer.to_string();
    let found = WORDS_OF_RUST.iter().find(|word| text.contains(**word));
    assert_eq!(found, None, "{text}");
}

fn any_answers() -> impl Strategy<Value = Answers> {
    let small =
        (select(vec![200_u16, 201, 202, 203, 206, 226]), any_json()).prop_map(|(status, body)| {
            let is_object = body.is_object();
            (
                status,
                if is_object {
                    body
                } else {
                    json!({"answer": body})
                },
            )
        });
    // A list that is guarded leaves the site out.
    let list_status = any_status().prop_map(|status| match status {
        401 | 403 => 500,
        status => status,
    });
    let bodies = (small, any_task_info(), any_task_list(), any_json());
    // Few have no answer, for which the test waits.
    let info_status = prop_oneof![99 => any_status(), 1 => Just(Recorder::NEVER)];
    let list_status = prop_oneof![199 => list_status, 1 => Just(Recorder::NEVER)];
    let service_status = prop_oneof![99 => 200_u16..=599, 1 => Just(Recorder::NEVER)];
    (bodies, info_status, list_status, service_status).prop_map(
        |((small, task_info, list, service_info), info_status, list_status, service_status)| {
            Answers {
                small,
                task_info: (info_status, task_info),
                list: (list_status, list),
                service_info: (service_status, service_info),
            }
        },
    )
}

fn any_status() -> impl Strategy<Value = u16> {
    // One that is not ready is waited for.
    let any = (200_u16..=599).prop_map(|status| if status == 202 { 500 } else { status });
    prop_oneof![3 => Just(200), 1 => any]
}

/// A DRS object with anything in the place of some of its parts.
fn any_object() -> impl Strategy<Value = Value> {
    let part = || weighted(0.3, any_json());
    let method = (part(), part()).prop_map(|(kind, url)| {
        json!({
            "type": kind.unwrap_or(json!("https")),
            "access_url": url.unwrap_or(json!({"url": "https://data.example/a"}))
        })
    });
    (part(), part(), part(), vec(method, 0..3), part(), part()).prop_map(
        |(id, size, checksums, methods, instead, contents)| {
            let mut object = json!({
                "id": id.unwrap_or(json!("a1")), "size": size.unwrap_or(json!(1)),
                "checksums": checksums.unwrap_or(json!([{"type": "md5", "checksum": "00"}])),
                "access_methods": instead.unwrap_or(Value::from(methods))
            });
            if let Some(contents) = contents {
                object["contents"] = contents;
            }
            object
        },
    )
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        select(vec![
            json!(1e308),
            json!(-1e308),
            json!(0.0),
            json!(-1),
            json!("1e309"),
            json!("NaN")
        ]),
        ".{0,9}".prop_map(Value::from),
        Just(json!("COMPLETE")),
        Just(json!("2024-05-01T10:00:00Z")),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        let key = select(vec![
            "tasks",
            "state",
            "creation_time",
            "logs",
            "start_time",
            "end_time",
            "resources",
            "cpu_cores",
            "id",
            "next_page_token",
            "amount",
            "currency",
            "message",
            "estimated_compute_costs",
            "code",
            "type",
            "artifact",
            "executors",
            "image",
        ]);
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            vec((key, inner), 0..5).prop_map(|members| {
                let members = members
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value));
                Value::Object(members.collect())
            }),
        ]
    })
}

/// A price, anything, or a list of one price.
fn any_price() -> impl Strategy<Value = Value> {
    let amount = prop_oneof![
        2 => (0.0..100.0).prop_map(|amount: f64| json!(amount)),
        1 => (0.0..100.0).prop_map(|amount: f64| json!(amount.to_string())),
        1 => any_json()
    ];
    let currency = prop_oneof![
        4 => select(vec![json!("EUR"), json!("usd")]),
        1 => any_json()
    ];
    let price = (amount, currency)
        .prop_map(|(amount, currency)| json!({"amount": amount, "currency": currency}));
    prop_oneof![
        4 => price.clone(),
        1 => price.prop_map(|price| json!([price])),
        1 => any_json()
    ]
}

/// Task info with anything in the place of some of its parts.
fn any_task_info() -> impl Strategy<Value = Value> {
    let parts = (
        any_price(),
        any_price(),
        any_price(),
        weighted(0.5, any_json()),
    );
    let likely = parts.prop_map(|(compute, storage, transfer, queue)| {
        json!({
            "estimated_compute_costs": compute, "estimated_storage_costs": storage, "unit_costs_data_transfer": transfer,
            "estimated_queue_time_sec": queue.unwrap_or(json!(15))
        })
    });
    prop_oneof![3 => likely, 1 => any_json()]
}

/// A list of tasks with anything in the place of some of their parts.
fn any_task_list() -> impl Strategy<Value = Value> {
    let part = || weighted(0.5, any_json());
    let task = (part(), part(), part(), part()).prop_map(|(state, created, logs, resources)| {
        json!({
            "state": state.unwrap_or(json!("COMPLETE")),
            "creation_time": created.unwrap_or(json!(jiff::Timestamp::now().to_string())),
            "logs": logs.unwrap_or(json!([{"start_time": jiff::Timestamp::now().to_string()}])),
            "resources": resources.unwrap_or(json!({"cpu_cores": 4}))
        })
    });
    (vec(task, 0..6), part())
        .prop_map(|(tasks, token)| json!({"tasks": tasks, "next_page_token": token}))
}
