//! Prefix codes: frequent symbols in few bits, rare ones in many.
//!
//! Canonical Huffman codes, of which an image tells only how long each is.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
    ops::Range,
};

use super::{
    bits::{BitReader, BitWriter},
    image::{Broken, ImageReader, put_number},
};

/// No code is longer; short enough to be seen by [`BitReader::peek`].
const LONGEST: u32 = 24;

/// Codes of up to this many bits are found with one look.
const SHORT: u32 = 10;

/// Reads symbols.
#[derive(Debug)]
pub(super) struct Codebook {
    /// In the order of their codes.
    symbols: Vec<u16>,
    /// By the next [`SHORT`] bits: a symbol and the length of its code, 0 if that is longer.
    short: Vec<(u16, u8)>,
    long: Vec<Codes>,
}

/// All codes of one length, left-aligned in 32 bits.
#[derive(Debug)]
struct Codes {
    length: u32,
    first: u64,
    end: u64,
    /// Which of the symbols has the first code.
    symbol: usize,
}

impl Codebook {
    pub(super) fn read(image: &mut ImageReader<'_>) -> Result<Self, Broken> {
        const IMPOSSIBLE: Broken = Broken::Impossible("code book");
        let mut book = Self {
            symbols: Vec::new(),
            short: vec![(0, 0); 1 << SHORT],
            long: Vec::new(),
        };
        let mut code = 0_u64;
        for length in 1..=LONGEST {
            let count: u16 = image.number()?;
            let codes = Codes {
                length,
                first: code,
                end: code + (u64::from(count) << (32 - length)),
                symbol: book.symbols.len(),
            };
            if codes.end > 1 << 32 {
                return Err(IMPOSSIBLE);
            }
            let mut symbol = 0_u16;
            for _ in 0..count {
                symbol = symbol.checked_add(image.number()?).ok_or(IMPOSSIBLE)?;
                book.symbols.push(symbol);
                let end = code + (1 << (32 - length));
                if let Ok(bits) = u8::try_from(length)
                    && length <= SHORT
                {
                    book.shorten(code..end, symbol, bits);
                }
                code = end;
            }
            if length > SHORT && count > 0 {
                book.long.push(codes);
            }
        }
        Ok(book)
    }

    /// Lets `symbol` be found with one look by all that begins with its code.
    fn shorten(&mut self, codes: Range<u64>, symbol: u16, length: u8) {
        let seen = |code: u64| usize::try_from(code >> (32 - SHORT)).unwrap_or(usize::MAX);
        if let Some(same) = self.short.get_mut(seen(codes.start)..seen(codes.end)) {
            same.fill((symbol, length));
        }
    }

    /// The next symbol; `None` if there is none.
    #[inline]
    pub(super) fn decode(&self, bits: &mut BitReader<'_>) -> Option<u16> {
        let next = bits.peek();
        let (symbol, length) = *self
            .short
            .get(usize::try_from(next >> (32 - SHORT)).ok()?)?;
        if length > 0 {
            bits.skip(length.into())?;
            return Some(symbol);
        }
        self.decode_long(next, bits)
    }

    /// The symbol at the beginning of `next`, whose code is longer than [`SHORT`].
    fn decode_long(&self, next: u32, bits: &mut BitReader<'_>) -> Option<u16> {
        let next = u64::from(next);
        let codes = self.long.iter().find(|codes| next < codes.end)?;
        let nth = next.checked_sub(codes.first)? >> (32 - codes.length);
        bits.skip(codes.length)?;
        let symbol = codes.symbol.checked_add(usize::try_from(nth).ok()?)?;
        self.symbols.get(symbol).copied()
    }
}

/// Writes symbols.
#[derive(Debug)]
pub(super) struct Encoder {
    codes: BTreeMap<u16, (u128, u32)>,
    /// Symbols by the length of their codes.
    lengths: BTreeMap<u32, Vec<u16>>,
}

impl Encoder {
    /// The best codes for symbols that occur so often.
    pub(super) fn new(counts: &BTreeMap<u16, u64>) -> Self {
        let mut lengths = BTreeMap::<u32, Vec<u16>>::new();
        for (symbol, length) in code_lengths(counts) {
            lengths.entry(length).or_default().push(symbol);
        }
        let mut codes = BTreeMap::new();
        let mut code = 0_u128;
        for (length, symbols) in &lengths {
            for symbol in symbols {
                codes.insert(*symbol, (code >> (32 - length), *length));
                code += 1 << (32 - length);
            }
        }
        Self { codes, lengths }
    }

