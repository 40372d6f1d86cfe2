//! The two ends of a transfer, before it is priced.

use crate::domain::{
    geo::{Host, Kilometres},
    output::Destination,
    service::ServiceUri,
    site::SiteModel,
    sites::{Place, Sites},
};

/// Where a copy comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Source<'a> {
    /// The host.
    pub host: &'a Host,
    /// Whether it is fetched over FTP.
    pub is_ftp: bool,
    /// Whether its URI names a project that is billed.
    pub names_payer: bool,
}

impl<'a> Source<'a> {
    /// The source at `host` with this URI.
    pub fn of(host: &'a Host, uri: &str) -> Self {
        let query = uri.split_once('?').map_or("", |(_, query)| query);
        let mut pairs = query.split(['&', ';']);
        Self {
            host,
            is_ftp: uri.starts_with("ftp://") || uri.starts_with("ftps://"),
            names_payer: pairs.any(|pair| pair.starts_with("userProject=")),
        }
    }
}

/// One end of a transfer.
#[derive(Debug, Clone, Copy)]
pub(super) struct End<'a> {
    pub(super) host: &'a Host,
    pub(super) place: Option<&'a Place>,
    /// The TES that it is, if it is one.
    pub(super) service: Option<&'a ServiceUri>,
}

/// Both ends of a transfer, as overrides see them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends<'a> {
    pub(super) from: End<'a>,
    pub(super) to: End<'a>,
}

/// A transfer to a TES or out of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leg<'a> {
    pub(super) from: End<'a>,
    pub(super) to: End<'a>,
    pub(super) km: Option<Kilometres>,
    pub(super) is_ftp: bool,
    /// Whether the URI of the source names a project that is billed.
    pub(super) names_payer: bool,
    /// The link of the TES, in this direction.
    pub(super) link_mbps: Option<f64>,
    /// The connections that the TES opens.
    pub(super) streams: Option<f64>,
}

impl<'a> Leg<'a> {
    pub(super) fn inbound(
        source: Source<'a>,
        tes: &'a ServiceUri,
        site: &'a SiteModel,
        sites: &'a Sites,
    ) -> Self {
        let (there, here, km) = sites.nearest(source.host, tes.host(), site.place.as_ref());
        Self {
            from: End {
                host: source.host,
                place: there,
                service: None,
            },
            to: End {
                host: tes.host(),
                place: here,
                service: Some(tes),
            },
            km,
            is_ftp: source.is_ftp,
            names_payer: source.names_payer,
            link_mbps: site.link.in_mbps,
            streams: site.link.streams,
        }
    }

    pub(super) fn outbound(
        destination: &'a Destination,
        tes: &'a ServiceUri,
        site: &'a SiteModel,
        sites: &'a Sites,
    ) -> Self {
        let source = Source {
            host: &destination.host,
            is_ftp: destination.is_ftp,
            names_payer: false,
        };
        let reversed = Self::inbound(source, tes, site, sites);
        Self {
            from: reversed.to,
            to: reversed.from,
            link_mbps: site.link.out_mbps,
            ..reversed
        }
    }

    /// Whether data leave the TES.
    pub(super) const fn is_outbound(&self) -> bool {
        self.from.service.is_some()
    }

    pub(super) fn is_one_host(&self) -> bool {
        self.from.host.machine() == self.to.host.machine()
    }

    pub(super) const fn ends(&self) -> Ends<'a> {
        Ends {
            from: self.from,
            to: self.to,
        }
    }
}
