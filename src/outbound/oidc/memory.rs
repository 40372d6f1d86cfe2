//! What is remembered of a provider, and when it is asked again.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Mutex as Turn, time::Instant};
use tracing::{Instrument, warn};

use super::{OidcError, Published, discovery::Discovery};

/// The least time between two fetches for a key that is not known, since a stranger's choice of key must not make us
/// call; and between two fetches from a provider that is down while something is remembered of it.
const BETWEEN_REFRESHES: Duration = Duration::from_secs(60);

/// How long a provider that failed is left alone while nothing at all is known of it.
pub(super) const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// A provider, and what it said.
#[derive(Debug)]
pub(super) struct Provider {
    discovery: Discovery,
    keep: Duration,
    /// Never held while waiting.
    memory: Mutex<Memory>,
    /// Held while asking, so that many callers make one call.
    turn: Arc<Turn<()>>,
}

#[derive(Debug, Default)]
struct Memory {
    published: Option<Arc<Published>>,
    /// When what is known was fetched.
    fetched: Option<Instant>,
    /// When the provider was last asked; unless that failed, the same as `fetched`.
    asked: Option<Instant>,
}

impl Memory {
    /// What is remembered; `None` if the provider is to be asked.
    fn recall(
        &self,
        key_id: Option<&str>,
        keep: Duration,
    ) -> Result<Option<Arc<Published>>, OidcError> {
        let within =
            |then: Option<Instant>, time| then.is_some_and(|then: Instant| then.elapsed() < time);
        let has_failed = self.asked != self.fetched;
        let Some(published) = &self.published else {
            return if has_failed && within(self.asked, AFTER_FAILURE) {
                Err(OidcError::LeftAlone)
            } else {
                Ok(None)
            };
        };
        let has_key = key_id.is_none_or(|id| published.keys.find(id).is_some());
        let is_good = if within(self.fetched, keep) {
            has_key || within(self.asked, BETWEEN_REFRESHES)
        } else {
            has_failed && within(self.asked, BETWEEN_REFRESHES)
        };
        Ok(is_good.then(|| Arc::clone(published)))
    }
}

impl Provider {
    /// A provider of which nothing is known, and that is asked by `discovery`; what it says is kept for `keep`.
    pub(super) fn new(discovery: Discovery, keep: Duration) -> Self {
        Self {
            discovery,
            keep,
            memory: Mutex::default(),
            turn: Arc::default(),
        }
    }

    /// What the provider publishes, remembered or fetched.
    ///
    /// # Errors
    /// [`OidcError`] if nothing is remembered and nothing can be had.
    pub(super) async fn published(
        self: &Arc<Self>,
        key_id: Option<&str>,
    ) -> Result<Arc<Published>, OidcError> {
        if let Some(published) = self.memory().recall(key_id, self.keep)? {
            return Ok(published);
        }
        let turn = Arc::clone(&self.turn).lock_owned().await;
        // Someone else may have asked while this one waited.
        if let Some(published) = self.memory().recall(key_id, self.keep)? {
            return Ok(published);
        }
        let provider = Arc::clone(self);
        let asking = async move {
            let _turn = turn;
            provider.ask().await
        };
        // A task of its own: who asks and goes away must not take along what others wait for, and could do so again and
        // again.
        tokio::spawn(asking.in_current_span())
            .await
            .unwrap_or(Err(OidcError::GivenUp))
    }

    async fn ask(&self) -> Result<Arc<Published>, OidcError> {
        let answer = self.discovery.fetch().await.map(Arc::new);
        let now = Some(Instant::now());
        let mut memory = self.memory();
        memory.asked = now;
        match (answer, &memory.published) {
            (Ok(published), _) => {
                memory.fetched = now;
                memory.published = Some(Arc::clone(&published));
                Ok(published)
            }
            (Err(error), Some(remembered)) => {
                let issuer = self.discovery.issuer();
                warn!(issuer, %error, "an identity provider is down; its remembered keys serve on");
                Ok(Arc::clone(remembered))
            }
            (Err(error), None) => Err(error),
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // What is written into it is always whole.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