    /// Writes what [`Codebook::read`] reads.
    pub(super) fn write(&self, image: &mut Vec<u8>) {
        for length in 1..=LONGEST {
            let symbols = self.lengths.get(&length).map_or(&[][..], Vec::as_slice);
            put_number(image, symbols.len() as u128);
            let mut before = 0;
            for symbol in symbols {
                put_number(image, u128::from(symbol - before));
                before = *symbol;
            }
        }
    }

    /// Writes `symbol`, which has to be one of those that were counted.
    pub(super) fn encode(&self, symbol: u16, bits: &mut BitWriter) {
        if let Some((code, length)) = self.codes.get(&symbol) {
            bits.put(*code, *length);
        }
    }
}

/// Huffman's algorithm; where a code would be too long, rare symbols count as less rare.
fn code_lengths(counts: &BTreeMap<u16, u64>) -> BTreeMap<u16, u32> {
    let mut weights: Vec<u64> = counts.values().copied().collect();
    loop {
        let lengths = depths(&weights);
        if lengths.iter().all(|length| *length <= LONGEST) {
            return counts.keys().copied().zip(lengths).collect();
        }
        for weight in &mut weights {
            *weight = *weight / 2 + 1;
        }
    }
}

/// How deep in the tree each leaf is, at least 1.
fn depths(weights: &[u64]) -> Vec<u32> {
    let mut depths = vec![0; weights.len()];
    let mut forest: BinaryHeap<_> = weights
        .iter()
        .enumerate()
        .map(|(leaf, weight)| Reverse((*weight, vec![leaf])))
        .collect();
    if forest.len() == 1 {
        return vec![1];
    }
    while let (Some(Reverse((light, mut leaves))), Some(Reverse((heavy, more)))) =
        (forest.pop(), forest.pop())
    {
        leaves.extend(more);
        for leaf in &leaves {
            if let Some(depth) = depths.get_mut(*leaf) {
                *depth += 1;
            }
        }
        forest.push(Reverse((light + heavy, leaves)));
    }
    depths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(of: &[u16]) -> BTreeMap<u16, u64> {
        let mut counts = BTreeMap::new();
        for symbol in of {
            *counts.entry(*symbol).or_default() += 1;
        }
        counts
    }

    fn there_and_back(symbols: &[u16], counts: &BTreeMap<u16, u64>) -> Vec<u16> {
        let encoder = Encoder::new(counts);
        let mut image = Vec::new();
        encoder.write(&mut image);
        let mut bits = BitWriter::default();
        for symbol in symbols {
            encoder.encode(*symbol, &mut bits);
        }
        let bytes = bits.into_bytes();
        let book = Codebook::read(&mut ImageReader::new(&image)).unwrap();
        let mut reader = BitReader::new(&bytes);
        symbols
            .iter()
            .map(|_| book.decode(&mut reader).unwrap())
            .collect()
    }

    #[test]
    fn symbols_come_back() {
        let symbols: Vec<u16> = (0..200).map(|n| n * n % 199 / 3).collect();
        assert_eq!(there_and_back(&symbols, &counts(&symbols)), symbols);
    }

    #[test]
    fn a_single_symbol_has_a_code() {
        assert_eq!(there_and_back(&[7, 7, 7], &counts(&[7])), [7, 7, 7]);
    }

    #[test]
    fn codes_stay_short_even_for_fibonacci() {
        let (mut a, mut b) = (1, 1);
        let mut counts = BTreeMap::new();
        for symbol in 0..60 {
            counts.insert(symbol, a);
            (a, b) = (b, a + b);
        }
        let symbols: Vec<u16> = (0..60).collect();
        assert_eq!(there_and_back(&symbols, &counts), symbols);
    }

    #[test]
    fn an_oversubscribed_book_is_an_error() {
        let mut image = vec![3, 1, 1, 1];
        image.extend([0; 30]);
        assert!(Codebook::read(&mut ImageReader::new(&image)).is_err());
    }
}
