//! From an issuer to its discovery document and its key set.

use jsonwebtoken::jwk::JwkSet;
use serde_json::{Map, Value};
use url::{Host, Url};

use super::{IssuerMetadata, OidcError, without_slash};
use crate::{
    client::{Authorization, CallScope, Client},
    config::Jwt,
};

/// Where an issuer publishes its metadata.
#[derive(Debug)]
pub(super) struct Discovery {
    client: Client,
    /// Without a slash at its end.
    issuer: String,
    suffix: String,
    keys_field: String,
    userinfo_field: String,
}

impl Discovery {
    /// For `issuer`, without a slash at its end.
    pub(super) fn new(issuer: String, jwt: &Jwt, client: &Client) -> Self {
        Self {
            client: client.clone(),
            issuer,
            suffix: jwt.idp_config_url_suffix.clone(),
            keys_field: jwt.idp_config_jwks.clone(),
            userinfo_field: jwt.idp_config_userinfo.clone(),
        }
    }

    /// Fetches the discovery document and the key set.
    ///
    /// # Errors
    /// [`OidcError::Fetch`] or [`OidcError::Unusable`].
    pub(super) async fn fetch(&self) -> Result<IssuerMetadata, OidcError> {
        let scope = self.client.detached_scope();
        let url = format!("{}{}", self.issuer, self.suffix);
        let unusable = |reason| OidcError::Unusable {
            url: url.clone(),
            reason,
        };
        let address = Url::parse(&url).map_err(|_| unusable("is not a URL"))?;
        let document = self.get(&scope, &address).await?;
        let text = |field: &str| document.get(field).and_then(Value::as_str);
        if text("issuer").map(without_slash) != Some(self.issuer.as_str()) {
            return Err(unusable("is about another issuer"));
        }
        let endpoint = |field: &str| text(field).and_then(|url| endpoint(&address, url));
        let keys =
            endpoint(&self.keys_field).ok_or_else(|| unusable("has no usable URL of a key set"))?;
        Ok(IssuerMetadata {
            keys: self.key_set(&scope, &keys).await?,
            userinfo: endpoint(&self.userinfo_field),
        })
    }

    /// The keys that can be read: providers also publish keys of kinds that are not supported here.
    async fn key_set(&self, scope: &CallScope, url: &Url) -> Result<JwkSet, OidcError> {
        let mut document = self.get(scope, url).await?;
        let Some(Value::Array(keys)) = document.remove("keys") else {
            return Err(OidcError::Unusable {
                url: url.to_string(),
                reason: "has no list of keys",
            });
        };
        let keys = keys
            .into_iter()
            .filter_map(|key| serde_json::from_value(key).ok());
        Ok(JwkSet {
            keys: keys.collect(),
        })
    }

    async fn get(&self, scope: &CallScope, url: &Url) -> Result<Map<String, Value>, OidcError> {
        self.client
            .get(scope, url, Authorization::None)
            .await
            .map_err(|source| OidcError::Fetch {
                url: url.to_string(),
                source,
            })
    }
}

/// The endpoint `url` of the discovery document at `document`, if it may be called: over https, or on this machine if the
/// document is from there, too. Hosts may differ, as Google's do.
fn endpoint(document: &Url, url: &str) -> Option<Url> {
    let url = Url::parse(url).ok()?;
    let is_private = match url.scheme() {
        "https" => true,
        "http" => document.scheme() == "http" && is_loopback(document) && is_loopback(&url),
        _ => false,
    };
    let has_user = !url.username().is_empty() || url.password().is_some();
    (is_private && !has_user).then_some(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_asked_over_https_wherever_they_are() {
        let document = Url::parse("https://accounts.example/.well-known").unwrap();
        for good in [
            "https://accounts.example/keys",
            "https://keys.other.example/",
        ] {
            assert!(endpoint(&document, good).is_some(), "{good}");
        }
        for bad in [
            "http://accounts.example/keys",
            "http://localhost/keys",
            "ftp://accounts.example/keys",
            "file:///etc/keys",
            "https://ann@accounts.example/keys",
            "https://:pw@accounts.example/keys",
            "/keys",
            "",
        ] {
            assert_eq!(endpoint(&document, bad), None, "{bad}");
        }
    }

    #[test]
    fn endpoints_of_this_machine_are_asked_over_http_only_by_this_machine() {
        for document in ["http://127.0.0.1/.well-known", "http://localhost:1/"] {
            let document = Url::parse(document).unwrap();
            for good in ["http://127.0.0.1/", "http://[::1]:2/", "https://a.example/"] {
                assert!(endpoint(&document, good).is_some(), "{good}");
            }
            for bad in ["http://a.example/", "http://10.0.0.1/"] {
                assert_eq!(endpoint(&document, bad), None, "{bad}");
            }
        }
        let elsewhere = Url::parse("http://accounts.example/.well-known").unwrap();
        assert_eq!(endpoint(&elsewhere, "http://accounts.example/keys"), None);
    }
}
