//! What an operator knows of a TES that does not say it itself: its prices, and what it can hold.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    exact::Seconds,
    findings::{OfferSource, TaskInfo},
    geo::Host,
    money::{BadAmount, Currency, Money},
    resources::ResourceNeeds,
    service::ServiceUri,
    tes_base::bases,
};

/// The TES that an entry of the book is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Pattern {
    /// Every one.
    Any,
    /// All on this host.
    Host(Host),
    /// All whose API may begin at this URL or below.
    Prefix(Url),
}

/// The text does not say which TES are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be the beginning of a TES's URI such as https://tes.example.org/, a host name or address, or \"*\""
)]
pub struct BadPattern;

impl Pattern {
    /// Whether `tes` is meant: its URI as it is given, or one at which its API is looked for.
    pub fn matches(&self, tes: &ServiceUri) -> bool {
        match self {
            Self::Any => true,
            Self::Host(host) => host == tes.host(),
            Self::Prefix(prefix) => bases(tes).iter().any(|base| {
                // Who asks makes no difference to where.
                base.origin() == prefix.origin() && base.path().starts_with(prefix.path())
            }),
        }
    }
}

impl TryFrom<String> for Pattern {
    type Error = BadPattern;

    fn try_from(text: String) -> Result<Self, BadPattern> {
        if text == "*" {
            return Ok(Self::Any);
        }
        if text.contains("://") {
            let root = ServiceUri::parse(&text)
                .map_err(|_| BadPattern)?
                .root()
                .clone();
            let has_user = !root.username().is_empty() || root.password().is_some();
            return if has_user {
                Err(BadPattern)
            } else {
                Ok(Self::Prefix(root))
            };
        }
        // A path or a port behind the host would never match anything.
        match Host::parse(&text) {
            Host::Name(name) if !is_host_name(&name) => Err(BadPattern),
            host => Ok(Self::Host(host)),
        }
    }
}

/// Whether `name` has the characters of a host name, and at least one.
pub fn is_host_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Host(host) => host.fmt(f),
            Self::Prefix(url) => url.fmt(f),
        }
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.to_string()
    }
}

/// Prices of a TES, in its own currency.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitCosts {
    /// A core for a second.
    pub cpu_usage: f64,
    /// A gigabyte of memory for a second.
    pub memory_consumption: f64,
    /// A gigabyte of disk.
    pub data_storage: f64,
    /// Moving a gigabyte (10^9 bytes) over 1000 km.
    pub data_transfer: f64,
}

/// All that a quotation needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prices {
    /// The currency of the unit costs.
    pub currency: Currency,
    /// The prices of what a task uses.
    pub unit_costs: UnitCosts,
    /// The share that is taken off the price of computing when the task may run on machines that can be taken away.
    pub preemptible_discount: f64,
}

impl Prices {
    /// What a task with these `needs` costs, when it waits for `queue`, by the formulas of TEStribute's mock TES:
    ///
    /// - compute = seconds * (cores * `cpu_usage` + GB of memory * `memory_consumption`), less the discount
    /// - storage = GB of disk * `data_storage`
    ///
    /// # Errors
    /// [`BadAmount`] if it costs more than anyone can pay.
    pub fn quote(&self, needs: &ResourceNeeds, queue: Seconds) -> Result<TaskInfo, BadAmount> {
        let costs = self.unit_costs;
        let per_second =
            float(needs.cpu_cores) * costs.cpu_usage + needs.ram_gb * costs.memory_consumption;
        let share = if needs.preemptible {
            1.0 - self.preemptible_discount
        } else {
            1.0
        };
        Ok(TaskInfo {
            source: OfferSource::PriceBook,
            compute: Money::new(
                float(needs.execution_seconds) * per_second * share,
                self.currency,
            )?,
            storage: Money::new(needs.disk_gb * costs.data_storage, self.currency)?,
            transfer: Money::new(costs.data_transfer, self.currency)?,
            queue,
        })
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "no one counts cores or seconds beyond 2^53"
)]
const fn float(count: u64) -> f64 {
    count as f64
}

