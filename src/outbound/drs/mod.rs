//! DRS instances: how large is an object, and where may it be had?
//!
//! Reads tolerantly: servers in production leave out, null or spell differently most of what is not needed here.

pub mod ids;
mod lenient;
mod object;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::StatusCode;

use self::object::DrsObject;
use super::{
    failure::FetchError,
    fetch::{Fetcher, Pass},
};
use crate::domain::{object::DrsRecord, service::ServiceUri};

/// Everything but the unreserved characters of RFC 3986: an id must stay one segment of the path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Asks DRS instances for objects.
#[derive(Debug, Clone)]
pub struct DrsClient {
    fetcher: Fetcher,
}

impl DrsClient {
    /// A client that calls through `fetcher`.
    pub const fn new(fetcher: Fetcher) -> Self {
        Self { fetcher }
    }

    /// Asks `drs` for the object `id`; `None` if it is not there.
    ///
    /// # Errors
    /// [`FetchError`]; [`FetchError::Malformed`] if the answer is about no object.
    pub async fn fetch_object(
        &self,
        drs: &ServiceUri,
        id: &str,
        pass: Pass<'_>,
    ) -> Result<Option<DrsRecord>, FetchError> {
        // These two would climb up the path instead of naming an object, however they are encoded.
        if matches!(id, "." | "..") {
            return Ok(None);
        }
        let url = drs.endpoint(&format!("objects/{}", utf8_percent_encode(id, SEGMENT)));
        match self.fetcher.get::<DrsObject>(&url, pass).await {
            Ok(object) => object.check().map(Some),
            Err(FetchError::Status(StatusCode::NOT_FOUND)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
