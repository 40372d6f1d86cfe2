//! Input objects of a task, merged from the records of all DRS.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    sync::Arc,
};

use super::{
    cloud::CloudRegion,
    geo::Host,
    service::ServiceUri,
    unrankable::{Difference, UnrankableReason},
    warning::Warning,
};

/// The metadata of one object at one DRS.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DrsRecord {
    /// The size, if the DRS gives it.
    pub size_bytes: Option<u64>,
    /// Checksums by type, both normalised for comparison.
    pub checksums: BTreeMap<String, String>,
    /// The available access methods.
    pub access: Vec<Access>,
    /// How many further access methods the DRS marks as not available.
    pub unavailable: usize,
}

/// An access method of an object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    /// A URI that may be shown to anyone: never a signed one.
    pub uri: String,
    /// The host that serves the bytes; `None` if nothing tells, so that the DRS stands for it.
    pub host: Option<Host>,
    /// The id by which the DRS gives a URL, where `uri` is not one itself.
    pub access_id: Option<String>,
    /// The region that the DRS states, where the place of `host` counts more.
    pub stated_region: Option<CloudRegion>,
    /// Whether `uri` is a path that only the host of the DRS can read.
    pub is_local: bool,
}

/// Who gives an object, in the order of the request, and their records.
pub type Copies = Vec<(Origin, Arc<DrsRecord>)>;

/// Who gives an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A DRS.
    Drs(Arc<ServiceUri>),
    /// The caller: the id is the URL of the object itself.
    Url,
}

impl Origin {
    fn host(&self) -> Option<&Host> {
        match self {
            Self::Drs(drs) => Some(drs.host()),
            Self::Url => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Drs(drs) => drs.fmt(f),
            Self::Url => f.write_str("its URL"),
        }
    }
}

/// The records of a requested object at all DRS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRecords {
    /// The id by which it was requested.
    pub id: Arc<str>,
    /// Its copies, or why it cannot be used.
    pub copies: Result<Copies, UnrankableReason>,
}

/// How an object is treated whose size no DRS gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingSize {
    /// It prevents a ranking.
    #[default]
    Refuse,
    /// It counts as 0 bytes, with a warning.
    Zero,
}

/// An input object of the task, on which all DRS that have it agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataObject {
    /// The id by which it was requested.
    pub id: Arc<str>,
    /// Its size.
    pub size_bytes: u64,
    /// Its access URIs, in the order in which they were first given; a URI that is served by several hosts is listed
    /// once for each.
    pub access: Vec<AccessUri>,
}

/// A URI from which an object can be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessUri {
    /// The URI that the DRS gives, or the object's URI at the DRS.
    pub uri: Arc<str>,
    /// The host that serves the bytes.
    pub host: Host,
    /// Whether `host` is that of the DRS, for lack of other information.
    pub at_drs: bool,
    /// The access id of the copy, where `uri` is the object's URI at the DRS.
    pub access_id: Option<Arc<str>>,
    /// The region that the DRS states, where the place of `host` counts more.
    pub stated_region: Option<CloudRegion>,
    /// Whether only a TES on `host` can read it.
    pub is_local: bool,
}

impl AccessUri {
    fn new(origin: &Origin, access: &Access) -> Option<Self> {
        Some(Self {
            uri: access.uri.as_str().into(),
            at_drs: access.host.is_none(),
            host: access.host.as_ref().or_else(|| origin.host())?.clone(),
            access_id: access.access_id.as_deref().map(Into::into),
            stated_region: access.stated_region,
            is_local: access.is_local,
        })
    }
}

impl DataObject {
    /// Merges the records of one object. `known_size` is that of the caller, which counts where no DRS gives one.
    ///
    /// # Errors
    /// [`UnrankableReason`]: the one of `record`, `NotFound`, `Conflict`, `NoAccessUri` or `UnknownSize`.
    pub(super) fn new(
        record: ObjectRecords,
        known_size: Option<u64>,
        missing_size: MissingSize,
        warnings: &mut Vec<Warning>,
    ) -> Result<Self, UnrankableReason> {
        let id = record.id;
        let copies = record.copies?;
        if copies.is_empty() {
            return Err(UnrankableReason::NotFound(id));
        }
        let size_bytes = agreed_size(&id, &copies)?.or(known_size);
        agree_on_checksums(&id, &copies)?;

        let mut seen = HashSet::new();
        let access: Vec<_> = copies
            .iter()
            .flat_map(|(origin, record)| record.access.iter().map(move |access| (origin, access)))
            .filter_map(|(origin, access)| AccessUri::new(origin, access))
            .filter(|access| seen.insert((Arc::clone(&access.uri), access.host.clone())))
            .collect();
        if access.is_empty() {
            return Err(UnrankableReason::NoAccessUri(id));
        }
        let size_bytes = match (size_bytes, missing_size) {
            (Some(size), _) => size,
            (None, MissingSize::Refuse) => return Err(UnrankableReason::UnknownSize(id)),
            (None, MissingSize::Zero) => {
                warnings.push(Warning::UnknownSize(Arc::clone(&id)));
                0
            }
        };
        Ok(Self {
            id,
            size_bytes,
            access,
        })
    }
}

