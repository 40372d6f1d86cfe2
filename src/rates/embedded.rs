//! The last resort: reference rates of the European Central Bank that come with the program.

use super::table::Table;
use crate::domain::money::{Currency, Rates};

/// Their date.
pub(super) const AS_OF: &str = "2025-10-09";

/// Units of each currency per one euro.
const PER_EURO: [(&str, f64); 18] = [
    ("USD", 1.1611),
    ("JPY", 177.40),
    ("GBP", 0.86830),
    ("SEK", 10.9870),
    ("CHF", 0.9309),
    ("NOK", 11.6240),
    ("TRY", 48.4464),
    ("AUD", 1.7600),
    ("BRL", 6.1877),
    ("CAD", 1.6198),
    ("CNY", 8.2698),
    ("HKD", 9.0334),
    ("INR", 103.1025),
    ("KRW", 1647.80),
    ("MXN", 21.2683),
    ("NZD", 2.0097),
    ("SGD", 1.5048),
    ("ZAR", 19.8575),
];

/// The rates.
pub(super) fn rates() -> Rates {
    Table::new(Currency::EUR, PER_EURO, Some(AS_OF.to_owned())).rates
}
