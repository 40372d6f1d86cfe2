//! The ranking core and the answer that is made of it: time, and the most memory that is held at once ("max alloc").
//!
//! `cargo bench --bench ranking`

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that fails may stop at once"
)]

#[path = "ranking/spaces.rs"]
mod spaces;

use divan::{AllocProfiler, Bencher, black_box, counter::ItemsCount};
use testribute::{
    api::response::{AnswerParts, RankResponse},
    domain::{
        findings::Findings,
        geo::Host,
        mode::Mode,
        money::Currency,
        object::{AccessUri, DataObject},
        query::{Query, QueryParts},
        rank::{rank, rank_unflagged},
        resources::ResourceNeeds,
        service::ServiceUri,
        sites::Sites,
    },
};

use self::spaces::{space, two_dimensional};

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// Every combination of a space: 1 TES, 10 copies of each object.
#[divan::bench(args = [2, 3, 4, 5, 6], max_time = 3)]
fn full_ranking_of_10_to_the(bencher: Bencher, exponent: u32) {
    let estimates = space(1, exponent as usize, 10);
    bencher
        .counter(ItemsCount::new(10_usize.pow(exponent)))
        .bench(|| rank(black_box(&estimates), Mode::BALANCED, usize::MAX, 0));
}

/// The best 1000 of a space: 10 TES, 10 copies of each object.
#[divan::bench(args = [4, 6, 8, 10, 15, 20, 25, 30], max_time = 1)]
fn top_1000_of_10_to_the(bencher: Bencher, exponent: u32) {
    let estimates = space(10, exponent as usize - 1, 10);
    bencher.bench(|| rank(black_box(&estimates), Mode::BALANCED, 1000, 0));
}

/// The best 1000 of 20 TES * 6^20 = 7 * 10^16 combinations.
#[divan::bench(max_time = 1)]
fn top_1000_of_20_tes_20_objects_6_copies(bencher: Bencher) {
    let estimates = space(20, 20, 6);
    bencher.bench(|| rank(black_box(&estimates), Mode::BALANCED, 1000, 0));
}

/// The same without flags of the Pareto front: 0.3 had one point for each TES.
#[divan::bench(max_time = 1)]
fn unflagged_1000_of_20_tes_20_objects_6_copies(bencher: Bencher) {
    let estimates = space(20, 20, 6);
    bencher.bench(|| rank_unflagged(black_box(&estimates), Mode::BALANCED, 1000, 0));
}

/// The Pareto front alone, and one combination: 20 TES, 30 objects, 6 copies of random cost and time.
#[divan::bench(max_time = 2)]
fn front_of_20_tes_30_objects_6_random_copies(bencher: Bencher) {
    let estimates = two_dimensional(20, 30, 6, false);
    bencher.bench(|| rank(black_box(&estimates), Mode::COST, 1, 0));
}

/// The same with copies on a line: all sums of equal cost have equal times, and none dominates another.
#[divan::bench(max_time = 2)]
fn front_of_20_tes_30_objects_6_collinear_copies(bencher: Bencher) {
    let estimates = two_dimensional(20, 30, 6, true);
    bencher.bench(|| rank(black_box(&estimates), Mode::COST, 1, 0));
}

/// A random 1000 of the same space.
#[divan::bench(max_time = 1)]
fn random_1000_of_20_tes_20_objects_6_copies(bencher: Bencher) {
    let estimates = space(20, 20, 6);
    bencher.bench(|| rank(black_box(&estimates), Mode::Random, 1000, 0));
}

/// The answer with 1000 of these combinations, from the ranking to JSON.
#[divan::bench(max_time = 1)]
fn answer_of_1000_with_20_objects(bencher: Bencher) {
    let (query, findings) = told(20, 20, 6);
    let estimates = space(20, 20, 6);
    let ranking = rank(&estimates, Mode::BALANCED, 1000, 0);
    assert_eq!(ranking.len(), 1000);
    bencher.bench(|| {
        let answer = RankResponse::new(&AnswerParts {
            query: &query,
            findings: &findings,
            sites: &Sites::default(),
            estimates: &estimates,
            ranking: black_box(&ranking),
            currency: Currency::EUR,
            warnings: &[],
            assumed: &[],
            most_bytes: usize::MAX,
        });
        serde_json::to_vec(&answer).unwrap()
    });
}

/// What belongs to a [`space`]: its TES and objects, with URIs of a usual length.
fn told(tes: usize, objects: usize, copies: usize) -> (Query, Findings) {
    let id = |object| format!("a{object:03}");
    let query = Query::new(QueryParts {
        needs: ResourceNeeds {
            cpu_cores: 1.0,
            ram_gb: 1.0,
            disk_gb: 1.0,
            execution_seconds: 1800.0,
            ..ResourceNeeds::default()
        },
        tes: (0..tes)
            .map(|tes| {
                ServiceUri::parse(&format!("https://tes-{tes}.example.org/ga4gh/tes/v1/")).unwrap()
            })
            .collect(),
        registries: Vec::new(),
        trusts_registries: false,
        drs: vec![ServiceUri::parse("https://drs.example.org/ga4gh/drs/v1/").unwrap()],
        objects: (0..objects).map(|object| id(object).into()).collect(),
        object_sizes: std::collections::BTreeMap::new(),
        mode: Mode::BALANCED,
        limit: 1000,
        explain: false,
        unknown: Vec::new(),
    })
    .unwrap();
    let access = |object: usize, copy: usize| AccessUri {
        uri: format!(
            "https://files-{copy}.example.org/release-42/data/{}.bam",
            id(object)
        )
        .into(),
        host: Host::parse(&format!("files-{copy}.example.org")),
        at_drs: false,
        access_id: None,
        stated_region: None,
        is_local: false,
    };
    let findings = Findings {
        outputs: Vec::new(),
        offers: Vec::new(),
        objects: (0..objects)
            .map(|object| DataObject {
                id: id(object).into(),
                size_bytes: 3_000_000_000,
                access: (0..copies).map(|copy| access(object, copy)).collect(),
            })
            .collect(),
    };
    (query, findings)
}
