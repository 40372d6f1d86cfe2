//! What a gigabyte costs between two places, by the table.

use super::tables::{Area, ProviderTable, Row, Tables, Verified};
use crate::domain::{cloud::Provider, sites::Place};

/// A price of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TablePrice {
    /// Per 10^9 bytes.
    pub(super) per_gb: f64,
    pub(super) class: TableClass,
    /// Whether a source that was read has it.
    pub(super) is_verified: bool,
    /// What was assumed because a region is unknown.
    pub(super) assumed: Option<AssumedRegion>,
}

/// Which part of the table a price is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TableClass {
    SameRegion,
    InterRegion,
    Internet,
}

/// Why a price is not that of the regions themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AssumedRegion {
    /// A region is unknown: the price that most regions share.
    Common,
    /// The table does not list the region: the price of other regions, or the first one to the internet.
    NoRow,
}

impl Tables {
    /// The price of a gigabyte from a region of `provider` to a place.
    pub(super) fn price(
        &self,
        provider: Provider,
        region: Option<&str>,
        to: Option<&Place>,
        monthly_egress: f64,
    ) -> Option<TablePrice> {
        let table = self.provider(provider)?;
        let to_area = to.and_then(|place| self.area_of(place));
        let is_inside = to.is_some_and(|place| place.provider == Some(provider));
        let to_region = to.and_then(|place| place.region.as_deref()).map(|to| {
            if is_inside {
                table.nearest_member(to, region)
            } else {
                to
            }
        });
        let pair = Pair {
            table,
            to_region,
            to_area,
            is_inside,
            monthly_egress,
        };
        Some(match region {
            Some(region) => pair.of_region(region),
            None => pair.of_most_regions(),
        })
    }

    /// The area of a place: that of its region, or Oceania by its coordinates.
    pub(super) fn area_of(&self, place: &Place) -> Option<Area> {
        if let (Some(provider), Some(region)) = (place.provider, &place.region) {
            return self.area(provider, region);
        }
        // Only there do prices depend on the area of a destination outside of clouds, and can a box be drawn.
        let at = place.coordinates?;
        let is_in_oceania = (-48.0..=-9.0).contains(&at.latitude()) && at.longitude() >= 112.0;
        is_in_oceania.then_some(Area::Oc)
    }
}

impl ProviderTable {
    /// The member of the multi-region `to` that is nearest to a source in `from`; `to` itself if it is none.
    fn nearest_member<'a>(&'a self, to: &'a str, from: Option<&str>) -> &'a str {
        let Some((_, members)) = self.multi_regions.get(to) else {
            return to;
        };
        let area = from.and_then(|from| self.area(from));
        let own = members.iter().find(|member| Some(&***member) == from);
        let near = || members.iter().find(|member| self.area(member) == area);
        own.or_else(near)
            .or(members.first())
            .map_or(to, |member| member)
    }
}

/// A provider's table, and the destination.
#[derive(Clone, Copy)]
struct Pair<'a> {
    table: &'a ProviderTable,
    to_region: Option<&'a str>,
    to_area: Option<Area>,
    is_inside: bool,
    monthly_egress: f64,
}

