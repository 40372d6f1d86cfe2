//! A POST that has an effect, and is never repeated.

use url::Url;

use super::{
    Authorization, CallScope, Client, FetchError, call::Tries, http_client::Response,
    transport::Method,
};

impl Client {
    /// Sends `json` by POST, once, and gives the body of an answer with a status of success.
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
        let method = Method::PostOnHost(json);
        self.exchange(scope, url, method, authorization, Tries::Once, read)
            .await
    }
}
