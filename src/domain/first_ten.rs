//! Long lists in texts.

use std::fmt;

/// The first ten of `0`, each cut to 100 characters, and how many more there are.
pub(super) struct FirstTen<'a>(pub(super) &'a [String]);

impl fmt::Display for FirstTen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 10;
        for (position, name) in self.0.iter().take(SHOWN).enumerate() {
            let comma = if position > 0 { ", " } else { "" };
            write!(f, "{comma}{name:.100}")?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
