//! The reason in the body of a refusal: short, of one line, and without secrets.

use std::fmt;

use http::StatusCode;
use serde_json::Value;

/// The longest reason, in characters.
const LONGEST: usize = 200;

/// A status that is no success, with what the service says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// The reason in the body.
    pub reason: Option<String>,
    /// Whether `WWW-Authenticate` asks for a user name and a password.
    pub asks_for_password: bool,
}

impl Refusal {
    /// Of an answer with this `status` and `body` to a call that carried `secret`.
    pub(super) fn new(
        status: StatusCode,
        body: &[u8],
        secret: Option<&str>,
        asks_for_password: bool,
    ) -> Self {
        Self {
            status,
            reason: reason(status, body, secret),
            asks_for_password,
        }
    }
}

/// `: the reason`, if there is one.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Some(reason) => write!(f, ": {reason}"),
            None => Ok(()),
        }
    }
}

fn reason(status: StatusCode, body: &[u8], secret: Option<&str>) -> Option<String> {
    let text = match serde_json::from_slice::<Value>(body) {
        Ok(json) => in_json(&json)?,
        // A list of bytes that is no text has no reason, and a web page has too many.
        Err(_) => std::str::from_utf8(body)
            .ok()
            .filter(|text| !text.trim_start().starts_with('<'))?
            .to_owned(),
    };
    let cleaned = cleaned(&text, secret);
    let says_no_more = status
        .canonical_reason()
        .is_some_and(|name| name.eq_ignore_ascii_case(&cleaned));
    (!cleaned.is_empty() && !says_no_more).then_some(cleaned)
}

/// The members that hold reasons, those of GA4GH first.
const MEMBERS: [&str; 7] = [
    "message",
    "msg",
    "detail",
    "error_description",
    "error",
    "title",
    "reason",
];

fn in_json(json: &Value) -> Option<String> {
    match json {
        Value::String(text) => Some(text.clone()),
        Value::Object(object) => MEMBERS
            .iter()
            .filter_map(|&member| object.get(member))
            .find_map(in_json),
        // FastAPI lists what it finds wrong.
        Value::Array(items) => items.iter().find_map(in_json),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// One line of at most [`LONGEST`] characters without the `secret` that was sent, anything like a token, user names,
/// passwords, and queries of URLs.
fn cleaned(text: &str, secret: Option<&str>) -> String {
    let mut text = text.to_owned();
    // Of a header such as `Authorization: ApiKey abc`, a service may repeat the last word alone.
    let last_word = secret.and_then(|secret| secret.split(' ').next_back());
    for secret in [secret, last_word].into_iter().flatten() {
        if !secret.is_empty() {
            text = text.replace(secret, "...");
        }
    }
    let mut follows_scheme = false;
    let mut words = Vec::new();
    let mut length = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        let shown = if follows_scheme || is_like_token(word) {
            "...".to_owned()
        } else {
            without_query(word)
        };
        follows_scheme = ["bearer", "basic"].iter().any(|scheme| {
            word.trim_matches(['\'', '"', ':', '('])
                .eq_ignore_ascii_case(scheme)
        });
        length += shown.chars().count() + 1;
        words.push(shown);
        if length > LONGEST {
            break;
        }
    }
    let line = words.join(" ");
    let line = line.trim_end_matches('.');
    if line.chars().count() <= LONGEST {
        return line.to_owned();
    }
    let cut: String = line.chars().take(LONGEST - 1).collect();
    format!("{cut}\u{2026}")
}

/// Whether it has a part that may be a JSON web token or another long secret.
fn is_like_token(word: &str) -> bool {
    const LONGEST_WORD: usize = 40;
    let is_secret_char = |c: char| c.is_ascii_alphanumeric() || "-_.+/=~".contains(c);
    word.split(|c| !is_secret_char(c)).any(|part| {
        let has_three_parts = part.split('.').filter(|part| part.len() >= 4).count() >= 3;
        let is_mixed = part.bytes().any(|byte| byte.is_ascii_digit())
            && part.bytes().any(|byte| byte.is_ascii_uppercase());
        (part.starts_with("eyJ") && part.contains('.'))
            || (has_three_parts && part.len() > LONGEST_WORD)
            || (part.len() > LONGEST_WORD && is_mixed)
    })
}

/// `word` without query, fragment and user info of a URL in it.
fn without_query(word: &str) -> String {
    let word = word
        .split_once(['?', '#'])
        .map_or(word, |(before, _)| before);
    let Some((scheme, rest)) = word.split_once("://") else {
        return word.to_owned();
    };
    let (authority, path) = rest
        .split_once('/')
        .map_or((rest, None), |(authority, path)| (authority, Some(path)));
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    match path {
        Some(path) => format!("{scheme}://{host}/{path}"),
        None => format!("{scheme}://{host}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(body: &Value) -> Option<String> {
        reason(
            StatusCode::BAD_REQUEST,
            body.to_string().as_bytes(),
            Some("s3cret"),
        )
    }

    #[test]
    fn the_reason_is_where_servers_put_it() {
        for body in [
            json!({"status_code": 400, "msg": "no such zone"}),
            json!({"message": "no such zone", "code": 400}),
            json!({"detail": "no such zone."}),
            json!({"detail": [{"loc": ["zones"], "msg": "no such zone"}]}),
            json!({"error": {"code": 3, "message": "no\nsuch\t\u{0}zone"}}),
            json!({"error": "no such zone"}),
            json!({"title": "no such zone"}),
            json!("no such zone"),
        ] {
            assert_eq!(of(&body).as_deref(), Some("no such zone"), "{body}");
        }
        for body in [
            json!({}),
            json!(7),
            json!({"message": ""}),
            json!({"message": "bad request"}),
            json!([]),
        ] {
            assert_eq!(of(&body), None, "{body}");
        }
        let page = reason(StatusCode::BAD_REQUEST, b"<html>no such zone</html>", None);
        assert_eq!(page, None);
        let plain = reason(StatusCode::BAD_REQUEST, b" no such zone\r\n", None);
        assert_eq!(plain.as_deref(), Some("no such zone"));
    }

    #[test]
    fn it_holds_no_secret() {
        for secret in [
            "s3cret",
            "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2ln",
            "Bearer abcdef",
            "'Bearer' abcdef",
            "https://h.example/x?X-Amz-Signature=abcdef&a=b",
            "https://h.example/x#abcdef",
            "https://ann:abcdef@h.example/",
            "AbcdefAbcdefAbcdefAbcdefAbcdefAbcdefAbcdef12",
        ] {
            let shown =
                of(&json!({"message": format!("the token ({secret}) is {secret} no good")}))
                    .unwrap();
            for hidden in ["s3cret", "eyJ", "abcdef", "Abcdef"] {
                assert!(!shown.contains(hidden), "{secret}: {shown}");
            }
            assert!(shown.starts_with("the token"), "{shown}");
        }
    }

    #[test]
    fn the_last_word_of_what_was_sent_is_a_secret_too() {
        let body = json!({"message": "the key abc (ApiKey abc) is not known"}).to_string();
        let shown = reason(StatusCode::FORBIDDEN, body.as_bytes(), Some("ApiKey abc"));
        assert_eq!(shown.as_deref(), Some("the key ... (...) is not known"));
    }

    #[test]
    fn it_is_short() {
        let shown = of(&json!({"message": "\u{e4} b ".repeat(1000)})).unwrap();
        assert_eq!(shown.chars().count(), LONGEST);
        assert!(shown.ends_with('\u{2026}'));
    }
}
