//! `POST /rank-services` as a caller sees it.

use serde_json::{Value, json};
use testribute::domain::{mode::BadMode, money::Currency};

use crate::support::{
    Server,
    network::{Service, drs, drs_root, request, tes, tes_of, tes_root, warnings},
    recorder::Recorder,
    texts::{
        Difference, Exclusion, LocateError, ResolveError, UnrankableReason, Warning, conflict,
        fault, not_found, tes_excluded, tes_unavailable, unknown_location,
    },
};

/// Two TES, 2000 km apart, and two DRS that know one object each and one both.
struct Network {
    service: Service,
    tes: [Server; 2],
    drs: [Server; 2],
}

const GB: u64 = 1_000_000_000;

impl Network {
    async fn start() -> Self {
        Self::start_with("").await
    }

    async fn start_with(config: &str) -> Self {
        let near = ["https://near.example/a"];
        let both = ["https://near.example/b", "https://far.example/b"];
        Self {
            service: Service::start_with(config).await,
            tes: [
                tes("127.0.0.1", "EUR", 1.0, 0.1, 500.0).await,
                tes("127.0.0.2", "EUR", 2.0, 0.1, 10.0).await,
            ],
            drs: [
                drs(&[("a", GB, &near), ("b", 2 * GB, &both[..1])]).await,
                drs(&[
                    ("b", 2 * GB, &both),
                    ("c", 3 * GB, &["https://far.example/c"]),
                ])
                .await,
            ],
        }
    }

    fn request(&self, objects: &[&str]) -> Value {
        let tes: Vec<_> = self.tes.iter().map(tes_root).collect();
        let drs: Vec<_> = self.drs.iter().map(drs_root).collect();
        request(&tes, &drs, objects)
    }