/// The size on which all DRS that give one agree.
fn agreed_size(
    id: &Arc<str>,
    copies: &[(Origin, Arc<DrsRecord>)],
) -> Result<Option<u64>, UnrankableReason> {
    let mut sizes = copies
        .iter()
        .filter_map(|(drs, record)| Some((drs, record.size_bytes?)));
    let Some((first, size)) = sizes.next() else {
        return Ok(None);
    };
    match sizes.find(|(_, other)| *other != size) {
        None => Ok(Some(size)),
        Some((second, other)) => Err(UnrankableReason::Conflict {
            object: Arc::clone(id),
            first: first.to_string(),
            second: second.to_string(),
            difference: Box::new(Difference::Size(size, other)),
        }),
    }
}

/// Compares the checksums of each type; not every DRS has every type.
fn agree_on_checksums(
    id: &Arc<str>,
    copies: &[(Origin, Arc<DrsRecord>)],
) -> Result<(), UnrankableReason> {
    let mut by_kind = BTreeMap::new();
    for (drs, record) in copies {
        for (kind, value) in &record.checksums {
            let &mut (expected, first) = by_kind.entry(kind).or_insert((value, drs));
            if expected != value {
                return Err(UnrankableReason::Conflict {
                    object: Arc::clone(id),
                    first: first.to_string(),
                    second: drs.to_string(),
                    difference: Box::new(Difference::Checksum {
                        kind: kind.clone(),
                        first: expected.clone(),
                        second: value.clone(),
                    }),
                });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(sizes: &[Option<u64>]) -> ObjectRecords {
        let copies = (1..).zip(sizes).map(|(number, &size_bytes)| {
            let drs = ServiceUri::parse(&format!("https://drs-{number}.example/")).unwrap();
            let access = Access {
                uri: format!("https://data-{number}.example/x"),
                host: Some(Host::parse(&format!("data-{number}.example"))),
                ..Access::default()
            };
            let record = DrsRecord {
                size_bytes,
                access: vec![access],
                ..DrsRecord::default()
            };
            (Origin::Drs(Arc::new(drs)), Arc::new(record))
        });
        ObjectRecords {
            id: "x".into(),
            copies: Ok(copies.collect()),
        }
    }

    fn size(
        sizes: &[Option<u64>],
        missing: MissingSize,
    ) -> (Result<u64, UnrankableReason>, Vec<Warning>) {
        let mut warnings = Vec::new();
        let object = DataObject::new(record(sizes), None, missing, &mut warnings);
        (object.map(|object| object.size_bytes), warnings)
    }

    #[test]
    fn one_drs_that_gives_the_size_is_enough() {
        let one = size(&[None, Some(7), None], MissingSize::Refuse);
        assert_eq!(one, (Ok(7), Vec::new()));
    }

    #[test]
    fn an_unknown_size_is_refused_or_counts_as_zero() {
        let unknown = size(&[None, None], MissingSize::Refuse);
        assert_eq!(
            unknown,
            (Err(UnrankableReason::UnknownSize("x".into())), Vec::new())
        );
        let (as_zero, warnings) = size(&[None, None], MissingSize::Zero);
        assert_eq!(as_zero, Ok(0));
        assert_eq!(warnings, [Warning::UnknownSize("x".into())]);
    }

    #[test]
    fn a_uri_that_several_hosts_serve_is_listed_once_for_each() {
        let mut record = record(&[Some(1), Some(1)]);
        let at = |host| Access {
            uri: "drs://drs.example/x".to_owned(),
            host: Some(Host::parse(host)),
            ..Access::default()
        };
        for (_, record) in record.copies.as_mut().unwrap() {
            Arc::make_mut(record).access = vec![at("near.example"), at("far.example")];
        }
        let object = DataObject::new(record, None, MissingSize::Refuse, &mut Vec::new()).unwrap();
        let hosts: Vec<_> = object.access.iter().map(|a| a.host.to_string()).collect();
        assert_eq!(hosts, ["near.example", "far.example"]);
    }
}
