//! Possible base URLs of a TES API for a given service URI.

use url::Url;

use super::service::ServiceUri;

/// The base path of TES 1.0 and later.
const STANDARD: [&str; 3] = ["ga4gh", "tes", "v1"];

/// The base path of older servers.
const OLD: [&str; 1] = ["v1"];

/// The last segment of the URL of the task list, which users often give as the URI of the service.
const TASKS: &str = "tasks";

/// The possible parents of `tasks`, each ending in a slash, the most likely first: the URI as given, and with
/// `/ga4gh/tes/v1` and `/v1` appended. Segments that the URI already has are not repeated.
pub fn bases(tes: &ServiceUri) -> Vec<Url> {
    bases_of(tes.root())
}

/// The same of the root of a TES.
pub fn bases_of(root: &Url) -> Vec<Url> {
    let mut given = segments(root);
    if given.last() == Some(&TASKS) {
        given.pop();
    }
    let mut bases = Vec::with_capacity(3);
    for path in [
        given.clone(),
        completed(&given, &STANDARD),
        completed(&given, &OLD),
    ] {
        let base = at(root, &path);
        if !bases.contains(&base) {
            bases.push(base);
        }
    }
    bases
}

/// The first of [`bases`].
pub fn given_base(tes: &ServiceUri) -> Url {
    let root = tes.root();
    let mut given = segments(root);
    if given.last() == Some(&TASKS) {
        given.pop();
    } else if !root.path().contains("//") {
        return root.clone();
    }
    at(root, &given)
}

/// The root of the server of the API that begins at `base`: servers offer one API below several of the usual paths.
pub fn server_of(base: &Url) -> Url {
    let given = segments(base);
    let usual: [&[&str]; 2] = [&STANDARD, &OLD];
    let stem = usual.iter().find_map(|end| given.strip_suffix(*end));
    at(base, stem.unwrap_or(&given))
}

/// The segments of the path of `root`.
pub(super) fn segments(root: &Url) -> Vec<&str> {
    let segments = root.path().split('/');
    segments.filter(|segment| !segment.is_empty()).collect()
}

/// `given` followed by `end`; a version or a prefix of `end` at the end of `given` is not repeated.
pub(super) fn completed<'a>(given: &[&'a str], end: &[&'a str]) -> Vec<&'a str> {
    let start = match given.split_last() {
        Some((last, start)) if end.last() == Some(last) => start,
        _ => given,
    };
    let overlap = (0..=end.len())
        .rev()
        .find_map(|length| start.strip_suffix(end.get(..length)?));
    overlap
        .unwrap_or(start)
        .iter()
        .chain(end)
        .copied()
        .collect()
}

pub(super) fn at(root: &Url, path: &[&str]) -> Url {
    let mut base = root.clone();
    base.set_path(&match path {
        [] => "/".to_owned(),
        segments => format!("/{}/", segments.join("/")),
    });
    base
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(given: &str) -> Vec<String> {
        let tes = ServiceUri::parse(given).unwrap();
        let bases = bases(&tes);
        assert_eq!(bases.first(), Some(&given_base(&tes)));
        bases.iter().map(|base| base.path().to_owned()).collect()
    }

    #[test]
    fn the_given_path_comes_first_and_no_segment_is_repeated() {
        for (given, expected) in [
            ("https://h", ["/", "/ga4gh/tes/v1/", "/v1/"].as_slice()),
            ("https://h/", &["/", "/ga4gh/tes/v1/", "/v1/"]),
            ("https://h/v1", &["/v1/", "/ga4gh/tes/v1/"]),
            ("https://h/ga4gh/tes/v1/", &["/ga4gh/tes/v1/"]),
            ("https://h/ga4gh/tes/", &["/ga4gh/tes/", "/ga4gh/tes/v1/"]),
            ("https://h/ga4gh/tes/v1/tasks", &["/ga4gh/tes/v1/"]),
            ("https://h/v1/tasks/", &["/v1/", "/ga4gh/tes/v1/"]),
            (
                "https://h/ga4gh",
                &["/ga4gh/", "/ga4gh/tes/v1/", "/ga4gh/v1/"],
            ),
            (
                "https://h/tes",
                &["/tes/", "/tes/ga4gh/tes/v1/", "/tes/v1/"],
            ),
            ("https://h/a/v1/", &["/a/v1/", "/a/ga4gh/tes/v1/"]),
            (
                "https://h//a//tasks",
                &["/a/", "/a/ga4gh/tes/v1/", "/a/v1/"],
            ),
            (
                "https://h/a//b/",
                &["/a/b/", "/a/b/ga4gh/tes/v1/", "/a/b/v1/"],
            ),
        ] {
            assert_eq!(paths(given), expected, "{given}");
        }
    }

    #[test]
    fn all_bases_of_a_root_are_of_one_server_and_those_of_others_are_not() {
        let server = |base: &str| server_of(&Url::parse(base).unwrap()).to_string();
        for root in ["https://h/", "https://h/site-a/", "https://h/tes/"] {
            for base in bases_of(&Url::parse(root).unwrap()) {
                assert_eq!(server(base.as_str()), root, "{base}");
            }
        }
        for other in [
            "https://h/b/v1/",
            "https://h:8443/v1/",
            "http://h/ga4gh/tes/v1/",
        ] {
            assert_ne!(server(other), "https://h/", "{other}");
        }
    }

    #[test]
    fn a_base_has_the_given_host_port_and_user() {
        let tes = ServiceUri::parse("https://ann:pw@h:8443/%20x").unwrap();
        let all = bases(&tes);
        assert_eq!(
            all.last().map(Url::as_str),
            Some("https://ann:pw@h:8443/%20x/v1/")
        );
    }
}
