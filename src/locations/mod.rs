//! Where IP addresses and the regions of cloud providers are.

mod embedded;
mod endpoints;
mod regions;

pub use self::{
    embedded::embedded_location,
    regions::{Cloud, NOTICE, Region},
};
