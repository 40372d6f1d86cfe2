//! `testribute locations build` and `testribute notices`: the location table that comes with the program.

use std::{fs, path::Path};

use super::{CliError, args::LocationsBuildArgs, console::Console};
use crate::atlas::{Atlas, NOTICES, build::Builder};

/// Makes a location table from City databases.
pub(super) fn build(options: &LocationsBuildArgs, console: &mut Console) -> Result<(), CliError> {
    let mut atlas = Builder::default();
    for path in &options.databases {
        let database = fs::read(path).map_err(|error| unusable(path, &error))?;
        atlas
            .add(&database)
            .map_err(|error| unusable(path, &error))?;
    }
    let image = atlas
        .finish(options.attribution.as_deref())
        .map_err(|error| unusable(&options.output, &error))?;
    fs::write(&options.output, &image).map_err(|error| unusable(&options.output, &error))?;
    let (v4, v6) = Atlas::read(&image)
        .map_err(|error| unusable(&options.output, &error))?
        .sizes();
    console.print(format_args!(
        "{}: {} bytes, {v4} ranges of IPv4 and {v6} of IPv6 addresses",
        options.output.display(),
        image.len(),
    ))
}

/// Prints whose data come with the program.
pub(super) fn notices(console: &mut Console) -> Result<(), CliError> {
    console.print(NOTICES.trim_end())
}

fn unusable(path: &Path, error: &impl ToString) -> CliError {
    CliError::File {
        file: path.display().to_string(),
        reason: error.to_string(),
    }
}
