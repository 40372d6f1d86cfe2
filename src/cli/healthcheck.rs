//! `testribute healthcheck`, for container images without shell and curl.

use std::{error::Error, time::Duration};

use url::Url;

use super::CliError;
use crate::{config::Config, domain::disclosure::redacted};

const TIMEOUT: Duration = Duration::from_secs(5);

/// Calls `/healthz` of the service at `root`, by default the configured one on this machine.
pub(super) async fn run(config: &Config, root: Option<Url>) -> Result<(), CliError> {
    // The certificate is for the public name, not for this address; nothing secret is sent.
    let any_certificate = root.is_none();
    let root = root.map_or_else(
        || {
            let has_certificate = config.server.tls.certificate.is_some();
            let scheme = if has_certificate { "https" } else { "http" };
            format!("{scheme}://127.0.0.1:{}/", config.server.port)
        },
        |url| url.to_string(),
    );
    let url = format!("{}/healthz", root.trim_end_matches('/'));
    let failed = |error: reqwest::Error| {
        CliError::Service(format!("'{}' {}", redacted(&url), problem(&error)))
    };
    let client = reqwest::Client::builder()
        .no_proxy()
        .tls_danger_accept_invalid_certs(any_certificate)
        .timeout(TIMEOUT)
        .build()
        .map_err(failed)?;
    client
        .get(&url)
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .map_err(failed)?;
    Ok(())
}

/// Continues after the URL.
fn problem(error: &reqwest::Error) -> String {
    if error.is_builder() {
        return "is no http or https URL with a host".to_owned();
    }
    if error.is_timeout() {
        return format!("did not answer within {} s", TIMEOUT.as_secs());
    }
    if let Some(status) = error.status() {
        return format!("answered with status {status}");
    }
    let mut cause: &dyn Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    format!("cannot be reached: {cause}")
}
