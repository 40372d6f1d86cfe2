//! One TES that is named by several URIs.

use std::{collections::HashMap, sync::Arc};

use url::Url;

use super::error::TesError;
use crate::domain::{
    exclusion::Exclusion,
    findings::TaskInfo,
    money::Money,
    service::ServiceUri,
    tes_base::{given_base, server_of},
    warning::Warning,
};

/// Why a TES has no offer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Unusable {
    Unavailable(TesError),
    Excluded(Exclusion),
}

impl Unusable {
    pub(super) fn warning(self, tes: &ServiceUri) -> Warning {
        let service = tes.to_string();
        match self {
            Self::Unavailable(error) => Warning::TesUnavailable {
                service,
                cause: error.to_string(),
            },
            Self::Excluded(reason) => Warning::TesExcluded { service, reason },
        }
    }

    /// Whether it is the same reason, at whatever path.
    fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unavailable(one), Self::Unavailable(other)) => one.is_like(other),
            (one, other) => one == other,
        }
    }
}

/// The TES so far, by the root of their server.
#[derive(Default)]
pub(super) struct KnownTes(HashMap<Url, Vec<KnownOutcome>>);

enum KnownOutcome {
    Offer(Arc<Url>, [Option<Money>; 3]),
    Unusable(Unusable),
}

impl KnownTes {
    /// Whether it is a TES that is known by another spelling: it has the same base, or one of the usual ones below the
    /// same prefix with the same prices, or fails there for the same reason. Remembers it if not.
    pub(super) fn is_duplicate(
        &mut self,
        tes: &ServiceUri,
        found: Option<Result<(&Arc<Url>, &TaskInfo), &Unusable>>,
    ) -> bool {
        let (base, new) = match found {
            Some(Ok((base, offer))) => {
                let prices = [Some(offer.compute), Some(offer.storage), offer.transfer];
                let new = KnownOutcome::Offer(Arc::clone(base), prices);
                (server_of(base), new)
            }
            Some(Err(reason)) => (
                server_of(&given_base(tes)),
                KnownOutcome::Unusable(reason.clone()),
            ),
            None => return false,
        };
        let known = self.0.entry(base).or_default();
        let is_known = known.iter().any(|known| match (known, &new) {
            (KnownOutcome::Offer(base, prices), KnownOutcome::Offer(other, others)) => {
                base == other || prices == others
            }
            (KnownOutcome::Unusable(one), KnownOutcome::Unusable(other)) => one.is_like(other),
            _ => false,
        });
        if !is_known {
            known.push(new);
        }
        is_known
    }
}
