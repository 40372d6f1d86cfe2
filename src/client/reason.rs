//! The reason in the body of a refusal: short, of one line, and without secrets.

use std::fmt;

use base64::{
    Engine,
    prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD},
};
use http::StatusCode;
use percent_encoding::percent_decode_str;
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
    /// Of an answer with this `status` and `body` to a call that carried `secret`: a user name or header, and what is
    /// secret.
    pub(super) fn new(
        status: StatusCode,
        body: &[u8],
        secret: Option<(&str, &str)>,
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

fn reason(status: StatusCode, body: &[u8], secret: Option<(&str, &str)>) -> Option<String> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let text = match serde_json::from_slice::<Value>(body) {
        Ok(json) => in_json(&json)?,
        // A list of bytes that is no text has no reason, and a web page has too many.
        Err(_) => std::str::from_utf8(body)
            .ok()
            .filter(|text| !text.trim_start().starts_with('<'))?
            .to_owned(),
    };
    let forms = secret.map(|(user, secret)| forms(user, secret));
    let forms = forms.unwrap_or_default();
    let cleaned = cleaned(&text, &forms);
    if reveals_a_part(&cleaned, &forms) {
        return None;
    }
    let says_no_more = status
        .canonical_reason()
        .is_some_and(|name| name.eq_ignore_ascii_case(&cleaned));
    (!cleaned.is_empty() && !says_no_more).then_some(cleaned)
}

/// The members that hold reasons, those of GA4GH first.
const MEMBERS: [&str; 8] = [
    "message",
    "msg",
    "detail",
    "error_description",
    "error",
    "errors",
    "title",
    "reason",
];

