//! URIs, hosts and ids in any spelling: the host that is checked is the host that is called.

#![no_main]

use libfuzzer_sys::fuzz_target;
use testribute::{
    domain::{
        disclosure::{may_be_disclosed, redacted},
        geo::Host,
        object_id::{DrsUri, ObjectId},
        service::ServiceUri,
        tes_base::bases,
    },
    locations::{DataUri, Region, UriKind},
};
use url::Url;

fuzz_target!(|text: &str| {
    if let Ok(service) = ServiceUri::parse(text) {
        let root = service.root();
        assert!(["http", "https"].contains(&root.scheme()));
        assert_eq!(service.given().as_ref(), text);
        assert_eq!(Host::of(root).as_ref(), Some(service.host()));
        for url in bases(&service)
            .into_iter()
            .chain([service.endpoint("objects/x%2F..")])
        {
            assert_eq!(url.origin(), root.origin());
            // What goes over the wire is read there as what it is here.
            assert_eq!(Url::parse(url.as_str()).as_ref(), Ok(&url));
        }
        let again = ServiceUri::parse(root.as_str()).unwrap();
        assert_eq!(again.root(), root);
        // Warnings tell neither user nor password.
        let shown = service.to_string();
        assert!(ServiceUri::parse(&shown).is_ok_and(|shown| shown.root().password().is_none()));
    }
    if let Some(rest) = DrsUri::scheme_stripped(text) {
        let _ = DrsUri::parse(rest);
    }
    let _ = ObjectId::parse(text);
    let host = Host::parse(text);
    Region::of_host(&host);
    Region::of_access_id(text);
    if let Some(host) = Url::parse(text).ok().and_then(|url| Host::of(&url)) {
        Region::of_host(&host);
    }
    if let Some(uri) = DataUri::parse(text) {
        uri.region();
        assert_eq!(uri.host.is_none(), uri.kind == UriKind::Path);
    }
    // What is told of a URI is told in full, or has no secret part.
    if may_be_disclosed(text) {
        assert!(!text.contains('#'));
    } else if text.contains("://") {
        assert!(!redacted(text).contains(['?', '#']));
    }
});
