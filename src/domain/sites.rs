//! Where the hosts of a query are.

use std::collections::BTreeMap;

use super::{
    geo::{Coordinates, Host, Kilometres},
    warning::Warning,
};

/// The places of hosts, each looked up once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sites {
    /// The hosts whose place is known.
    pub places: BTreeMap<Host, Coordinates>,
    /// One for each host whose place is not.
    pub warnings: Vec<Warning>,
}

impl Sites {
    /// How far `from` is from `to`: nothing if they are one host, `None` if a place is not known.
    pub fn distance(&self, from: &Host, to: &Host) -> Option<Kilometres> {
        if from == to {
            return Some(Kilometres::ZERO);
        }
        Some(self.places.get(from)?.distance_to(*self.places.get(to)?))
    }
}
