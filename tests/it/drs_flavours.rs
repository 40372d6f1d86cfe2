//! DRS servers as they are in production, beside each other in one ranking; and the examples of the specification.

use serde_json::{Value, json};
use testribute::{
    client::Authorization,
    config::Config,
    domain::{object::DrsRecord, service::ServiceUri},
    drs::{Content, DrsClient, DrsItem, ItemRequest},
};
use testribute_mock::{DrsFlavour, replay_drs};

use crate::support::{
    Server, client,
    faulty::always,
    network::{Service, drs_root, request, tes, tes_root, warnings},
    texts::{
        ANY, UnrankableReason, Warning, access_methods_unavailable, drs_unavailable, is_like,
        not_found, status,
    },
};

/// What URLs behind access ids are signed with.
const SIGNATURE: &str = "0f1e2d3c";

/// Hosts with an unknown location are far away.
const CONFIG: &str = "
timeout: 20
server: {request_deadline_sec: 60}
estimation: {unknown_distance_km: 5000}
drs: {plain_http_hosts: [127.0.0.1], resolve_access_ids: true}
";

async fn start(flavour: DrsFlavour) -> Server {
    Server::start(replay_drs::router(flavour).unwrap()).await
}

fn uri(server: &Server, id: &str) -> String {
    format!("drs://{}/{id}", server.address)
}

/// The answer to someone with a token.
async fn rank(service: &Service, request: &Value) -> Value {
    let sent = service.post().bearer_auth("token").json(request).send();
    let answer: Value = sent.await.unwrap().json().await.unwrap();
    assert!(answer.get("service_combinations").is_some(), "{answer:#}");
    assert!(!answer.to_string().contains(SIGNATURE), "{answer:#}");
    answer
}

/// The best combination for these objects, at these DRS, and the warnings.
async fn best(drs: &[&Server], objects: &[&str]) -> (Value, Vec<String>) {
    let service = Service::start_with(CONFIG).await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let roots: Vec<_> = drs.iter().map(|server| drs_root(server)).collect();
    let answer = rank(&service, &request(&[tes_root(&tes)], &roots, objects)).await;
    let about_locations = [
        Warning::DistanceAssumed { km: 5000.0 },
        Warning::UnknownLocation {
            host: ANY.to_owned(),
            cause: ANY.to_owned(),
        },
    ]
    .map(|warning| warning.to_string());
    let told = warnings(&answer)
        .into_iter()
        .filter(|told| !about_locations.iter().any(|text| is_like(told, text)))
        .map(str::to_owned)
        .collect();
    (
        answer["service_combinations"][0]["access_uris"].clone(),
        told,
    )
}

#[tokio::test]
async fn a_task_is_ranked_over_a_mix_of_servers() {
    let mut servers = Vec::new();
    for flavour in DrsFlavour::ALL {
        servers.push(start(*flavour).await);
    }
    let [
        gen3,
        terra,
        sevenbridges,
        azul,
        drs_filer,
        starter_kit,
        latest,
    ] = servers.as_slice()
    else {
        panic!("{} flavours", servers.len());
    };
    let ids = [
        uri(gen3, "dg.TEST/0027045b-9ed6-45af-a68e-f55037b5184c"),
        uri(gen3, "dg.TEST/ed6be7ab-068e-46c8-824a-f39cfbb885cc"),
        uri(
            terra,
            "v1_93dc1e76-8f1c-4949-8f9b-07a087f3ce7b_8b07563a-542f-4b5c-9e00-e8fe6b1861de",
        ),
        uri(sevenbridges, "5c24cd21e4b08832c2f94e9c"),
        uri(azul, "7b07f99e-4a8a-4ad0-bd4f-db0d7a00c7bb"),
        uri(drs_filer, "a003"),
        uri(starter_kit, "b8cd0667-2c33-4c9f-967b-161b905932c9"),
        uri(latest, "drs_object_789012"),
        "drs_object_123456".to_owned(),
        "697907bf-d5bd-433e-aac2-1747f1faf366".to_owned(),
    ];
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let (uris, told) = best(&[azul, starter_kit, latest], &ids).await;
    assert_eq!(
        told,
        [access_methods_unavailable(
            &drs_root(latest),
            &["drs_object_123456"]
        )]
    );
    let keys: Vec<_> = uris.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys.len(), ids.len() + 1, "{keys:?}");
    assert!(keys.contains(&format!(
        "{}/phenopackets.family/phenopackets.proband",
        ids[6]
    )));
    // An access id alone: the object at its DRS.
    assert_eq!(uris[ids[3]], ids[3]);
    assert_eq!(uris[ids[5]], "ftp://near.example/dna_sm.toplevel.fa.gz");
    assert_eq!(uris[ids[7]], "https://near.example/genome_assembly.fasta");
    // Signed at one DRS, behind an access id at another, far away at the third.
    let nearest = uris[ids[9]].as_str().unwrap();
    assert!(nearest.starts_with("drs://127.0.0.1:"), "{nearest}");
}

