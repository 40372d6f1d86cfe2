//! The ranking mode: cost, time, a weight between them, or random.

/// The criterion that combinations are ranked by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mode {
    /// A weighted mean of cost and time.
    Weighted(Weight),
    /// A random order.
    Random,
}

impl Mode {
    /// Cost only.
    pub const COST: Self = Self::Weighted(Weight(0.0));
    /// Time only.
    pub const TIME: Self = Self::Weighted(Weight(1.0));
    /// Cost and time with equal weight: the default.
    pub const BALANCED: Self = Self::Weighted(Weight(0.5));

    /// The weight of [`Self::BALANCED`].
    pub(super) const BALANCED_WEIGHT: Weight = Weight(0.5);

    /// Parses the predecessor's names `cost`, `time` and `random`.
    ///
    /// # Errors
    /// [`BadMode`] for any other name; case matters.
    pub fn parse_name(name: &str) -> Result<Self, BadMode> {
        match name {
            "cost" => Ok(Self::COST),
            "time" => Ok(Self::TIME),
            "random" => Ok(Self::Random),
            _ => Err(BadMode),
        }
    }

    /// Parses a weight from 0 to 1, or -1 for random.
    ///
    /// # Errors
    /// [`BadMode`] for any other number.
    pub fn parse_number(number: f64) -> Result<Self, BadMode> {
        if (0.0..=1.0).contains(&number) {
            Ok(Self::Weighted(Weight(number)))
        } else if number.to_bits() == (-1.0_f64).to_bits() {
            Ok(Self::Random)
        } else {
            Err(BadMode)
        }
    }
}

impl Default for Mode {
    fn default() -> Self {
        Self::BALANCED
    }
}

/// The weight of time against cost: 0 is cost only, 1 is time only.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Weight(f64);

impl Weight {
    /// The weight of time in a score.
    pub const fn of_time(self) -> f64 {
        self.0
    }

    /// The weight of cost in a score.
    pub const fn of_cost(self) -> f64 {
        1.0 - self.0
    }
}

/// The name or number is not a mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be \"cost\", \"time\", \"random\", a number from 0 (cost only) to 1 (time only), or -1 (random)"
)]
pub struct BadMode;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_a_number() {
        assert_eq!(Mode::parse_name("cost"), Mode::parse_number(0.0));
        assert_eq!(Mode::parse_name("time"), Mode::parse_number(1.0));
        assert_eq!(Mode::parse_name("random"), Mode::parse_number(-1.0));
    }

    #[test]
    fn anything_else_is_refused() {
        for number in [-0.5, 1.5, 2.0, -1.0001, f64::NAN, f64::INFINITY] {
            assert_eq!(Mode::parse_number(number), Err(BadMode), "{number}");
        }
        for name in ["Cost", "", "balanced", "0.5"] {
            assert_eq!(Mode::parse_name(name), Err(BadMode), "{name}");
        }
    }
}
