//! Whatever is published as exchange rates, it is read or refused.

#![no_main]

use libfuzzer_sys::fuzz_target;
use testribute::rates::fuzzing::{ecb, ticker};

fuzz_target!(|document: &[u8]| {
    ecb(document);
    ticker(document);
});