#[tokio::test]
async fn what_gen3_does_not_find_in_bulk_it_finds_by_itself() {
    let gen3 = start(DrsFlavour::Gen3).await;
    // Without the prefix, with it, and a bundle; the rest makes a bulk request worth while.
    let ids = [
        "0027045b-9ed6-45af-a68e-f55037b5184c",
        "dg.TEST/ed6be7ab-068e-46c8-824a-f39cfbb885cc",
        "1a53681b-e50b-4bbc-8f99-d3af532909ec",
    ];
    let absent: Vec<_> = (0..12).map(|n| format!("dg.TEST/missing-{n}")).collect();
    let all: Vec<_> = ids
        .iter()
        .copied()
        .chain(absent.iter().map(String::as_str))
        .collect();
    let service = Service::start_with(CONFIG).await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let request = request(&[tes_root(&tes)], &[drs_root(&gen3)], &all);
    let messages = service.refuse(&request, "ResourceUnavailableError").await;
    let missing: Vec<_> = absent.iter().map(|id| not_found(id)).collect();
    assert_eq!(messages, missing, "only what is not there");
    let (uris, told) = best(&[&gen3], &ids).await;
    assert_eq!(told, [""; 0]);
    assert_eq!(uris.as_object().unwrap().len(), 5);
}

#[tokio::test]
async fn an_object_at_several_servers_is_one_object() {
    let (azul, kit, latest) = (
        start(DrsFlavour::Azul).await,
        start(DrsFlavour::StarterKit).await,
        start(DrsFlavour::Drs15).await,
    );
    let (_, told) = best(
        &[&azul, &kit, &latest],
        &["697907bf-d5bd-433e-aac2-1747f1faf366"],
    )
    .await;
    assert_eq!(
        told, [""; 0],
        "a text and a number, three spellings of SHA-256"
    );
}

#[tokio::test]
async fn bundles_are_opened_as_each_server_wants_it() {
    let gen3 = start(DrsFlavour::Gen3).await;
    let kit = start(DrsFlavour::StarterKit).await;
    let bundle = "1a53681b-e50b-4bbc-8f99-d3af532909ec";
    let (uris, told) = best(
        &[&gen3, &kit],
        &[bundle, "b8cd0667-2c33-4c9f-967b-161b905932c9"],
    )
    .await;
    assert_eq!(told, [""; 0]);
    let keys: Vec<_> = uris.as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        keys,
        [
            format!("{bundle}/File-A"),
            format!("{bundle}/Bundle-B/File-B"),
            "b8cd0667-2c33-4c9f-967b-161b905932c9/phenopackets.family/phenopackets.proband"
                .to_owned(),
            "tes_uri".to_owned()
        ]
    );
}

#[tokio::test]
async fn a_server_that_shows_nothing_without_a_token_says_so() {
    let service = Service::start_with(CONFIG).await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let terra = start(DrsFlavour::Terra).await;
    let id = "v1_93dc1e76-8f1c-4949-8f9b-07a087f3ce7b_8b07563a-542f-4b5c-9e00-e8fe6b1861de";
    let request = request(&[tes_root(&tes)], &[drs_root(&terra)], &[id]);
    let messages = service.refuse(&request, "ResourceUnavailableError").await;
    assert!(
        [401, 403]
            .map(|code| drs_unavailable(&drs_root(&terra), &status(code), &[id]))
            .contains(&messages[1]),
        "{messages:?}"
    );
    rank(&service, &request).await;
}

#[tokio::test]
async fn an_object_without_access_methods_cannot_be_had() {
    let service = Service::start_with(CONFIG).await;
    let tes = tes("127.0.0.1", "EUR", 1.0, 1.0, 0.0).await;
    let drs_filer = start(DrsFlavour::DrsFiler).await;
    let request = request(&[tes_root(&tes)], &[drs_root(&drs_filer)], &["a010"]);
    let messages = service.refuse(&request, "ResourceUnavailableError").await;
    assert_eq!(
        messages,
        [UnrankableReason::NoAccessUri("a010".into()).to_string()]
    );
}

