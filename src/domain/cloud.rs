//! Cloud providers and their regions.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A provider of compute or object storage whose prices are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Provider {
    /// Amazon Web Services.
    Aws,
    /// Google Cloud.
    Gcp,
    /// Microsoft Azure.
    Azure,
    /// Oracle Cloud Infrastructure.
    Oci,
    /// IBM Cloud.
    Ibm,
    /// Cloudflare R2.
    CloudflareR2,
    /// Wasabi.
    Wasabi,
    /// Backblaze B2.
    BackblazeB2,
    /// Tigris.
    Tigris,
    /// Storj.
    Storj,
    /// DigitalOcean.
    DigitalOcean,
    /// Akamai, formerly Linode.
    AkamaiLinode,
    /// Hetzner.
    Hetzner,
    /// OVHcloud.
    OvhCloud,
    /// Scaleway.
    Scaleway,
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl Provider {
    /// All providers, in the order of the table of prices.
    pub const ALL: [Self; 15] = [
        Self::Aws,
        Self::Gcp,
        Self::Azure,
        Self::Oci,
        Self::Ibm,
        Self::CloudflareR2,
        Self::Wasabi,
        Self::BackblazeB2,
        Self::Tigris,
        Self::Storj,
        Self::DigitalOcean,
        Self::AkamaiLinode,
        Self::Hetzner,
        Self::OvhCloud,
        Self::Scaleway,
    ];

    /// Its name in the configuration, in answers and in the tables of prices.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Gcp => "gcp",
            Self::Azure => "azure",
            Self::Oci => "oci",
            Self::Ibm => "ibm",
            Self::CloudflareR2 => "cloudflare-r2",
            Self::Wasabi => "wasabi",
            Self::BackblazeB2 => "backblaze-b2",
            Self::Tigris => "tigris",
            Self::Storj => "storj",
            Self::DigitalOcean => "digitalocean",
            Self::AkamaiLinode => "akamai-linode",
            Self::Hetzner => "hetzner",
            Self::OvhCloud => "ovhcloud",
            Self::Scaleway => "scaleway",
        }
    }

    /// The provider called `name`, or whose object store is called so.
    pub fn parse(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().as_str() {
            "amazon" | "amazon web services" | "s3" => Some(Self::Aws),
            "gcs" | "gs" | "google" | "google cloud" | "google cloud platform" => Some(Self::Gcp),
            "az" | "microsoft" | "microsoft azure" => Some(Self::Azure),
            "oracle" | "oracle cloud" => Some(Self::Oci),
            "ibm cloud" | "ibmcloud" => Some(Self::Ibm),
            "cloudflare" | "r2" => Some(Self::CloudflareR2),
            "backblaze" | "b2" => Some(Self::BackblazeB2),
            "akamai" | "linode" => Some(Self::AkamaiLinode),
            "ovh" => Some(Self::OvhCloud),
            id => Self::ALL.into_iter().find(|provider| provider.id() == id),
        }
    }
}

/// The name is not that of a [`Provider`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a known provider; known are {known}", known = Provider::ALL.map(Provider::id).join(", "))]
pub struct UnknownProvider(String);

impl TryFrom<String> for Provider {
    type Error = UnknownProvider;

    fn try_from(name: String) -> Result<Self, UnknownProvider> {
        Self::parse(&name).ok_or(UnknownProvider(name))
    }
}

impl From<Provider> for String {
    fn from(provider: Provider) -> Self {
        provider.id().to_owned()
    }
}

/// A kind of network that does not charge for traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Network {
    /// Research and education networks: universities, institutes and public archives.
    Academic,
}

impl Network {
    /// Its name in the configuration, in answers and in the tables of prices.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Academic => "academic",
        }
    }

    /// The network called `name`.
    pub fn parse(name: &str) -> Option<Self> {
        (name.trim().to_ascii_lowercase() == Self::Academic.id()).then_some(Self::Academic)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// A region of a cloud provider that is in the table of regions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloudRegion {
    /// The provider.
    pub cloud: Provider,
    /// Its id in the APIs of the provider.
    pub name: &'static str,
}

impl fmt::Display for CloudRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.cloud, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_provider_is_found_by_its_id() {
        for provider in Provider::ALL {
            assert_eq!(Provider::parse(provider.id()), Some(provider));
        }
        assert_eq!(Provider::parse("openstack"), None);
    }
}
