//! One DRS in one request: how it is called, and what went wrong with it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
};

use super::bundles::{Forest, Leaf, Said};
use crate::{
    domain::{
        service::ServiceUri,
        warning::{Refusal, Warning},
    },
    outbound::{drs::Entity, failure::FetchError, fetch::Pass},
};

/// A server that has answered may be slow at some objects, but not at so many in a row.
const MOST_IN_A_ROW: usize = 24;

/// What a DRS said of an object; `None` if it is not there.
pub(super) type Answer = Result<Option<Entity>, FetchError>;

/// A DRS, and how it is called for this request.
pub(super) struct Server<'a> {
    pub(super) uri: Arc<ServiceUri>,
    pub(super) pass: Pass<'a>,
    /// Why it is not asked any more.
    pub(super) given_up: OnceLock<FetchError>,
    /// Whether it has answered anything: then it is there, and what fails is about one object.
    has_answered: AtomicBool,
    /// How many questions in a row it let pass.
    silent_for: AtomicUsize,
    /// Whether the token was held back from it.
    warnings: Vec<Warning>,
    /// What was asked for in vain, by the cause.
    failures: BTreeMap<String, Failure>,
    /// Objects with access methods that are not available.
    unavailable: Vec<Arc<str>>,
}

/// One cause, and all that was asked for in vain because of it.
#[derive(Default)]
struct Failure {
    objects: Vec<Arc<str>>,
    refusal: Option<Refusal>,
}

impl<'a> Server<'a> {
    /// A server that is called with `pass`; `warnings` tell if the token is held back from it.
    pub(super) fn new(uri: ServiceUri, pass: Pass<'a>, warnings: Vec<Warning>) -> Self {
        Self {
            uri: Arc::new(uri),
            pass,
            given_up: OnceLock::new(),
            has_answered: AtomicBool::new(false),
            silent_for: AtomicUsize::new(0),
            warnings,
            failures: BTreeMap::new(),
            unavailable: Vec::new(),
        }
    }
}

impl Server<'_> {
    /// Takes down whether an answer came. After a failure that would befall every other call too, the server is not asked
    /// any more; if it has answered before, after many.
    pub(super) fn note(&self, failure: Option<&FetchError>) {
        match failure {
            Some(error) if error.is_about_the_service() => {
                let in_a_row = 1 + self.silent_for.fetch_add(1, Relaxed);
                if !self.has_answered.load(Relaxed) || in_a_row >= MOST_IN_A_ROW {
                    self.given_up.get_or_init(|| error.clone());
                }
            }
            _ => {
                self.silent_for.store(0, Relaxed);
                self.has_answered.store(true, Relaxed);
            }
        }
    }

    /// Takes down what this DRS said of a node. If that is a bundle, gives back what it holds, with the node and where it
    /// was asked for.
    pub(super) fn take_down(
        &mut self,
        forest: &mut Forest<'_>,
        node: usize,
        answer: Answer,
    ) -> Vec<(usize, usize, Leaf)> {
        let said = match answer {
            Ok(None) => Said::Nothing,
            Ok(Some(Entity::Object(record))) => {
                if record.unavailable > 0 {
                    self.unavailable.push(forest.name(node));
                }
                Said::Object(record)
            }
            Ok(Some(Entity::Bundle(contents))) => {
                let at = forest.server(node);
                let leaves = forest.open(node, contents);
                return leaves.into_iter().map(|leaf| (node, at, leaf)).collect();
            }
            Err(error) => {
                let failure = self.failures.entry(error.to_string()).or_default();
                failure.objects.push(forest.name(node));
                failure.refusal = error.is_refusal().then_some(match self.pass {
                    Pass::Token(_) | Pass::ListedOnly(_) => Refusal::Token,
                    Pass::None | Pass::HeldBack => Refusal::NoToken,
                });
                Said::Failed
            }
        };
        forest.note(node, said);
        Vec::new()
    }

    /// Whether the token was held back, one for each cause of a failure, and one if access methods are not available.
    pub(super) fn into_warnings(self) -> Vec<Warning> {
        let service = self.uri.to_string();
        let mut warnings = self.warnings;
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
}
