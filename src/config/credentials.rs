//! `credentials`: the service's own credentials for some hosts. Secrets are in environment variables; the configuration
//! has only their names.

use serde::{Deserialize, Serialize};

use super::{fault::ConfigFaultReason, section::section};
use crate::domain::{geo::Host, price_book::is_host_name};

/// The service's own credential for one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "FlatEntry", into = "FlatEntry")]
pub struct CredentialEntry {
    /// The host, on any port.
    pub host: Host,
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
}

section! {
    /// A [`CredentialEntry`] as it is written.
    pub(super) struct FlatEntry {
        /// Host name or address, on any port.
        r#match: String;
        /// Variable with a bearer token. Either this, or `basic_user` and `basic_password_env`.
        bearer_env: Option<String>;
        /// User name for HTTP Basic.
        basic_user: Option<String>;
        /// Variable with the password for HTTP Basic.
        basic_password_env: Option<String>;
    }
}

impl TryFrom<FlatEntry> for CredentialEntry {
    type Error = ConfigFaultReason;

    fn try_from(entry: FlatEntry) -> Result<Self, ConfigFaultReason> {
        let malformed = |reason: &str| Err(ConfigFaultReason::Malformed(reason.to_owned()));
        let host = match Host::parse(&entry.r#match) {
            Host::Name(name) if is_host_name(&name) => Host::Name(name),
            Host::Address(address) => Host::Address(address),
            Host::Name(_) | Host::Bucket(_) | Host::Region { .. } => {
                return malformed(
                    "match must be a host name or an address, without scheme, port and path",
                );
            }
        };
        let is_user_byte = |byte: u8| byte.is_ascii_graphic() && byte != b':';
        let secret = match (entry.bearer_env, entry.basic_user, entry.basic_password_env) {
            (Some(env), None, None) => SecretName::Bearer { env },
            (None, Some(user), Some(_)) if !user.bytes().all(is_user_byte) => {
                // A colon would end it (RFC 7617).
                return malformed("basic_user must be visible ASCII characters without a colon");
            }
            (None, Some(user), Some(password_env)) => SecretName::Basic { user, password_env },
            _ => {
                return malformed(
                    "must have either bearer_env, or basic_user and basic_password_env",
                );
            }
        };
        Ok(Self { host, secret })
    }
}

impl From<CredentialEntry> for FlatEntry {
    fn from(credential: CredentialEntry) -> Self {
        let (bearer_env, basic_user, basic_password_env) = match credential.secret {
            SecretName::Bearer { env } => (Some(env), None, None),
            SecretName::Basic { user, password_env } => (None, Some(user), Some(password_env)),
        };
        Self {
            r#match: credential.host.to_string(),
            bearer_env,
            basic_user,
            basic_password_env,
        }
    }
}
