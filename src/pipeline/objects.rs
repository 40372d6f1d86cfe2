//! Asks every DRS for every object that it may have.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use futures_util::{StreamExt, future::join_all, stream};

use super::gather::Round;
use crate::{
    domain::{
        object::{DrsRecord, Sighting},
        object_id::{IdForm, ObjectId},
        service::ServiceUri,
        unrankable::Reason,
        warning::Warning,
    },
    outbound::{
        drs::ids::{Address, NamedBy, UnknownServer},
        failure::FetchError,
        fetch::Pass,
    },
};

/// How many objects one DRS is asked for at a time.
const CALLS_PER_DRS: usize = 8;

/// A DRS, and how it is called for this request.
struct Server<'a> {
    uri: Arc<ServiceUri>,
    pass: Pass<'a>,
    /// Why it is not asked any more.
    given_up: OnceLock<FetchError>,
}

/// What a DRS is asked for.
#[derive(Clone)]
struct Question {
    /// The position of the object in the query.
    object: usize,
    /// What the object is called in warnings.
    name: Arc<str>,
    /// The ids that the DRS may know it by, the likeliest first.
    ids: Vec<String>,
}

/// What a DRS said of an object; `None` if it is not there.
type Answer = Result<Option<DrsRecord>, FetchError>;

impl<'a> Round<'a> {
    /// What the DRS say of each object of the query, in its order.
    pub(super) async fn sightings(self) -> (Vec<Sighting>, Vec<Warning>) {
        let objects = self.query.objects();
        let addresses = join_all(objects.iter().map(|id| self.address_of(id))).await;
        let plan = Plan::new(self.query.drs(), objects, &addresses);
        let mut warnings = Vec::new();
        let mut servers = Vec::with_capacity(plan.servers.len());
        for (server, from_passing) in
            join_all(plan.servers.into_iter().map(|named| self.server(named))).await
        {
            servers.push(server);
            warnings.extend(from_passing);
        }
        let answers = join_all(
            servers
                .iter()
                .zip(&plan.questions)
                .map(|(server, questions)| self.ask(server, questions)),
        )
        .await;

        let mut sightings: Vec<_> = objects
            .iter()
            .zip(addresses)
            .map(|(id, address)| Sighting {
                id: Arc::clone(id.given()),
                copies: match address {
                    Err(cause) => Err(Reason::NoServer {
                        object: Arc::clone(id.given()),
                        cause: cause.to_string(),
                    }),
                    Ok(_) => Ok(Vec::new()),
                },
            })
            .collect();
        for ((server, questions), answers) in servers.iter().zip(&plan.questions).zip(answers) {
            warnings.extend(what_went_wrong(server, questions, &answers));
            for (question, answer) in questions.iter().zip(answers) {
                if let Ok(Some(record)) = answer
                    && let Some(Sighting {
                        copies: Ok(copies), ..
                    }) = sightings.get_mut(question.object)
                {
                    copies.push((Arc::clone(&server.uri), record));
                }
            }
        }
        (sightings, warnings)
    }

    /// Where an object is asked for that names its server; `None` for the others.
    async fn address_of(self, id: &ObjectId) -> Result<Option<Address>, UnknownServer> {
        match id.form() {
            IdForm::Bare => Ok(None),
            IdForm::Drs(uri) => {
                let _turn = self.turns.acquire().await;
                self.pipeline.drs_ids.locate(uri).await.map(Some)
            }
        }
    }

    /// A server as it is called, with a warning if the token does not go there.
    async fn server(self, (uri, named_by): (ServiceUri, NamedBy)) -> (Server<'a>, Vec<Warning>) {
        let (pass, warnings) = match (named_by, self.token) {
            (NamedBy::Us, _) => self.pass(&uri).await,
            (NamedBy::Others, None) => (Pass::None, Vec::new()),
            (NamedBy::Others, Some(_)) => {
                let service = uri.to_string();
                (Pass::None, vec![Warning::TokenNotEntrusted { service }])
            }
        };
        let server = Server {
            uri: Arc::new(uri),
            pass,
            given_up: OnceLock::new(),
        };
        (server, warnings)
    }

