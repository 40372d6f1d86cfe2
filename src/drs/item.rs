//! What an id stands for at a DRS, and how much memory that takes.

use std::sync::Arc;

use super::Content;
use crate::domain::{geo::Host, object::DrsRecord};

/// What an id stands for. Clones share the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DrsItem {
    /// One object.
    Object(Arc<DrsRecord>),
    /// A bundle of objects.
    Bundle(Arc<[Content]>),
}

/// The memory of each value, beside its text.
const OVERHEAD: usize = 200;

impl DrsItem {
    /// About how many bytes of memory it takes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Object(record) => record_bytes(record),
            Self::Bundle(contents) => OVERHEAD + content_bytes(contents),
        }
    }

    /// How many access URIs it has.
    pub fn access_count(&self) -> usize {
        match self {
            Self::Object(record) => record.access.len(),
            Self::Bundle(_) => 0,
        }
    }
}

fn record_bytes(record: &DrsRecord) -> usize {
    let access = record.access.iter().map(|access| {
        let host = access.host.as_ref().map_or(0, Host::bytes);
        OVERHEAD + access.uri.len() + host + access.access_id.as_ref().map_or(0, String::len)
    });
    let checksums = record.checksums.iter();
    let checksums = checksums.map(|(kind, value)| OVERHEAD + kind.len() + value.len());
    OVERHEAD + access.sum::<usize>() + checksums.sum::<usize>()
}

fn content_bytes(contents: &[Content]) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let one = |content: &Content| {
        let uris: usize = content.drs_uris.iter().map(String::len).sum();
        OVERHEAD + text(&content.id) + text(&content.name) + uris + content_bytes(&content.contents)
    };
    contents.iter().map(one).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::object::Access;

    #[test]
    fn an_item_takes_memory_for_each_of_its_texts() {
        let access = Access {
            uri: "s3://b/key".to_owned(),
            host: Some(Host::parse("s3://b")),
            ..Access::default()
        };
        let object = |uris| {
            DrsItem::Object(Arc::new(DrsRecord {
                access: vec![access.clone(); uris],
                ..DrsRecord::default()
            }))
        };
        assert_eq!(object(0).bytes(), 200);
        assert_eq!(object(3).bytes(), 200 + 3 * 216);
        assert_eq!(object(3).access_count(), 3);
    }
}
