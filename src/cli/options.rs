//! Messages of the service in terms of the command line: options where it names properties of requests.

use std::borrow::Cow;

use crate::domain::query::RequestFault;

/// Properties of requests, and the options that set them, in pointers and in texts.
const OPTIONS: [(&str, &str); 8] = [
    ("tes_uris", "--tes-uri"),
    ("drs_uris", "--drs-uri"),
    ("object_ids", "--object-id"),
    ("object_sizes", "--object-size"),
    ("cpu_cores", "--cpu-cores"),
    ("ram_gb", "--ram-gb"),
    ("disk_gb", "--disk-gb"),
    ("execution_time_sec", "--execution-time-sec"),
];

/// The same of names that are ordinary words too.
const OPTIONS_OF_POINTERS: [(&str, &str); 6] = [
    ("registries", "--registry"),
    ("mode", "--mode"),
    ("limit", "--limit"),
    ("sizes", "--size"),
    ("zones", "--zone"),
    ("preemptible", "--preemptible"),
];

/// `fault` with the name of the option instead of the JSON pointer.
pub(super) fn fault(fault: &RequestFault) -> String {
    let message = text(&fault.message);
    let pointer = fault.pointer.trim_start_matches('/');
    let pointer = pointer
        .strip_prefix("resource_requirements/")
        .unwrap_or(pointer);
    let (property, rest) = pointer.split_once('/').unwrap_or((pointer, ""));
    if property == "task" {
        return match rest {
            "" => format!("--task: {message}"),
            place => format!("--task: /{place}: {message}"),
        };
    }
    let mut options = OPTIONS.iter().chain(&OPTIONS_OF_POINTERS);
    let Some((_, option)) = options.find(|(name, _)| *name == property) else {
        return fault.to_string();
    };
    match rest.parse::<usize>() {
        Ok(position) => format!("{option} (number {}): {message}", position + 1),
        Err(_) if rest.is_empty() => format!("{option}: {message}"),
        Err(_) => {
            let name = rest.replace("~1", "/").replace("~0", "~");
            format!("{option} ('{name}'): {message}")
        }
    }
}

/// `message` with options for the properties that it names, but for quoted names, pointers and keys of the configuration.
pub(super) fn text(message: &str) -> Cow<'_, str> {
    if !OPTIONS.iter().any(|(name, _)| message.contains(name)) {
        return message.into();
    }
    let mut text = String::with_capacity(message.len());
    for word in message.split_inclusive(|c: char| !is_of_name(c)) {
        // The end of a sentence is no part of a name.
        let name = word.trim_end_matches(|c: char| !is_of_name(c) || c == '.');
        let option = OPTIONS.iter().find(|(property, _)| *property == name);
        text.push_str(option.map_or(name, |(_, option)| option));
        text.push_str(word.get(name.len()..).unwrap_or_default());
    }
    text.into()
}

/// Whether names of properties, pointers and keys have the character, or it quotes them.
const fn is_of_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '.' | '-' | '\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_told_as_their_options() {
        for (message, expected) in [
            (
                "as some object_ids are neither URLs",
                "as some --object-id are neither URLs",
            ),
            ("state it in object_sizes.", "state it in --object-size."),
            (
                "'object_sizes' (limits.tes_uris)",
                "'object_sizes' (limits.tes_uris)",
            ),
            (
                "ignored: /object_sizes/a, 'it', drs_uris",
                "ignored: /object_sizes/a, 'it', --drs-uri",
            ),
            (
                "the registries are not asked",
                "the registries are not asked",
            ),
        ] {
            assert_eq!(text(message), expected);
        }
    }

    #[test]
    fn places_in_requests_are_told_as_options_with_their_position() {
        for (pointer, expected) in [
            ("/tes_uris/0", "--tes-uri (number 1): m"),
            ("/tes_uris", "--tes-uri: m"),
            ("/resource_requirements/zones/1", "--zone (number 2): m"),
            ("/resource_requirements/cpu_cores", "--cpu-cores: m"),
            ("/object_sizes/a~1b", "--object-size ('a/b'): m"),
            ("/sizes/~1in~1a", "--size ('/in/a'): m"),
            ("/task/inputs/0/url", "--task: /inputs/0/url: m"),
            ("/task", "--task: m"),
        ] {
            let found = RequestFault {
                pointer: pointer.to_owned(),
                message: "m".to_owned(),
            };
            assert_eq!(fault(&found), expected);
        }
    }
}
