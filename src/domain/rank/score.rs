//! Scores as exact sums.
//!
//! `w * time / mean time + (1 - w) * cost / mean cost`, multiplied by both means, is `time * a + cost * b` with
//! integers `a` and `b`. That has the order of the score itself without rounding: equal scores are equal, and ties are
//! broken by the rules and not by the last bit of a float.

use std::ops::Add;

use ethnum::U256;
use num_bigint::BigUint;

use super::Means;
use crate::domain::{
    estimate::{CopyEstimate, TesEstimate},
    exact::{Cost, Fixed, Seconds},
    mode::Weight,
};

/// The weight of time is rounded to 2^-60.
const WEIGHT_BITS: u32 = 60;

/// The integer weights of cost and time for a mode.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    per_unit_of_cost: U256,
    per_unit_of_time: U256,
    weight: Weight,
    mean_cost: f64,
    mean_time: f64,
}

/// The score, cost and time of a combination or a part of one, in that order of comparison.
///
/// Addition is exact and commutative, and adding the same part to two sums does not change their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sum {
    score: U256,
    pub(super) cost: Cost,
    pub(super) time: Seconds,
}

impl Sum {
    pub(super) const ZERO: Self = Self {
        score: U256::ZERO,
        cost: Cost::ZERO,
        time: Seconds::ZERO,
    };
}

impl Add for Sum {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            score: self.score.saturating_add(other.score),
            cost: self.cost + other.cost,
            time: self.time + other.time,
        }
    }
}

impl Scale {
    pub(super) fn new(weight: Weight, tes: &[TesEstimate]) -> Self {
        let (cost, time) = Mean::of_both(tes);

        let whole = f64::from(WEIGHT_BITS).exp2();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a weight is from 0 to 1"
        )]
        let of_time = BigUint::from((weight.of_time() * whole) as u64);
        let of_cost = BigUint::from(1_u64 << WEIGHT_BITS) - &of_time;
        // A mean of 0 makes its own term 0 and must not make the other term 0.
        let one = BigUint::from(1_u32);
        let per_unit_of_time = of_time
            * if cost.sum == U256::ZERO {
                one.clone()
            } else {
                to_big(cost.sum)
            };
        let per_unit_of_cost = of_cost
            * if time.sum == U256::ZERO {
                one
            } else {
                to_big(time.sum)
            };

        // 0 for all plausible amounts. Otherwise the weights lose their last bits, which does not affect shown scores.
        let spare = (per_unit_of_time.bits() + u64::from(time.most_bits))
            .max(per_unit_of_cost.bits() + u64::from(cost.most_bits))
            .saturating_sub(254);
        Self {
            per_unit_of_cost: from_big(&(per_unit_of_cost >> spare)),
            per_unit_of_time: from_big(&(per_unit_of_time >> spare)),
            weight,
            mean_cost: cost.value,
            mean_time: time.value,
        }
    }

    /// The means of cost and time.
    pub(super) const fn means(&self) -> Means {
        Means {
            cost: self.mean_cost,
            time: self.mean_time,
        }
    }

    pub(super) fn sum(&self, cost: Cost, time: Seconds) -> Sum {
        let of_cost = self.per_unit_of_cost.saturating_mul(cost.units().into());
        let of_time = self.per_unit_of_time.saturating_mul(time.units().into());
        Sum {
            score: of_cost.saturating_add(of_time),
            cost,
            time,
        }
    }

    /// The part that is the same for all combinations of `tes`.
    pub(super) fn constant(&self, tes: &TesEstimate) -> Sum {
        self.sum(tes.constant_cost(), tes.constant_time())
    }

    pub(super) fn copy(&self, copy: &CopyEstimate) -> Sum {
        self.sum(copy.cost, copy.time)
    }

    /// The score as shown in the answer.
    pub(super) fn to_f64(self, cost: Cost, time: Seconds) -> f64 {
        let term = |share: f64, value: f64, mean: f64| {
            if mean > 0.0 {
                share * (value / mean)
            } else {
                0.0
            }
        };
        term(self.weight.of_time(), time.to_f64(), self.mean_time)
            + term(self.weight.of_cost(), cost.to_f64(), self.mean_cost)
    }
}

/// The mean over the TES of the mean over the combinations of each.
///
/// In closed form: the mean of a sum of independent choices is the sum of the means of the choices.
struct Mean {
    /// The sum over the TES, in units of 1 / `common_parts`.
    sum: U256,
    value: f64,
    /// The number of bits of the largest combination, in units.
    most_bits: u32,
}

impl Mean {
    /// The means of cost and time.
    fn of_both(tes: &[TesEstimate]) -> (Self, Self) {
        let parts = common_parts(tes);
        (
            Self::of(tes, parts, TesEstimate::constant_cost, |copy| copy.cost),
            Self::of(tes, parts, TesEstimate::constant_time, |copy| copy.time),
        )
    }

    fn of<const FRACTION: u32>(
        all: &[TesEstimate],
        parts: u64,
        constant: impl Fn(&TesEstimate) -> Fixed<FRACTION>,
        choice: impl Fn(&CopyEstimate) -> Fixed<FRACTION>,
    ) -> Self {
        let (mut sum, mut most) = (U256::ZERO, Fixed::ZERO);
        for tes in all {
            let mut largest = constant(tes);
            sum += U256::from(largest.units()) * U256::from(parts);
            for copies in &tes.objects {
                let total: Fixed<FRACTION> = copies.iter().map(&choice).sum();
                sum += U256::from(total.units()) * U256::from(parts / copies.len().max(1) as u64);
                largest = largest + copies.iter().map(&choice).max().unwrap_or_default();
            }
            most = most.max(largest);
        }
        #[expect(clippy::cast_precision_loss, reason = "used for the shown score only")]
        let value =
            sum.as_f64() / (parts as f64) / (all.len().max(1) as f64) / f64::from(FRACTION).exp2();
        Self {
            sum,
            value,
            most_bits: u128::BITS - most.units().leading_zeros(),
        }
    }
}

/// The least common multiple of the numbers of copies: in units of its inverse, every mean is an integer. If it exceeds
/// 2^48, that is used instead, and means are rounded.
fn common_parts(tes: &[TesEstimate]) -> u64 {
    const MOST: u64 = 1 << 48;
    let numbers = tes
        .iter()
        .flat_map(|tes| &tes.objects)
        .map(|copies| copies.len().max(1) as u64);
    let mut parts = 1_u64;
    for number in numbers {
        if !parts.is_multiple_of(number) {
            match parts.checked_mul(number / greatest_common_divisor(parts, number)) {
                Some(multiple) if multiple <= MOST => parts = multiple,
                _ => return MOST,
            }
        }
    }
    parts
}

const fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

fn to_big(number: U256) -> BigUint {
    BigUint::from_bytes_le(&number.to_le_bytes())
}

/// `number` must have at most 256 bits.
fn from_big(number: &BigUint) -> U256 {
    number
        .iter_u64_digits()
        .rev()
        .fold(U256::ZERO, |high, low| (high << 64) | U256::from(low))
}
