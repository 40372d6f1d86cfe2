//! The ranking compared with an enumeration of the whole space, on thousands of random small spaces.
//!
//! For a long run: `PROPTEST_CASES=10000 cargo test --release oracle`.

#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small numbers"
)]

use num_bigint::BigUint;
use proptest::{collection::vec, prelude::*, sample::select};

use super::*;
use crate::domain::{
    estimate::CopyEstimate,
    output::{OutputEstimate, OutputsEstimate},
};

/// A combination of the enumeration.
#[derive(Debug, Clone, PartialEq)]
struct Found {
    tes: usize,
    uris: Vec<u32>,
    cost: Cost,
    time: Seconds,
}

/// All combinations, in the order of the input.
fn enumerate(estimates: &Estimates) -> Vec<Found> {
    let mut all = Vec::new();
    for tes in &estimates.tes {
        let constant = Found {
            tes: tes.tes,
            uris: Vec::new(),
            cost: tes.compute + tes.storage + tes.outputs.cost,
            time: tes.queue + tes.execution + tes.outputs.time,
        };
        let mut partial = vec![constant];
        for copies in &tes.objects {
            partial = partial
                .iter()
                .flat_map(|found| {
                    copies.iter().map(|copy| Found {
                        tes: found.tes,
                        uris: found.uris.iter().copied().chain([copy.uri]).collect(),
                        cost: found.cost + copy.cost,
                        time: found.time + copy.time,
                    })
                })
                .collect();
        }
        all.extend(partial);
    }
    all
}

/// The mean over the TES of the mean over the combinations of each, as a fraction, by enumeration.
fn mean(all: &[Found], value: impl Fn(&Found) -> u128) -> (BigUint, BigUint) {
    let mut tes: Vec<_> = all.iter().map(|found| found.tes).collect();
    tes.dedup();
    let count = tes.len();
    tes.into_iter().fold(
        (BigUint::ZERO, BigUint::from(1_u32)),
        |(sum, parts), tes| {
            let own: Vec<_> = all
                .iter()
                .filter(|found| found.tes == tes)
                .map(&value)
                .collect();
            let (own_sum, own_parts) = (own.iter().sum::<u128>(), BigUint::from(own.len() * count));
            (
                sum * &own_parts + BigUint::from(own_sum) * &parts,
                parts * own_parts,
            )
        },
    )
}

/// All combinations, ranked by the formula of the contract with exact fractions.
fn rank_all(estimates: &Estimates, weight: f64) -> Vec<Found> {
    let mut all = enumerate(estimates);
    let (cost_sum, cost_parts) = mean(&all, |found| found.cost.units());
    let (time_sum, time_parts) = mean(&all, |found| found.time.units());
    let whole = (1_u64 << 60) as f64;
    let of_time = BigUint::from((weight * whole) as u64);
    let of_cost = BigUint::from(1_u64 << 60) - &of_time;
    let none = BigUint::ZERO;
    let score = |found: &Found| {
        // w * time / (ts / tp) + (1 - w) * cost / (cs / cp), times ts * cs where these are not 0.
        let time_term = &of_time * found.time.units() * &time_parts;
        let cost_term = &of_cost * found.cost.units() * &cost_parts;
        match (time_sum == none, cost_sum == none) {
            (false, false) => time_term * &cost_sum + cost_term * &time_sum,
            (false, true) => time_term,
            (true, false) => cost_term,
            (true, true) => BigUint::ZERO,
        }
    };
    let rest = |found: &Found| (found.cost, found.time, found.tes, found.uris.clone());
    all.sort_by(|a, b| score(a).cmp(&score(b)).then_with(|| rest(a).cmp(&rest(b))));
    all
}

fn found(ranking: &Ranking) -> Vec<Found> {
    ranking
        .iter()
        .map(|combination| Found {
            tes: combination.tes,
            uris: combination.uris.to_vec(),
            cost: combination.cost.total(),
            time: combination.time.total(),
        })
        .collect()
}

/// Few distinct numbers, so that there are many ties, and some very large or very small ones.
fn amount() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => select(vec![0.0, 1.0, 2.0, 3.0, 0.1, 0.2, 0.3]),
        1 => select(vec![1e-9, 1e-15, 1e9, 7e13]),
        2 => 0.0..10.0_f64,
    ]
}

fn seconds() -> impl Strategy<Value = f64> {
    prop_oneof![3 => select(vec![0.0, 1.0, 60.0, 1800.0]), 1 => 0.0..1e6_f64]
}

