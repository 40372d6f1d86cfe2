//! One DRS in one request: how it is called, and what went wrong with it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::tree::{Leaf, NodeState, ObjectTree};
use crate::{
    client::{Authorization, FetchError, health::CircuitBreaker},
    domain::{
        service::ServiceUri,
        warning::{Refusal, Warning},
    },
    drs::DrsItem,
};

/// What a DRS has by an id; `None` if it is not there.
pub(super) type ItemResult = Result<Option<DrsItem>, FetchError>;

/// A DRS, and how it is called for this request.
pub(super) struct DrsSession<'a> {
    pub(super) uri: Arc<ServiceUri>,
    pub(super) authorization: Authorization<'a>,
    /// Timeouts open it too: unlike a host, a DRS is one service.
    breaker: Mutex<CircuitBreaker>,
    /// Whether the token was withheld from it.
    warning: Option<Warning>,
    failures: BTreeMap<String, Failure>,
    /// Objects with access methods that are not available.
    unavailable: Vec<Arc<str>>,
}

/// One cause, and all objects that were not read because of it.
#[derive(Default)]
struct Failure {
    objects: Vec<Arc<str>>,
    refusal: Option<Refusal>,
}

impl<'a> DrsSession<'a> {
    pub(super) fn new(
        uri: ServiceUri,
        authorization: Authorization<'a>,
        warning: Option<Warning>,
    ) -> Self {
        Self {
            uri: Arc::new(uri),
            authorization,
            breaker: Mutex::default(),
            warning,
            failures: BTreeMap::new(),
            unavailable: Vec::new(),
        }
    }
}

impl DrsSession<'_> {
    /// # Errors
    /// Why the DRS is not called any more.
    pub(super) fn check(&self) -> Result<(), FetchError> {
        self.breaker().open().cloned().map_or(Ok(()), Err)
    }

    /// Counts the outcome of a call.
    pub(super) fn record_outcome(&self, failure: Option<&FetchError>) {
        match failure {
            Some(error) if error.is_about_the_service() => self.breaker().record_failure(error),
            _ => self.breaker().record_answer(),
        }
    }

    /// Enters in `tree` what this DRS has by a node's id. If that is a bundle, gives back what it holds.
    pub(super) fn record(
        &mut self,
        tree: &mut ObjectTree<'_>,
        node: usize,
        result: ItemResult,
    ) -> Vec<Leaf> {
        let state = match result {
            Ok(None) => NodeState::Absent,
            Ok(Some(DrsItem::Object(record))) => {
                if record.unavailable > 0 {
                    self.unavailable.push(tree.name(node));
                }
                NodeState::Object(record)
            }
            Ok(Some(DrsItem::Bundle(contents))) => return tree.expand(node, &contents),
            Err(error) => {
                let failure = self.failures.entry(error.to_string()).or_default();
                failure.objects.push(tree.name(node));
                failure.refusal = error.is_refusal().then_some({
                    match self.authorization.credential() {
                        Some(_) => Refusal::Token,
                        None => Refusal::NoToken,
                    }
                });
                NodeState::Failed
            }
        };
        tree.set_state(node, state);
        Vec::new()
    }

    /// That the token was withheld, one for each cause of a failure, and one for access methods that are not available.
    pub(super) fn into_warnings(self) -> Vec<Warning> {
        let service = self.uri.to_string();
        let mut warnings: Vec<_> = self.warning.into_iter().collect();
        for (cause, Failure { objects, refusal }) in self.failures {
            warnings.push(Warning::DrsUnavailable {
                service: service.clone(),
                cause,
                objects,
                refusal,
            });
        }
        if !self.unavailable.is_empty() {
            warnings.push(Warning::MethodsUnavailable {
                service,
                objects: self.unavailable,
            });
        }
        warnings
    }

    fn breaker(&self) -> MutexGuard<'_, CircuitBreaker> {
        // The breaker is consistent after every statement.
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
