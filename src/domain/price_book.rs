//! Price book: the operator's prices and capacities of TES without task info.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    exact::Seconds,
    exclusion::Unfit,
    findings::{OfferSource, TaskInfo},
    geo::Host,
    money::{BadAmount, Currency, Money},
    queue::QueueBasis,
    resources::ResourceNeeds,
    service::ServiceUri,
    tes_base::bases,
};

/// The TES that an entry of the price book applies to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TesMatch {
    /// All TES: `*`.
    Any,
    /// All TES on this host.
    Host(Host),
    /// All TES whose base URL may be at or below this URL.
    Prefix(Url),
}

/// The text is not a valid [`TesMatch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be the start of a TES URI such as https://tes.example.org/, a host name or address, or \"*\""
)]
pub struct BadTesMatch;

impl TesMatch {
    /// Whether it matches `tes`: its URI as given, or one of its possible base URLs.
    pub fn matches(&self, tes: &ServiceUri) -> bool {
        match self {
            Self::Any => true,
            Self::Host(host) => host == tes.host(),
            Self::Prefix(prefix) => bases(tes).iter().any(|base| {
                // User name and password are ignored.
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
        // A host with a path or a port would match nothing.
        match Host::parse(&text) {
            Host::Name(name) if !is_host_name(&name) => Err(BadTesMatch),
            host => Ok(Self::Host(host)),
        }
    }
}

/// Whether `name` is not empty and has only the characters of host names.
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

/// Prices of a TES, in the currency of its entry.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitCosts {
    /// Per core and second.
    pub cpu_usage: f64,
    /// Per gigabyte of memory and second.
    pub memory_consumption: f64,
    /// Per gigabyte of disk.
    pub data_storage: f64,
    /// Per gigabyte (10^9 bytes) moved over 1000 km; without it, transfers cost what the source charges.
    pub data_transfer: Option<f64>,
}

/// The prices of one entry of the price book.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prices {
    /// The currency of the unit costs.
    pub currency: Currency,
    /// The prices of resources.
    pub unit_costs: UnitCosts,
    /// The discount on the cost of computing for preemptible tasks, from 0 to 1.
    pub preemptible_discount: f64,
    /// The speed of the machines, relative to those that execution times are stated for.
    pub speed: f64,
}

impl Prices {
    /// The offer for a task with these `needs` and this `queue` time, by the formulas of TEStribute's mock TES:
    ///
    /// - compute = seconds * (cores * `cpu_usage` + GB of memory * `memory_consumption`), less the discount
    /// - storage = GB of disk * `data_storage`
    ///
    /// The seconds are `run_time`, if it was measured at this TES, or else what the task states, divided by the speed.
    ///
    /// # Errors
    /// [`BadAmount`] if an amount is above [`Money::MAX`].
    pub fn quote(
        &self,
        needs: &ResourceNeeds,
        run_time: Option<Seconds>,
        (queue, queue_basis): (Seconds, QueueBasis),
    ) -> Result<TaskInfo, BadAmount> {
        let costs = self.unit_costs;
        let per_second =
            needs.cpu_cores * costs.cpu_usage + needs.ram_gb * costs.memory_consumption;
        let discount = self.discount(needs);
        // What was measured on these machines has their speed in it.
        let seconds = run_time.map_or(needs.execution_seconds / self.speed, Seconds::to_f64);
        Ok(TaskInfo {
            source: OfferSource::PriceBook,
            compute: Money::new(seconds * per_second * (1.0 - discount), self.currency)?,
            storage: Money::new(needs.disk_gb * costs.data_storage, self.currency)?,
            transfer: costs
                .data_transfer
                .map(|price| Money::new(price, self.currency))
                .transpose()?,
            queue,
            queue_basis,
            outcomes: None,
            run_time,
            discount,
        })
    }

    /// The discount on computing, from 0 to 1: only a task that states that it may be preempted gets it.
    pub fn discount(&self, needs: &ResourceNeeds) -> f64 {
        if needs.preemptible == Some(true) {
            self.preemptible_discount
        } else {
            0.0
        }
    }
}

/// The capacity of a TES. A missing value is no limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Capacity {
    /// CPU cores of its largest machine.
    pub max_cpu_cores: Option<u64>,
    /// Memory of its largest machine, in gigabytes.
    pub max_ram_gb: Option<f64>,
    /// The largest disk of a task, in gigabytes.
    pub max_disk_gb: Option<f64>,
    /// The zones of its machines; empty if unknown.
    pub zones: Vec<String>,
    /// Whether it has preemptible machines.
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

impl Capacity {
    /// Why a task with these `needs` cannot run, if it cannot. `preemptible` allows preemptible machines and requires
    /// none, so it is never a reason.
    pub fn unfit(&self, needs: &ResourceNeeds) -> Option<Unfit> {
        #[expect(clippy::cast_precision_loss, reason = "cores are at most 10^9")]
        let cores = self.max_cpu_cores.map(|has| has as f64);
        if let Some(has) = cores.filter(|&has| has < needs.cpu_cores) {
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
        (!anywhere && !shares_a_zone).then(|| Unfit::NoZone(self.zones.clone()))
    }
}

/// Why a task with these `needs` cannot run on a TES that offers `labels`, if it cannot: a backend parameter that it needs
/// strictly is not among them. Without `backend_parameters_strict` they are wishes.
pub fn unfit_labels(labels: &BTreeMap<String, String>, needs: &ResourceNeeds) -> Option<Unfit> {
    if !needs.backend_parameters_strict {
        return None;
    }
    let mut parameters = needs.backend_parameters.iter();
    let (name, value) = parameters.find(|&(name, value)| labels.get(name) != Some(value))?;
    Some(Unfit::NoLabel {
        name: name.clone(),
        value: value.clone(),
    })
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
            cpu_cores: 4.0,
            ram_gb: 16.0,
            disk_gb: 100.0,
            execution_seconds: 3600.0,
            ..ResourceNeeds::default()
        }
    }

