//! What the service itself shows to some hosts, taken from the environment once.

use secrecy::SecretString;

use super::pass::Proof;
use crate::{
    config::{CredentialEntry, SecretName},
    domain::{geo::Host, token::Token},
};

/// The secrets of the service: they can be neither printed nor serialised.
#[derive(Debug, Default)]
pub(super) struct Credentials(Vec<(Host, Secret)>);

#[derive(Debug)]
enum Secret {
    Bearer(Token),
    Basic {
        user: String,
        password: SecretString,
    },
}

/// A secret of the service is not where the configuration says it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("credentials[{position}].{key}: the environment variable {name} {fault}")]
pub struct NoSecret {
    position: usize,
    key: &'static str,
    name: String,
    fault: &'static str,
}

impl Credentials {
    /// Takes each secret that `config` names out of `environment`.
    ///
    /// # Errors
    /// [`NoSecret`] for the first that is not there or cannot be sent.
    pub(super) fn new(
        config: &[CredentialEntry],
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, NoSecret> {
        let secret = |position, credential: &CredentialEntry| {
            let (key, name) = match &credential.secret {
                SecretName::Bearer { env } => ("bearer_env", env),
                SecretName::Basic { password_env, .. } => ("basic_password_env", password_env),
            };
            let no_secret = |fault| NoSecret {
                position,
                key,
                name: name.clone(),
                fault,
            };
            let found = environment(name).ok_or_else(|| no_secret("is not set"))?;
            Ok(match &credential.secret {
                SecretName::Bearer { .. } => Secret::Bearer(
                    Token::new(found).map_err(|_| no_secret("does not hold a bearer token"))?,
                ),
                SecretName::Basic { user, .. } => {
                    if found.is_empty() || found.chars().any(char::is_control) {
                        return Err(no_secret("does not hold a password"));
                    }
                    Secret::Basic {
                        user: user.clone(),
                        password: found.into(),
                    }
                }
            })
        };
        config
            .iter()
            .enumerate()
            .map(|(position, credential)| {
                Ok((credential.host.clone(), secret(position, credential)?))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// What is shown to `host`, if there is something: the first match wins.
    pub(super) fn for_host(&self, host: &Host) -> Option<Proof<'_>> {
        let (_, secret) = self.0.iter().find(|(known, _)| known == host)?;
        Some(match secret {
            Secret::Bearer(token) => Proof::Token(token),
            Secret::Basic { user, password } => Proof::Password { user, password },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(environment: &[(&str, &str)]) -> Result<Credentials, NoSecret> {
        let config: Vec<CredentialEntry> = yaml_serde::from_str(
            "[{match: tes.example, bearer_env: TOKEN},
              {match: 10.0.0.1, basic_user: ann, basic_password_env: PASSWORD}]",
        )
        .unwrap();
        let value = |name: &str| {
            let (_, value) = environment.iter().find(|(known, _)| *known == name)?;
            Some((*value).to_owned())
        };
        Credentials::new(&config, value)
    }

    #[test]
    fn secrets_are_for_their_host_and_do_not_show_themselves() {
        let all = credentials(&[("TOKEN", "t0ken"), ("PASSWORD", "p w")]).unwrap();
        assert!(matches!(
            all.for_host(&Host::parse("TES.example")),
            Some(Proof::Token(token)) if token.expose() == "t0ken"
        ));
        assert!(matches!(
            all.for_host(&Host::parse("10.0.0.1")),
            Some(Proof::Password { user: "ann", .. })
        ));
        assert!(all.for_host(&Host::parse("sub.tes.example")).is_none());
        let shown = format!("{all:?} {:?}", all.for_host(&Host::parse("10.0.0.1")));
        assert!(
            !shown.contains("t0ken") && !shown.contains("p w"),
            "{shown}"
        );
    }

    #[test]
    fn a_secret_that_is_not_there_or_cannot_be_sent_is_told_without_it() {
        for (environment, expected) in [
            (
                [("TOKEN", "a b"), ("PASSWORD", "x")].as_slice(),
                "credentials[0].bearer_env: the environment variable TOKEN does not hold a bearer token",
            ),
            (
                &[("TOKEN", "x")],
                "credentials[1].basic_password_env: the environment variable PASSWORD is not set",
            ),
            (
                &[("TOKEN", "x"), ("PASSWORD", "a\r\nb")],
                "credentials[1].basic_password_env: the environment variable PASSWORD does not hold a password",
            ),
        ] {
            assert_eq!(credentials(environment).unwrap_err().to_string(), expected);
        }
    }
}