    /// What one DRS says to each question. Once it proves to be out of reach, it is not asked for the rest.
    async fn ask(self, server: &Server<'_>, questions: &[Question]) -> Vec<Answer> {
        let answers: Vec<_> = questions
            .iter()
            .map(|question| self.ask_one(server, question))
            .collect();
        stream::iter(answers)
            .buffered(CALLS_PER_DRS)
            .collect()
            .await
    }

    /// What a DRS says of one object, by the first of its ids that it knows.
    async fn ask_one(self, server: &Server<'_>, question: &Question) -> Answer {
        for id in &question.ids {
            let _turn = self.turns.acquire().await;
            if let Some(error) = server.given_up.get() {
                return Err(error.clone());
            }
            let answer = self
                .pipeline
                .drs
                .fetch_object(&server.uri, id, server.pass)
                .await;
            if let Err(error) = &answer
                && error.is_about_the_service()
            {
                server.given_up.get_or_init(|| error.clone());
            }
            if !matches!(answer, Ok(None)) {
                return answer;
            }
        }
        Ok(None)
    }
}

/// Whom to ask for what.
struct Plan {
    servers: Vec<(ServiceUri, NamedBy)>,
    /// For each server.
    questions: Vec<Vec<Question>>,
}

impl Plan {
    /// Bare ids are asked for at each of `drs`, the others at their `addresses`.
    fn new(
        drs: &[ServiceUri],
        objects: &[ObjectId],
        addresses: &[Result<Option<Address>, UnknownServer>],
    ) -> Self {
        let mut plan = Self {
            servers: drs.iter().map(|uri| (uri.clone(), NamedBy::Us)).collect(),
            questions: vec![Vec::new(); drs.len()],
        };
        for (object, (id, address)) in objects.iter().zip(addresses).enumerate() {
            let question = |ids| Question {
                object,
                name: Arc::clone(id.given()),
                ids,
            };
            match address {
                Err(_) => {}
                Ok(None) => {
                    let question = question(vec![id.to_string()]);
                    for questions in plan.questions.iter_mut().take(drs.len()) {
                        questions.push(question.clone());
                    }
                }
                Ok(Some(address)) => {
                    let question = question(address.ids.clone());
                    plan.questions_for(address).push(question);
                }
            }
        }
        plan
    }

    fn questions_for(&mut self, address: &Address) -> &mut Vec<Question> {
        let known = self
            .servers
            .iter()
            .position(|(uri, _)| uri.root() == address.server.root());
        let position = known.unwrap_or(self.servers.len());
        if let Some((_, named_by)) = self.servers.get_mut(position) {
            // Whoever else names it too: it is known to be meant.
            if address.named_by == NamedBy::Us {
                *named_by = NamedBy::Us;
            }
        } else {
            self.servers
                .push((address.server.clone(), address.named_by));
            self.questions.push(Vec::new());
        }
        #[expect(clippy::indexing_slicing, reason = "it was there or has been added")]
        &mut self.questions[position]
    }
}

/// One warning for each cause of a failure, and one if access methods are not available.
fn what_went_wrong(
    server: &Server<'_>,
    questions: &[Question],
    answers: &[Answer],
) -> Vec<Warning> {
    let mut failures = BTreeMap::<String, Vec<Arc<str>>>::new();
    let mut unavailable = Vec::new();
    for (question, answer) in questions.iter().zip(answers) {
        match answer {
            Ok(Some(record)) if record.unavailable > 0 => {
                unavailable.push(Arc::clone(&question.name));
            }
            Ok(_) => {}
            Err(error) => {
                let objects = failures.entry(error.to_string()).or_default();
                objects.push(Arc::clone(&question.name));
            }
        }
    }
    let service = server.uri.to_string();
    let mut warnings: Vec<_> = failures
        .into_iter()
        .map(|(cause, objects)| Warning::DrsUnavailable {
            service: service.clone(),
            cause,
            objects,
        })
        .collect();
    if !unavailable.is_empty() {
        warnings.push(Warning::MethodsUnavailable {
            service,
            objects: unavailable,
        });
    }
    warnings
}
