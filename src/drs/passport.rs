//! GA4GH passports, which this service does not send: whether a DRS that refuses access asks for one.

use serde::Deserialize;

use super::{DrsClient, ItemRequest, lenient};
use crate::{client::CallScope, domain::drs_base::bases};

/// What OPTIONS of an object answers since DRS 1.2, to anyone: the kinds of authorization that it takes.
#[derive(Deserialize)]
struct Authorizations {
    #[serde(default, deserialize_with = "lenient::texts")]
    supported_types: Vec<String>,
}

impl Authorizations {
    /// Whether it takes a passport, and neither a bearer token nor a password.
    fn are_passports_alone(&self) -> bool {
        let takes = |wanted: &str| {
            let types = &self.supported_types;
            types.iter().any(|kind| kind.eq_ignore_ascii_case(wanted))
        };
        takes("PassportAuth") && !takes("BearerAuth") && !takes("BasicAuth")
    }
}

impl DrsClient {
    /// Whether a passport is the only way to the object of `request`, by what its DRS says.
    pub(super) async fn takes_only_passports(
        &self,
        scope: &CallScope,
        request: ItemRequest<'_>,
    ) -> bool {
        for url in bases(request.drs)
            .iter()
            .filter_map(|base| request.urls(base).into_iter().next())
        {
            let answer = self
                .client
                .options::<Authorizations>(scope, &url, request.authorization)
                .await;
            // Where no object is, there is another answer, or one without types.
            if let Ok(answer) = answer
                && !answer.supported_types.is_empty()
            {
                return answer.are_passports_alone();
            }
        }
        false
    }
}

/// Whether the body of a refusal asks for a passport. Pages for people have links to many things of that name.
pub(super) fn is_asked_for(body: &[u8]) -> bool {
    let text = String::from_utf8_lossy(body).to_ascii_lowercase();
    let is_page = text.trim_start().starts_with('<');
    text.contains(if is_page {
        "ga4gh passport"
    } else {
        "passport"
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_passport_is_wanted_where_nothing_else_is_taken() {
        for (types, expected) in [
            (json!(["PassportAuth"]), true),
            (json!(["None", "PassportAuth"]), true),
            (json!("passportauth"), true),
            (json!(["BearerAuth", "PassportAuth"]), false),
            (json!(["BasicAuth", "PassportAuth"]), false),
            (json!(["BearerAuth"]), false),
            (json!([7, null]), false),
            (json!(null), false),
        ] {
            let answer = json!({"drs_object_id": "x", "supported_types": types});
            let answer: Authorizations = serde_json::from_value(answer).unwrap();
            assert_eq!(answer.are_passports_alone(), expected, "{types}");
        }
    }

    #[test]
    fn bodies_of_refusals_ask_for_passports_in_words() {
        for (body, expected) in [
            (r#"{"msg": "A GA4GH Passport is required"}"#, true),
            ("Passports were not provided", true),
            ("<html>This needs a GA4GH passport</html>", true),
            (r#"<html><a href="/auth/passport">Log in</a></html>"#, false),
            (r#"{"msg": "Forbidden"}"#, false),
            ("", false),
        ] {
            assert_eq!(is_asked_for(body.as_bytes()), expected, "{body}");
        }
    }
}
