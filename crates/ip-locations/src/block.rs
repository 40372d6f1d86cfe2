//! Blocks of ranges, which are compressed one by one; see [`crate::file`] for their format.

use std::{
    io::{self, Write},
    num::NonZeroU128,
};

use flate2::{Compression, Decompress, FlushDecompress, Status, write::DeflateEncoder};

use crate::file::{FileError, FileReader, put_varint};

/// How many ranges are in a block. With 5.4 million ranges, a file has 6.97 MB with 512 in a block, 6.55 MB with 1,024,
/// 6.30 MB with 2,048 and 6.15 MB with 4,096; a look-up that is not cached takes 24, 37, 70 and 139 microseconds.
pub(crate) const BLOCK_RANGES: usize = 1_024;

/// The cell of addresses without a location.
pub(crate) const NO_CELL: u16 = 0;

/// A range takes at most one byte for the exponent, 19 for the rest of the length, and three for the cell.
const MAX_RANGE_BYTES: usize = 1 + 19 + 3;

/// Set in the byte of an exponent if the length is not a power of two.
const ODD_FOLLOWS: u8 = 0x80;

/// Consecutive addresses in one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) length: NonZeroU128,
    pub(crate) cell: u16,
}

/// Compresses `ranges`.
///
/// # Errors
/// None in practice: the encoder writes to memory.
pub(crate) fn deflate(ranges: &[Range]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for range in ranges {
        put_length(&mut bytes, range.length);
    }
    for range in ranges {
        put_varint(&mut bytes, range.cell.into());
    }
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes)?;
    encoder.finish()
}

/// Reads a block of `count` ranges, at most [`BLOCK_RANGES`]; allocates for so many and no more, whatever is in the block.
///
/// # Errors
/// [`FileError`] if these are not exactly `count` ranges.
pub(crate) fn inflate(block: &[u8], count: usize) -> Result<Vec<Range>, FileError> {
    const INVALID: FileError = FileError::Invalid("block");
    let mut bytes = Vec::with_capacity(count * MAX_RANGE_BYTES);
    let mut decompress = Decompress::new(false);
    // Fills the capacity of `bytes` at most.
    let status = decompress.decompress_vec(block, &mut bytes, FlushDecompress::Finish);
    if !matches!(status, Ok(Status::StreamEnd)) || decompress.total_in() != block.len() as u64 {
        return Err(INVALID);
    }
    let mut reader = FileReader(&bytes);
    let mut ranges = Vec::with_capacity(count);
    for _ in 0..count {
        ranges.push(Range {
            length: read_length(&mut reader)?,
            cell: NO_CELL,
        });
    }
    for range in &mut ranges {
        range.cell = reader.varint()?;
    }
    if reader.0.is_empty() {
        Ok(ranges)
    } else {
        Err(INVALID)
    }
}

fn put_length(bytes: &mut Vec<u8>, length: NonZeroU128) {
    let exponent = length.trailing_zeros();
    let odd = length.get() >> exponent;
    let exponent = u8::try_from(exponent).unwrap_or_default();
    if odd == 1 {
        bytes.push(exponent);
    } else {
        bytes.push(exponent | ODD_FOLLOWS);
        put_varint(bytes, (odd - 3) / 2);
    }
}

fn read_length(reader: &mut FileReader<'_>) -> Result<NonZeroU128, FileError> {
    let [first] = reader.array()?;
    let exponent = u32::from(first & !ODD_FOLLOWS);
    let odd = if first & ODD_FOLLOWS == 0 {
        Some(1)
    } else {
        let half: u128 = reader.varint()?;
        half.checked_mul(2).and_then(|even| even.checked_add(3))
    };
    odd.and_then(|odd| odd.checked_mul(1 << exponent))
        .and_then(NonZeroU128::new)
        .ok_or(FileError::Invalid("length"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range() -> impl Strategy<Value = Range> {
        let length = (0_u32..128, any::<u128>())
            .prop_filter_map("lengths are not 0", |(shift, number)| {
                NonZeroU128::new(number >> shift)
            });
        let power = (0_u32..128).prop_filter_map("never", |shift| NonZeroU128::new(1 << shift));
        (prop_oneof![length, power], any::<u16>()).prop_map(|(length, cell)| Range { length, cell })
    }

    proptest! {
        #[test]
        fn ranges_are_read_as_written(ranges in prop::collection::vec(range(), 0..200)) {
            let block = deflate(&ranges).unwrap();
            prop_assert_eq!(inflate(&block, ranges.len()), Ok(ranges));
        }

        #[test]
        fn damaged_blocks_are_errors_or_other_ranges(
            ranges in prop::collection::vec(range(), 1..50),
            position in any::<prop::sample::Index>(),
            byte in any::<u8>(),
        ) {
            let mut block = deflate(&ranges).unwrap();
            prop_assert!(inflate(&block, ranges.len() - 1).is_err());
            prop_assert!(inflate(&block, ranges.len() + 1).is_err());
            prop_assert!(inflate(&block[..position.index(block.len())], ranges.len()).is_err());
            *position.get_mut(&mut block) = byte;
            if let Ok(read) = inflate(&block, ranges.len()) {
                prop_assert_eq!(read.len(), ranges.len());
            }
        }

        #[test]
        fn any_bytes_are_an_error_or_ranges(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::none());
            encoder.write_all(&bytes).unwrap();
            let block = encoder.finish().unwrap();
            for count in [0, 1, 7, BLOCK_RANGES] {
                if let Ok(read) = inflate(&block, count) {
                    prop_assert_eq!(read.len(), count);
                }
            }
        }
    }

    #[test]
    fn the_longest_ranges_fit_into_a_block() {
        let range = Range {
            length: NonZeroU128::MAX,
            cell: u16::MAX,
        };
        let ranges = vec![range; BLOCK_RANGES];
        let block = deflate(&ranges).unwrap();
        assert_eq!(inflate(&block, BLOCK_RANGES), Ok(ranges));
    }

    #[test]
    fn a_block_that_would_inflate_to_gigabytes_is_an_error() {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![0; 1 << 26]).unwrap();
        let block = encoder.finish().unwrap();
        assert_eq!(
            inflate(&block, BLOCK_RANGES),
            Err(FileError::Invalid("block"))
        );
    }

    #[test]
    fn bytes_after_a_block_are_an_error() {
        let ranges = [Range {
            length: NonZeroU128::MIN,
            cell: 1,
        }];
        let mut block = deflate(&ranges).unwrap();
        block.push(0);
        assert_eq!(inflate(&block, 1), Err(FileError::Invalid("block")));
    }
}
