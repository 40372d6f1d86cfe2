//! Where the regions of cloud providers are.

mod endpoints;
mod regions;

pub use self::regions::{Cloud, Region};
