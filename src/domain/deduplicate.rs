//! Lists of a request in which something occurs twice.

use std::{collections::HashSet, hash::Hash};

use super::warning::Warning;

/// The first item of `list` with each `key`, in their order; one warning for each key that occurs again.
pub(super) fn deduplicate<T, K: Hash + Eq>(
    field: &'static str,
    list: Vec<T>,
    key: impl Fn(&T) -> K,
    shown: impl Fn(&T) -> String,
    warnings: &mut Vec<Warning>,
) -> Vec<T> {
    let mut seen = HashSet::new();
    let mut warned = HashSet::new();
    list.into_iter()
        .filter(|item| {
            let new = seen.insert(key(item));
            if !new && warned.insert(key(item)) {
                warnings.push(Warning::Duplicate {
                    field,
                    value: shown(item),
                });
            }
            new
        })
        .collect()
}