/// The copies of one object: on the host of the TES, or elsewhere, with transfer times of their own or equal ones.
fn copies(transfer: f64) -> impl Strategy<Value = Vec<CopyEstimate>> {
    let time = prop_oneof![1 => Just(transfer), 2 => seconds()];
    let elsewhere = (amount(), time).prop_map(Some);
    vec(prop_oneof![1 => Just(None), 4 => elsewhere], 1..5).prop_map(move |copies| {
        (0..)
            .zip(copies)
            .map(|(uri, copy)| {
                let (cost, time) = copy.unwrap_or_default();
                CopyEstimate {
                    uri: uri * 2,
                    cost: Cost::from_f64(cost),
                    time: Seconds::from_f64(time),
                    ..CopyEstimate::default()
                }
            })
            .collect()
    })
}

fn tes(objects: Vec<f64>) -> impl Strategy<Value = TesEstimate> {
    let objects: Vec<_> = objects.into_iter().map(copies).collect();
    let constants = (amount(), amount(), seconds(), outputs());
    (constants, objects).prop_map(
        |((compute, storage, queue, outputs), objects)| TesEstimate {
            tes: 0,
            compute: Cost::from_f64(compute),
            storage: Cost::from_f64(storage),
            queue: Seconds::from_f64(queue),
            execution: Seconds::from_f64(60.0),
            objects,
            outputs,
            ..TesEstimate::default()
        },
    )
}

fn outputs() -> impl Strategy<Value = OutputsEstimate> {
    vec((amount(), seconds()), 0..3).prop_map(|files| {
        files
            .into_iter()
            .map(|(cost, time)| OutputEstimate {
                output: 0,
                route: 0,
                cost: Cost::from_f64(cost),
                time: Seconds::from_f64(time),
            })
            .collect()
    })
}

fn numbered(tes: Vec<TesEstimate>) -> Estimates {
    let tes = tes
        .into_iter()
        .enumerate()
        .map(|(position, tes)| TesEstimate {
            tes: position,
            ..tes
        })
        .collect();
    Estimates {
        tes,
        warnings: Vec::new(),
    }
}

fn estimates() -> impl Strategy<Value = Estimates> {
    vec(seconds(), 0..5)
        .prop_flat_map(|objects| vec(tes(objects), 1..4))
        .prop_map(numbered)
}

fn weight() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(0.5), Just(1.0), 0.0..=1.0_f64]
}

fn weighted(weight: f64) -> Mode {
    Mode::parse_number(weight).unwrap()
}

