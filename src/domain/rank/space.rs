//! The number of combinations.

use std::fmt;

use num_bigint::BigUint;

use crate::domain::estimate::TesEstimate;

/// The number of combinations of a space, of any size.
///
/// Displayed with all digits up to 10^15, and as `7.3 * 10^16` above.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpaceSize(BigUint);

impl SpaceSize {
    pub(super) fn of(tes: &[TesEstimate]) -> Self {
        Self(tes.iter().map(of_one).sum())
    }

    pub(super) const fn get(&self) -> &BigUint {
        &self.0
    }

    /// About how many there are, up to 10^24.
    pub fn approximate(&self) -> f64 {
        // The number of bits is known without a conversion.
        let bits = i32::try_from(self.0.bits()).unwrap_or(i32::MAX);
        let magnitude = if bits == 0 { 0.0 } else { 2_f64.powi(bits - 1) };
        magnitude.min(1e24)
    }

    /// All digits.
    pub fn digits(&self) -> String {
        self.0.to_str_radix(10)
    }

    /// Whether there are more than `limit`.
    pub fn exceeds(&self, limit: usize) -> bool {
        self.0 > BigUint::from(limit)
    }
}

/// The number of combinations with one TES.
pub(super) fn of_one(tes: &TesEstimate) -> BigUint {
    tes.objects.iter().map(Vec::len).product()
}

impl fmt::Display for SpaceSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_str_radix(10);
        match (digits.get(..1), digits.get(1..2)) {
            (Some(first), Some(second)) if digits.len() > 16 => {
                write!(f, "{first}.{second} * 10^{}", digits.len() - 1)
            }
            _ => f.write_str(&digits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_displayed_readably() {
        assert_eq!(SpaceSize(BigUint::from(1234_u32)).to_string(), "1234");
        assert_eq!(
            SpaceSize(BigUint::from(10_u32).pow(15)).to_string(),
            "1000000000000000"
        );
        assert_eq!(
            SpaceSize(BigUint::from(73_u32) * BigUint::from(10_u32).pow(15)).to_string(),
            "7.3 * 10^16"
        );
    }
}
