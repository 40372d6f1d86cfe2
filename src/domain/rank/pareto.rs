//! The Pareto front of cost and time.

use crate::domain::{
    estimate::{CopyEstimate, TesEstimate},
    exact::{Cost, Seconds},
};

/// The Pareto front of the whole space, sorted by cost.
///
/// One point for each TES is enough, because of how estimates are made: each object has a copy that is minimal in both
/// cost and time (a copy on the host of the TES costs nothing and takes no time; all others take the same time). So each
/// TES has one combination that is at least as good in both as all its others, and a combination is dominated by any
/// other if and only if it is dominated by one of these.
#[derive(Debug)]
pub(super) struct Front(Vec<(Cost, Seconds)>);

impl Front {
    pub(super) fn of(tes: &[TesEstimate]) -> Self {
        let mut least: Vec<_> = tes.iter().map(least).collect();
        least.sort_unstable();
        let mut front: Vec<(Cost, Seconds)> = Vec::with_capacity(least.len());
        for point in least {
            if front.last().is_none_or(|last| point.1 < last.1) {
                front.push(point);
            }
        }
        Self(front)
    }

    /// Whether no combination is at least as good in both `cost` and `time` and better in one.
    pub(super) fn has_nothing_better(&self, cost: Cost, time: Seconds) -> bool {
        let count = self.0.partition_point(|point| point.0 <= cost);
        // The last of them is the fastest that costs no more.
        self.0
            .get(..count)
            .and_then(<[_]>::last)
            .is_none_or(|&(least_cost, least_time)| {
                time < least_time || (time == least_time && cost == least_cost)
            })
    }
}

/// The minimal cost and the minimal time of one TES; one combination has both.
fn least(tes: &TesEstimate) -> (Cost, Seconds) {
    let cost = |copies: &Vec<CopyEstimate>| copies.iter().map(|copy| copy.cost).min();
    let time = |copies: &Vec<CopyEstimate>| copies.iter().map(|copy| copy.time).min();
    (
        tes.compute + tes.storage + tes.objects.iter().filter_map(cost).sum(),
        tes.queue + tes.execution + tes.objects.iter().filter_map(time).sum(),
    )
}
