//! Whatever a DRS answers, it is read or refused; what is read has bounds.

#![no_main]

use libfuzzer_sys::fuzz_target;
use testribute::drs::fuzzing::{access, bulk, bundle, object};

fuzz_target!(|answer: &[u8]| {
    if let Some(object) = object(answer) {
        for access in object.access {
            assert!(access.uri.len() <= answer.len().max(64) * 4);
        }
        for (kind, sum) in object.checksums {
            assert!(!kind.is_empty() && !sum.is_empty());
        }
    }
    bundle(answer);
    access(answer);
    bulk(answer);
});
