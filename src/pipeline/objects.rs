//! Asks every DRS for every object.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use futures_util::{StreamExt, future::join_all, stream};

use super::gather::Round;
use crate::{
    domain::{
        object::{DrsRecord, Sighting},
        service::ServiceUri,
        warning::Warning,
    },
    outbound::{failure::FetchError, fetch::Pass},
};

/// How many objects one DRS is asked for at a time.
const CALLS_PER_DRS: usize = 8;

impl Round<'_> {
    /// What the DRS say of each object of the query, in its order.
    pub(super) async fn sightings(self) -> (Vec<Sighting>, Vec<Warning>) {
        let drs: Vec<_> = self.query.drs().iter().cloned().map(Arc::new).collect();
        let columns = join_all(drs.iter().map(|drs| self.records_of(drs))).await;
        let mut warnings = Vec::new();
        let mut columns: Vec<_> = columns
            .into_iter()
            .zip(&drs)
            .map(|((column, from_drs), drs)| {
                warnings.extend(from_drs);
                (drs, column.into_iter())
            })
            .collect();
        let sightings = self
            .query
            .objects()
            .iter()
            .map(|id| Sighting {
                id: Arc::clone(id),
                copies: Ok(columns
                    .iter_mut()
                    .filter_map(|(drs, column)| Some((Arc::clone(drs), column.next()??)))
                    .collect()),
            })
            .collect();
        (sightings, warnings)
    }

    /// What one DRS says of each object. Once it proves to be out of reach, it is not asked for the rest.
    async fn records_of(self, drs: &ServiceUri) -> (Vec<Option<DrsRecord>>, Vec<Warning>) {
        let objects = self.query.objects();
        if objects.is_empty() {
            return (Vec::new(), Vec::new());
        }
        let (pass, mut warnings) = self.pass(drs).await;
        let given_up = OnceLock::new();
        let questions: Vec<_> = objects
            .iter()
            .map(|id| self.record_of(drs, id, pass, &given_up))
            .collect();
        let answers: Vec<_> = stream::iter(questions)
            .buffered(CALLS_PER_DRS)
            .collect()
            .await;

        let mut failures = BTreeMap::<String, Vec<Arc<str>>>::new();
        let mut unavailable = Vec::new();
        let column = objects
            .iter()
            .zip(answers)
            .map(|(id, answer)| match answer {
                Ok(record) => {
                    if record.as_ref().is_some_and(|record| record.unavailable > 0) {
                        unavailable.push(Arc::clone(id));
                    }
                    record
                }
                Err(error) => {
                    let objects = failures.entry(error.to_string()).or_default();
                    objects.push(Arc::clone(id));
                    None
                }
            })
            .collect();
        warnings.extend(
            failures
                .into_iter()
                .map(|(cause, objects)| Warning::DrsUnavailable {
                    service: drs.to_string(),
                    cause,
                    objects,
                }),
        );
        if !unavailable.is_empty() {
            warnings.push(Warning::MethodsUnavailable {
                service: drs.to_string(),
                objects: unavailable,
            });
        }
        (column, warnings)
    }

    /// What a DRS says of one object. Fails at once with what is in `given_up`, and puts in there what concerns all.
    async fn record_of(
        self,
        drs: &ServiceUri,
        id: &str,
        pass: Pass<'_>,
        given_up: &OnceLock<FetchError>,
    ) -> Result<Option<DrsRecord>, FetchError> {
        let _turn = self.turns.acquire().await;
        if let Some(error) = given_up.get() {
            return Err(error.clone());
        }
        let answer = self.pipeline.drs.fetch_object(drs, id, pass).await;
        if let Err(error) = &answer
            && error.is_about_the_service()
        {
            given_up.get_or_init(|| error.clone());
        }
        answer
    }
}
