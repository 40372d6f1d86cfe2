//! How ranges of addresses are written: in blocks, each of which is read from its beginning.
//!
//! A range is a length and a cell. Lengths are mostly powers of two or a small multiple of one, and cells mostly one
//! that occurred just before: so a length is a code for its magnitude and then the bits that this leaves open, and a
//! cell a code for how long ago it occurred in the block, or for a new one and then another for which.

use super::{
    bits::{BitReader, BitWriter},
    codebook::{Codebook, Encoder},
    image::{Broken, ImageReader},
};

/// How many ranges are in a block. Measured with 5.4 million ranges: 32 take 7.4 MB and 0.46 microseconds a look-up, 48
/// take 7.0 MB and 0.61, 64 take 6.9 MB and 0.73.
pub(super) const BLOCK: usize = 48;

/// The cell of addresses that are nowhere.
pub(super) const NOWHERE: u16 = 0;

/// The symbol for a cell that has not occurred in the block yet.
const NEW: u16 = u16::MAX;

/// Adjacent addresses that are in one cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) length: u128,
    pub(super) cell: u16,
}

/// The cells of the ranges of a block so far.
#[derive(Debug)]
struct Recent {
    cells: [u16; BLOCK],
    known: usize,
}

impl Recent {
    const fn new() -> Self {
        Self {
            cells: [NOWHERE; BLOCK],
            known: 0,
        }
    }

    /// How many ranges ago `cell` occurred last.
    fn ago(&self, cell: u16) -> Option<usize> {
        let known = self.cells.get(..self.known)?;
        known.iter().rev().position(|other| *other == cell)
    }

    fn recall(&self, ago: usize) -> Option<u16> {
        let nth = self.known.checked_sub(ago)?.checked_sub(1)?;
        self.cells.get(nth).copied()
    }

    fn learn(&mut self, cell: u16) -> Option<()> {
        *self.cells.get_mut(self.known)? = cell;
        self.known += 1;
        Some(())
    }
}

/// One code book for each kind of symbol.
#[derive(Debug)]
pub(super) struct Codebooks {
    lengths: Codebook,
    recency: Codebook,
    cells: Codebook,
}

impl Codebooks {
    pub(super) fn read(image: &mut ImageReader<'_>) -> Result<Self, Broken> {
        Ok(Self {
            lengths: Codebook::read(image)?,
            recency: Codebook::read(image)?,
            cells: Codebook::read(image)?,
        })
    }

    /// The ranges of a block; they end where the block is broken.
    pub(super) fn ranges(&self, block: &[u8]) -> impl Iterator<Item = Range> {
        let mut bits = BitReader::new(block);
        let mut recent = Recent::new();
        std::iter::from_fn(move || {
            let length = length(self.lengths.decode(&mut bits)?, &mut bits)?;
            let cell = match self.recency.decode(&mut bits)? {
                NEW => self.cells.decode(&mut bits)?,
                ago => recent.recall(ago.into())?,
            };
            recent.learn(cell)?;
            Some(Range { length, cell })
        })
    }
}

/// Reads the rest of a length after its magnitude: how many times it can be halved, and how many bits are left then, of
/// which the first and the last are set.
#[inline]
fn length(magnitude: u16, bits: &mut BitReader<'_>) -> Option<u128> {
    let (halvings, significant) = (u32::from(magnitude >> 7), u32::from(magnitude & 0x7f) + 1);
    if halvings + significant > u128::BITS {
        return None;
    }
    let odd = match significant {
        1 => 1,
        _ => 1 << (significant - 1) | bits.take(significant - 2)? << 1 | 1,
    };
    Some(odd << halvings)
}

/// What is written for a range.
#[derive(Debug)]
pub(super) struct Symbols {
    pub(super) magnitude: u16,
    open: u128,
    open_bits: u32,
    /// How many ranges ago the cell occurred last, or [`NEW`].
    pub(super) ago: u16,
    /// Only for a cell that is new in the block.
    pub(super) cell: Option<u16>,
}

/// What is written for the ranges of a block, none of which may be empty.
pub(super) fn symbols(block: &[Range]) -> Vec<Symbols> {
    let mut recent = Recent::new();
    let symbols = block.iter().map(|range| {
        let halvings = range.length.trailing_zeros();
        let odd = range.length.checked_shr(halvings).unwrap_or_default();
        let significant = u128::BITS - odd.leading_zeros();
        let open_bits = significant.saturating_sub(2);
        let magnitude = halvings << 7 | significant.saturating_sub(1);
        let ago = recent.ago(range.cell);
        let cell = ago.is_none().then_some(range.cell);
        recent.learn(range.cell);
        Symbols {
            magnitude: u16::try_from(magnitude).unwrap_or_default(),
            open: odd >> 1 & ((1 << open_bits) - 1),
            open_bits,
            ago: ago.map_or(NEW, |ago| u16::try_from(ago).unwrap_or(NEW)),
            cell,
        }
    });
    symbols.collect()
}

/// Writes what [`Codebooks::read`] and [`Codebooks::ranges`] read.
#[derive(Debug)]
pub(super) struct Encoders {
    pub(super) lengths: Encoder,
    pub(super) recency: Encoder,
    pub(super) cells: Encoder,
}

impl Encoders {
    pub(super) fn write(&self, image: &mut Vec<u8>) {
        self.lengths.write(image);
        self.recency.write(image);
        self.cells.write(image);
    }

    pub(super) fn encode(&self, symbols: &Symbols, bits: &mut BitWriter) {
        self.lengths.encode(symbols.magnitude, bits);
        bits.put(symbols.open, symbols.open_bits);
        self.recency.encode(symbols.ago, bits);
        if let Some(cell) = symbols.cell {
            self.cells.encode(cell, bits);
        }
    }
}
