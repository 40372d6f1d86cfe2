//! The best combinations of one TES and one access URI per object, without enumerating the space.
//!
//! The space is (TES) x (access URIs of object 1) x (access URIs of object 2) x ..., soon 10^13 and more. But the
//! score of a combination is a constant of its TES plus one term for each object, so the best ones come in order from a
//! few sorted lists that are extended on demand (`best`), and the streams of all TES are merged (`merge`). All sums are
//! exact ([`super::exact`], `score`): ties are real ties, and are broken the same way at any size.

mod best;
mod merge;
#[cfg(test)]
mod oracle;
mod pareto;
mod random;
mod score;
mod space;

use std::ops::Range;

use super::{
    estimate::{Estimates, TesEstimate},
    exact::{Cost, Seconds},
    mode::Mode,
};
use pareto::Front;
use score::Scale;
pub use space::SpaceSize;

/// The best combinations, best first.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    combinations: Vec<RankedCombination>,
    /// The positions of the chosen access URIs of all combinations, concatenated.
    uris: Vec<u32>,
    space: SpaceSize,
    means: Means,
    /// The positions in the query of all TES, that with the best combination first.
    tes: Vec<usize>,
}

/// The means over the TES of the mean over each one's combinations: what scores are relative to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Means {
    /// Of the cost, in the currency of the answer.
    pub cost: f64,
    /// Of the time, in seconds.
    pub time: f64,
}

/// A combination: a TES, an access URI for each object, and their cost and time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Combination<'a> {
    /// The position of the TES in the query.
    pub tes: usize,
    /// For each object, the position of the chosen access URI among those of the object.
    pub uris: &'a [u32],
    /// The cost.
    pub cost: CostBreakdown,
    /// The time.
    pub time: TimeBreakdown,
    /// The score, the lower the better; `None` in random order.
    pub score: Option<f64>,
    /// Whether no other combination of the whole space is at least as good in both cost and time and better in one;
    /// `None` where the front has too many points to decide that.
    pub pareto_optimal: Option<bool>,
}

/// The cost of a combination, in the currency of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CostBreakdown {
    /// The cost of computing.
    pub compute: Cost,
    /// The cost of disk.
    pub storage: Cost,
    /// The cost of moving all objects and outputs.
    pub transfer: Cost,
}

impl CostBreakdown {
    /// The sum.
    pub fn total(self) -> Cost {
        self.compute + self.storage + self.transfer
    }
}

/// The time of a combination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeBreakdown {
    /// The time from submission to start.
    pub queue: Seconds,
    /// The run time.
    pub execution: Seconds,
    /// The duration of all transfers, one after the other.
    pub transfer: Seconds,
}

impl TimeBreakdown {
    /// The sum.
    pub fn total(self) -> Seconds {
        self.queue + self.execution + self.transfer
    }
}

/// A combination whose URIs are a range of [`Ranking::uris`].
#[derive(Debug, Clone, PartialEq)]
struct RankedCombination {
    tes: usize,
    uris: Range<usize>,
    cost: CostBreakdown,
    time: TimeBreakdown,
    score: Option<f64>,
    pareto_optimal: Option<bool>,
}

/// The best `limit` combinations by `mode`. `seed` determines the order of [`Mode::Random`] only.
///
/// Lowest score first; equal scores by cost, then time, then the order of the TES, then, object by object, the order in
/// which access URIs were first given. The score is `w * time / mean time + (1 - w) * cost / mean cost`, the means over
/// the TES of the mean over each one's combinations.
///
/// Takes O(input + k * n) steps and memory for `k` combinations of `n` objects, whatever the size of the space, and a
/// bounded number of steps for the Pareto front.
pub fn rank(estimates: &Estimates, mode: Mode, limit: usize, seed: u64) -> Ranking {
    let mut ranking = rank_unflagged(estimates, mode, limit, seed);
    ranking.flag(&Front::of(&estimates.tes));
    ranking
}

/// The same without [`Combination::pareto_optimal`].
pub fn rank_unflagged(estimates: &Estimates, mode: Mode, limit: usize, seed: u64) -> Ranking {
    let mut ranking = Ranking::empty(SpaceSize::of(&estimates.tes));
    match mode {
        Mode::Weighted(weight) => {
            let scale = Scale::new(weight, &estimates.tes);
            ranking.means = scale.means();
            let mut merged = merge::Merged::new(&estimates.tes, scale);
            ranking.tes = merged.tes_best_first();
            while ranking.len() < limit
                && let Some(choice) = merged.next(&mut ranking.uris)
            {
                ranking.push(choice, Some(&scale));
            }
        }
        Mode::Random => {
            ranking.means = Scale::new(Mode::BALANCED_WEIGHT, &estimates.tes).means();
            for choice in random::sample(
                &estimates.tes,
                &ranking.space,
                limit,
                seed,
                &mut ranking.uris,
            ) {
                ranking.push(choice, None);
            }
            ranking.tes = random::tes_by_first_use(&estimates.tes, ranking.iter(), seed);
        }
    }
    ranking
}

/// A chosen TES, with the cost and time of its chosen copies; `uris` is the range of their URIs in [`Ranking::uris`].
struct Choice<'a> {
    tes: &'a TesEstimate,
    uris: Range<usize>,
    transfer_cost: Cost,
    transfer_time: Seconds,
}

impl Ranking {
    fn empty(space: SpaceSize) -> Self {
        Self {
            combinations: Vec::new(),
            uris: Vec::new(),
            space,
            means: Means::default(),
            tes: Vec::new(),
        }
    }

    fn push(&mut self, choice: Choice<'_>, scale: Option<&Scale>) {
        let Choice {
            tes,
            uris,
            transfer_cost,
            transfer_time,
        } = choice;
        let cost = CostBreakdown {
            compute: tes.compute,
            storage: tes.storage,
            transfer: transfer_cost + tes.outputs.cost,
        };
        let time = TimeBreakdown {
            queue: tes.queue,
            execution: tes.execution,
            transfer: transfer_time + tes.outputs.time,
        };
        self.combinations.push(RankedCombination {
            tes: tes.tes,
            uris,
            cost,
            time,
            score: scale.map(|scale| scale.to_f64(cost.total(), time.total())),
            pareto_optimal: None,
        });
    }

    fn flag(&mut self, front: &Front) {
        for ranked in &mut self.combinations {
            ranked.pareto_optimal =
                front.has_nothing_better(ranked.cost.total(), ranked.time.total());
        }
    }

    /// The combinations, best first.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Combination<'_>> {
        self.combinations.iter().map(|ranked| Combination {
            tes: ranked.tes,
            uris: self.uris.get(ranked.uris.clone()).unwrap_or_default(),
            cost: ranked.cost,
            time: ranked.time,
            score: ranked.score,
            pareto_optimal: ranked.pareto_optimal,
        })
    }

    /// The positions in the query of all TES that can be ranked, listed or not, that with the best combination first.
    pub fn tes(&self) -> &[usize] {
        &self.tes
    }

    /// The number of combinations in the ranking.
    pub fn len(&self) -> usize {
        self.combinations.len()
    }

    /// Whether there is no combination.
    pub fn is_empty(&self) -> bool {
        self.combinations.is_empty()
    }

    /// What scores are relative to.
    pub const fn means(&self) -> Means {
        self.means
    }

    /// The number of combinations of the whole space.
    pub const fn space(&self) -> &SpaceSize {
        &self.space
    }
}