proptest! {
    #[test]
    fn the_ranking_is_that_of_an_enumeration(estimates in estimates(), weight in weight()) {
        let ranking = rank(&estimates, weighted(weight), usize::MAX, 0);
        prop_assert_eq!(found(&ranking), rank_all(&estimates, weight));
        prop_assert_eq!(ranking.space().to_string(), ranking.len().to_string());
    }

    #[test]
    fn a_limit_truncates_the_ranking_and_changes_nothing_else(
        estimates in estimates(), weight in weight(), limit in 0..20_usize,
    ) {
        let whole = rank(&estimates, weighted(weight), usize::MAX, 0);
        let cut = rank(&estimates, weighted(weight), limit, 0);
        prop_assert_eq!(cut.len(), limit.min(whole.len()));
        prop_assert!(cut.iter().eq(whole.iter().take(limit)));
    }

    #[test]
    fn scores_rise_and_agree_with_the_formula(estimates in estimates(), weight in weight()) {
        let all = enumerate(&estimates);
        let as_f64 = |(sum, parts): (BigUint, BigUint), unit: f64| {
            // Scaled first, as integer division truncates.
            let scaled: BigUint = (sum << 200_u32) / parts;
            scaled.to_string().parse::<f64>().unwrap() / 200_f64.exp2() / unit
        };
        let mean_cost = as_f64(mean(&all, |found| found.cost.units()), 70_f64.exp2());
        let mean_time = as_f64(mean(&all, |found| found.time.units()), 40_f64.exp2());
        let term = |share: f64, value: f64, mean: f64| if mean > 0.0 { share * value / mean } else { 0.0 };
        let mut last = 0.0;
        for combination in rank(&estimates, weighted(weight), usize::MAX, 0).iter() {
            let expected = term(weight, combination.time.total().to_f64(), mean_time)
                + term(1.0 - weight, combination.cost.total().to_f64(), mean_cost);
            let score = combination.score.unwrap();
            prop_assert!((score - expected).abs() <= 1e-9 * expected, "{score} is not {expected}");
            prop_assert!(score >= last * (1.0 - 1e-9), "{score} after {last}");
            last = score;
        }
    }

    #[test]
    fn pareto_optimal_combinations_are_not_dominated(estimates in estimates(), weight in weight()) {
        let all = enumerate(&estimates);
        for combination in rank(&estimates, weighted(weight), usize::MAX, 0).iter() {
            let (cost, time) = (combination.cost.total(), combination.time.total());
            let is_dominated = all.iter().any(|other| {
                other.cost <= cost && other.time <= time && (other.cost < cost || other.time < time)
            });
            prop_assert_eq!(combination.pareto_optimal, Some(!is_dominated));
        }
    }

    #[test]
    fn bounds_of_the_pareto_front_are_never_wrong(estimates in estimates(), steps in 1..6_usize) {
        let all = enumerate(&estimates);
        let front = Front::with_steps(&estimates.tes, steps);
        for one in &all {
            let is_dominated = all.iter().any(|other| {
                let is_better = other.cost < one.cost || other.time < one.time;
                other.cost <= one.cost && other.time <= one.time && is_better
            });
            if let Some(verdict) = front.has_nothing_better(one.cost, one.time) {
                prop_assert_eq!(verdict, !is_dominated);
            }
        }
    }

    #[test]
    fn reversing_the_tes_permutes_only_ties(estimates in estimates(), weight in weight()) {
        let numbers = |estimates: &Estimates| -> Vec<_> {
            rank(estimates, weighted(weight), usize::MAX, 0)
                .iter()
                .map(|combination| (combination.cost.total(), combination.time.total()))
                .collect()
        };
        let mut reversed = estimates.tes.clone();
        reversed.reverse();
        prop_assert_eq!(numbers(&estimates), numbers(&numbered(reversed)));
    }

    #[test]
    fn reversing_objects_and_copies_permutes_only_ties(estimates in estimates(), weight in weight()) {
        let numbers = |estimates: &Estimates| -> Vec<_> {
            rank(estimates, weighted(weight), usize::MAX, 0)
                .iter()
                .map(|combination| (combination.tes, combination.cost.total(), combination.time.total()))
                .collect()
        };
        let mut reversed = estimates.clone();
        for tes in &mut reversed.tes {
            tes.objects.reverse();
            for copies in &mut tes.objects {
                copies.reverse();
            }
        }
        prop_assert_eq!(numbers(&estimates), numbers(&reversed));
    }

    #[test]
    fn a_further_tes_never_reorders_the_others_within_one_dimension(
        estimates in estimates(), weight in select(vec![0.0, 1.0]),
    ) {
        let last = estimates.tes.len() - 1;
        let mut fewer = estimates.clone();
        fewer.tes.truncate(last.max(1));
        let mut others = found(&rank(&estimates, weighted(weight), usize::MAX, 0));
        others.retain(|found| found.tes < fewer.tes.len());
        prop_assert_eq!(others, found(&rank(&fewer, weighted(weight), usize::MAX, 0)));
    }

    #[test]
    fn random_mode_gives_different_combinations_of_the_space(
        estimates in estimates(), limit in 0..40_usize, seed: u64,
    ) {
        let all = enumerate(&estimates);
        let drawn = rank(&estimates, Mode::Random, limit, seed);
        prop_assert_eq!(drawn.len(), limit.min(all.len()));
        let mut different = found(&drawn);
        prop_assert!(different.iter().all(|combination| all.contains(combination)));
        different.sort_by(|a, b| (a.tes, &a.uris).cmp(&(b.tes, &b.uris)));
        different.dedup();
        prop_assert_eq!(different.len(), drawn.len());
        prop_assert!(drawn.iter().all(|combination| combination.score.is_none()));
        prop_assert_eq!(&drawn, &rank(&estimates, Mode::Random, limit, seed));
    }
}

/// `objects` objects with `copies` copies each, with distinct costs.
fn large(tes: usize, objects: usize, copies: u32) -> Estimates {
    let one = |position: usize| TesEstimate {
        tes: position,
        compute: Cost::from_f64(position as f64),
        storage: Cost::ZERO,
        queue: Seconds::from_f64(100.0 / (position + 1) as f64),
        execution: Seconds::from_f64(60.0),
        objects: (0..objects)
            .map(|object| {
                let cost = |uri: u32| {
                    Cost::from_f64(0.01 + f64::from(uri * 7919 % 101) / (object + 3) as f64)
                };
                (0..copies)
                    .map(|uri| CopyEstimate {
                        uri,
                        cost: cost(uri),
                        ..CopyEstimate::default()
                    })
                    .collect()
            })
            .collect(),
        ..TesEstimate::default()
    };
    Estimates {
        tes: (0..tes).map(one).collect(),
        warnings: Vec::new(),
    }
}

