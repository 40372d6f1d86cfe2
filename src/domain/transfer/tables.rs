//! The tables of prices, rates and domains: their schema as a file, and their form for look-ups.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::Arc,
};

use serde::Deserialize;

use super::{
    domains::Domains,
    fault::{BadTables, SCHEMA, is_amount},
    machines::{MachineEntry, MachinePrice, MachineTable},
};
use crate::domain::{cloud::Provider, money::Currency};

/// The tables as a file has them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TablesFile {
    schema: u32,
    as_of: String,
    currency: Currency,
    areas: BTreeMap<Provider, BTreeMap<Area, Vec<Arc<str>>>>,
    providers: BTreeMap<Provider, ProviderEntry>,
    domains: BTreeMap<String, Vec<String>>,
    rates: RateTable,
    machines: BTreeMap<Provider, MachineEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderEntry {
    as_of: String,
    source: Vec<String>,
    #[serde(default)]
    gib: bool,
    #[serde(default)]
    requester_pays: bool,
    #[serde(default)]
    free: bool,
    #[serde(default)]
    multi_regions: BTreeMap<String, (f64, Vec<Arc<str>>)>,
    #[serde(default)]
    between: Vec<Row>,
    internet: Vec<Row>,
}

/// One price, and which sources and destinations it is for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    #[serde(default)]
    regions: Vec<Arc<str>>,
    #[serde(default)]
    areas: Vec<Area>,
    #[serde(default)]
    to_regions: Vec<Arc<str>>,
    #[serde(default)]
    to_areas: Vec<Area>,
    price: Option<f64>,
    #[serde(default)]
    tiers: Vec<(Option<f64>, f64)>,
    pub(super) verified: Verified,
}

/// Whether independent sources agree on a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verified {
    /// Two do.
    Two,
    /// One has it.
    One,
    /// No source that was read has it.
    Recalled,
}

/// A part of the world that prices follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// North America.
    Na,
    /// South America.
    Sa,
    /// Europe.
    Eu,
    /// Asia without the areas below.
    As,
    /// Indonesia.
    Id,
    /// Australia and New Zealand.
    Oc,
    /// The Middle East.
    Me,
    /// Africa.
    Af,
    /// Mainland China.
    Cn,
}

