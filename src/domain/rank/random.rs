//! Combinations in random order.

use std::collections::HashSet;

use num_bigint::BigUint;
use rand::{
    Rng, RngExt, SeedableRng,
    rngs::StdRng,
    seq::{SliceRandom, index},
};

use super::{
    Choice, Combination,
    space::{SpaceSize, of_one},
};
use crate::domain::{
    estimate::TesEstimate,
    exact::{Cost, Seconds},
};

/// Up to this size, combinations are numbered and drawn by number.
const NUMBERED: u32 = 1 << 30;

/// `limit` different combinations, or all if there are fewer; every selection and order is equally likely. Appends the
/// positions of their access URIs to `uris`.
pub(super) fn sample<'a>(
    tes: &'a [TesEstimate],
    space: &SpaceSize,
    limit: usize,
    seed: u64,
    uris: &mut Vec<u32>,
) -> Vec<Choice<'a>> {
    let mut rng = StdRng::seed_from_u64(seed);
    let sizes: Vec<_> = tes.iter().map(of_one).collect();
    if let Ok(size) = usize::try_from(space.get())
        && size <= NUMBERED as usize
    {
        return index::sample(&mut rng, size, limit.min(size))
            .into_iter()
            .filter_map(|number| {
                let (tes, number) = locate(tes, &sizes, number.into())?;
                let number = usize::try_from(&number).ok()?;
                Some(choose(tes, uris, decode(tes, number)))
            })
            .collect();
    }

    // Above, drawing a combination twice is unlikely; duplicates are drawn again.
    let mut taken = HashSet::new();
    let mut choices = Vec::new();
    while choices.len() < limit {
        let Some((drawn, _)) = locate(tes, &sizes, below(space.get(), &mut rng)) else {
            break;
        };
        let copies: Vec<_> = drawn
            .objects
            .iter()
            .map(|copies| rng.random_range(0..copies.len().max(1)))
            .collect();
        if taken.insert((drawn.tes, copies.clone())) {
            choices.push(choose(drawn, uris, copies.into_iter()));
        }
    }
    choices
}

/// The positions in the query of all TES: in the order of their first combinations, and then those of which none is listed,
/// in random order.
pub(super) fn tes_by_first_use<'a>(
    tes: &[TesEstimate],
    listed: impl Iterator<Item = Combination<'a>>,
    seed: u64,
) -> Vec<usize> {
    let mut rest: Vec<_> = tes.iter().map(|tes| tes.tes).collect();
    rest.shuffle(&mut StdRng::seed_from_u64(seed));
    let mut taken = HashSet::new();
    listed
        .map(|combination| combination.tes)
        .chain(rest)
        .filter(|tes| taken.insert(*tes))
        .collect()
}

/// The TES of the combination with `number`, and its number among those of the TES.
fn locate<'a>(
    tes: &'a [TesEstimate],
    sizes: &[BigUint],
    mut number: BigUint,
) -> Option<(&'a TesEstimate, BigUint)> {
    for (tes, size) in tes.iter().zip(sizes) {
        if number < *size {
            return Some((tes, number));
        }
        number -= size;
    }
    None
}

/// The digits of `number` in the mixed base of the numbers of copies.
fn decode(tes: &TesEstimate, mut number: usize) -> impl Iterator<Item = usize> {
    tes.objects.iter().map(move |copies| {
        let base = copies.len().max(1);
        let digit = number % base;
        number /= base;
        digit
    })
}

/// A uniformly random number below `bound`, by rejection sampling.
fn below(bound: &BigUint, rng: &mut StdRng) -> BigUint {
    let bits = bound.bits();
    loop {
        let mut words: Vec<u32> = (0..bits.div_ceil(32)).map(|_| rng.next_u32()).collect();
        if let (Some(last), spare @ 1..) = (words.last_mut(), bits.wrapping_neg() % 32) {
            *last >>= spare;
        }
        let number = BigUint::new(words);
        if number < *bound {
            return number;
        }
    }
}

fn choose<'a>(
    tes: &'a TesEstimate,
    uris: &mut Vec<u32>,
    copies: impl Iterator<Item = usize>,
) -> Choice<'a> {
    let start = uris.len();
    let (mut transfer_cost, mut transfer_time) = (Cost::ZERO, Seconds::ZERO);
    for copy in tes
        .objects
        .iter()
        .zip(copies)
        .filter_map(|(object, copy)| object.get(copy))
    {
        uris.push(copy.uri);
        transfer_cost = transfer_cost + copy.cost;
        transfer_time = transfer_time + copy.time;
    }
    Choice {
        tes,
        uris: start..uris.len(),
        transfer_cost,
        transfer_time,
    }
}
