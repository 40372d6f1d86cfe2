//! Ranks with the client that openapi-generator generated.

use serde_json::{json, Value};
use testribute_client::apis::{configuration::Configuration, ranking_api};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let document = std::env::var("WORK").unwrap() + "/openapi.json";
    let document: Value = serde_json::from_str(&std::fs::read_to_string(document).unwrap()).unwrap();
    let example = |path: &str, mode: &Value| {
        let content = &document["paths"][path]["post"]["requestBody"]["content"];
        let mut example = content["application/json"]["example"].clone();
        example["mode"] = mode.clone();
        example
    };
    let configuration = Configuration {
        base_path: std::env::var("ROOT").unwrap(),
        ..Configuration::default()
    };
    for mode in [json!("cost"), json!("time"), json!("random"), json!(0), json!(0.5), json!(1), json!(-1)] {
        let request = serde_json::from_value(example("/rank-services", &mode)).unwrap();
        let answer = ranking_api::rank_services(&configuration, request).await.unwrap();
        assert_eq!(answer.service_combinations[0].rank, 1);
        let request = serde_json::from_value(example("/rank-tasks", &mode)).unwrap();
        let answer = ranking_api::rank_tasks(&configuration, request).await.unwrap();
        assert_eq!(answer.tes_uris.len(), 2);
    }
    println!("clients: openapi-generator's Rust client ranks in every mode");
}
