//! `credentials`: what the service shows to some hosts instead of its callers' tokens. Secrets themselves are never here,
//! only the names of the environment variables that hold them.

use serde::{Deserialize, Serialize};

use crate::domain::{geo::Host, price_book::is_host_name};

/// What the service shows to one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "FlatCredential", into = "FlatCredential")]
pub struct CredentialEntry {
    /// The host, whatever the port.
    pub host: Host,
    /// What is shown.
    pub secret: SecretName,
}

/// Where a secret is to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretName {
    /// A bearer token.
    Bearer {
        /// The variable that holds it.
        env: String,
    },
    /// A user name with a password.
    Basic {
        /// The user name.
        user: String,
        /// The variable that holds the password.
        password_env: String,
    },
}

/// The entry does not say what to show to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadCredential {
    /// The match is not a host.
    #[error("match must be a host name or an address, without scheme, port and path")]
    Host,
    /// There is not one secret.
    #[error("must have either bearer_env, or basic_user and basic_password_env")]
    Secret,
    /// The user name would end at its colon (RFC 7617).
    #[error("basic_user must be visible ASCII characters without a colon")]
    User,
}

/// One level, as it stands in the file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FlatCredential {
    r#match: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bearer_env: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    basic_user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    basic_password_env: Option<String>,
}

impl TryFrom<FlatCredential> for CredentialEntry {
    type Error = BadCredential;

    fn try_from(flat: FlatCredential) -> Result<Self, BadCredential> {
        let host = match Host::parse(&flat.r#match) {
            Host::Name(name) if is_host_name(&name) => Host::Name(name),
            Host::Address(address) => Host::Address(address),
            Host::Name(_) | Host::Bucket(_) | Host::Region { .. } => {
                return Err(BadCredential::Host);
            }
        };
        let secret = match (flat.bearer_env, flat.basic_user, flat.basic_password_env) {
            (Some(env), None, None) => SecretName::Bearer { env },
            (None, Some(user), Some(password_env)) => {
                if !user
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() && byte != b':')
                {
                    return Err(BadCredential::User);
                }
                SecretName::Basic { user, password_env }
            }
            _ => return Err(BadCredential::Secret),
        };
        Ok(Self { host, secret })
    }
}

impl From<CredentialEntry> for FlatCredential {
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
