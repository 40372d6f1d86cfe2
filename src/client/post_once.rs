//! A POST that has an effect, and is never repeated.

use url::Url;

use super::{Authorization, CallHeaders, CallScope, Client, FetchError, transport::Method};

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
        let call = self.call(scope, url, async |_| {
            let (transport, trace) = (&self.shared.transport, self.trace(scope));
            let headers = CallHeaders {
                authorization,
                trace: trace.as_ref(),
            };
            let response = transport
                .send_following_redirects(url, Method::PostOnHost(json), headers)
                .await?;
            if response.status().is_success() {
                return transport.read(response).await;
            }
            let refusal = transport.refusal(response, authorization, self.shared.time);
            Err(refusal.await.0)
        });
        // Boxed: calls are large, and parts of many other futures.
        Box::pin(call).await
    }
}
