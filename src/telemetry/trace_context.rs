//! W3C Trace Context: the headers that tie the calls of one request together, across services.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// The header with the ids.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The header with what vendors add.
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// What the standard asks services to send on at least, in bytes; more is dropped.
const MAX_STATE_BYTES: usize = 512;

/// A valid `traceparent`, and its `tracestate` if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceContext {
    /// The header `traceparent`.
    pub parent: HeaderValue,
    /// The header `tracestate`.
    pub state: Option<HeaderValue>,
}

impl TraceContext {
    /// That of a request. A header that is not valid is as none.
    pub fn of_request(headers: &HeaderMap) -> Option<Self> {
        let mut parents = headers.get_all(TRACEPARENT).iter();
        let parent = parents.next().filter(|parent| is_valid(parent))?;
        if parents.next().is_some() {
            return None;
        }
        let states = headers.get_all(TRACESTATE).iter();
        let states: Option<Vec<_>> = states.map(|state| state.to_str().ok()).collect();
        let state = states.unwrap_or_default().join(",");
        let is_sent_on = (1..=MAX_STATE_BYTES).contains(&state.len());
        Some(Self {
            parent: parent.clone(),
            state: is_sent_on
                .then(|| HeaderValue::try_from(state).ok())
                .flatten(),
        })
    }
}

/// Version, trace id, parent id and flags, in lower case; ids of zeros only and the version ff are not valid.
fn is_valid(parent: &HeaderValue) -> bool {
    let is_hex = |part: &[u8]| {
        let is_digit = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
        part.iter().all(is_digit)
    };
    let is_id = |part: &[u8]| is_hex(part) && part.iter().any(|&byte| byte != b'0');
    let parts: Vec<_> = parent.as_bytes().split(|&byte| byte == b'-').collect();
    match parts.as_slice() {
        [version, trace, span, flags, rest @ ..] => {
            (version.len(), trace.len(), span.len(), flags.len()) == (2, 32, 16, 2)
                && is_hex(version)
                && *version != b"ff"
                && (rest.is_empty() || *version != b"00")
                && is_id(trace)
                && is_id(span)
                && is_hex(flags)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn context(headers: &[(&'static str, &str)]) -> Option<TraceContext> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::try_from(*value).unwrap());
        }
        TraceContext::of_request(&map)
    }

    #[test]
    fn a_valid_context_is_taken_over() {
        let found = context(&[("traceparent", GOOD)]).unwrap();
        assert_eq!((found.parent.to_str().unwrap(), found.state), (GOOD, None));
        let later = GOOD.replacen("00", "cc", 1) + "-what-the-future-brings";
        assert!(context(&[("traceparent", &later)]).is_some());
        let states = [
            ("traceparent", GOOD),
            ("tracestate", "a=1"),
            ("tracestate", "b=2"),
        ];
        assert_eq!(context(&states).unwrap().state.unwrap(), "a=1,b=2");
    }

    #[test]
    fn what_is_not_valid_is_as_none() {
        for bad in [
            "",
            "00",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
        ] {
            assert_eq!(context(&[("traceparent", bad)]), None, "{bad}");
        }
        assert_eq!(
            context(&[("traceparent", GOOD), ("traceparent", GOOD)]),
            None
        );
        assert_eq!(context(&[("tracestate", "a=1")]), None);
    }

    #[test]
    fn a_state_that_is_too_long_is_dropped() {
        let long = "x".repeat(513);
        let found = context(&[("traceparent", GOOD), ("tracestate", &long)]).unwrap();
        assert_eq!(found.state, None);
    }
}
