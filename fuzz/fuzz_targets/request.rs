//! Any body of `POST /rank-services` is a query, or is refused with at least one fault.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use testribute::http::fuzzing::Reader;

static READER: LazyLock<Reader> = LazyLock::new(|| Reader::new().unwrap());

fuzz_target!(|body: &[u8]| {
    match READER.read(body) {
        Ok(query) => assert!(!query.tes().is_empty()),
        Err(faults) => assert!(faults > 0),
    }
});
