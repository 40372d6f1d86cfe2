//! Where the outputs of a task go.

use std::sync::Arc;

use super::DataUri;
use crate::domain::{
    output::{Destination, OutputFile},
    task::{Output, TaskWarning},
    warning::Warning,
};

/// The destination of each of `outputs`, and a warning for those whose URLs name no host.
pub fn with_destinations(outputs: &[Output]) -> (Vec<OutputFile>, Option<Warning>) {
    let mut unreadable = Vec::new();
    let mut files = Vec::with_capacity(outputs.len());
    for output in outputs {
        let uri = DataUri::parse(&output.url);
        // What is neither a URL nor an absolute path is a relative one.
        if uri.is_none() && output.url.contains("://") {
            unreadable.push(output.path.to_string());
            continue;
        }
        let host = uri.and_then(|uri| uri.host);
        files.push(OutputFile {
            path: Arc::clone(&output.path),
            size_bytes: output.size_bytes,
            destination: host.map(|host| Destination {
                host,
                is_ftp: is_ftp(&output.url),
            }),
        });
    }
    let warning = TaskWarning::OutputsUnreadable(unreadable);
    let warning = (files.len() < outputs.len()).then_some(Warning::Task(warning));
    (files, warning)
}

fn is_ftp(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    scheme.is_some_and(|scheme| {
        ["ftp", "ftps"]
            .iter()
            .any(|ftp| scheme.eq_ignore_ascii_case(ftp))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::geo::Host;

    fn output(url: &str) -> Output {
        Output {
            path: "/out/x".into(),
            url: url.into(),
            size_bytes: 1,
        }
    }

    fn destination(url: &str) -> Option<Destination> {
        let (files, warning) = with_destinations(&[output(url)]);
        assert_eq!(warning, None, "{url}");
        files[0].destination.clone()
    }

    #[test]
    fn outputs_go_to_the_bucket_or_host_of_their_url() {
        for (url, host) in [
            ("s3://results/x", "s3://results"),
            ("s3a://results/x", "s3://results"),
            ("gs://results/x", "gs://results"),
            ("https://DATA.example.org./x", "data.example.org"),
            (
                "https://ann:secret@data.example.org:8443/x?sig=1",
                "data.example.org",
            ),
            ("ftp://data.example.org/x", "data.example.org"),
        ] {
            let found = destination(url).unwrap();
            assert_eq!(found.host.machine(), &Host::parse(host), "{url}");
            assert_eq!(found.is_ftp, url.starts_with("ftp"), "{url}");
        }
        assert!(destination("FTP://data.example.org/x").unwrap().is_ftp);
        let regional = destination("https://results.s3.eu-central-1.amazonaws.com/x").unwrap();
        assert_eq!(regional.host.machine(), &Host::parse("s3://results"));
        assert!(matches!(regional.host, Host::Region { .. }));
    }

    #[test]
    fn paths_stay_at_the_tes() {
        for url in ["/shared/x", "file:///shared/x", "results/x", "x"] {
            assert_eq!(destination(url), None, "{url}");
        }
    }

    #[test]
    fn an_output_whose_url_names_no_host_is_not_counted() {
        let (files, warning) = with_destinations(&[
            output("https://"),
            output("http://[::1/x"),
            output("s3://a/x"),
            output("https://\u{0}/x"),
        ]);
        assert_eq!(files.len(), 1);
        let paths = vec!["/out/x".to_owned(); 3];
        let expected = Warning::Task(TaskWarning::OutputsUnreadable(paths));
        assert_eq!(warning, Some(expected));
    }
}
