//! Servers as they are in production, beside each other in one ranking.

use serde_json::{Value, json};
use testribute_mock::{TesFlavour, replay_tes};

use crate::support::{
    Server,
    network::{Service, request, tes, tes_of, tes_root},
};

/// What each flavour's file tells of its queue: the median of the waits, times the share of what waits.
const QUEUES: [(&str, f64); 6] = [
    // 20 s, 10 s and 60 s, and one of four waits.
    ("funnel", 25.0),
    // 90 s, 90 s and 150 s.
    ("tesk", 90.0),
    ("poiesis", 10.0),
    ("azure", 400.0),
    // 20 s, and one of two waits.
    ("tesp", 30.0),
    ("planetary", 5.0),
];

const BOOK: &str = "
tes:
    price_book:
      - match: \"*\"
        currency: EUR
        unit_costs: {cpu_usage: 1, memory_consumption: 0, data_storage: 0, data_transfer: 0}
";

async fn start(flavour: TesFlavour, queue_seconds: Option<f64>) -> Server {
    Server::start(replay_tes::router(flavour, queue_seconds).unwrap()).await
}

fn queues(answer: &Value) -> Vec<f64> {
    let combinations = answer["service_combinations"].as_array().unwrap();
    combinations
        .iter()
        .map(|combination| combination["time_breakdown"]["queue"].as_f64().unwrap())
        .collect()
}

#[tokio::test]
async fn a_task_is_ranked_over_a_mix_of_servers() {
    let service = Service::start_with(BOOK).await;
    let own = tes("127.0.0.1", "EUR", 1.0, 1.0, 1.0).await;
    let mut servers = Vec::new();
    let mut expected = vec![(tes_root(&own), 1.0)];
    for flavour in TesFlavour::ALL {
        let server = start(*flavour, None).await;
        let (_, queue) = QUEUES
            .iter()
            .find(|(name, _)| *name == flavour.name())
            .unwrap();
        // Only the host is given: where the API begins is for the service to find out.
        expected.push((server.url("/"), *queue));
        servers.push(server);
    }
    let roots: Vec<_> = expected.iter().map(|(root, _)| root.clone()).collect();
    expected.sort_by(|(_, one), (_, other)| one.total_cmp(other));
    let mut request = request(&roots, &[], &[]);
    request["mode"] = json!("time");
    request["explain"] = json!(true);
    // Once with nothing known of the servers, once with all of it.
    for _ in 0..2 {
        let answer = service.rank(&request).await;
        assert_eq!(answer["warnings"], json!([]));
        let ranked: Vec<_> = tes_of(&answer)
            .into_iter()
            .map(str::to_owned)
            .zip(queues(&answer))
            .collect();
        assert_eq!(ranked, expected);
        for combination in answer["service_combinations"].as_array().unwrap() {
            let by_itself = combination["access_uris"]["tes_uri"] == tes_root(&own);
            let offer = if by_itself { "task-info" } else { "price-book" };
            assert_eq!(combination["offer"], offer);
        }
    }
}

#[tokio::test]
async fn the_times_of_tasks_that_someone_creates_are_read_back() {
    for flavour in TesFlavour::ALL {
        let service = Service::start_with(BOOK).await;
        let server = start(*flavour, Some(714.0)).await;
        let base = server.url(&replay_tes::base_path(*flavour).unwrap());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        for state in ["COMPLETE", "COMPLETE", "COMPLETE", "QUEUED"] {
            let task = json!({
                "name": "hello", "executors": [{"image": "alpine", "command": ["true"]}],
                "resources": {"cpu_cores": 1, "ram_gb": 1, "disk_gb": 1}, "tags": {"mock-state": state}
            });
            let created = client
                .post(format!("{base}tasks"))
                .json(&task)
                .send()
                .await
                .unwrap();
            let id: Value = created.json().await.unwrap();
            let one = client
                .get(format!("{base}tasks/{}", id["id"].as_str().unwrap()))
                .send()
                .await
                .unwrap();
            let one: Value = one.json().await.unwrap();
            assert_eq!(one, json!({"id": id["id"], "state": state}), "{flavour}");
        }
        let answer = service
            .rank(&request(std::slice::from_ref(&base), &[], &[]))
            .await;
        assert_eq!(answer["warnings"], json!([]), "{flavour}");
        // One of four waits.
        assert_eq!(queues(&answer), [892.5], "{flavour}");
    }
}

#[tokio::test]
async fn no_flavour_knows_task_info() {
    let service = Service::start_with("").await;
    for flavour in TesFlavour::ALL {
        let server = start(*flavour, None).await;
        let messages = service
            .refuse(
                &request(&[server.url("")], &[], &[]),
                "ResourceUnavailableError",
            )
            .await;
        assert!(
            messages[1].contains("has no task-info, and no entry in tes.price_book"),
            "{flavour}: {messages:?}"
        );
    }
}
