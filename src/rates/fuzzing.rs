//! Entry points for fuzzing: reads any bytes as answers of the sources of exchange rates.

use super::{ecb, ticker};
use crate::client::parse;

/// Whether a document of the European Central Bank has rates.
pub fn ecb(document: &[u8]) -> bool {
    ecb::parse(document).is_ok()
}

/// Whether a ticker has prices.
pub fn ticker(document: &[u8]) -> bool {
    parse(document).is_ok_and(|ticker| ticker::prices(&ticker).is_ok())
}
