//! From errors of the library to the exceptions of `testribute.errors`.

use std::{
    io,
    panic::{self, AssertUnwindSafe},
};

use pyo3::{PyTypeInfo, exceptions::PyException, prelude::*, types::PyType};
use testribute::{Error, config::ConfigError, domain::query::RequestFault};

/// How many faults the text of an exception has, as in `testribute/errors.py`.
const MAX_SHOWN: usize = 20;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The library refuses the request or cannot rank.
    Ranking(Error),
    /// The token has characters that no header can have.
    Token,
    /// The configuration cannot be used; one line.
    Config(String),
    /// The process has no room for threads, files or sockets.
    Runtime(io::Error),
    /// A bug. Its text was logged.
    Internal,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Ranking(error)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Config(error.to_string())
    }
}

/// The parts of an exception.
#[derive(Debug, Default)]
struct Parts {
    class: &'static str,
    message: String,
    /// JSON pointers and what is wrong there.
    errors: Vec<(String, String)>,
    warnings: Vec<String>,
}

impl Failure {
    fn parts(&self) -> Parts {
        match self {
            Self::Ranking(Error::Invalid(faults)) => Parts {
                class: "ValidationError",
                message: joined(faults),
                errors: faults.iter().map(pointer_and_message).collect(),
                ..Parts::default()
            },
            Self::Ranking(Error::Unrankable(unrankable)) => {
                let reasons = unrankable.reasons.iter();
                let warnings = unrankable.warnings.iter();
                Parts {
                    class: "ResourceUnavailableError",
                    message: unrankable.to_string(),
                    errors: reasons
                        .map(|reason| (String::new(), reason.to_string()))
                        .collect(),
                    warnings: warnings.map(ToString::to_string).collect(),
                }
            }
            Self::Ranking(Error::Unauthorized(error)) => Parts::unauthorized(&error.to_string()),
            Self::Ranking(Error::Setup(error)) => Parts::of("ConfigError", error.to_string()),
            Self::Token => Parts::of(
                "UnauthorizedError",
                "The token has characters other than visible ASCII; jwt must be the token itself."
                    .to_owned(),
            ),
            Self::Config(message) => Parts::of("ConfigError", message.clone()),
            Self::Runtime(error) => Parts::of(
                "TestributeError",
                format!("Threads and sockets for calls cannot be made: {error}"),
            ),
            Self::Internal => Parts::of(
                "TestributeError",
                "Internal error; the logger 'testribute' has the cause. Please report it."
                    .to_owned(),
            ),
        }
    }
}

impl Parts {
    /// An exception with one message.
    fn of(class: &'static str, message: String) -> Self {
        Self {
            class,
            errors: vec![(String::new(), message.clone())],
            message,
            warnings: Vec::new(),
        }
    }

    /// What is wrong with the token, and why there has to be a valid one.
    fn unauthorized(error: &str) -> Self {
        let advice = "The configuration (security.authorization_required) asks for a valid token: pass it as jwt.";
        Self::of("UnauthorizedError", format!("{error} {advice}"))
    }
}

impl Failure {
    /// The exception for Python.
    pub(crate) fn into_exception(self, py: Python<'_>) -> PyErr {
        let Parts {
            class,
            message,
            errors,
            warnings,
        } = self.parts();
        let found = py
            .import("testribute.errors")
            .and_then(|module| module.getattr(class))
            .and_then(|class| Ok(class.cast_into::<PyType>()?));
        match found {
            Ok(class) => PyErr::from_type(class, (message, errors, warnings)),
            // Only while the interpreter shuts down.
            Err(_) => PyErr::from_type(PyException::type_object(py), message),
        }
    }
}

/// What `work` returns; a panic in it, such as that of Tokio where no thread can be started, is an internal error, of
/// which Python sees no more than that.
pub(crate) fn guarded<T>(py: Python<'_>, work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    panic::catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Failure::Internal.into_exception(py)))
}

pub(crate) fn pointer_and_message(fault: &RequestFault) -> (String, String) {
    (fault.pointer.clone(), fault.message.clone())
}

/// The first faults; the attribute has all.
fn joined(faults: &[RequestFault]) -> String {
    let shown = faults.iter().take(MAX_SHOWN).map(ToString::to_string);
    let mut texts: Vec<_> = shown.collect();
    if faults.len() > MAX_SHOWN {
        texts.push(format!("and {} more in `errors`", faults.len() - MAX_SHOWN));
    }
    texts.join("; ")
}
