//! Whatever a TES answers, what is believed of it are amounts and times that can be reckoned with.

#![no_main]

use libfuzzer_sys::fuzz_target;
use testribute::{
    domain::{money::Money, resources::ResourceNeeds},
    tes::fuzzing::{history, task_info},
};

fuzz_target!(|answer: &[u8]| {
    if let Some(info) = task_info(answer) {
        for price in [info.compute, info.storage]
            .into_iter()
            .chain(info.transfer)
        {
            assert!((0.0..=Money::MAX).contains(&price.amount()));
        }
        assert!(info.queue.to_f64().is_finite() && info.queue.to_f64() >= 0.0);
    }
    if let Some(found) = history(answer)
        && let Some(estimate) = found.history.estimate(&ResourceNeeds::default())
    {
        let seconds = estimate.seconds.to_f64();
        assert!(seconds.is_finite() && seconds >= 0.0);
    }
});
