//! The ranking core and the answer that is made of it: time, and the most memory that is held at once ("max alloc").
//!
//! `cargo bench --bench ranking`

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a benchmark that fails may stop at once"
)]

use divan::{AllocProfiler, Bencher, black_box, counter::ItemsCount};
use testribute::{
    api::response::{AnswerParts, RankResponse},
    domain::{
        estimate::{CopyEstimate, Estimates, TesEstimate},
        exact::{Cost, Seconds},
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

#[global_allocator]
static ALLOCATIONS: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// A space of `tes` * `copies`^`objects` combinations whose costs and times look like chance.
fn space(tes: usize, objects: usize, copies: u32) -> Estimates {
    let mut state = 1_u64;
    let mut number = move || {
        // The generator of Knuth's MMIX: the same space in every run.
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(state >> 33).unwrap()) / f64::from(1 << 20)
    };
    let mut copy = |uri| CopyEstimate {
        uri,
        cost: Cost::from_f64(number()),
        time: Seconds::from_f64(if uri == 0 { 0.0 } else { 60.0 }),
        ..CopyEstimate::default()
    };
    let estimates = (0..tes).map(|tes| TesEstimate {
        tes,
        compute: copy(0).cost,
        storage: copy(0).cost,
        queue: Seconds::from_f64(copy(0).cost.to_f64()),
        execution: Seconds::from_f64(1800.0),
        objects: (0..objects)
            .map(|_| {
                let mut copies: Vec<_> = (0..copies).map(&mut copy).collect();
                // A copy on the TES's own host costs nothing to get.
                copies[0].cost = Cost::ZERO;
                copies
            })
            .collect(),
        ..TesEstimate::default()
    });
    Estimates {
        tes: estimates.collect(),
        warnings: Vec::new(),
    }
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

/// A [`space`] whose copies differ in cost and time.
fn two_dimensional(tes: usize, objects: usize, copies: u32, collinear: bool) -> Estimates {
    let mut space = space(tes, objects, copies);
    let mut state = 7_u64;
    for copy in space
        .tes
        .iter_mut()
        .flat_map(|tes| &mut tes.objects)
        .flatten()
    {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let part = f64::from(u32::try_from(state >> 33).unwrap()) / f64::from(1 << 31);
        let line = f64::from(copy.uri) + part / 1000.0;
        copy.cost = Cost::from_f64(if collinear { line } else { part });
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let other = f64::from(u32::try_from(state >> 33).unwrap()) / f64::from(1 << 31);
        copy.time = Seconds::from_f64(if collinear { 10.0 - line } else { other });
    }
    space
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