fn in_json(json: &Value) -> Option<String> {
    match json {
        Value::String(text) => Some(text.clone()),
        Value::Object(object) => MEMBERS
            .iter()
            .filter_map(|member| {
                // AWS writes `Message`.
                let mut members = object.iter();
                members.find(|(name, _)| name.eq_ignore_ascii_case(member))
            })
            .find_map(|(_, value)| in_json(value)),
        // FastAPI lists what it finds wrong.
        Value::Array(items) => items.iter().find_map(in_json),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// The forms in which a service may repeat what was sent, the longest first: as it is, the last word of a header such as
/// `ApiKey abc`, and in base64, alone and after the user name.
fn forms(user: &str, secret: &str) -> Vec<String> {
    let last_word = secret.split(' ').next_back().unwrap_or_default();
    let pair = format!("{user}:{secret}");
    let mut forms = vec![secret.to_owned(), last_word.to_owned()];
    for text in [secret, last_word, &pair] {
        forms.push(BASE64_STANDARD_NO_PAD.encode(text));
        forms.push(BASE64_URL_SAFE_NO_PAD.encode(text));
    }
    forms.retain(|form| !form.is_empty());
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms
}

/// Whether `line`, percent-decoded or not, has a whole secret, or so long a part that it may help to guess the rest.
fn reveals_a_part(line: &str, forms: &[String]) -> bool {
    const PART: usize = 8;

    let decoded = percent_decode_str(line).decode_utf8_lossy();
    let has_whole = forms.iter().any(|form| decoded.contains(form.as_str()));
    has_whole
        || [line, &decoded].into_iter().any(|line| {
            let mut parts = line.as_bytes().windows(PART);
            parts.any(|part| {
                let mut forms = forms.iter();
                forms.any(|form| form.as_bytes().windows(PART).any(|window| window == part))
            })
        })
}

/// One line of at most [`LONGEST`] characters without the `secrets` that were sent, anything like a token, user names,
/// passwords, and queries of URLs.
fn cleaned(text: &str, secrets: &[String]) -> String {
    let mut text = text.to_owned();
    for secret in secrets {
        text = text.replace(secret, "...");
    }
    let mut follows_scheme = false;
    let mut words = Vec::new();
    let mut length = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control() || is_invisible(c)) {
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
    // A full stop follows.
    let line = match line.strip_suffix("...") {
        Some(rest) => format!("{}\u{2026}", rest.trim_end_matches('.')),
        None => line.trim_end_matches('.').to_owned(),
    };
    if line.chars().count() <= LONGEST {
        return line;
    }
    let cut: String = line.chars().take(LONGEST - 1).collect();
    format!("{cut}\u{2026}")
}

/// Whether it is not seen itself, but may change what is seen of others: marks of direction, and spaces without width.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
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

/// `word` without query, fragment and user info of a URL in it, also of one that is percent-encoded.
fn without_query(word: &str) -> String {
    let word = ["?", "#", "%3F", "%3f", "%23"]
        .iter()
        .filter_map(|mark| word.find(mark))
        .min()
        .and_then(|end| word.get(..end))
        .unwrap_or(word);
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
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn of(body: &Value) -> Option<String> {
        reason(
            StatusCode::BAD_REQUEST,
            body.to_string().as_bytes(),
            Some(("", "s3cret")),
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
            json!({"Message": "no such zone"}),
            json!({"errors": [{"detail": "no such zone"}]}),
            json!({"message": "\u{202e}no such\u{200b} zone"}),
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
        let marked = b"\xef\xbb\xbf{\"message\": \"no such zone\"}";
        let marked = reason(StatusCode::BAD_REQUEST, marked, None);
        assert_eq!(marked.as_deref(), Some("no such zone"));
        let shown = of(&json!({"message": "no such token s3cret"}));
        assert_eq!(shown.as_deref(), Some("no such token \u{2026}"));
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
            "https%3A%2F%2Fh.example%2Fx%3Fsig%3Dabcdef",
            "https%3a%2f%2fh.example%2fx%3fsig%3dabcdef",
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
        let shown = reason(
            StatusCode::FORBIDDEN,
            body.as_bytes(),
            Some(("x-api-key", "ApiKey abc")),
        );
        assert_eq!(shown.as_deref(), Some("the key ... (...) is not known"));
    }

    #[test]
    fn no_form_of_what_was_sent_is_told() {
        let (user, password) = ("ann", "hunter2hunter2");
        for repeated in [
            "YW5uOmh1bnRlcjJodW50ZXIy",
            "aHVudGVyMmh1bnRlcjI=",
            "Basic%20YW5uOmh1bnRlcjJodW50ZXIy",
            "hunter2hunter",
            "hunter2%68unter2",
        ] {
            let body = json!({"message": format!("who is {repeated}?")}).to_string();
            let shown = reason(
                StatusCode::FORBIDDEN,
                body.as_bytes(),
                Some((user, password)),
            );
            let shown = shown.unwrap_or_default();
            assert!(
                !shown.contains("hunter") && !shown.contains("YW5uOmh1"),
                "{shown}"
            );
            assert!(!shown.contains("aHVudGVy"), "{shown}");
        }
    }

    proptest! {
        #[test]
        fn no_secret_is_told_percent_encoded(secret in "[!-~]{4,24}") {
            let encoded = utf8_percent_encode(&secret, NON_ALPHANUMERIC).to_string();
            let body = json!({"message": format!("who is <{encoded}>")}).to_string();
            let shown = reason(StatusCode::FORBIDDEN, body.as_bytes(), Some(("ann", &secret)));
            let shown = shown.unwrap_or_default();
            let decoded = percent_decode_str(&shown).decode_utf8_lossy();
            prop_assert!(!decoded.contains(&secret) || "who is <...>".contains(&secret), "{}", shown);
        }
    }

    #[test]
    fn it_is_short() {
        let shown = of(&json!({"message": "\u{e4} b ".repeat(1000)})).unwrap();
        assert_eq!(shown.chars().count(), LONGEST);
        assert!(shown.ends_with('\u{2026}'));
    }
}
