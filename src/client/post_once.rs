//! A POST that has an effect, and is never repeated.

use std::time::Duration;

use url::Url;

use super::{
    Authorization, CallScope, Client, FetchError, TimeBudget, call::Tries, http_client::Response,
    transport::Method,
};

/// How long the answer is waited for: longer than those of other calls, as one that comes too late is an effect that
/// nobody knows of. A server may copy inputs or wait for its scheduler before it answers.
const TIME: Duration = Duration::from_secs(60);

impl Client {
    /// Sends `json` by POST, once, and gives the body of an answer with a status of success. No redirect is
    /// followed: the target may be another service.
    ///
    /// # Errors
    /// [`FetchError`], but never [`FetchError::Malformed`].
    pub async fn post_once(
        &self,
        scope: &CallScope,
        url: &Url,
        json: &[u8],
        authorization: Authorization<'_>,
    ) -> Result<Vec<u8>, FetchError> {
        let read = async |response: Response| {
            if response.status().is_success() {
                return self.shared.transport.read(response).await;
            }
            Err(self.refusal(response, authorization).await.0)
        };
        let method = Method::Post(json);
        // The end of the request must not cut it short either.
        let time = TimeBudget::new(TIME, None);
        let (token, trace) = (scope.token().cloned(), scope.trace().cloned());
        let patient = CallScope::traced(token, time, usize::MAX, trace);
        self.exchange(&patient, url, method, authorization, Tries::Once, read)
            .await
    }
}
