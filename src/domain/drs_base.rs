//! Possible base URLs of a DRS API for a given service URI.

use url::Url;

use super::{
    service::ServiceUri,
    tes_base::{at, completed, segments},
};

/// The base path of DRS.
const STANDARD: [&str; 3] = ["ga4gh", "drs", "v1"];

/// The last segment before the id of an object, which users often give as the end of the URI of the service.
const OBJECTS: &str = "objects";

/// The possible parents of `objects`, each ending in a slash: the URI as given, and with `/ga4gh/drs/v1` appended.
/// Segments that the URI already has are not repeated.
pub fn bases(drs: &ServiceUri) -> Vec<Url> {
    bases_of(drs.root())
}

/// The same of the root of a DRS.
pub fn bases_of(root: &Url) -> Vec<Url> {
    let mut given = segments(root);
    if given.last() == Some(&OBJECTS) {
        given.pop();
    }
    let as_given = at(root, &given);
    let standard = at(root, &completed(&given, &STANDARD));
    if as_given == standard {
        vec![standard]
    } else {
        vec![as_given, standard]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_given_path_comes_first_and_no_segment_is_repeated() {
        for (given, expected) in [
            ("https://h", ["/", "/ga4gh/drs/v1/"].as_slice()),
            ("https://h/ga4gh", &["/ga4gh/", "/ga4gh/drs/v1/"]),
            ("https://h/ga4gh/drs/", &["/ga4gh/drs/", "/ga4gh/drs/v1/"]),
            ("https://h/ga4gh/drs/v1", &["/ga4gh/drs/v1/"]),
            ("https://h/ga4gh/drs/v1/objects", &["/ga4gh/drs/v1/"]),
            ("https://h/objects/", &["/", "/ga4gh/drs/v1/"]),
            ("https://h/index", &["/index/", "/index/ga4gh/drs/v1/"]),
            ("https://h/v1", &["/v1/", "/ga4gh/drs/v1/"]),
        ] {
            let drs = ServiceUri::parse(given).unwrap();
            let bases = bases(&drs);
            let paths: Vec<_> = bases.iter().map(Url::path).collect();
            assert_eq!(paths, expected, "{given}");
        }
    }
}
