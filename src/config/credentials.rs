//! `credentials`: the service's own credentials for some hosts. Secrets are in environment variables; the configuration
//! has only their names.

use http::HeaderName;
use serde::{Deserialize, Serialize};

use super::{fault::ConfigFaultReason, section::section};
use crate::domain::credential_match::CredentialMatch;

/// The service's own credential for some services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "FlatEntry", into = "FlatEntry")]
pub struct CredentialEntry {
    /// The services.
    pub r#match: CredentialMatch,
    /// Where the secret is.
    pub secret: SecretName,
}

/// Kind of a credential, and the variable with its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretName {
    /// A bearer token.
    Bearer {
        /// The variable with the token.
        env: String,
    },
    /// HTTP Basic (RFC 7617).
    Basic {
        /// The user name.
        user: String,
        /// The variable with the password.
        password_env: String,
    },
    /// A header of another name, such as that of an API key.
    Header {
        /// The name of the header.
        name: HeaderName,
        /// The variable with its value.
        value_env: String,
    },
}

section! {
    /// A [`CredentialEntry`] as it is written.
    pub(super) struct FlatEntry {
        /// Host name or address, on any port; or the beginning of a URI, with scheme, port and path.
        r#match: String;
        /// Variable with a bearer token. Either this, or `basic_user` and `basic_password_env`, or `header` and
        /// `value_env`.
        bearer_env: Option<String>;
        /// User name for HTTP Basic.
        basic_user: Option<String>;
        /// Variable with the password for HTTP Basic.
        basic_password_env: Option<String>;
        /// Name of a header, such as `X-API-Key`.
        header: Option<String>;
        /// Variable with the value of that header.
        value_env: Option<String>;
    }
}

/// Headers that the client sets, or that are about a connection: a credential in their place would break the call.
const RESERVED: [&str; 20] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl FlatEntry {
    fn secret(&self) -> Result<SecretName, &'static str> {
        let is_user_byte = |byte: u8| byte.is_ascii_graphic() && byte != b':';
        let parts = (
            &self.bearer_env,
            (&self.basic_user, &self.basic_password_env),
            (&self.header, &self.value_env),
        );
        match parts {
            (Some(env), (None, None), (None, None)) => Ok(SecretName::Bearer { env: env.clone() }),
            // A colon would end it (RFC 7617).
            (None, (Some(user), Some(_)), (None, None)) if !user.bytes().all(is_user_byte) => {
                Err("basic_user must be visible ASCII characters without a colon")
            }
            (None, (Some(user), Some(password_env)), (None, None)) => Ok(SecretName::Basic {
                user: user.clone(),
                password_env: password_env.clone(),
            }),
            (None, (None, None), (Some(name), Some(value_env))) => Ok(SecretName::Header {
                name: header_name(name)?,
                value_env: value_env.clone(),
            }),
            _ => Err(
                "must have either bearer_env, or basic_user and basic_password_env, or header and value_env",
            ),
        }
    }
}

fn header_name(text: &str) -> Result<HeaderName, &'static str> {
    let name = HeaderName::try_from(text)
        .map_err(|_| "header must be the name of an HTTP header, such as X-API-Key")?;
    if RESERVED.contains(&name.as_str()) {
        return Err("header must not be one that HTTP or the client itself sets");
    }
    Ok(name)
}

impl TryFrom<FlatEntry> for CredentialEntry {
    type Error = ConfigFaultReason;

    fn try_from(entry: FlatEntry) -> Result<Self, ConfigFaultReason> {
        let services = CredentialMatch::parse(&entry.r#match)
            .map_err(|bad| ConfigFaultReason::Malformed(bad.to_string()))?;
        let secret = entry
            .secret()
            .map_err(|reason| ConfigFaultReason::Malformed(reason.to_owned()))?;
        Ok(Self {
            r#match: services,
            secret,
        })
    }
}

impl From<CredentialEntry> for FlatEntry {
    fn from(credential: CredentialEntry) -> Self {
        let mut entry = Self {
            r#match: credential.r#match.to_string(),
            bearer_env: None,
            basic_user: None,
            basic_password_env: None,
            header: None,
            value_env: None,
        };
        match credential.secret {
            SecretName::Bearer { env } => entry.bearer_env = Some(env),
            SecretName::Basic { user, password_env } => {
                entry.basic_user = Some(user);
                entry.basic_password_env = Some(password_env);
            }
            SecretName::Header { name, value_env } => {
                entry.header = Some(name.to_string());
                entry.value_env = Some(value_env);
            }
        }
        entry
    }
}
