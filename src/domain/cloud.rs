//! Cloud providers and their regions.

use std::fmt;

/// A provider whose regions are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cloud {
    /// Amazon Web Services.
    Aws,
    /// Google Cloud.
    Gcp,
    /// Microsoft Azure.
    Azure,
}

impl fmt::Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aws => "aws",
            Self::Gcp => "gcp",
            Self::Azure => "azure",
        })
    }
}

impl Cloud {
    /// The provider called `name`, or whose object store is called so.
    pub fn parse(name: &str) -> Option<Self> {
        match name.trim().to_ascii_lowercase().as_str() {
            "aws" | "amazon" | "amazon web services" | "s3" => Some(Self::Aws),
            "gcp" | "gcs" | "gs" | "google" | "google cloud" | "google cloud platform" => {
                Some(Self::Gcp)
            }
            "azure" | "az" | "microsoft" | "microsoft azure" => Some(Self::Azure),
            _ => None,
        }
    }
}

/// A region of a cloud provider that is in the table of regions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloudRegion {
    /// The provider.
    pub cloud: Cloud,
    /// Its id in the APIs of the provider.
    pub name: &'static str,
}

impl fmt::Display for CloudRegion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.cloud, self.name)
    }
}
