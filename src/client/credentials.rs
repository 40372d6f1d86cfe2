//! What the service itself shows to some services, taken from the environment once.

use http::{HeaderName, HeaderValue, header::AUTHORIZATION};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::{
    http_client::{basic_authorization, bearer_authorization},
    limit::permits::ServiceKind,
    missing_secret::{MissingSecret, MissingSecretFault},
};
use crate::{
    config::{CredentialEntry, SecretName},
    domain::{credential_match::CredentialMatch, drs_base, tes_base, token::Token},
};

/// The secrets of the service: they can be neither printed nor serialised.
#[derive(Debug, Default)]
pub(super) struct Credentials(Vec<OwnCredential>);

/// A credential of the service itself, and the services that it is for.
#[derive(Debug)]
pub struct OwnCredential {
    services: CredentialMatch,
    secret: Secret,
}

#[derive(Debug)]
enum Secret {
    Bearer(Token),
    Basic {
        user: String,
        password: SecretString,
    },
    Header {
        name: HeaderName,
        value: SecretString,
    },
}

impl Credentials {
    /// Takes each secret that `config` names out of `environment`.
    ///
    /// # Errors
    /// [`MissingSecret`] for the first that is not there or cannot be sent.
    pub(super) fn new(
        config: &[CredentialEntry],
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, MissingSecret> {
        let credential = |(position, entry): (usize, &CredentialEntry)| {
            let (key, name) = match &entry.secret {
                SecretName::Bearer { env } => ("bearer_env", env),
                SecretName::Basic { password_env, .. } => ("basic_password_env", password_env),
                SecretName::Header { value_env, .. } => ("value_env", value_env),
            };
            let found = environment(name).ok_or(MissingSecretFault::NotSet);
            let secret = found.and_then(|found| Secret::new(&entry.secret, found));
            Ok(OwnCredential {
                services: entry.r#match.clone(),
                secret: secret.map_err(|fault| MissingSecret {
                    position,
                    key,
                    name: name.clone(),
                    fault,
                })?,
            })
        };
        let entries = config.iter().enumerate();
        entries.map(credential).collect::<Result<_, _>>().map(Self)
    }

    /// What is shown to the service of this `kind` at `root`, if there is something: the first match wins, and a match may
    /// name the base of the API, where `root` names its host.
    pub(super) fn for_service(&self, kind: ServiceKind, root: &Url) -> Option<&OwnCredential> {
        if self.0.is_empty() {
            return None;
        }
        let bases = match kind {
            ServiceKind::Tes => tes_base::bases_of(root),
            ServiceKind::Drs => drs_base::bases_of(root),
            _ => vec![root.clone()],
        };
        let covers = |credential: &&OwnCredential| bases.iter().any(|base| credential.covers(base));
        self.0.iter().find(covers)
    }
}

impl Secret {
    fn new(name: &SecretName, found: String) -> Result<Self, MissingSecretFault> {
        match name {
            SecretName::Bearer { .. } => Token::new(found)
                .map(Self::Bearer)
                .map_err(|_| MissingSecretFault::NoBearerToken),
            SecretName::Basic { user, .. } => {
                if found.is_empty() || found.chars().any(char::is_control) {
                    return Err(MissingSecretFault::NoPassword);
                }
                Ok(Self::Basic {
                    user: user.clone(),
                    password: found.into(),
                })
            }
            SecretName::Header { name, .. } => {
                let is_sent_as_it_is = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
                if found.is_empty() || found.trim() != found || !found.bytes().all(is_sent_as_it_is)
                {
                    return Err(MissingSecretFault::NoHeaderValue);
                }
                Ok(Self::Header {
                    name: name.clone(),
                    value: found.into(),
                })
            }
        }
    }
}

impl OwnCredential {
    /// Whether it may be sent to `url`.
    pub(super) fn covers(&self, url: &Url) -> bool {
        self.services.covers(url)
    }

    /// User name or header, and secret.
    pub(super) fn secret(&self) -> (&str, &str) {
        match &self.secret {
            Secret::Bearer(token) => ("", token.expose()),
            Secret::Basic { user, password } => (user, password.expose_secret()),
            Secret::Header { name, value } => (name.as_str(), value.expose_secret()),
        }
    }

