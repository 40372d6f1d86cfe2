//! An answer as the library gives it. It becomes dictionaries or JSON text only when it is asked for as such.

use pyo3::prelude::*;
use pythonize::pythonize;
use testribute::api::{response::RankResponse, task_response::TaskResponse};

use crate::errors::Failure;

/// An answer.
#[pyclass(frozen, module = "testribute._testribute")]
#[derive(Debug)]
pub(crate) struct Answer(Response);

#[derive(Debug)]
enum Response {
    Services(RankResponse),
    Task(TaskResponse),
}

impl From<RankResponse> for Answer {
    fn from(response: RankResponse) -> Self {
        Self(Response::Services(response))
    }
}

impl From<TaskResponse> for Answer {
    fn from(response: TaskResponse) -> Self {
        Self(Response::Task(response))
    }
}

#[pymethods]
impl Answer {
    /// The warnings.
    fn warnings(&self) -> Vec<&str> {
        let warnings = match &self.0 {
            Response::Services(response) => &response.warnings,
            Response::Task(response) => &response.warnings,
        };
        warnings.iter().map(String::as_str).collect()
    }

    /// New dictionaries, as `json.loads(answer.to_json())` gives them.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(match &self.0 {
            Response::Services(response) => pythonize(py, response)?,
            Response::Task(response) => pythonize(py, response)?,
        })
    }

    /// The answer as JSON text, as the HTTP service sends it.
    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        let text = py.detach(|| match &self.0 {
            Response::Services(response) => serde_json::to_string(response),
            Response::Task(response) => serde_json::to_string(response),
        });
        // Maps with string keys, numbers and strings cannot fail.
        text.map_err(|_| Failure::Internal.into_exception(py))
    }
}