/// What is read of a document.
async fn read(document: &str) -> DrsItem {
    let server = always(200, "application/json", document).await;
    let client = client();
    let drs_client = DrsClient::new(&Config::default().drs, &client).unwrap();
    let drs = ServiceUri::parse(&server.url("/ga4gh/drs/v1")).unwrap();
    let scope = client.detached_scope();
    let request = ItemRequest {
        drs: &drs,
        id: "x",
        query: None,
        shows_query: false,
        authorization: Authorization::None,
    };
    let item = drs_client.fetch_item(&scope, request);
    item.await.unwrap().unwrap()
}

async fn record(document: &str) -> DrsRecord {
    match read(document).await {
        DrsItem::Object(record) => DrsRecord::clone(&record),
        DrsItem::Bundle(contents) => panic!("a bundle: {contents:?}"),
    }
}

#[tokio::test]
async fn the_objects_of_the_specification_are_read() {
    let sample = record(include_str!("fixtures/drs/object.json")).await;
    assert_eq!(sample.size_bytes, Some(921));
    let digest = "b89297ef23cf9fe468166dad080fc97c9c582e10614bd3626ef17fb1bbd90c77";
    assert_eq!(
        sample.checksums.into_iter().collect::<Vec<_>>(),
        [("sha256".to_owned(), digest.to_owned())]
    );
    let [access] = sample.access.as_slice() else {
        panic!("{:?}", sample.access);
    };
    // Its URL needs a header.
    assert!(access.uri.starts_with("drs://127.0.0.1:"), "{access:?}");
    let host = access.host.as_ref().unwrap().to_string();
    assert_eq!(host, "s3://drs.example.bucket (aws:us-east-1)");

    let genome = record(include_str!("fixtures/drs/genome.json")).await;
    assert_eq!(genome.size_bytes, Some(3_221_225_472));
    assert_eq!(
        genome.access[0].uri,
        "https://genomics-bucket.s3.us-west-2.amazonaws.com/files/drs_object_789012"
    );
    assert_eq!(genome.unavailable, 0);
}

#[tokio::test]
async fn the_bundle_of_the_specification_is_read() {
    let DrsItem::Bundle(contents) = read(include_str!("fixtures/drs/bundle.json")).await else {
        panic!("no bundle");
    };
    let leaf = |name: &str, id: Option<&str>, uris: &[&str]| Content {
        name: Some(name.to_owned()),
        id: id.map(str::to_owned),
        drs_uris: uris.iter().map(|&uri| uri.to_owned()).collect(),
        contents: Vec::new(),
    };
    let reads = Content {
        name: Some("reads".to_owned()),
        contents: vec![
            leaf(
                "sample.bam",
                Some("24207d90-c5b8-4fac-8c07-6426521dfeac"),
                &[],
            ),
            leaf(
                "sample.bai",
                None,
                &["drs://drs.example.org/314160", "drs://dg.4503:314160"],
            ),
        ],
        ..Content::default()
    };
    assert_eq!(*contents, [reads]);
}

#[tokio::test]
async fn every_flavour_says_that_it_is_a_drs_and_what_it_has_not() {
    for flavour in DrsFlavour::ALL {
        let server = start(*flavour).await;
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let info = client
            .get(server.url("/ga4gh/drs/v1/service-info"))
            .send()
            .await
            .unwrap();
        let info: Value = info.json().await.unwrap();
        assert_eq!(info["type"]["artifact"], json!("drs"), "{flavour}");
        let nothing = client
            .get(server.url("/ga4gh/drs/v1/objects/nothing"))
            .bearer_auth("token")
            .send()
            .await
            .unwrap();
        assert_eq!(nothing.status(), 404, "{flavour}");
    }
}

#[tokio::test]
async fn drs_filer_refuses_query_parameters_that_it_does_not_know() {
    let server = start("drs-filer".parse().unwrap()).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    for (query, expected) in [
        ("", 200),
        ("?expand=true", 200),
        ("?expand=false&version=1", 400),
        ("?version=1", 400),
        ("?Expand=true", 400),
    ] {
        for path in ["objects/a003", "objects/a003/access/3"] {
            let url = server.url(&format!("/ga4gh/drs/v1/{path}{query}"));
            let status = client.get(url).send().await.unwrap().status().as_u16();
            let is_refused = status == 400;
            assert_eq!(is_refused, expected == 400, "{path}{query} {status}");
        }
    }
}
