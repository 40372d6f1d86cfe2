//! What an id stands for at a DRS, and how much there is of it.

use super::Content;
use crate::domain::object::DrsRecord;

/// What an id stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entity {
    /// One object.
    Object(DrsRecord),
    /// Several.
    Bundle(Vec<Content>),
}

impl Entity {
    /// About how many bytes of memory it takes.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Object(record) => of_record(record),
            Self::Bundle(contents) => EACH + of_contents(contents),
        }
    }

    /// How many ways there are to get it.
    pub const fn ways(&self) -> usize {
        match self {
            Self::Object(record) => record.access.len(),
            Self::Bundle(_) => 0,
        }
    }
}

/// What everything takes that is more than a text.
const EACH: usize = 200;

fn of_record(record: &DrsRecord) -> usize {
    let access = record.access.iter().map(|access| EACH + access.uri.len());
    let checksums = record.checksums.iter();
    let checksums = checksums.map(|(kind, value)| EACH + kind.len() + value.len());
    EACH + access.sum::<usize>() + checksums.sum::<usize>()
}

fn of_contents(contents: &[Content]) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let one = |content: &Content| {
        let uris: usize = content.drs_uris.iter().map(String::len).sum();
        EACH + text(&content.id) + text(&content.name) + uris + of_contents(&content.contents)
    };
    contents.iter().map(one).sum()
}
