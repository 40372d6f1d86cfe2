//! One DRS in one request: how it is called, and what went wrong with it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use url::Url;

use super::tree::{Leaf, NodeState, ObjectTree};
use crate::{
    client::{Authorization, CallScope, FetchError, health::CircuitBreaker},
    domain::{
        service::ServiceUri,
        warning::{DrsHint, Warning},
    },
    drs::{DrsClient, DrsItem, ItemRequest},
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
    failures: BTreeMap<Arc<str>, Failure>,
    /// Whether it gave anything.
    has_item: bool,
    /// Nodes whose fetch found no DRS.
    not_found_by: Vec<usize>,
    /// Objects with access methods that are not available.
    unavailable: Vec<Arc<str>>,
}

/// One cause, and all objects that were not read because of it.
struct Failure {
    objects: Vec<Arc<str>>,
    hint: Option<DrsHint>,
    /// The first of them.
    node: usize,
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
            has_item: false,
            not_found_by: Vec::new(),
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
        self.has_item |= matches!(result, Ok(Some(_)));
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
                if matches!(error, FetchError::NoDrs(_)) {
                    self.not_found_by.push(node);
                }
                let (cause, hint) = (Arc::from(error.to_string()), self.hint(&error));
                let failure = self
                    .failures
                    .entry(Arc::clone(&cause))
                    .or_insert_with(|| Failure {
                        objects: Vec::new(),
                        hint,
                        node,
                    });
                failure.objects.push(tree.name(node));
                NodeState::Failed(cause)
            }
        };
        tree.set_state(node, state);
        Vec::new()
    }

    fn hint(&self, error: &FetchError) -> Option<DrsHint> {
        if error.is_plain_http() && self.uri.root().scheme() == "https" {
            return Some(DrsHint::PlainHttp);
        }
        if matches!(error, FetchError::PassportWanted(_)) {
            return Some(DrsHint::Passport);
        }
        error
            .is_refusal()
            .then_some(match self.authorization.credential() {
                Some(_) => DrsHint::Token,
                None => DrsHint::NoToken,
            })
    }

    /// Takes back that it is no DRS, if it gave anything after all.
    pub(super) fn settle(&mut self, tree: &mut ObjectTree<'_>) {
        if !self.has_item || self.not_found_by.is_empty() {
            return;
        }
        for node in self.not_found_by.drain(..) {
            if let Some(NodeState::Failed(cause)) = tree.nodes.get(node).map(|node| &node.state) {
                self.failures.remove(cause);
            }
            tree.set_state(node, NodeState::Absent);
        }
    }

    /// Looks up whether a passport is what was missing, by one object of each refusal.
    pub(super) async fn look_for_passports(
        &mut self,
        client: &DrsClient,
        scope: &CallScope,
        tree: &ObjectTree<'_>,
    ) {
        for failure in self.failures.values_mut() {
            let is_refused = matches!(failure.hint, Some(DrsHint::Token | DrsHint::NoToken));
            let Some(id) = tree.ids(failure.node).and_then(|ids| ids.ids.first()) else {
                continue;
            };
            let request = ItemRequest::plain(&self.uri, id, self.authorization);
            if is_refused && client.takes_only_passports(scope, request).await {
                failure.hint = Some(DrsHint::Passport);
            }
        }
    }

    /// That the token was withheld, one for each cause of a failure, and one for access methods that are not available.
    pub(super) fn into_warnings(self) -> Vec<Warning> {
        let service = self.uri.to_string();
        let mut warnings: Vec<_> = self.warning.into_iter().collect();
        for (cause, Failure { objects, hint, .. }) in self.failures {
            warnings.push(Warning::DrsUnavailable {
                service: service.clone(),
                cause: cause.to_string(),
                objects,
                hint,
            });
        }
        if !self.unavailable.is_empty() {
            warnings.push(Warning::AccessMethodsUnavailable {
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

/// The DRS of a request, each once.
pub(super) struct Sessions<'a> {
    pub(super) list: Vec<DrsSession<'a>>,
    /// Their positions by root.
    positions: HashMap<Url, usize>,
}

impl<'a> Sessions<'a> {
    pub(super) fn new(list: Vec<DrsSession<'a>>) -> Self {
        let roots = list.iter().map(|session| session.uri.root().clone());
        Self {
            positions: roots.zip(0..).collect(),
            list,
        }
    }

    pub(super) fn position(&self, server: &ServiceUri) -> Option<usize> {
        self.positions.get(server.root()).copied()
    }

    /// Gives back its position.
    pub(super) fn add(&mut self, session: DrsSession<'a>) -> usize {
        let position = self.list.len();
        self.positions.insert(session.uri.root().clone(), position);
        self.list.push(session);
        position
    }
}
