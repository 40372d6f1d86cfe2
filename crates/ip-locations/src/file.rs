//! The file format of location tables, its errors, and a reader for its integers.
//!
//! Integers are little-endian. A varint (LEB128) has seven bits a byte, the lowest first; the top bit is set in all bytes
//! but the last.
//!
//! ```text
//! file     magic and version    8 bytes
//!          checksum             u32, CRC-32 of all that follows
//!          attribution          size as u32, then UTF-8
//!          table of IPv4
//!          table of IPv6
//! table    cells                number as u32, then for each latitude and longitude as i16, in hundredths of a degree
//!          ranges               number as u32
//!          blocks               of 1,024 ranges each, the last one of fewer; each with its first address as u128, its
//!                               size as u32, and as many bytes of raw deflate (RFC 1951)
//! block    lengths              of its ranges, which are adjacent
//!          cells                of its ranges, as varints: n is the n-th cell, 0 is none
//! length   2^exponent * odd     the exponent in one byte; if odd is not 1, with the top bit set, and then (odd - 3) / 2
//!                               as a varint
//! ```

/// How a file begins; the last byte is the version of the format.
pub(crate) const MAGIC: [u8; 8] = *b"IPLOCS\x00\x01";

/// Why a file is not a usable location table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Another file, or a version that this crate does not support.
    #[error("it is not a location table of a supported version")]
    UnknownFormat,
    /// The file ends too early.
    #[error("it is truncated")]
    Truncated,
    /// The file was changed or cut off.
    #[error("its checksum is wrong")]
    WrongChecksum,
    /// A part of the file has a value that it cannot have.
    #[error("it is invalid: {0}")]
    Invalid(&'static str),
}

/// What has not been read yet of a file or of an inflated block.
#[derive(Debug)]
pub(crate) struct FileReader<'a>(pub(crate) &'a [u8]);

impl<'a> FileReader<'a> {
    pub(crate) fn bytes(&mut self, count: usize) -> Result<&'a [u8], FileError> {
        self.0.split_off(..count).ok_or(FileError::Truncated)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], FileError> {
        let (array, rest) = self.0.split_first_chunk().ok_or(FileError::Truncated)?;
        self.0 = rest;
        Ok(*array)
    }

    /// A number of things, as u32.
    pub(crate) fn size(&mut self) -> Result<usize, FileError> {
        let size = u32::from_le_bytes(self.array()?);
        usize::try_from(size).map_err(|_| FileError::Invalid("size"))
    }

    pub(crate) fn varint<N: TryFrom<u128>>(&mut self) -> Result<N, FileError> {
        const TOO_LARGE: FileError = FileError::Invalid("varint");
        let mut number = 0_u128;
        for shift in (0..u128::BITS).step_by(7) {
            let [byte] = self.array()?;
            let bits = u128::from(byte & 0x7f);
            number |= bits << shift;
            if number >> shift != bits {
                return Err(TOO_LARGE);
            }
            if byte < 0x80 {
                return N::try_from(number).map_err(|_| TOO_LARGE);
            }
        }
        Err(TOO_LARGE)
    }
}

/// Writes what [`FileReader::varint`] reads.
pub(crate) fn put_varint(bytes: &mut Vec<u8>, mut number: u128) {
    while number >= 0x80 {
        bytes.push(0x80 | u8::try_from(number & 0x7f).unwrap_or_default());
        number >>= 7;
    }
    bytes.push(u8::try_from(number).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_of_any_size_are_read_as_written() {
        for number in [0, 1, 127, 128, 300, u128::from(u64::MAX), u128::MAX] {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, number);
            let mut reader = FileReader(&bytes);
            assert_eq!(reader.varint(), Ok(number));
            assert!(reader.0.is_empty());
            let truncated = &bytes[..bytes.len() - 1];
            assert_eq!(
                FileReader(truncated).varint::<u128>(),
                Err(FileError::Truncated)
            );
        }
    }

    #[test]
    fn a_varint_that_is_too_large_is_an_error() {
        for bytes in [vec![0xff; 40], [vec![0xff; 18], vec![0x7f]].concat()] {
            assert!(FileReader(&bytes).varint::<u128>().is_err());
        }
        assert!(FileReader(&[0x80, 0x02]).varint::<u8>().is_err());
    }
}