/// Rates in Gbit/s.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RateTable {
    #[serde(rename = "as_of")]
    _as_of: String,
    pub(super) window_mbit: f64,
    pub(super) round_trip: RoundTrip,
    /// Within an area, and between areas.
    pub(super) pair_caps: BTreeMap<Provider, BTreeMap<Provider, (f64, f64)>>,
    pub(super) same_region: SameRegion,
    pub(super) cloud_to_academic: f64,
    pub(super) academic_to_cloud: f64,
    pub(super) academic_to_academic: f64,
    pub(super) ftp_https_archive: f64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoundTrip {
    pub(super) base_ms: f64,
    pub(super) ms_per_1000_km: f64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SameRegion {
    pub(super) cap: f64,
    pub(super) per_stream: f64,
}

/// The tables of prices, rates and domains, checked and indexed.
#[derive(Debug)]
pub struct Tables {
    /// The date of the newest facts, such as `2026-09`.
    pub as_of: String,
    /// The currency of all prices.
    pub currency: Currency,
    /// Whose hosts are whose.
    pub domains: Domains,
    pub(super) rates: RateTable,
    providers: BTreeMap<Provider, ProviderTable>,
    machines: BTreeMap<Provider, MachineTable>,
}

/// The prices of one provider.
#[derive(Debug)]
pub(super) struct ProviderTable {
    /// The sources of the prices and their date.
    pub(super) source: Arc<str>,
    /// 1.073741824 if prices are per 2^30 bytes, else 1.
    pub(super) gb_per_unit: f64,
    pub(super) requester_pays: bool,
    pub(super) is_free: bool,
    pub(super) between: Vec<Row>,
    pub(super) internet: Vec<Row>,
    /// All known regions, with their areas.
    pub(super) regions: HashMap<Arc<str>, Area>,
    pub(super) multi_regions: BTreeMap<String, (f64, Vec<Arc<str>>)>,
}

impl Tables {
    /// Checks and indexes `file`.
    ///
    /// # Errors
    /// [`BadTables`].
    pub fn new(file: TablesFile) -> Result<Self, BadTables> {
        if file.schema != SCHEMA {
            return Err(BadTables::Schema(file.schema));
        }
        let mut areas = file.areas;
        let mut providers = BTreeMap::new();
        for (provider, entry) in file.providers {
            let regions = areas.remove(&provider).unwrap_or_default();
            let table = ProviderTable::new(entry, regions);
            table.check(provider)?;
            providers.insert(provider, table);
        }
        let mut machines = BTreeMap::new();
        for (provider, entry) in file.machines {
            machines.insert(provider, MachineTable::new(entry, provider)?);
        }
        file.rates.check()?;
        Ok(Self {
            as_of: file.as_of,
            currency: file.currency,
            domains: Domains::new(&file.domains)?,
            rates: file.rates,
            providers,
            machines,
        })
    }

    pub(super) fn provider(&self, provider: Provider) -> Option<&ProviderTable> {
        self.providers.get(&provider)
    }

    /// The area of a region.
    pub fn area(&self, provider: Provider, region: &str) -> Option<Area> {
        self.providers.get(&provider)?.area(region)
    }

    /// What machines cost in a region, and the date of the price.
    pub fn machine(&self, provider: Provider, region: &str) -> Option<(MachinePrice, &str)> {
        self.machines.get(&provider)?.price(region)
    }

    /// Whether the tables are older than 18 months in the month `year`-`month`.
    pub fn is_old_in(&self, year: i32, month: i32) -> bool {
        const MOST_MONTHS: i32 = 18;
        let mut parts = self.as_of.split('-').map(str::parse::<i32>);
        let (Some(Ok(of_year)), Some(Ok(of_month))) = (parts.next(), parts.next()) else {
            return true;
        };
        (year - of_year) * 12 + month - of_month > MOST_MONTHS
    }
}

impl ProviderTable {
    fn new(entry: ProviderEntry, areas: BTreeMap<Area, Vec<Arc<str>>>) -> Self {
        let regions = areas
            .into_iter()
            .flat_map(|(area, regions)| regions.into_iter().map(move |region| (region, area)))
            .collect();
        Self {
            source: format!("{} ({})", entry.source.join(", "), entry.as_of).into(),
            gb_per_unit: if entry.gib { 1.073_741_824 } else { 1.0 },
            requester_pays: entry.requester_pays,
            is_free: entry.free,
            between: entry.between,
            internet: entry.internet,
            regions,
            multi_regions: entry.multi_regions,
        }
    }

    pub(super) fn area(&self, region: &str) -> Option<Area> {
        let member = self
            .multi_regions
            .get(region)
            .and_then(|(_, members)| members.first());
        let region = member.map_or(region, |member| member);
        self.regions.get(region).copied()
    }

    fn check(&self, provider: Provider) -> Result<(), BadTables> {
        let rows = self.between.iter().chain(&self.internet);
        let to_members = self.multi_regions.values().map(|(price, _)| *price);
        let are_valid =
            rows.into_iter().all(Row::is_valid) && to_members.into_iter().all(is_amount);
        if are_valid && !self.internet.is_empty() {
            Ok(())
        } else {
            Err(BadTables::Number(format!("providers.{provider}")))
        }
    }
}

impl RateTable {
    fn check(&self) -> Result<(), BadTables> {
        let caps = self.pair_caps.values().flat_map(BTreeMap::values);
        let numbers = [
            self.window_mbit,
            self.same_region.cap,
            self.same_region.per_stream,
            self.cloud_to_academic,
            self.academic_to_cloud,
            self.academic_to_academic,
            self.ftp_https_archive,
            self.round_trip.base_ms,
        ];
        let all = caps
            .flat_map(|&(within, across)| [within, across])
            .chain(numbers);
        let is_rate = |number: f64| number.is_finite() && number > 0.0;
        if all.into_iter().all(is_rate) && is_amount(self.round_trip.ms_per_1000_km) {
            Ok(())
        } else {
            Err(BadTables::Number("rates".to_owned()))
        }
    }
}

impl Row {
    fn is_valid(&self) -> bool {
        let tiers = self.tiers.iter().map(|(_, price)| *price);
        let bounds = self.tiers.iter().filter_map(|(bound, _)| *bound);
        let has_price = self.price.is_some() == self.tiers.is_empty();
        has_price
            && self
                .price
                .into_iter()
                .chain(tiers)
                .chain(bounds)
                .all(is_amount)
    }

    /// Whether it is for any source.
    pub(super) const fn is_for_all(&self) -> bool {
        self.regions.is_empty() && self.areas.is_empty()
    }

    /// Whether it is for any destination.
    pub(super) const fn is_to_all(&self) -> bool {
        self.to_regions.is_empty() && self.to_areas.is_empty()
    }

    /// Whether it is for a source in `region`, which is in `area`.
    pub(super) fn is_from(&self, region: &str, area: Option<Area>) -> bool {
        self.is_for_all()
            || self.regions.iter().any(|own| **own == *region)
            || area.is_some_and(|area| self.areas.contains(&area))
    }

    /// Whether it is for a destination in `region`, if that is known, which is in `area`.
    pub(super) fn is_to(&self, region: Option<&str>, area: Option<Area>) -> bool {
        self.is_to_all()
            || region.is_some_and(|region| self.to_regions.iter().any(|own| **own == *region))
            || area.is_some_and(|area| self.to_areas.contains(&area))
    }

    /// The price in the tier of an account with `monthly_egress` units.
    pub(super) fn price(&self, monthly_egress: f64) -> f64 {
        let tier = self
            .tiers
            .iter()
            .find(|(bound, _)| bound.is_none_or(|bound| bound > monthly_egress));
        let price = tier.or(self.tiers.last()).map(|(_, price)| *price);
        self.price.or(price).unwrap_or_default()
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Na => "North America",
            Self::Sa => "South America",
            Self::Eu => "Europe",
            Self::As => "Asia",
            Self::Id => "Indonesia",
            Self::Oc => "Oceania",
            Self::Me => "the Middle East",
            Self::Af => "Africa",
            Self::Cn => "mainland China",
        })
    }
}