impl Pair<'_> {
    fn of_region(self, region: &str) -> TablePrice {
        let mut source = region;
        if let Some((to_member, members)) = self.table.multi_regions.get(region) {
            let is_member = |to: &str| members.iter().any(|member| **member == *to);
            if self.is_inside && self.to_region.is_some_and(is_member) {
                return TablePrice {
                    per_gb: to_member / self.table.gb_per_unit,
                    class: TableClass::InterRegion,
                    is_verified: true,
                    assumed: None,
                };
            }
            let near = |member: &&std::sync::Arc<str>| self.table.area(member) == self.to_area;
            let nearest = members.iter().find(near).or(members.first());
            source = nearest.map_or(region, |member| member);
        }
        if self.is_inside && self.to_region == Some(source) && source == region {
            return TablePrice {
                per_gb: 0.0,
                class: TableClass::SameRegion,
                is_verified: true,
                assumed: None,
            };
        }
        if self.is_to_somewhere_inside() {
            return self.to_most_areas(source);
        }
        self.by_row(source, self.to_area)
    }

    /// Whether it is known that the destination is at the provider, and not in which of the regions of the table.
    fn is_to_somewhere_inside(&self) -> bool {
        let is_listed = |region| self.table.area(region).is_some() || self.table.regions.is_empty();
        self.is_inside && !self.to_region.is_some_and(is_listed)
    }

    /// The price from `source` by the first row that applies.
    fn by_row(self, source: &str, to_area: Option<Area>) -> TablePrice {
        let area = self.table.area(source);
        // The rows for all other regions are not meant for any that may be misspelt.
        let is_unlisted = area.is_none() && !self.table.regions.is_empty();
        let unlisted = is_unlisted.then_some(AssumedRegion::NoRow);
        let applies = |row: &&Row| row.is_from(source, area) && row.is_to(self.to_region, to_area);
        if self.is_inside
            && let Some(row) = self.table.between.iter().find(applies)
        {
            return self.price_of(row, TableClass::InterRegion, unlisted);
        }
        let mut internet = self.table.internet.iter();
        if let Some(row) = internet.clone().find(applies) {
            return self.price_of(row, TableClass::Internet, unlisted);
        }
        let first = internet.find(|row| row.is_to_all());
        let first = first.or(self.table.internet.first());
        first.map_or(
            TablePrice {
                per_gb: 0.0,
                class: TableClass::Internet,
                is_verified: false,
                assumed: Some(AssumedRegion::NoRow),
            },
            |row| TablePrice {
                is_verified: false,
                ..self.price_of(row, TableClass::Internet, Some(AssumedRegion::NoRow))
            },
        )
    }

    /// The price that most regions of the provider share.
    fn of_most_regions(self) -> TablePrice {
        let regions = self.table.regions.keys();
        let prices = regions.map(|region| {
            if self.is_to_somewhere_inside() {
                self.to_most_areas(region)
            } else {
                // Whether it is the same region is not known either.
                self.by_row(region, self.to_area)
            }
        });
        let common = most_common(prices).unwrap_or_else(|| self.by_row("", self.to_area));
        // A provider without regions in the table has one price.
        let assumed = (!self.table.regions.is_empty()).then_some(AssumedRegion::Common);
        TablePrice { assumed, ..common }
    }

    /// The price from `source` to most other regions of the provider.
    fn to_most_areas(self, source: &str) -> TablePrice {
        let areas = self.table.regions.values();
        let prices = areas.map(|&area| self.by_row(source, Some(area)));
        let common = most_common(prices).unwrap_or_else(|| self.by_row(source, None));
        TablePrice {
            assumed: Some(AssumedRegion::Common),
            ..common
        }
    }

    fn price_of(self, row: &Row, class: TableClass, assumed: Option<AssumedRegion>) -> TablePrice {
        TablePrice {
            per_gb: row.price(self.monthly_egress) / self.table.gb_per_unit,
            class,
            is_verified: row.verified != Verified::Recalled,
            assumed,
        }
    }
}

/// The price that occurs most often; of several, the highest. Prices that nobody wrote down count only where there are no
/// others.
fn most_common(prices: impl Iterator<Item = TablePrice>) -> Option<TablePrice> {
    let mut prices: Vec<_> = prices.collect();
    if prices.iter().any(|price| price.is_verified) {
        prices.retain(|price| price.is_verified);
    }
    let mut counts: Vec<(usize, TablePrice)> = Vec::new();
    for price in prices {
        let known = counts
            .iter_mut()
            .find(|(_, known)| known.per_gb.to_bits() == price.per_gb.to_bits());
        match known {
            Some((count, _)) => *count += 1,
            None => counts.push((1, price)),
        }
    }
    counts
        .into_iter()
        .max_by(|(one, a), (other, b)| one.cmp(other).then(a.per_gb.total_cmp(&b.per_gb)))
        .map(|(_, price)| price)
}
