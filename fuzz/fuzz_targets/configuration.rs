//! Any file, and any variable, is a configuration, or is refused with one line.

#![no_main]

use std::{env, fs, path::PathBuf, process, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use testribute::config::Config;

static FILE: LazyLock<PathBuf> =
    LazyLock::new(|| env::temp_dir().join(format!("testribute-fuzz-{}.yaml", process::id())));

fuzz_target!(|data: &[u8]| {
    // A file, and behind a zero byte what a variable is set to.
    let mut parts = data.splitn(3, |&byte| byte == 0);
    let file = parts.next().unwrap_or_default();
    let text = |part: &[u8]| String::from_utf8_lossy(part).into_owned();
    let variable = parts.next().map(|name| {
        let value = parts.next().map(text).unwrap_or_default();
        (format!("TESTRIBUTE__{}", text(name)), value)
    });
    fs::write(&*FILE, file).unwrap();
    match Config::load(Some(&FILE), variable) {
        Ok(config) => config.check().unwrap(),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
