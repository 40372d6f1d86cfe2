//! Which values of `server` are in range.

use super::{
    CorsOrigin, Server, Tls,
    check::{GIBIBYTE, above, in_range, not, not_shown},
    fault::{ConfigFault, ConfigFaultReason},
};

impl Server {
    pub(super) fn check(&self) -> Result<(), ConfigFault> {
        if self.host.is_empty() || self.host.contains(char::is_whitespace) {
            return Err(not("server.host", "an address or a name", &self.host));
        }
        self.tls.check()?;
        in_range(
            "server.max_connections",
            self.max_connections,
            1..=1_000_000,
        )?;
        in_range("server.max_body_bytes", self.max_body_bytes, 1..=GIBIBYTE)?;
        in_range("server.max_in_flight", self.max_in_flight, 1..=1_000_000)?;
        let deadline = self.request_deadline_sec;
        in_range(
            "server.request_deadline_sec",
            deadline,
            above(0.0, 86_400.0),
        )?;
        let grace = self.shutdown_grace_sec;
        in_range("server.shutdown_grace_sec", grace, 0.0..=86_400.0)?;
        if self.cors_allowed_origins.len() > 1
            && self.cors_allowed_origins.contains(&CorsOrigin::Any)
        {
            let key = "server.cors_allowed_origins";
            return Err(not_shown(key, "a list of origins, or * alone"));
        }
        Ok(())
    }
}

impl Tls {
    /// What is in the files shows when they are read.
    fn check(&self) -> Result<(), ConfigFault> {
        for (key, file) in [
            ("server.tls.certificate", &self.certificate),
            ("server.tls.key", &self.key),
        ] {
            if file
                .as_ref()
                .is_some_and(|file| file.as_os_str().is_empty())
            {
                return Err(not(key, "the path of a file, or null", ""));
            }
        }
        let half = match (&self.certificate, &self.key) {
            (Some(_), None) => ("server.tls.key", "server.tls.certificate"),
            (None, Some(_)) => ("server.tls.certificate", "server.tls.key"),
            _ => return Ok(()),
        };
        let (missing, there) = half;
        Err(ConfigFault {
            key: missing.to_owned(),
            reason: ConfigFaultReason::Malformed(format!("is needed, since {there} is set")),
        })
    }
}
