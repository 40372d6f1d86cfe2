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
pub enum TesMatch {
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
pub struct BadTesMatch;

impl TesMatch {
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

impl TryFrom<String> for TesMatch {
    type Error = BadTesMatch;

    fn try_from(text: String) -> Result<Self, BadTesMatch> {
        if text == "*" {
            return Ok(Self::Any);
        }
        if text.contains("://") {
            let root = ServiceUri::parse(&text)
                .map_err(|_| BadTesMatch)?
                .root()
                .clone();
            let has_user = !root.username().is_empty() || root.password().is_some();
            return if has_user {
                Err(BadTesMatch)
            } else {
                Ok(Self::Prefix(root))
            };
        }
        // A path or a port behind the host would never match anything.
        match Host::parse(&text) {
            Host::Name(name) if !is_host_name(&name) => Err(BadTesMatch),
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

impl fmt::Display for TesMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Host(host) => host.fmt(f),
            Self::Prefix(url) => url.fmt(f),
        }
    }
}

impl From<TesMatch> for String {
    fn from(pattern: TesMatch) -> Self {
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

/// Why a TES cannot hold a task; goes on after the name of the TES.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unfit {
    /// Its largest machine has too few cores.
    #[error("has at most {has} CPU cores, and the task needs {needs}")]
    Cores {
        /// How many it has.
        has: u64,
        /// How many are needed.
        needs: u64,
    },
    /// Its largest machine or disk is too small.
    #[error("has at most {has} GB of {what}, and the task needs {needs}")]
    Gigabytes {
        /// Of what.
        what: &'static str,
        /// How many it has.
        has: f64,
        /// How many are needed.
        needs: f64,
    },
    /// It has nothing where the task must run.
    #[error("is in {} only, which is none of the zones that the task must run in", .0.join(", "))]
    Elsewhere(Vec<String>),
}

impl Capacity {
    /// Why a task with these `needs` cannot be held, if it cannot. That it may run on machines that can be taken away
    /// allows such machines and asks for none, so it is never a reason.
    pub fn unfit(&self, needs: &ResourceNeeds) -> Option<Unfit> {
        if let Some(has) = self.max_cpu_cores.filter(|&has| has < needs.cpu_cores) {
            return Some(Unfit::Cores {
                has,
                needs: needs.cpu_cores,
            });
        }
        for (what, has, needs) in [
            ("memory", self.max_ram_gb, needs.ram_gb),
            ("disk", self.max_disk_gb, needs.disk_gb),
        ] {
            if let Some(has) = has.filter(|&has| has < needs) {
                return Some(Unfit::Gigabytes { what, has, needs });
            }
        }
        let shares_a_zone = self.zones.iter().any(|zone| needs.zones.contains(zone));
        let anywhere = self.zones.is_empty() || needs.zones.is_empty();
        (!anywhere && !shares_a_zone).then(|| Unfit::Elsewhere(self.zones.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, tes: &str) -> bool {
        TesMatch::try_from(pattern.to_owned())
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
    fn what_does_not_fit_is_told() {
        let capacity = Capacity {
            max_cpu_cores: Some(4),
            max_ram_gb: Some(16.0),
            max_disk_gb: Some(100.0),
            zones: vec!["eu-1".to_owned(), "eu-2".to_owned()],
            preemptible: false,
        };
        let told = |change: fn(&mut ResourceNeeds)| {
            let mut needs = needs();
            change(&mut needs);
            capacity.unfit(&needs).map(|unfit| unfit.to_string())
        };
        assert_eq!(told(|_| ()), None, "all of it may be taken");
        assert_eq!(told(|needs| needs.preemptible = true), None);
        assert_eq!(
            told(|needs| needs.zones = vec!["us".to_owned(), "eu-2".to_owned()]),
            None
        );
        for (change, expected) in [
            (
                (|needs| needs.cpu_cores = 5) as fn(&mut ResourceNeeds),
                "has at most 4 CPU cores, and the task needs 5",
            ),
            (
                |needs| needs.ram_gb = 16.5,
                "has at most 16 GB of memory, and the task needs 16.5",
            ),
            (
                |needs| needs.disk_gb = 101.0,
                "has at most 100 GB of disk, and the task needs 101",
            ),
            (
                |needs| needs.zones = vec!["us".to_owned()],
                "is in eu-1, eu-2 only, which is none of the zones that the task must run in",
            ),
        ] {
            assert_eq!(told(change).as_deref(), Some(expected));
        }
        let mut needs = needs();
        needs.zones = vec!["us".to_owned()];
        assert_eq!(
            Capacity::default().unfit(&needs),
            None,
            "nothing said is no hindrance"
        );
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
            assert_eq!(
                TesMatch::try_from(bad.to_owned()),
                Err(BadTesMatch),
                "{bad}"
            );
        }
    }
}
