//! What fuzz targets need: reads any bytes as the body of a request.

use super::{body::RequestReader, error::HttpError, openapi::document};
use crate::{config::Limits, domain::query::Query, error::Error};

/// Reads bodies of requests.
#[derive(Debug)]
pub struct Reader(RequestReader);

impl Reader {
    /// `None` if the OpenAPI document cannot be used.
    pub fn new() -> Option<Self> {
        let document = document(&Limits::default(), None);
        let document = serde_json::to_value(&document).ok()?;
        let reader = RequestReader::new(&document, Limits::default()).ok()?;
        Some(Self(reader))
    }

    /// The query of `body`.
    ///
    /// # Errors
    /// The number of faults in the error body.
    pub fn read(&self, body: &[u8]) -> Result<Query, usize> {
        let request = self.0.read(body).map_err(|error| match error {
            HttpError::Ranking(Error::Invalid(faults)) => faults.len(),
            _ => 0,
        })?;
        request
            .into_query(&Limits::default(), &[])
            .map_err(|faults| faults.len())
    }
}
