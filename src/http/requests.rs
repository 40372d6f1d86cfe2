//! Requests as JSON text, for programs that embed the library and check what they are given as the service does.

use super::{RouterError, body::RequestReader, error::HttpError, openapi::document};
use crate::{
    api::{request::RankRequest, task_request::TaskRequest},
    config::Config,
    domain::query::{RequestFault, RequestFaultReason},
    error::Error,
    http::openapi::DocumentError,
};

/// Reads the body of `POST /rank-services`, and explains every fault of one that it refuses.
#[derive(Debug)]
pub struct JsonRequests {
    reader: RequestReader,
}

impl JsonRequests {
    /// Requests within the limits of `config`.
    ///
    /// # Errors
    /// [`RouterError`] if the schema of requests cannot be made.
    pub fn new(config: &Config) -> Result<Self, RouterError> {
        let document = serde_json::to_value(document(&config.limits, None));
        let document = document.map_err(DocumentError::from)?;
        Ok(Self {
            reader: RequestReader::new(&document, config.limits)?,
        })
    }

    /// The request in `body`.
    ///
    /// # Errors
    /// [`Error::Invalid`] with all faults.
    pub fn rank_request(&self, body: &[u8]) -> Result<RankRequest, Error> {
        self.reader.read(body).map_err(ranking_error)
    }

    /// The request for a whole task in `body`.
    ///
    /// # Errors
    /// [`Error::Invalid`] with all faults.
    pub fn task_request(&self, body: &[u8]) -> Result<TaskRequest, Error> {
        self.reader.read_task(body).map_err(ranking_error)
    }
}

fn ranking_error(error: HttpError) -> Error {
    match error {
        HttpError::Ranking(error) => error,
        _ => Error::Invalid(vec![RequestFault::new("", RequestFaultReason::Unreadable)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_a_request_is_named() {
        let requests = JsonRequests::new(&Config::default()).unwrap();
        let Err(Error::Invalid(faults)) =
            requests.rank_request(br#"{"tes_uris": [], "mode": "Cost"}"#)
        else {
            panic!("an invalid request was accepted");
        };
        let mut pointers: Vec<_> = faults.iter().map(|fault| &*fault.pointer).collect();
        pointers.sort_unstable();
        assert_eq!(pointers, ["/mode", "/resource_requirements", "/tes_uris"]);
    }
}