    async fn rank_by(&self, mode: Value) -> Value {
        let mut request = self.request(&["a", "b"]);
        request["mode"] = mode;
        self.service.rank(&request).await
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

#[tokio::test]
async fn the_answer_has_the_promised_shape() {
    let network = Network::start().await;
    let answer = network.service.rank(&network.request(&["a", "b"])).await;
    let combinations = answer["service_combinations"].as_array().unwrap();
    assert_eq!(combinations.len(), 4);
    assert_eq!(answer["warnings"], json!([]));
    for (rank, combination) in (1..).zip(combinations) {
        let members: Vec<_> = combination.as_object().unwrap().keys().collect();
        assert_eq!(
            members,
            [
                "rank",
                "access_uris",
                "cost_estimate",
                "time_estimate",
                "score",
                "cost_breakdown",
                "time_breakdown",
                "pareto_optimal"
            ]
        );
        assert_eq!(combination["rank"], rank);
        let uris: Vec<_> = combination["access_uris"]
            .as_object()
            .unwrap()
            .keys()
            .collect();
        assert_eq!(uris, ["a", "b", "tes_uri"]);
        assert_eq!(combination["cost_estimate"]["currency"], "EUR");
        let sum = |breakdown: &Value| {
            let parts = breakdown.as_object().unwrap().iter();
            let own = parts.filter(|(key, _)| *key != "billed_to_others");
            own.map(|(_, part)| number(part)).sum::<f64>()
        };
        let cost = number(&combination["cost_estimate"]["amount"]);
        assert!((sum(&combination["cost_breakdown"]) - cost).abs() < 1e-11 * cost.max(1.0));
        let time = number(&combination["time_estimate"]);
        assert!((sum(&combination["time_breakdown"]) - time).abs() < 1e-9);
    }
    let scores: Vec<_> = combinations
        .iter()
        .map(|one| number(&one["score"]))
        .collect();
    assert!(scores.is_sorted(), "{scores:?}");
}

#[tokio::test]
async fn costs_and_times_follow_the_formulas() {
    let network = Network::start().await;
    let mut request = network.request(&["a"]);
    request["tes_uris"] = json!([tes_root(&network.tes[0])]);
    let answer = network.service.rank(&request).await;
    let best = &answer["service_combinations"][0];
    // 10 s on 1 core at 1, 1 GB of disk at 1, and 1 GB over the 69.48 km from 47.56 N 7.59 E to 47 N 8 E (GeographicLib's
    // GeodSolve) at 0.1 per 1000 km.
    assert_eq!(best["cost_breakdown"]["compute"], 10.0);
    assert_eq!(best["cost_breakdown"]["storage"], 1.0);
    let transfer = number(&best["cost_breakdown"]["transfer"]);
    assert!((transfer - 0.006_95).abs() < 0.000_02, "{transfer}");
    assert_eq!(
        best["time_breakdown"],
        json!({"queue": 500, "execution": 10, "transfer": 0})
    );
    assert_eq!(best["time_estimate"], 510);
    // The only combination is as good as the mean.
    assert_eq!(best["score"], 1.0);
    assert_eq!(best["pareto_optimal"], true);
}

#[tokio::test]
async fn every_mode_ranks_by_what_it_says() {
    let network = Network::start().await;
    let [cheap, quick] = [tes_root(&network.tes[0]), tes_root(&network.tes[1])];
    for mode in [json!("cost"), json!(0), json!(0.0)] {
        let answer = network.rank_by(mode).await;
        assert_eq!(tes_of(&answer), [&cheap, &cheap, &quick, &quick]);
    }
    for mode in [json!("time"), json!(1), json!(1.0)] {
        let answer = network.rank_by(mode).await;
        assert_eq!(tes_of(&answer), [&quick, &quick, &cheap, &cheap]);
    }
    for mode in [json!("random"), json!(-1), json!(-1.0)] {
        let answer = network.rank_by(mode).await;
        let mut tes = tes_of(&answer);
        tes.sort_unstable();
        let mut all = vec![&cheap, &cheap, &quick, &quick];
        all.sort_unstable();
        assert_eq!(tes, all);
        assert!(answer["service_combinations"][0].get("score").is_none());
    }
    let balanced = network.rank_by(json!(0.5)).await;
    let mut request = network.request(&["a", "b"]);
    assert_eq!(
        network.service.rank(&request).await,
        balanced,
        "0.5 is the default"
    );
    request
        .as_object_mut()
        .unwrap()
        .insert("mode".to_owned(), json!(0.25));
    network.service.rank(&request).await;
}

#[tokio::test]
async fn other_modes_are_refused() {
    let network = Network::start().await;
    for mode in [
        json!(-0.5),
        json!(2),
        json!(1.5),
        json!(null),
        json!(true),
        json!("Cost"),
        json!(""),
        json!("0.5"),
        json!([]),
        json!({}),
        json!(-2),
    ] {
        let mut request = network.request(&[]);
        request["mode"] = mode.clone();
        let messages = network.service.refuse(&request, "ValidationError").await;
        assert_eq!(messages, [fault("/mode", BadMode)], "{mode}");
    }
}

#[tokio::test]
async fn a_limit_cuts_the_list_and_says_so() {
    let network = Network::start().await;
    let mut request = network.request(&["a", "b"]);
    let all = network.service.rank(&request).await;
    request["limit"] = json!(3);
    let cut = network.service.rank(&request).await;
    assert_eq!(
        cut["service_combinations"].as_array().unwrap()[..],
        all["service_combinations"].as_array().unwrap()[..3]
    );
    let limit_reached = Warning::LimitReached {
        space: "4".to_owned(),
        limit: 3,
        at_random: false,
    };
    assert_eq!(warnings(&cut), [limit_reached.to_string()]);
}

#[tokio::test]
async fn an_object_may_be_missing_at_the_first_drs() {
    let network = Network::start().await;
    let answer = network.service.rank(&network.request(&["c", "a"])).await;
    assert_eq!(
        answer["warnings"],
        json!([]),
        "not being there is no failure"
    );
    let uris = &answer["service_combinations"][0]["access_uris"];
    assert_eq!(uris["c"], "https://far.example/c");
    assert_eq!(uris["a"], "https://near.example/a");
}

#[tokio::test]
async fn an_object_that_is_nowhere_is_refused_by_name() {
    let network = Network::start().await;
    let messages = network
        .service
        .refuse(
            &network.request(&["a", "x", "y"]),
            "ResourceUnavailableError",
        )
        .await;
    assert_eq!(messages, [not_found("x"), not_found("y")]);
}

#[tokio::test]
async fn sizes_and_checksums_must_agree() {
    let service = Service::start_with("drs: {cache_ttl_sec: 0}").await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let uris: &[&str] = &["https://near.example/a"];
    let one = drs(&[("a", 1, uris)]).await;
    let other = drs(&[("a", 2, uris)]).await;
    let request_of = |drs: [&Server; 2]| request(&[tes_root(&tes)], &drs.map(drs_root), &["a"]);
    let messages = service
        .refuse(&request_of([&one, &other]), "ResourceUnavailableError")
        .await;
    let roots = [&one, &other].map(drs_root);
    let differs = |difference| conflict("a", [&roots[0], &roots[1]], difference);
    assert_eq!(messages, [differs(Difference::Size(1, 2))]);

    let object = json!({"id": "a", "size": 1, "created_time": "2020-01-01T00:00:00Z",
        "checksums": [{"type": "md5", "checksum": "00"}],
        "access_methods": [{"type": "https", "access_url": {"url": uris[0]}}]});
    reqwest::Client::new()
        .post(other.url("/ga4gh/drs/v1/update-db"))
        .json(&json!({"clear_db": true, "data_objects": [object]}))
        .send()
        .await
        .unwrap()
        .error_for_status()
        .unwrap();
    let messages = service
        .refuse(&request_of([&one, &other]), "ResourceUnavailableError")
        .await;
    let checksum = Difference::Checksum {
        kind: "md5".to_owned(),
        first: "d41d8cd98f00b204e9800998ecf8427e".to_owned(),
        second: "00".to_owned(),
    };
    assert_eq!(messages, [differs(checksum)]);
}

#[tokio::test]
async fn a_task_without_objects_needs_neither_drs_nor_places() {
    let service = Service::start_with("locations: {overrides: []}").await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let mut request = request(&[tes_root(&tes)], &[], &[]);
    for optional in ["drs_uris", "object_ids"] {
        request.as_object_mut().unwrap().remove(optional);
    }
    let answer = service.rank(&request).await;
    assert_eq!(answer["warnings"], json!([]));
    assert_eq!(
        answer["service_combinations"][0]["access_uris"],
        json!({"tes_uri": tes_root(&tes)})
    );
}

#[tokio::test]
async fn costs_come_in_one_currency() {
    let service = Service::start().await;
    let swiss = tes("127.0.0.1", "CHF", 1.0, 1.0, 0.0).await;
    let american = tes("127.0.0.1", "USD", 1.0, 1.0, 0.0).await;
    let rouble = tes("127.0.0.1", "RUB", 1.0, 1.0, 0.0).await;
    let tes = [tes_root(&swiss), tes_root(&american), tes_root(&rouble)];
    let mut request = request(&tes, &[], &[]);
    request["mode"] = json!("cost");
    let answer = service.rank(&request).await;
    let costs: Vec<_> = answer["service_combinations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|combination| combination["cost_estimate"].clone())
        .collect();
    // 11 of each: 0.5 CHF and 2 USD are 1 EUR.
    assert_eq!(
        costs,
        [
            json!({"amount": 5.5, "currency": "EUR"}),
            json!({"amount": 22.0, "currency": "EUR"})
        ]
    );
    assert_eq!(
        warnings(&answer),
        [tes_excluded(
            &tes[2],
            Exclusion::NoExchangeRate {
                currencies: [Currency::RUB].into(),
                target: Currency::EUR
            }
        )]
    );
}

#[tokio::test]
async fn a_transfer_rate_makes_data_take_time() {
    let network = Network::start_with("estimation: {transfer_rate_mbps: 1000}").await;
    let mut request = network.request(&["a"]);
    request["mode"] = json!("time");
    let answer = network.service.rank(&request).await;
    let best = &answer["service_combinations"][0];
    // 10^9 bytes at 10^9 bits a second.
    assert_eq!(
        best["time_breakdown"],
        json!({"queue": 10, "execution": 10, "transfer": 8})
    );
}

#[tokio::test]
async fn data_on_the_host_of_the_tes_costs_nothing_to_get() {
    let service =
        Service::start_with("{estimation: {transfer_rate_mbps: 1}, locations: {overrides: []}}")
            .await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let data = drs(&[
        ("a", GB, &["ftp://127.0.0.1/a"]),
        ("b", GB, &["file:///data/b"]),
    ])
    .await;
    let answer = service
        .rank(&request(&[tes_root(&tes)], &[drs_root(&data)], &["a", "b"]))
        .await;
    assert_eq!(
        answer["warnings"],
        json!([]),
        "what is on one host needs no place"
    );
    let best = &answer["service_combinations"][0];
    assert_eq!(best["cost_breakdown"]["transfer"], 0.0);
    assert_eq!(best["time_breakdown"]["transfer"], 0);
}

#[tokio::test]
async fn copies_at_unknown_locations_are_left_out_with_one_warning_per_host() {
    let service = Service::start().await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let data = drs(&[
        (
            "a",
            GB,
            &[
                "s3://bucket/a",
                "https://near.example/a",
                "s3://bucket/again",
            ],
        ),
        ("b", GB, &["s3://bucket/b"]),
    ])
    .await;
    let answer = service
        .rank(&request(&[tes_root(&tes)], &[drs_root(&data)], &["a"]))
        .await;
    assert_eq!(answer["service_combinations"].as_array().unwrap().len(), 1);
    let unknown = unknown_location("s3://bucket", &LocateError::Bucket);
    assert_eq!(warnings(&answer), [unknown.as_str()]);

    let messages = service
        .refuse(
            &request(&[tes_root(&tes)], &[drs_root(&data)], &["a", "b"]),
            "ResourceUnavailableError",
        )
        .await;
    let no_distance = Exclusion::NoDistance { object: "b".into() };
    assert_eq!(
        messages,
        [
            UnrankableReason::NoCombination.to_string(),
            unknown,
            tes_excluded(&tes_root(&tes), no_distance)
        ]
    );
}

#[tokio::test]
async fn the_predecessors_failures_are_told() {
    let network = Network::start().await;
    let mut request = network.request(&["a"]);
    let good = tes_root(&network.tes[0]);
    request["tes_uris"] = json!(["https://tes-1.invalid/ga4gh/tes/v1/", good]);
    let answer = network.service.rank(&request).await;
    let unavailable = tes_unavailable(
        "https://tes-1.invalid/ga4gh/tes/v1/",
        &ResolveError::Unknown.into(),
    );
    assert_eq!(warnings(&answer), [unavailable.as_str()]);
    request["tes_uris"] = json!(["https://tes-1.invalid/ga4gh/tes/v1/"]);
    let messages = network
        .service
        .refuse(&request, "ResourceUnavailableError")
        .await;
    assert_eq!(
        messages,
        [UnrankableReason::NoOffer.to_string(), unavailable]
    );
}

#[tokio::test]
async fn uris_may_be_written_in_many_ways_and_come_back_as_they_were() {
    let service = Service::start().await;
    let v4 = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let v6 = tes("::1", "EUR", 1.0, 1.0, 0.0).await;
    let port = v4.address.port();
    for root in [
        format!("http://127.0.0.1:{port}/ga4gh/tes/v1"),
        format!("HTTP://LOCALHOST:{port}/ga4gh/tes/v1//"),
        format!("http://ann:secret@127.0.0.1:{port}/ga4gh/tes/v1/"),
        format!("http://2130706433:{port}/ga4gh/tes/v1/"),
        format!("http://basel.localhost.:{port}/ga4gh/tes/v1/"),
        format!("http://[::1]:{}/ga4gh/tes/v1/", v6.address.port()),
    ] {
        let answer = service
            .rank(&request(std::slice::from_ref(&root), &[], &[]))
            .await;
        assert_eq!(tes_of(&answer), [&root]);
        assert_eq!(answer["warnings"], json!([]));
    }
    let twice = [
        tes_root(&v4),
        tes_root(&v4).trim_end_matches('/').to_owned(),
    ];
    let answer = service.rank(&request(&twice, &[], &[])).await;
    assert_eq!(tes_of(&answer), [&twice[0]]);
    let duplicate = Warning::Duplicate {
        field: "tes_uris",
        value: twice[1].clone(),
    };
    assert_eq!(warnings(&answer), [duplicate.to_string()]);
}

#[tokio::test]
async fn passwords_in_uris_are_not_repeated_in_warnings() {
    let service = Service::start().await;
    let good = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let bad = "https://ann:s3cret@tes.invalid/";
    let answer = service
        .rank(&request(&[bad.to_owned(), tes_root(&good)], &[], &[]))
        .await;
    let unavailable = tes_unavailable("https://tes.invalid/", &ResolveError::Unknown.into());
    assert_eq!(warnings(&answer), [unavailable]);
}

#[tokio::test]
async fn ids_with_any_characters_reach_the_drs_as_they_are() {
    let service = Service::start().await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let ids = [
        "a/b", "a b", "ä?x=1#y", "%2F", "..%2f", "drs:x", "a+b&c", ".",
    ];
    let uris: &[&str] = &["https://near.example/a"];
    let objects: Vec<_> = ids.iter().map(|id| (*id, 1, uris)).collect();
    let data = drs(&objects).await;
    for id in &ids[..ids.len() - 1] {
        let answer = service
            .rank(&request(&[tes_root(&tes)], &[drs_root(&data)], &[id]))
            .await;
        assert_eq!(
            answer["service_combinations"][0]["access_uris"][id], uris[0],
            "{id}"
        );
    }
    // These would name something else than an object.
    for id in [".", ".."] {
        let messages = service
            .refuse(
                &request(&[tes_root(&tes)], &[drs_root(&data)], &[id]),
                "ResourceUnavailableError",
            )
            .await;
        assert_eq!(messages, [not_found(id)]);
    }
}

#[tokio::test]
async fn the_same_request_has_the_same_answer() {
    let network = Network::start().await;
    let request = network.request(&["a", "b", "c"]);
    let first = network.service.rank(&request).await;
    for _ in 0..20 {
        assert_eq!(network.service.rank(&request).await, first);
    }
}

#[tokio::test]
async fn an_answer_can_explain_itself() {
    let network = Network::start().await;
    let mut request = network.request(&["a"]);
    let plain = network.service.rank(&request).await;
    assert!(plain.get("places").is_none());
    assert!(plain["service_combinations"][0].get("distances").is_none());
    assert!(plain["service_combinations"][0].get("offer").is_none());
    request["explain"] = json!(true);
    let answer = network.service.rank(&request).await;
    assert_eq!(
        answer["places"],
        json!({
            "127.0.0.1": {"latitude": 47.56, "longitude": 7.59, "source": "override"},
            "127.0.0.2": {"latitude": 60.17, "longitude": 24.94, "source": "override"},
            "near.example": {"latitude": 47.0, "longitude": 8.0, "source": "override"}
        })
    );
    for combination in answer["service_combinations"].as_array().unwrap() {
        let distance = &combination["distances"]["a"];
        assert_eq!(distance["from"], "near.example");
        assert_eq!(distance["source"], "override");
        let tes = distance["to"].as_str().unwrap();
        assert!(
            combination["access_uris"]["tes_uri"]
                .as_str()
                .unwrap()
                .contains(tes)
        );
        let expected = if tes == "127.0.0.1" { 69.5 } else { 1_833.0 };
        assert!(
            (number(&distance["km"]) - expected).abs() < 10.0,
            "{distance}"
        );
    }
}

#[tokio::test]
async fn where_an_object_is_without_a_host_of_its_own_is_told() {
    let service = Service::start().await;
    let tes = [
        tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await,
        tes("127.0.0.2", "EUR", 1.0, 1.0, 0.0).await,
    ];
    let data = Recorder::start(|_, _| {
        let methods = json!([{"type": "s3", "access_id": "x"}]);
        Some((200, json!({"size": GB, "access_methods": methods})))
    })
    .await;
    let tes: Vec<_> = tes.iter().map(tes_root).collect();
    let mut request = request(&tes, &[data.server.url("/")], &["a"]);
    request["explain"] = json!(true);
    request["mode"] = json!("cost");
    let answer = service.rank(&request).await;
    let sources: Vec<_> = answer["service_combinations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|combination| combination["distances"]["a"]["source"].clone())
        .collect();
    assert_eq!(sources, ["same-host", "drs-server"]);
    let copy = &answer["service_combinations"][1]["distances"]["a"];
    assert_eq!(copy["access_id"], "x");
}

#[tokio::test]
async fn a_path_is_read_only_on_the_host_of_its_drs() {
    let service = Service::start().await;
    let (near, far) = (
        tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await,
        tes("127.0.0.2", "EUR", 1.0, 1.0, 0.0).await,
    );
    for path in ["file:///data/a", "/data/a"] {
        let data = drs(&[("a", GB, &[path])]).await;
        let request = |tes: &[String]| request(tes, &[drs_root(&data)], &["a"]);
        let excluded = Exclusion::OnlyLocalPaths { object: "a".into() };
        let excluded = tes_excluded(&tes_root(&far), excluded);
        let answer = service
            .rank(&request(&[tes_root(&near), tes_root(&far)]))
            .await;
        assert_eq!(tes_of(&answer), [tes_root(&near)]);
        assert_eq!(answer["service_combinations"][0]["access_uris"]["a"], path);
        assert_eq!(warnings(&answer), [excluded.as_str()]);
        let messages = service
            .refuse(&request(&[tes_root(&far)]), "ResourceUnavailableError")
            .await;
        assert!(messages.contains(&excluded), "{messages:?}");
        // Beside a copy that all can read, it is one more for the TES on its host.
        let both = drs(&[("a", GB, &[path, "https://near.example/a"])]).await;
        let request = crate::support::network::request(
            &[tes_root(&near), tes_root(&far)],
            &[drs_root(&both)],
            &["a"],
        );
        let answer = service.rank(&request).await;
        assert_eq!(answer["service_combinations"].as_array().unwrap().len(), 3);
    }
}

#[tokio::test]
async fn a_copy_that_its_drs_gives_tells_which_one_was_priced() {
    let service = Service::start().await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let data = Recorder::start(|_, _| {
        let methods = json!([{"type": "s3", "access_id": "aws-eu-central-1"}]);
        Some((200, json!({"size": GB, "access_methods": methods})))
    })
    .await;
    let mut request = request(&[tes_root(&tes)], &[data.server.url("/")], &["a"]);
    request["explain"] = json!(true);
    let answer = service.rank(&request).await;
    let copy = &answer["service_combinations"][0]["distances"]["a"];
    for (key, value) in [
        ("access_id", "aws-eu-central-1"),
        ("cloud", "aws"),
        ("region", "eu-central-1"),
        ("source", "region"),
    ] {
        assert_eq!(copy[key], value, "{copy:#}");
    }
}

#[tokio::test]
async fn an_unknown_location_can_be_assumed_to_be_far_away() {
    let service = Service::start_with("estimation: {unknown_distance_km: 2000}").await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let data = drs(&[("a", GB, &["s3://bucket/a"])]).await;
    let mut request = request(&[tes_root(&tes)], &[drs_root(&data)], &["a"]);
    request["explain"] = json!(true);
    let answer = service.rank(&request).await;
    let best = &answer["service_combinations"][0];
    assert_eq!(best["cost_breakdown"]["transfer"], 2.0);
    assert_eq!(best["distances"]["a"]["source"], "assumed");
    assert_eq!(
        warnings(&answer),
        [
            unknown_location("s3://bucket", &LocateError::Bucket),
            Warning::DistanceAssumed { km: 2000.0 }.to_string()
        ]
    );
}

#[tokio::test]
async fn what_is_equal_in_all_comes_in_the_order_of_the_request() {
    let service = Service::start().await;
    let equal = [
        tes("127.0.0.1", "EUR", 1.0, 1.0, 5.0).await,
        tes("127.0.0.1", "EUR", 1.0, 1.0, 5.0).await,
        tes("127.0.0.1", "EUR", 1.0, 1.0, 5.0).await,
    ];
    let data = drs(&[(
        "a",
        GB,
        &["https://near.example/2", "https://near.example/1"],
    )])
    .await;
    let mut tes: Vec<_> = equal.iter().map(tes_root).collect();
    for _ in 0..tes.len() {
        tes.rotate_left(1);
        for mode in [json!("cost"), json!("time"), json!(0.5)] {
            let mut request = request(&tes, &[drs_root(&data)], &["a"]);
            request["mode"] = mode;
            let answer = service.rank(&request).await;
            let expected: Vec<_> = tes.iter().flat_map(|tes| [tes, tes]).collect();
            assert_eq!(tes_of(&answer), expected);
            for (position, combination) in answer["service_combinations"]
                .as_array()
                .unwrap()
                .iter()
                .enumerate()
            {
                let uri = ["https://near.example/2", "https://near.example/1"][position % 2];
                assert_eq!(combination["access_uris"]["a"], uri);
            }
        }
    }
}

#[tokio::test]
async fn an_answer_has_as_many_combinations_as_fit_and_at_least_one() {
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let uris: Vec<_> = (0..9)
        .map(|n| format!("https://near.example/{n}"))
        .collect();
    let uris: Vec<_> = uris.iter().map(String::as_str).collect();
    let drs = drs(&[("a", 1, uris.as_slice())]).await;
    let mut request = request(&[tes_root(&tes)], &[drs_root(&drs)], &["a"]);
    for (bytes, explain, expected) in [
        (1, false, 1),
        (3000, false, 4),
        (3000, true, 2),
        (30_000, true, 9),
    ] {
        let service = Service::start_with(&format!("limits: {{answer_bytes: {bytes}}}")).await;
        request["explain"] = explain.into();
        let answer = service.rank(&request).await;
        let listed = answer["service_combinations"].as_array().unwrap();
        assert_eq!(listed.len(), expected, "{bytes} {explain}");
        let written = answer["service_combinations"].to_string().len();
        assert!(expected == 1 || written <= bytes, "{written} bytes");
        let truncated = Warning::AnswerTruncated {
            listed: expected,
            max_bytes: bytes,
        };
        let told: Vec<_> = (expected < 9)
            .then(|| truncated.to_string())
            .into_iter()
            .collect();
        assert_eq!(warnings(&answer), told);
    }
}