    const PRICES: Prices = Prices {
        currency: Currency::CHF,
        unit_costs: UnitCosts {
            cpu_usage: 0.5,
            memory_consumption: 0.25,
            data_storage: 0.125,
            data_transfer: Some(0.02),
        },
        preemptible_discount: 0.75,
        speed: 1.0,
    };

    #[test]
    fn quotes_follow_the_formulas() {
        let queue = (Seconds::from_f64(7.0), QueueBasis::Fixed);
        let info = PRICES.quote(&needs(), None, queue).unwrap();
        let chf = |amount| Money::new(amount, Currency::CHF).unwrap();
        let expected = TaskInfo {
            source: OfferSource::PriceBook,
            // 3600 * (4 * 0.5 + 16 * 0.25)
            compute: chf(21_600.0),
            storage: chf(12.5),
            transfer: Some(chf(0.02)),
            queue: queue.0,
            queue_basis: queue.1,
            outcomes: None,
            run_time: None,
            discount: 0.0,
        };
        assert_eq!(info, expected);
        let mut needs = needs();
        for (stated, expected) in [
            (Some(true), 5_400.0),
            (Some(false), 21_600.0),
            (None, 21_600.0),
        ] {
            needs.preemptible = stated;
            let compute = PRICES.quote(&needs, None, queue).unwrap().compute;
            assert_eq!(compute, chf(expected), "{stated:?}");
        }
    }

    #[test]
    fn a_measured_run_time_is_charged_as_it_is() {
        let mut prices = Prices {
            speed: 4.0,
            ..PRICES
        };
        prices.unit_costs.cpu_usage = 0.001;
        let needs = ResourceNeeds {
            cpu_cores: 1.0,
            execution_seconds: 400.0,
            ..ResourceNeeds::default()
        };
        let queue = (Seconds::ZERO, QueueBasis::Fixed);
        for (run_time, expected) in [(Some(Seconds::from_f64(400.0)), 0.4), (None, 0.1)] {
            let compute = prices.quote(&needs, run_time, queue).unwrap().compute;
            assert_eq!(compute, Money::new(expected, Currency::CHF).unwrap());
        }
    }

    #[test]
    fn an_implausible_amount_is_no_quote() {
        let mut needs = needs();
        needs.execution_seconds = 1e20;
        let queue = (Seconds::ZERO, QueueBasis::Fixed);
        assert!(PRICES.quote(&needs, None, queue).is_err());
    }

    #[test]
    fn a_task_that_does_not_fit_has_a_reason() {
        let capacity = Capacity {
            max_cpu_cores: Some(4),
            max_ram_gb: Some(16.0),
            max_disk_gb: Some(100.0),
            zones: vec!["eu-1".to_owned(), "eu-2".to_owned()],
            preemptible: false,
        };
        let unfit = |change: fn(&mut ResourceNeeds)| {
            let mut needs = needs();
            change(&mut needs);
            capacity.unfit(&needs)
        };
        assert_eq!(unfit(|_| ()), None, "all of it may be used");
        assert_eq!(unfit(|needs| needs.preemptible = Some(true)), None);
        assert_eq!(
            unfit(|needs| needs.zones = vec!["us".to_owned(), "eu-2".to_owned()]),
            None
        );
        let gigabytes = |what, has, needs| Unfit::Gigabytes { what, has, needs };
        for (change, expected) in [
            (
                (|needs| needs.cpu_cores = 4.5) as fn(&mut ResourceNeeds),
                Unfit::Cores {
                    has: 4.0,
                    needs: 4.5,
                },
            ),
            (|needs| needs.ram_gb = 16.5, gigabytes("memory", 16.0, 16.5)),
            (
                |needs| needs.disk_gb = 101.0,
                gigabytes("disk", 100.0, 101.0),
            ),
            (
                |needs| needs.zones = vec!["us".to_owned()],
                Unfit::NoZone(vec!["eu-1".to_owned(), "eu-2".to_owned()]),
            ),
        ] {
            assert_eq!(unfit(change), Some(expected));
        }
        let mut needs = needs();
        needs.zones = vec!["us".to_owned()];
        assert_eq!(
            Capacity::default().unfit(&needs),
            None,
            "a missing value is no limit"
        );
    }

    #[test]
    fn a_tes_is_matched_by_uri_by_host_or_by_all() {
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
            // The entry is more specific than the request.
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
    fn a_pattern_that_matches_nothing_is_refused() {
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
