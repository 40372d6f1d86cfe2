//! Which combinations no other one beats in both cost and time.

use crate::domain::{
    estimate::{CopyEstimate, TesEstimate},
    exact::{Cost, Seconds},
};

/// The least cost for every time that is worth waiting for, over the whole space.
///
/// That it takes only one point a TES is due to how estimates are made: of each object there is a copy that is least in
/// both cost and time (one on the TES's own host costs nothing and takes no time; all others take the same time). So
/// each TES has one combination that is at least as good in both as all its others, and a combination is beaten by any
/// other if and only if it is beaten by one of these.
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
        let no_dearer = self.0.partition_point(|point| point.0 <= cost);
        // The last of them is the quickest that costs no more.
        self.0
            .get(..no_dearer)
            .and_then(<[_]>::last)
            .is_none_or(|&(least_cost, least_time)| {
                time < least_time || (time == least_time && cost == least_cost)
            })
    }
}

/// The least cost and the least time of one TES; one combination has both.
fn least(tes: &TesEstimate) -> (Cost, Seconds) {
    let cost = |copies: &Vec<CopyEstimate>| copies.iter().map(|copy| copy.cost).min();
    let time = |copies: &Vec<CopyEstimate>| copies.iter().map(|copy| copy.time).min();
    (
        tes.compute + tes.storage + tes.objects.iter().filter_map(cost).sum(),
        tes.queue + tes.execution + tes.objects.iter().filter_map(time).sum(),
    )
}