/// What a TES can hold. What is not said is no hindrance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Capacity {
    /// CPU cores of its largest machine.
    pub max_cpu_cores: Option<u64>,
    /// Memory of its largest machine, in gigabytes.
    pub max_ram_gb: Option<f64>,
    /// The largest disk of a task, in gigabytes.
    pub max_disk_gb: Option<f64>,
    /// Where its machines are; empty if that is not known.
    pub zones: Vec<String>,
    /// Whether it has machines that can be taken away.
    pub preemptible: bool,
}

impl Default for Capacity {
    fn default() -> Self {
        Self {
            max_cpu_cores: None,
            max_ram_gb: None,
            max_disk_gb: None,
            zones: Vec::new(),
            preemptible: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, tes: &str) -> bool {
        Pattern::try_from(pattern.to_owned())
            .unwrap()
            .matches(&ServiceUri::parse(tes).unwrap())
    }

    fn needs() -> ResourceNeeds {
        ResourceNeeds {
            cpu_cores: 4,
            ram_gb: 16.0,
            disk_gb: 100.0,
            execution_seconds: 3600,
            preemptible: false,
            zones: Vec::new(),
        }
    }

    const PRICES: Prices = Prices {
        currency: Currency::CHF,
        unit_costs: UnitCosts {
            cpu_usage: 0.5,
            memory_consumption: 0.25,
            data_storage: 0.125,
            data_transfer: 0.02,
        },
        preemptible_discount: 0.75,
    };

    #[test]
    fn quotations_follow_the_formulas() {
        let queue = Seconds::from_f64(7.0);
        let info = PRICES.quote(&needs(), queue).unwrap();
        let chf = |amount| Money::new(amount, Currency::CHF).unwrap();
        let expected = TaskInfo {
            source: OfferSource::PriceBook,
            // 3600 * (4 * 0.5 + 16 * 0.25)
            compute: chf(21_600.0),
            storage: chf(12.5),
            transfer: chf(0.02),
            queue,
        };
        assert_eq!(info, expected);
        let mut needs = needs();
        needs.preemptible = true;
        let compute = PRICES.quote(&needs, queue).unwrap().compute;
        assert_eq!(compute, chf(5_400.0), "a quarter is left");
    }

    #[test]
    fn what_no_one_can_pay_is_no_quotation() {
        let mut needs = needs();
        needs.execution_seconds = u64::MAX;
        assert!(PRICES.quote(&needs, Seconds::ZERO).is_err());
    }

    #[test]
    fn a_tes_is_named_by_uri_by_host_or_with_all_others() {
        for (pattern, tes) in [
            ("*", "https://tes.example/"),
            ("tes.example", "https://TES.example:8443/v1"),
            ("10.0.0.1", "http://10.0.0.1/"),
            ("[::1]", "http://[::1]:8000/"),
            ("https://tes.example", "https://tes.example/ga4gh/tes/v1/"),
            (
                "https://tes.example:443/ga4gh/",
                "https://tes.example/ga4gh/tes",
            ),
            ("https://tes.example/v1/", "https://tes.example/v1/tasks"),
            ("https://tes.example/v1/", "https://ann:pw@tes.example/v1"),
            // The entry says more than the request does.
            ("https://tes.example/ga4gh/tes/v1/", "https://tes.example"),
        ] {
            assert!(matches(pattern, tes), "{pattern} {tes}");
        }
        for (pattern, tes) in [
            ("tes.example", "https://other.tes.example/"),
            ("https://tes.example/", "http://tes.example/"),
            ("https://tes.example/", "https://tes.example.org/"),
            ("https://tes.example/", "https://tes.example:8443/"),
            ("https://tes.example/a", "https://tes.example/ab/"),
        ] {
            assert!(!matches(pattern, tes), "{pattern} {tes}");
        }
    }

    #[test]
    fn what_could_never_match_is_refused() {
        for bad in [
            "",
            "**",
            "*.example.org",
            "tes.example/ga4gh",
            "tes.example:8000",
            "ftp://tes.example/",
            "https://ann:pw@tes.example/",
            "https://tes.example/?x",
        ] {
            assert_eq!(Pattern::try_from(bad.to_owned()), Err(BadPattern), "{bad}");
        }
    }
}
