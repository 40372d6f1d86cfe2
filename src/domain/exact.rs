//! Costs and times as fixed-point integers, so that sums are exact.
//!
//! Sums of floating-point numbers depend on the order of their terms: two combinations with equal costs could differ in
//! the last bit, and ties would be broken by rounding errors. Sums of integers do not.

use std::{iter::Sum, ops::Add};

/// A non-negative number in units of 2^-`FRACTION`. Sums saturate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fixed<const FRACTION: u32>(u128);

/// An amount of the target currency, to 2^-70 (about 10^-21): exact for every 64-bit float above 4 * 10^-6.
pub type Cost = Fixed<70>;

/// Seconds, to 2^-40 (about 10^-12).
pub type Seconds = Fixed<40>;

impl<const FRACTION: u32> Fixed<FRACTION> {
    /// Zero.
    pub const ZERO: Self = Self(0);

    /// The largest term, so that sums of thousands of terms do not saturate: 2^116 units.
    const LARGEST_TERM: u128 = 1 << 116;

    /// The nearest fixed-point number; 0 for NaN and negative numbers, and at most 2^116 units.
    pub fn from_f64(number: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates and maps NaN to 0, as documented"
        )]
        let units = (number * Self::units_per_one()).round() as u128;
        Self(units.min(Self::LARGEST_TERM))
    }

    /// Whether [`from_f64`](Self::from_f64) would clamp `number` to the largest term.
    pub fn cuts(number: f64) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "it is a power of two")]
        let largest = Self::LARGEST_TERM as f64;
        number * Self::units_per_one() > largest
    }

    /// The nearest 64-bit float.
    #[expect(
        clippy::cast_precision_loss,
        reason = "the nearest float is the result"
    )]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / Self::units_per_one()
    }

    /// The number of units of 2^-`FRACTION`.
    pub const fn units(self) -> u128 {
        self.0
    }

    fn units_per_one() -> f64 {
        f64::from(FRACTION).exp2()
    }
}

impl<const FRACTION: u32> Add for Fixed<FRACTION> {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl<const FRACTION: u32> Sum for Fixed<FRACTION> {
    fn sum<I: Iterator<Item = Self>>(terms: I) -> Self {
        terms.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_amounts_are_converted_without_loss() {
        for amount in [0.0, 0.012, 12.5, 1e-5, 0.1 + 0.2, 1e12, 123_456.789] {
            assert_eq!(Cost::from_f64(amount).to_f64().to_bits(), amount.to_bits());
            assert_eq!(
                Seconds::from_f64(2514.0).to_f64().to_bits(),
                2514.0_f64.to_bits()
            );
        }
    }

    #[test]
    fn an_invalid_amount_is_zero_or_the_largest_term() {
        assert_eq!(Cost::from_f64(f64::NAN), Cost::ZERO);
        assert_eq!(Cost::from_f64(-1.0), Cost::ZERO);
        let huge = Cost::from_f64(f64::INFINITY);
        assert_eq!(huge, Cost::from_f64(1e300));
        assert!(
            std::iter::repeat_n(huge, 10_000)
                .sum::<Cost>()
                .to_f64()
                .is_finite()
        );
    }

    #[test]
    fn the_order_of_terms_does_not_matter() {
        let terms = [0.1, 0.2, 0.3, 1e9, 1e-9].map(Cost::from_f64);
        let backwards = terms.iter().rev().copied().sum::<Cost>();
        assert_eq!(terms.into_iter().sum::<Cost>(), backwards);
    }
}
