//! Input objects of a task: what each DRS says of them, made to agree.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use url::Url;

use super::{geo::Host, service::ServiceUri, unrankable::UnrankableReason, warning::Warning};

/// What one DRS says of one object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DrsRecord {
    /// How large the object is, if the DRS says so.
    pub size_bytes: Option<u64>,
    /// Checksums by their type, both spelt so that equal ones are equal.
    pub checksums: BTreeMap<String, String>,
    /// How the object may be had.
    pub access: Vec<Access>,
    /// How many more ways there would be that the DRS says are not available.
    pub unavailable: usize,
}

/// A way to get an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// A URI that may be shown to anyone: never a signed one.
    pub uri: String,
    /// Where the bytes come from.
    pub source: Source,
    /// The id by which the DRS gives a URL, where `uri` is not one itself.
    pub access_id: Option<String>,
}

/// Where the bytes of an object come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// From where the URI points, or from the DRS if it names no host, as `file:///data` does.
    Uri,
    /// From this host, although the URI does not say so.
    Host(Host),
    /// From the DRS itself, as far as is known.
    Drs,
}

/// An object that was asked for, and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectRecords {
    /// The id that it was asked for by.
    pub id: Arc<str>,
    /// What each DRS says that has it, in the order of the request; or why that is of no use.
    pub copies: Result<Vec<(Arc<ServiceUri>, Arc<DrsRecord>)>, UnrankableReason>,
}

/// What becomes of an object whose size no DRS knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingSize {
    /// It stands in the way of a ranking.
    #[default]
    Refuse,
    /// It counts as 0 bytes, with a warning.
    Zero,
}

/// An input object of the task, as all DRS that have it agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataObject {
    /// The id that it was asked for by.
    pub id: Arc<str>,
    /// How large it is.
    pub size_bytes: u64,
    /// Where it may be had: each URI once for every place that it leads to, in the order in which they were first given.
    pub access: Vec<AccessUri>,
}

/// A URI that an object may be had from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessUri {
    /// The URI as the DRS gave it, or one that leads to the DRS.
    pub uri: Arc<str>,
    /// Where the bytes come from.
    pub host: Host,
    /// Whether that is the DRS, for want of something better known.
    pub at_drs: bool,
}

impl AccessUri {
    fn new(drs: &ServiceUri, access: &Access) -> Self {
        let known = match &access.source {
            Source::Uri => Url::parse(&access.uri).ok().and_then(|url| Host::of(&url)),
            Source::Host(host) => Some(host.clone()),
            Source::Drs => None,
        };
        Self {
            uri: access.uri.as_str().into(),
            at_drs: known.is_none(),
            host: known.unwrap_or_else(|| drs.host().clone()),
        }
    }
}

impl DataObject {
    /// One object out of what each DRS says of it.
    ///
    /// # Errors
    /// The [`UnrankableReason`] why there is none: it is nowhere, cannot be had, is not the same everywhere, or of unknown size.
    pub(super) fn new(
        record: ObjectRecords,
        missing_size: MissingSize,
        warnings: &mut Vec<Warning>,
    ) -> Result<Self, UnrankableReason> {
        let id = record.id;
        let copies = record.copies?;
        if copies.is_empty() {
            return Err(UnrankableReason::Nowhere(id));
        }
        let size_bytes = agreed_size(&id, &copies)?;
        agree_on_checksums(&id, &copies)?;

        let mut seen = HashSet::new();
        let access: Vec<_> = copies
            .iter()
            .flat_map(|(drs, record)| record.access.iter().map(|access| (&**drs, access)))
            .map(|(drs, access)| AccessUri::new(drs, access))
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

/// The size that all DRS give which know one.
fn agreed_size(
    id: &Arc<str>,
    copies: &[(Arc<ServiceUri>, Arc<DrsRecord>)],
) -> Result<Option<u64>, UnrankableReason> {
    let mut sizes = copies
        .iter()
        .filter_map(|(drs, record)| Some((drs, record.size_bytes?)));
    let Some((first, size)) = sizes.next() else {
        return Ok(None);
    };
    match sizes.find(|(_, other)| *other != size) {
        None => Ok(Some(size)),
        Some((second, other)) => Err(UnrankableReason::Differs {
            object: Arc::clone(id),
            first: first.to_string(),
            second: second.to_string(),
            what: format!("size {size} and {other} bytes"),
        }),
    }
}

/// Compares the first value of each checksum type with the others: not every DRS has every type.
fn agree_on_checksums(
    id: &Arc<str>,
    copies: &[(Arc<ServiceUri>, Arc<DrsRecord>)],
) -> Result<(), UnrankableReason> {
    let mut known = BTreeMap::new();
    for (drs, record) in copies {
        for (kind, value) in &record.checksums {
            let &mut (expected, first) = known.entry(kind).or_insert((value, drs));
            if expected != value {
                return Err(UnrankableReason::Differs {
                    object: Arc::clone(id),
                    first: first.to_string(),
                    second: drs.to_string(),
                    what: format!("{kind:.40} checksum '{expected:.140}' and '{value:.140}'"),
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
                source: Source::Uri,
                access_id: None,
            };
            let record = DrsRecord {
                size_bytes,
                access: vec![access],
                ..DrsRecord::default()
            };
            (Arc::new(drs), Arc::new(record))
        });
        ObjectRecords {
            id: "x".into(),
            copies: Ok(copies.collect()),
        }
    }

    fn size(
        sizes: &[Option<u64>],
        missing: MissingSize,
    ) -> (Result<u64, UnrankableReason>, Vec<String>) {
        let mut warnings = Vec::new();
        let object = DataObject::new(record(sizes), missing, &mut warnings);
        let warnings = warnings.iter().map(ToString::to_string).collect();
        (object.map(|object| object.size_bytes), warnings)
    }

    #[test]
    fn one_drs_that_knows_the_size_is_enough() {
        let known = size(&[None, Some(7), None], MissingSize::Refuse);
        assert_eq!(known, (Ok(7), Vec::new()));
    }

    #[test]
    fn an_unknown_size_is_refused_or_counts_as_nothing() {
        let unknown = size(&[None, None], MissingSize::Refuse);
        assert_eq!(
            unknown,
            (Err(UnrankableReason::UnknownSize("x".into())), Vec::new())
        );
        let (as_zero, warnings) = size(&[None, None], MissingSize::Zero);
        assert_eq!(as_zero, Ok(0));
        assert_eq!(
            warnings,
            ["Size unknown: object 'x' was ranked as if it had 0 bytes (drs.missing_size)."]
        );
    }

    #[test]
    fn a_uri_that_leads_to_several_places_counts_once_for_each() {
        let mut record = record(&[Some(1), Some(1)]);
        let at = |host| Access {
            uri: "drs://drs.example/x".to_owned(),
            source: Source::Host(Host::parse(host)),
            access_id: None,
        };
        for (_, record) in record.copies.as_mut().unwrap() {
            Arc::make_mut(record).access = vec![at("near.example"), at("far.example")];
        }
        let object = DataObject::new(record, MissingSize::Refuse, &mut Vec::new()).unwrap();
        let hosts: Vec<_> = object.access.iter().map(|a| a.host.to_string()).collect();
        assert_eq!(hosts, ["near.example", "far.example"]);
    }
}
