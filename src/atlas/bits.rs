//! Bits in bytes, most significant first.

/// Reads bits; past the end there is nothing, not zeros.
#[derive(Debug)]
pub(super) struct BitReader<'a> {
    rest: &'a [u8],
    /// Bits that were taken out of `rest`, at the left.
    window: u64,
    held: u32,
}

impl<'a> BitReader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            window: 0,
            held: 0,
        }
    }

    /// The next 32 bits; filled up with zeros where there are fewer.
    #[inline]
    pub(super) fn peek(&mut self) -> u32 {
        if self.held < 32 {
            self.fill();
        }
        u32::try_from(self.window >> 32).unwrap_or_default()
    }

    /// Goes on by at most 32 bits, which [`Self::peek`] has seen.
    #[inline]
    pub(super) fn skip(&mut self, count: u32) -> Option<()> {
        self.held = self.held.checked_sub(count)?;
        self.window <<= count;
        Some(())
    }

    /// The next `count` bits, at most 128, as a number.
    #[inline]
    pub(super) fn take(&mut self, mut count: u32) -> Option<u128> {
        let mut value = 0;
        while count > 32 {
            value = value << 32 | u128::from(self.peek());
            self.skip(32)?;
            count -= 32;
        }
        let last = u64::from(self.peek()) >> (32 - count);
        self.skip(count)?;
        Some(value << count | u128::from(last))
    }

    fn fill(&mut self) {
        if let Some((word, rest)) = self.rest.split_first_chunk() {
            self.window |= u64::from(u32::from_be_bytes(*word)) << (32 - self.held);
            self.held += 32;
            self.rest = rest;
            return;
        }
        while let Some((byte, rest)) = self.rest.split_first() {
            self.window |= u64::from(*byte) << (56 - self.held);
            self.held += 8;
            self.rest = rest;
        }
    }
}

/// Writes bits.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    partial: u8,
    held: u32,
}

impl BitWriter {
    /// Writes the lowest `count` bits of `value`.
    pub(super) fn put(&mut self, value: u128, count: u32) {
        for position in (0..count).rev() {
            self.partial = self.partial << 1 | u8::from(value >> position & 1 == 1);
            self.held += 1;
            if self.held == 8 {
                self.bytes.push(self.partial);
                self.held = 0;
            }
        }
    }

    /// Goes on with a new byte, and tells how many there are before it.
    pub(super) fn align(&mut self) -> usize {
        self.put(0, (8 - self.held) % 8);
        self.bytes.len()
    }

    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        self.align();
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let fields = [
            (5, 3),
            (0, 1),
            (0xdead_beef, 32),
            (0, 0),
            (u128::MAX >> 2, 126),
            (77, 7),
        ];
        let mut writer = BitWriter::default();
        for (value, count) in fields {
            writer.put(value, count);
        }
        let bytes = writer.into_bytes();
        let mut reader = BitReader::new(&bytes);
        for (value, count) in fields {
            assert_eq!(reader.take(count), Some(value));
        }
    }

    #[test]
    fn there_are_no_bits_past_the_end() {
        let mut reader = BitReader::new(&[0xff; 5]);
        assert_eq!(reader.take(39), Some((1 << 39) - 1));
        assert_eq!(reader.peek(), 1 << 31);
        assert_eq!(reader.take(2), None);
    }
}
