//! How fast data moves between two places.

use super::{
    NetworkModel,
    leg::Leg,
    route::{AssumedRate, RateLimit},
};
use crate::domain::{cloud::Network, sites::Place};

/// Megabits in a gigabit.
const MEGABITS: f64 = 1000.0;

/// A rate in Mbit/s, and what limits it.
type Limited = (f64, RateLimit);

impl NetworkModel {
    /// The rate between a TES and another host, in Mbit/s: the least of what applies; what limits it, and what it assumes.
    pub(super) fn rate(&self, leg: &Leg<'_>) -> (f64, RateLimit, AssumedRate) {
        let mut overrides = self.overrides.iter().filter_map(|known| {
            let rate = known.rate_mbps.filter(|_| known.matches(leg.ends()))?;
            Some((rate, known.to.is_some()))
        });
        let overridden = overrides.next();
        if let Some((rate, true)) = overridden {
            return (rate, RateLimit::Override, AssumedRate::default());
        }
        // Without `to`, it is the limit of what the data leave.
        let of_source = if leg.is_outbound() {
            RateLimit::Site
        } else {
            RateLimit::Store
        };
        let store = overridden.map(|(rate, _)| (rate, of_source));
        let site = leg.link_mbps.map(|rate| (rate, RateLimit::Site));
        let class = self.class(leg);
        let round_trip = leg.km.filter(|_| class.has_round_trip).map(|km| {
            let table = &self.tables.rates;
            let trip = &table.round_trip;
            let ms = trip.base_ms + trip.ms_per_1000_km * km.get() / 1000.0;
            (
                class.streams * table.window_mbit / (ms / 1000.0),
                RateLimit::RoundTrip,
            )
        });
        let others = [site, store, round_trip].into_iter().flatten();
        let (rate, limit) = others.fold(
            class.cap,
            |least, other| {
                if other.0 < least.0 { other } else { least }
            },
        );
        let is_by_class = limit == class.cap.1;
        let is_by_streams = limit == RateLimit::RoundTrip || (is_by_class && class.is_by_streams);
        let assumed = AssumedRate {
            is_unknown: is_by_class && class.is_unknown,
            has_no_round_trip: class.has_round_trip && leg.km.is_none(),
            has_default_streams: is_by_streams && leg.streams.is_none() && !class.is_single,
        };
        (rate, limit, assumed)
    }

    fn class(&self, leg: &Leg<'_>) -> Class {
        let table = &self.tables.rates;
        let streams = leg.streams.unwrap_or(self.streams);
        let of_class = |gigabits: f64| Class {
            cap: (gigabits * MEGABITS, RateLimit::Class),
            streams,
            has_round_trip: true,
            is_single: false,
            is_by_streams: false,
            is_unknown: false,
        };
        let domains = &self.tables.domains;
        let store = if leg.is_outbound() { leg.to } else { leg.from };
        let is_archive = domains.is_archive(store.host);
        if leg.is_ftp || is_archive {
            return Class {
                streams: 1.0,
                is_single: true,
                ..of_class(table.ftp_https_archive)
            };
        }
        let unknown = Class {
            is_unknown: true,
            cap: (self.unknown.rate_mbps, RateLimit::Class),
            ..of_class(0.0)
        };
        let (Some(from), Some(to)) = (leg.from.place, leg.to.place) else {
            return unknown;
        };
        if let (Some(source), Some(target)) = (from.provider, to.provider) {
            if source == target && from.region.is_some() && from.region == to.region {
                let rate = &table.same_region;
                return Class {
                    has_round_trip: false,
                    is_by_streams: streams * rate.per_stream < rate.cap,
                    ..of_class(rate.cap.min(streams * rate.per_stream))
                };
            }
            let caps = table.pair_caps.get(&source).and_then(|to| to.get(&target));
            return caps.map_or(unknown, |&(within, across)| {
                let areas = (self.tables.area_of(from), self.tables.area_of(to));
                let is_one_area = areas.0.is_some() && areas.0 == areas.1;
                let gigabits = if is_one_area { within } else { across };
                Class {
                    cap: (gigabits * MEGABITS, RateLimit::Pair),
                    ..of_class(gigabits)
                }
            });
        }
        let is_academic = |place: &Place| place.network == Some(Network::Academic);
        match (is_academic(from), is_academic(to)) {
            (true, true) => of_class(table.academic_to_academic),
            (true, false) if to.provider.is_some() => of_class(table.academic_to_cloud),
            (false, true) if from.provider.is_some() => of_class(table.cloud_to_academic),
            _ => unknown,
        }
    }
}

/// The kind of a route, as far as it decides the rate.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
struct Class {
    cap: Limited,
    streams: f64,
    has_round_trip: bool,
    /// Whether the number of connections is that of the class.
    is_single: bool,
    /// Whether the cap depends on the number of connections.
    is_by_streams: bool,
    /// Whether nothing is known about the networks.
    is_unknown: bool,
}
