//! Compresses large responses with gzip.

use tower_http::{
    CompressionLevel,
    compression::{
        CompressionLayer, Predicate,
        predicate::{NotForContentType, SizeAbove},
    },
};

/// The initial congestion window of TCP, ten segments (RFC 6928): what fits takes one round trip as it is, and compressing
/// it would take longer than it saves.
const INITIAL_WINDOW_BYTES: u64 = 14_600;

pub(super) fn layer() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(INITIAL_WINDOW_BYTES).and(NotForContentType::IMAGES))
}
