//! A door for fuzzers: reads whatever a DRS may answer.

use super::{super::json::parse, Content, access::AccessUrl, bulk, object::DrsObject};
use crate::domain::{
    geo::Host,
    object::{Access, DrsRecord},
};

/// The object in an answer, if it is one.
pub fn object(answer: &[u8]) -> Option<DrsRecord> {
    let object = parse::<DrsObject>(answer).ok()?;
    let object = object.check("drs://drs.example/id").ok()?;
    let access: Vec<Access> = object.ways.into_iter().map(|way| way.access).collect();
    Some(DrsRecord {
        size_bytes: object.size_bytes,
        checksums: object.checksums,
        access,
        unavailable: object.unavailable,
    })
}

/// What a bundle in an answer holds, if it is one.
pub fn bundle(answer: &[u8]) -> Option<Vec<Content>> {
    let object = parse::<DrsObject>(answer).ok()?;
    object.is_bundle().then(|| object.into_contents())
}

/// Where an answer to a question for an access id leads, if it leads anywhere.
pub fn access(answer: &[u8]) -> Option<Host> {
    parse::<AccessUrl>(answer).ok()?.into_host()
}

/// Whether an answer is one about many objects, or about the service itself.
pub fn bulk(answer: &[u8]) -> (bool, bool) {
    bulk::can_be_read(answer)
}
