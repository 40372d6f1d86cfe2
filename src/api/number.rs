//! Numbers as they are shown.

/// `number` to 12 significant digits: what is beyond is noise of conversions.
pub(super) fn rounded(number: f64) -> f64 {
    /// Powers of ten up to this one are exact.
    const EXACT: i32 = 22;
    const DIGITS: i32 = 12;

    if number == 0.0 || !number.is_finite() {
        return number;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the exponent of a float is a small integer"
    )]
    let exponent = number.abs().log10().floor() as i32;
    let shift = DIGITS - 1 - exponent;
    if shift.abs() > EXACT {
        return format!("{number:.11e}").parse().unwrap_or(number);
    }
    let scale = 10_f64.powi(shift.abs());
    if shift >= 0 {
        (number * scale).round() / scale
    } else {
        (number / scale).round() * scale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_digits_are_left() {
        for (number, expected) in [
            (0.0, 0.0),
            (0.1 + 0.2, 0.3),
            (11.175_870_895_385_742, 11.175_870_895_4),
            (123_456_789_012_345.0, 123_456_789_012_000.0),
            (1e-30, 1e-30),
            (7e13, 7e13),
            (999_999.999_999_99, 1_000_000.0),
            (1e300, 1e300),
        ] {
            assert_eq!(
                rounded(number).to_bits(),
                f64::to_bits(expected),
                "{number}"
            );
        }
    }
}
