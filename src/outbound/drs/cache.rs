//! What DRS said a short while ago, so that the next request need not ask again.

use std::{sync::Arc, time::Duration};

use moka::future::Cache;

use super::Entity;
use crate::{
    domain::service::ServiceUri,
    outbound::{
        failure::FetchError,
        fetch::{Fetcher, Pass},
        fingerprint::{Fingerprint, Fingerprints},
    },
};

/// The most that is kept, in bytes, more or less.
const MOST_BYTES: u64 = 32 << 20;

/// Keeps what is at a DRS, for those who may see it.
#[derive(Debug, Clone)]
pub(super) struct ObjectCache {
    prints: Arc<Fingerprints>,
    /// Nothing, if nothing is to be kept.
    kept: Option<Cache<Fingerprint, Arc<Entity>>>,
}

/// Why there is nothing to keep.
#[derive(Debug, Clone)]
enum Miss {
    NotThere,
    Failed(FetchError),
}

impl From<FetchError> for Miss {
    fn from(error: FetchError) -> Self {
        Self::Failed(error)
    }
}

impl ObjectCache {
    /// Keeps everything for `time_to_live`; nothing, if that is no time.
    pub(super) fn new(time_to_live: Duration) -> Self {
        let kept = (!time_to_live.is_zero()).then(|| {
            Cache::builder()
                .max_capacity(MOST_BYTES)
                .weigher(|_, entity: &Arc<Entity>| {
                    u32::try_from(entity.bytes()).unwrap_or(u32::MAX)
                })
                .time_to_live(time_to_live)
                .build()
        });
        Self {
            prints: Arc::default(),
            kept,
        }
    }

    /// What `fetch` finds by `fetcher`, or found for the same server, id and token before. Whoever asks for the same at
    /// the same time waits for one answer. That something is not there is not kept: it may have been put there since.
    ///
    /// # Errors
    /// Whatever `fetch` fails with, which is not kept either.
    pub(super) async fn get(
        &self,
        fetcher: &Fetcher,
        drs: &ServiceUri,
        id: &str,
        pass: Pass<'_>,
        fetch: impl Future<Output = Result<Option<Entity>, FetchError>>,
    ) -> Result<Option<Entity>, FetchError> {
        let Some(kept) = &self.kept else {
            return fetch.await;
        };
        let fetch = async {
            let entity = fetch.await?;
            entity.map(Arc::new).ok_or(Miss::NotThere)
        };
        let key = self.key(drs, id, pass);
        match fetcher.ask_once(kept, key, drs.root(), fetch).await {
            Ok(entity) => Ok(Some(Arc::unwrap_or_clone(entity))),
            Err(Miss::NotThere) => Ok(None),
            Err(Miss::Failed(error)) => Err(error),
        }
    }

    /// What is known, without asking for it.
    pub(super) async fn peek(&self, drs: &ServiceUri, id: &str, pass: Pass<'_>) -> Option<Entity> {
        let entity = self.kept.as_ref()?.get(&self.key(drs, id, pass)).await?;
        Some(Arc::unwrap_or_clone(entity))
    }

    /// Keeps what was found in another way.
    pub(super) async fn put(&self, drs: &ServiceUri, id: &str, pass: Pass<'_>, entity: &Entity) {
        if let Some(kept) = &self.kept {
            let entity = Arc::new(entity.clone());
            kept.insert(self.key(drs, id, pass), entity).await;
        }
    }

    /// Stands for a server as it is to whoever asks it.
    pub(super) fn key_of_server(&self, drs: &ServiceUri, pass: Pass<'_>) -> Fingerprint {
        self.prints.of((drs.root().as_str(), pass.secret()))
    }

    /// The root has user name and password in it, if there are any.
    fn key(&self, drs: &ServiceUri, id: &str, pass: Pass<'_>) -> Fingerprint {
        self.prints.of((drs.root().as_str(), id, pass.secret()))
    }
}
