//! What can be wrong with service registries.

use super::first_ten::FirstTen;

/// A registry, or what it lists, cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryWarning {
    /// This registry did not answer with a list. An older one is used if there is one.
    #[error("Registry unavailable: '{service}' {cause}.")]
    Unavailable {
        /// The registry.
        service: String,
        /// Why the call failed; follows the name of the registry.
        cause: String,
    },
    /// This registry answers and lists no TES.
    #[error("Registry without TES: '{service}' lists no service of type org.ga4gh:tes.")]
    Empty {
        /// The registry.
        service: String,
    },
    /// This registry lists TES whose URL cannot be used.
    #[error("TES excluded: '{service}' lists services without a usable URL: {}.", FirstTen(.ids))]
    UnusableListings {
        /// The registry.
        service: String,
        /// The ids of the services.
        ids: Vec<String>,
    },
    /// The registries list more TES than are asked for one request.
    #[error(
        "TES excluded: {skipped} of the registries are not asked, as the limit for one request is {limit} \
         (limits.tes_uris)."
    )]
    TooManyListed {
        /// How many TES are asked.
        limit: usize,
        /// How many are not.
        skipped: usize,
    },
}
