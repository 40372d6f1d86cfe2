//! `testribute healthcheck`, for container images without shell and curl.

use std::{error::Error, net::IpAddr, time::Duration};

use url::Url;

use super::{CliError, serve::reachable};
use crate::{
    config::{Config, Server},
    domain::disclosure::redacted,
};

const TIMEOUT: Duration = Duration::from_secs(5);

/// Calls `/healthz` of the service at `root`, by default the configured one on this machine.
pub(super) async fn run(config: &Config, root: Option<Url>) -> Result<(), CliError> {
    // The certificate is for the public name, not for this address; nothing secret is sent.
    let any_certificate = root.is_none();
    let root = root.map_or_else(|| configured_root(&config.server), |url| url.to_string());
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

/// Where the configured service is reached from this machine.
fn configured_root(server: &Server) -> String {
    let has_certificate = server.tls.certificate.is_some();
    let scheme = if has_certificate { "https" } else { "http" };
    let host = match server.host.parse().map(reachable) {
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        Ok(address) => address.to_string(),
        Err(_) => server.host.clone(),
    };
    format!("{scheme}://{host}:{}/", server.port)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_is_asked_where_it_listens() {
        for (host, root) in [
            ("0.0.0.0", "http://127.0.0.1:9000/"),
            ("::", "http://[::1]:9000/"),
            ("10.1.2.3", "http://10.1.2.3:9000/"),
            ("fd00::1", "http://[fd00::1]:9000/"),
            ("localhost", "http://localhost:9000/"),
        ] {
            let server = Server {
                host: host.to_owned(),
                port: 9000,
                ..Server::default()
            };
            assert_eq!(configured_root(&server), root);
        }
    }
}
