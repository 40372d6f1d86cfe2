//! The facade of the library for one configuration.

use std::{
    collections::HashMap,
    path::PathBuf,
    process,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use pyo3::prelude::*;
use testribute::{
    Deadline, DeadlineOwner, Error, Ranker, Reach,
    auth::AuthError,
    config::{Config, SecretName},
    domain::token::Token,
    http::JsonRequests,
};
use tokio::time::{Instant, timeout_at};

use crate::{
    answer::Answer,
    call::{self, Call, Outcome},
    errors::{Failure, guarded, pointer_and_message},
    runtime::runtime,
};

/// A ranker and the reader of its requests.
struct Engine {
    ranker: Ranker,
    requests: JsonRequests,
}

impl Engine {
    /// Connects to nothing yet.
    fn new(config: &Config, reach: Reach) -> Result<Self, Failure> {
        let requests = JsonRequests::new(config);
        Ok(Self {
            ranker: Ranker::with_reach(config, reach).map_err(Error::from)?,
            requests: requests.map_err(|error| Failure::Config(error.to_string()))?,
        })
    }
}

/// What callers raise for more time.
const TIMEOUT: DeadlineOwner = DeadlineOwner::Caller("timeout (seconds for the whole ranking)");

/// What to rank, for whom, and until when.
struct Job {
    /// Whether the body has a whole task.
    whole_task: bool,
    body: String,
    jwt: Option<String>,
    deadline: Option<Deadline>,
}

/// The deadline of a ranking that begins now.
fn deadline(timeout_sec: Option<f64>) -> Option<Deadline> {
    Some(Deadline {
        start: Instant::now(),
        length: Duration::try_from_secs_f64(timeout_sec?).ok()?,
        set_by: TIMEOUT,
    })
}

/// Ranks requests that are JSON text. `testribute.Ranker` wraps it.
#[pyclass(frozen, name = "NativeRanker", module = "testribute._testribute")]
pub(crate) struct NativeRanker {
    config: Config,
    reach: Reach,
    /// For the process with this id: connections do not survive a fork. Locked only while attached (see `runtime`).
    engine: Mutex<(u32, Arc<Engine>)>,
}

#[pymethods]
impl NativeRanker {
    /// A ranker with the configuration in `text` (YAML), or that of `file` with the variables of `environment` over it.
    #[new]
    #[pyo3(signature = (*, text, file, environment, everywhere))]
    fn new(
        py: Python<'_>,
        text: Option<String>,
        file: Option<PathBuf>,
        environment: HashMap<String, String>,
        everywhere: bool,
    ) -> PyResult<Self> {
        let config = guarded(py, || {
            let config = match text {
                Some(text) => {
                    Config::from_text(&text).map_err(|fault| Failure::Config(fault.to_string()))
                }
                None => Config::load(file.as_deref(), environment).map_err(Failure::from),
            };
            config.map_err(|failure| failure.into_exception(py))
        })?;
        let reach = if everywhere {
            Reach::Everywhere
        } else {
            Reach::Public
        };
        let engine = guarded(py, || build(py, &config, reach))?;
        Ok(Self {
            config,
            reach,
            engine: Mutex::new((process::id(), engine)),
        })
    }

    /// The variables of the environment that the credentials of the configuration name.
    fn secret_variables(&self) -> Vec<&str> {
        let entries = self.config.credentials.iter();
        let names = entries.map(|entry| match &entry.secret {
            SecretName::Bearer { env } => env,
            SecretName::Basic { password_env, .. } => password_env,
            SecretName::Header { value_env, .. } => value_env,
        });
        names.map(String::as_str).collect()
    }

    /// The faults of `body`, as `rank` would raise them: JSON pointers and what is wrong there.
    #[pyo3(signature = (body, *, whole_task))]
    fn faults(
        &self,
        py: Python<'_>,
        body: &str,
        whole_task: bool,
    ) -> PyResult<Vec<(String, String)>> {
        guarded(py, || {
            let requests = &self.engine(py)?.requests;
            let error = if whole_task {
                requests.task_request(body.as_bytes()).err()
            } else {
                requests.rank_request(body.as_bytes()).err()
            };
            Ok(match error {
                Some(Error::Invalid(faults)) => faults.iter().map(pointer_and_message).collect(),
                _ => Vec::new(),
            })
        })
    }

    /// The answer to `body`, which is that of `POST /rank-tasks` if `whole_task`, else that
    /// of `POST /rank-services`.
    #[pyo3(signature = (body, *, whole_task, jwt=None, timeout_sec=None))]
    fn rank(
        &self,
        py: Python<'_>,
        body: String,
        whole_task: bool,
        jwt: Option<String>,
        timeout_sec: Option<f64>,
    ) -> PyResult<Answer> {
        let job = Job {
            whole_task,
            body,
            jwt,
            deadline: deadline(timeout_sec),
        };
        guarded(py, || {
            call::wait(py, runtime(py)?, run(self.engine(py)?, job))
        })
    }

    /// The same, handed to `callback(answer, exception)`.
    #[pyo3(signature = (body, callback, *, whole_task, jwt=None, timeout_sec=None))]
    fn start(
        &self,
        py: Python<'_>,
        body: String,
        callback: Py<PyAny>,
        whole_task: bool,
        jwt: Option<String>,
        timeout_sec: Option<f64>,
    ) -> PyResult<Call> {
        let job = Job {
            whole_task,
            body,
            jwt,
            deadline: deadline(timeout_sec),
        };
        guarded(py, || {
            let ranking = run(self.engine(py)?, job);
            Ok(call::start(runtime(py)?, ranking, callback))
        })
    }
}

impl NativeRanker {
    fn engine(&self, py: Python<'_>) -> PyResult<Arc<Engine>> {
        let current = self.current();
        if current.0 == process::id() {
            return Ok(Arc::clone(&current.1));
        }
        // Not locked meanwhile: an exception is an object of the interpreter, which may run others to make it.
        drop(current);
        let built = build(py, &self.config, self.reach)?;
        let mut current = self.current();
        if current.0 != process::id() {
            let old = std::mem::replace(&mut *current, (process::id(), built));
            // Its connections belong to threads of the parent process.
            std::mem::forget(old);
        }
        Ok(Arc::clone(&current.1))
    }

    fn current(&self) -> MutexGuard<'_, (u32, Arc<Engine>)> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn build(py: Python<'_>, config: &Config, reach: Reach) -> PyResult<Arc<Engine>> {
    let _entered = runtime(py)?.enter();
    let engine = Engine::new(config, reach).map_err(|failure| failure.into_exception(py))?;
    Ok(Arc::new(engine))
}

async fn run(engine: Arc<Engine>, job: Job) -> Outcome {
    let Job { deadline, .. } = job;
    let token = job.jwt.map(Token::new).transpose();
    let admission = engine.ranker.admit(token.map_err(|_| Failure::Token)?);
    let caller = match deadline {
        Some(Deadline { start, length, .. }) => timeout_at(start + length, admission)
            .await
            .unwrap_or(Err(Error::Unauthorized(AuthError::IssuerUnavailable)))?,
        None => admission.await?,
    };
    let (ranker, body) = (&engine.ranker, job.body.as_bytes());
    if job.whole_task {
        let request = engine.requests.task_request(body)?;
        let response = match deadline {
            Some(deadline) => ranker.rank_task_before(deadline, request, &caller).await?,
            None => ranker.rank_task(request, &caller).await?,
        };
        return Ok(Answer::from(response));
    }
    let request = engine.requests.rank_request(body)?;
    let response = match deadline {
        Some(deadline) => ranker.rank_before(deadline, request, &caller).await?,
        None => ranker.rank(request, &caller).await?,
    };
    Ok(Answer::from(response))
}
