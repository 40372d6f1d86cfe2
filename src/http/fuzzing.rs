//! A door for fuzzers: reads whatever may come as a request.

use super::{error::Failure, openapi::document, validate::RequestValidator};
use crate::{api::request::RankRequest, config::Limits, domain::query::Query, error::Error};

/// Reads bodies of requests.
#[derive(Debug)]
pub struct Reader(RequestValidator);

impl Reader {
    /// `None` if the OpenAPI document cannot be used.
    pub fn new() -> Option<Self> {
        let document = document(&Limits::default(), None);
        let document = serde_json::to_value(&document).ok()?;
        let validator = RequestValidator::new(&document, Limits::default()).ok()?;
        Some(Self(validator))
    }

    /// The query that `body` asks for, or how many faults it has.
    ///
    /// # Errors
    /// The number of faults that are told.
    pub fn read(&self, body: &[u8]) -> Result<Query, usize> {
        let request: RankRequest = self.0.read(body).map_err(|failure| match failure {
            Failure::Ranking(Error::Invalid(faults)) => faults.len(),
            _ => 0,
        })?;
        request
            .into_query(&Limits::default())
            .map_err(|faults| faults.len())
    }
}
