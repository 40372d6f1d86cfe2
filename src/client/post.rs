//! POST requests for callers that need more of an answer than its JSON, or must not repeat the request.

use url::Url;

use super::{
    AnyAnswer, Authorization, CallHeaders, CallScope, Client, FetchError, transport::Method,
};

impl Client {
    /// Sends `json` by POST, maybe twice, and gives the answer, whatever its status: the body of a refusal may say more.
    /// Redirects to the same host that keep the method are followed.
    ///
    /// # Errors
    /// [`FetchError`], but never [`FetchError::Malformed`], and a status only of a server that is busy.
    pub async fn post_any_status(
        &self,
        scope: &CallScope,
        url: &Url,
        json: &[u8],
        authorization: Authorization<'_>,
    ) -> Result<AnyAnswer, FetchError> {
        let call = self.call(scope, url, async |deadline| {
            let (transport, trace) = (&self.shared.transport, self.trace(scope));
            let headers = CallHeaders {
                authorization,
                trace: trace.as_ref(),
            };
            let response = transport
                .send_with_retry(url, Method::PostOnHost(json), headers, deadline)
                .await?;
            if response.status().is_success() {
                let (refusal, body) = (None, transport.read(response).await?);
                return Ok(AnyAnswer { refusal, body });
            }
            let (refusal, body) = transport
                .refusal(response, authorization, self.shared.time)
                .await;
            Ok(AnyAnswer {
                refusal: Some(refusal),
                body,
            })
        });
        // Boxed: calls are large, and parts of many other futures.
        Box::pin(call).await
    }

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
        // Boxed, as above.
        Box::pin(call).await
    }
}