#[test]
fn a_space_of_10_to_the_700_is_ranked_without_being_enumerated() {
    let ranking = rank(&large(100, 1000, 5), Mode::BALANCED, 50, 0);
    assert_eq!(ranking.len(), 50);
    assert!(
        ranking.space().to_string().ends_with("* 10^700"),
        "{}",
        ranking.space()
    );
    assert!(
        ranking
            .iter()
            .map(|combination| combination.score.unwrap())
            .is_sorted()
    );
    assert!(
        ranking
            .iter()
            .all(|combination| combination.uris.len() == 1000)
    );
}

#[test]
fn a_front_of_too_many_points_is_decided_in_part() {
    let mut estimates = large(20, 30, 6);
    let copies = estimates
        .tes
        .iter_mut()
        .flat_map(|tes| &mut tes.objects)
        .flatten();
    for (number, copy) in (0_u32..).zip(copies) {
        copy.time = Seconds::from_f64(f64::from(number * 7919 % 1009));
    }
    let ranking = rank(&estimates, Mode::Random, 1000, 0);
    let count = |flag| {
        ranking
            .iter()
            .filter(|found| found.pareto_optimal == flag)
            .count()
    };
    assert!(count(Some(false)) > 900, "{}", count(Some(false)));
    let best = rank(&estimates, Mode::BALANCED, 1, 0);
    assert_ne!(best.iter().next().unwrap().pareto_optimal, Some(false));
}

#[test]
fn a_random_sample_of_a_huge_space_takes_each_copy_about_as_often() {
    let ranking = rank(&large(2, 40, 4), Mode::Random, 2000, 7);
    assert_eq!(ranking.len(), 2000);
    let of_first = ranking
        .iter()
        .filter(|combination| combination.tes == 0)
        .count();
    let of_copy = ranking
        .iter()
        .filter(|combination| combination.uris[17] == 3)
        .count();
    // Five standard deviations.
    assert!(of_first.abs_diff(1000) < 112, "{of_first}");
    assert!(of_copy.abs_diff(500) < 97, "{of_copy}");
}

#[test]
fn a_random_order_of_a_small_space_is_any_order_alike() {
    let estimates = large(1, 1, 3);
    let mut counts = std::collections::BTreeMap::new();
    for seed in 0..6000 {
        let order: Vec<_> = rank(&estimates, Mode::Random, 3, seed)
            .iter()
            .map(|found| found.uris[0])
            .collect();
        *counts.entry(order).or_insert(0_usize) += 1;
    }
    assert_eq!(counts.len(), 6);
    assert!(
        counts.values().all(|count| count.abs_diff(1000) < 145),
        "{counts:?}"
    );
}

#[test]
fn equal_scores_of_unlike_parts_are_ties() {
    // Mean cost 7, mean time 10: each differs from the mean by equal shares of cost and time.
    let of = |position, cost, time| TesEstimate {
        tes: position,
        compute: Cost::from_f64(cost),
        storage: Cost::ZERO,
        queue: Seconds::from_f64(time),
        ..TesEstimate::default()
    };
    let estimates = Estimates {
        tes: vec![of(0, 10.5, 5.0), of(1, 7.0, 10.0), of(2, 3.5, 15.0)],
        warnings: Vec::new(),
    };
    let order: Vec<_> = rank(&estimates, Mode::BALANCED, 3, 0)
        .iter()
        .map(|found| found.tes)
        .collect();
    assert_eq!(order, [2, 1, 0]);
    assert_eq!(found(&rank(&estimates, Mode::BALANCED, 3, 0)).len(), 3);
}

#[test]
fn without_objects_there_is_one_combination_for_each_tes() {
    let ranking = rank(&large(3, 0, 0), Mode::COST, 10, 0);
    assert_eq!(
        found(&ranking)
            .iter()
            .map(|found| found.tes)
            .collect::<Vec<_>>(),
        [0, 1, 2]
    );
}

#[test]
fn zero_cost_and_time_have_a_score_of_zero() {
    let free = TesEstimate {
        objects: vec![vec![CopyEstimate::default()]],
        ..TesEstimate::default()
    };
    let ranking = rank(
        &Estimates {
            tes: vec![free],
            warnings: Vec::new(),
        },
        Mode::BALANCED,
        10,
        0,
    );
    assert_eq!(
        ranking.iter().next().map(|only| only.score),
        Some(Some(0.0))
    );
}
