//! Whatever a TES answers, what is believed of it are amounts and times that can be reckoned with.

#![no_main]

use libfuzzer_sys::fuzz_target;
use testribute::{
    domain::money::Money,
    tes::fuzzing::{history, task_info},
};

fuzz_target!(|answer: &[u8]| {
    if let Some(info) = task_info(answer) {
        for price in [info.compute, info.storage, info.transfer] {
            assert!((0.0..=Money::MAX).contains(&price.amount()));
        }
        assert!(info.queue.to_f64().is_finite() && info.queue.to_f64() >= 0.0);
    }
    if let Some(history) = history(answer) {
        for task in history.finished {
            assert!(task.waited_seconds.is_finite() && task.waited_seconds >= 0.0);
        }
    }
});