    /// The header that it is sent as, marked as sensitive.
    pub(super) fn header(&self) -> (HeaderName, HeaderValue) {
        match &self.secret {
            Secret::Bearer(token) => (AUTHORIZATION, bearer_authorization(token)),
            Secret::Basic { user, password } => {
                let value = basic_authorization(user, password.expose_secret());
                (AUTHORIZATION, value)
            }
            Secret::Header { name, value } => {
                // Cannot fail: it has visible ASCII characters and blanks only.
                let mut value = HeaderValue::try_from(value.expose_secret())
                    .unwrap_or(HeaderValue::from_static(""));
                value.set_sensitive(true);
                (name.clone(), value)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(
        config: &str,
        environment: &[(&str, &str)],
    ) -> Result<Credentials, MissingSecret> {
        let config: Vec<CredentialEntry> = yaml_serde::from_str(config).unwrap();
        let value = |name: &str| {
            let (_, value) = environment.iter().find(|(known, _)| *known == name)?;
            Some((*value).to_owned())
        };
        Credentials::new(&config, value)
    }

    const TWO: &str = "[{match: tes.example, bearer_env: TOKEN},
        {match: 10.0.0.1, basic_user: ann, basic_password_env: PASSWORD}]";

    fn shown(all: &Credentials, kind: ServiceKind, root: &str) -> Option<String> {
        let own = all.for_service(kind, &Url::parse(root).unwrap())?;
        let (name, value) = own.header();
        assert!(value.is_sensitive());
        Some(format!("{name}: {}", value.to_str().unwrap()))
    }

    #[test]
    fn secrets_are_for_their_host_and_do_not_show_themselves() {
        let config = format!(
            "{}, {{match: key.example, header: X-API-Key, value_env: KEY}}]",
            TWO.trim_end_matches(']')
        );
        let environment = [("TOKEN", "t0ken"), ("PASSWORD", "p w"), ("KEY", "k3y k3y")];
        let all = credentials(&config, &environment).unwrap();
        for (root, expected) in [
            (
                "https://TES.example/v1/",
                Some("authorization: Bearer t0ken"),
            ),
            (
                "http://10.0.0.1:8000/",
                Some("authorization: Basic YW5uOnAgdw=="),
            ),
            ("https://key.example/", Some("x-api-key: k3y k3y")),
            ("https://sub.tes.example/", None),
        ] {
            assert_eq!(
                shown(&all, ServiceKind::Tes, root).as_deref(),
                expected,
                "{root}"
            );
        }
        let shown = format!("{all:?}");
        for secret in ["t0ken", "p w", "k3y"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn of_several_services_on_a_host_each_sees_its_own() {
        let config = "[{match: 'https://h.example/ga4gh/tes/v1', header: K, value_env: TES},
            {match: 'https://h.example/ga4gh/drs/v1', header: K, value_env: DRS},
            {match: 'https://h.example:8443', header: K, value_env: PORT}]";
        let environment = [("TES", "t"), ("DRS", "d"), ("PORT", "p")];
        let all = credentials(config, &environment).unwrap();
        let (tes, drs) = (ServiceKind::Tes, ServiceKind::Drs);
        for (kind, root, expected) in [
            (tes, "https://h.example/", Some("k: t")),
            (drs, "https://h.example/", Some("k: d")),
            (tes, "https://h.example/ga4gh/tes/v1/", Some("k: t")),
            (tes, "https://h.example/ga4gh/tes/v1/tasks/", Some("k: t")),
            (tes, "https://h.example/ga4gh/tes/v1x/", None),
            (tes, "https://h.example/other/", None),
            (tes, "http://h.example/", None),
            (tes, "https://h.example:8443/x/", Some("k: p")),
            (ServiceKind::Other, "https://h.example/", None),
        ] {
            let found = shown(&all, kind, root);
            assert_eq!(found.as_deref(), expected, "{root}");
        }
        let base = Url::parse("https://h.example/").unwrap();
        let own = all.for_service(tes, &base).unwrap();
        assert!(!own.covers(&base.join("tasks").unwrap()));
        assert!(own.covers(&base.join("ga4gh/tes/v1/tasks").unwrap()));
    }

    #[test]
    fn a_secret_that_is_not_there_or_cannot_be_sent_is_told_without_it() {
        let fault = |key, position, name: &str, fault| MissingSecret {
            position,
            key,
            name: name.to_owned(),
            fault,
        };
        let bad_token = fault("bearer_env", 0, "TOKEN", MissingSecretFault::NoBearerToken);
        let not_set = fault(
            "basic_password_env",
            1,
            "PASSWORD",
            MissingSecretFault::NotSet,
        );
        let bad_password = fault(
            "basic_password_env",
            1,
            "PASSWORD",
            MissingSecretFault::NoPassword,
        );
        for (environment, expected) in [
            ([("TOKEN", "a b"), ("PASSWORD", "x")].as_slice(), bad_token),
            (&[("TOKEN", "x")], not_set),
            (&[("TOKEN", "x"), ("PASSWORD", "a\r\nb")], bad_password),
        ] {
            assert_eq!(credentials(TWO, environment).unwrap_err(), expected);
        }
        let config = "[{match: h.example, header: K, value_env: KEY}]";
        for value in ["", " ", "a ", " a", "a\n", "a\r\nb", "a\tb", "\u{e4}", "\0"] {
            assert_eq!(
                credentials(config, &[("KEY", value)]).unwrap_err(),
                fault("value_env", 0, "KEY", MissingSecretFault::NoHeaderValue),
                "{value:?}"
            );
        }
    }
}
