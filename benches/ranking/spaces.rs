//! Spaces of combinations, the same in every run.

use testribute::domain::{
    estimate::{CopyEstimate, Estimates, TesEstimate},
    exact::{Cost, Seconds},
};

/// A space of `tes` * `copies`^`objects` combinations whose costs and times look like chance.
pub(crate) fn space(tes: usize, objects: usize, copies: u32) -> Estimates {
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

/// A [`space`] whose copies differ in cost and time.
pub(crate) fn two_dimensional(
    tes: usize,
    objects: usize,
    copies: u32,
    collinear: bool,
) -> Estimates {
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
