//! Entry points for fuzzing: reads any bytes as answers of a DRS.

use super::{Content, access::AccessUrl, bulk, object::DrsObject};
use crate::{
    client::parse,
    domain::{geo::Host, object::DrsRecord},
};

/// The object in an answer, if it is one.
pub fn object(answer: &[u8]) -> Option<DrsRecord> {
    let object = parse::<DrsObject>(answer).ok()?;
    object.into_record("drs://drs.example/id").ok()
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
