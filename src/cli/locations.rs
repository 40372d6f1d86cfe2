//! `testribute locations build` and `testribute notices`: location tables, and the sources of the embedded data.

use std::{fs, path::Path};

use ip_locations::{Builder, IpLocations};

use super::{CliError, args::LocationsBuildArgs, console::Console};
use crate::{config, locations};

/// Makes a location table from City databases.
pub(super) fn build(options: &LocationsBuildArgs, console: &mut Console) -> Result<(), CliError> {
    let mut builder = Builder::default();
    for path in &options.databases {
        let database = fs::read(path).map_err(|error| unusable(path, &error))?;
        builder
            .add(&database)
            .map_err(|error| unusable(path, &error))?;
    }
    let file = builder
        .finish(options.attribution.as_deref())
        .map_err(|error| unusable(&options.output, &error))?;
    fs::write(&options.output, &file).map_err(|error| unusable(&options.output, &error))?;
    let (v4, v6) = IpLocations::read(&file)
        .map_err(|error| unusable(&options.output, &error))?
        .range_counts();
    console.print(format_args!(
        "{}: {} bytes, {v4} ranges of IPv4 and {v6} of IPv6 addresses",
        options.output.display(),
        file.len(),
    ))
}

/// Prints the sources and licences of the embedded data.
pub(super) fn notices(console: &mut Console) -> Result<(), CliError> {
    console.print(format_args!(
        "testribute comes with data that others made. Thank you!\n\n{}\n{}\n\n{}",
        ip_locations::NOTICE,
        locations::NOTICE.trim_end(),
        config::TABLES_NOTICE.trim_end(),
    ))
}

fn unusable(path: &Path, error: &impl ToString) -> CliError {
    CliError::File {
        file: path.display().to_string(),
        reason: error.to_string(),
    }
}
