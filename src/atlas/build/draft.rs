//! A table while it is made: places fall into cells, neighbours in the same cell become one range.

use std::collections::{BTreeMap, HashMap};

use super::BuildError;
use crate::{
    atlas::{
        bits::BitWriter,
        block::{BLOCK, Encoders, NOWHERE, Range, symbols},
        codebook::Encoder,
        image::put_number,
        table::PARTS_OF_A_DEGREE,
    },
    domain::geo::Coordinates,
};

/// How wide and high a cell is, in degrees.
const CELL_DEGREES: f64 = 1.0;

/// The table of one family of addresses.
#[derive(Debug)]
pub(super) struct Draft {
    numbers: HashMap<(i16, i16), u16>,
    cells: Vec<Cell>,
    first: u128,
    ranges: Vec<Range>,
    /// The address after the last range; `None` if there is none.
    next: Option<u128>,
}

/// What fell into a cell: sums over networks, so that a huge one in the middle of nowhere does not outweigh towns.
#[derive(Debug, Default)]
struct Cell {
    latitudes: f64,
    longitudes: f64,
    networks: f64,
}

impl Default for Draft {
    fn default() -> Self {
        Self {
            numbers: HashMap::new(),
            cells: Vec::new(),
            first: 0,
            ranges: Vec::new(),
            next: Some(0),
        }
    }
}

impl Draft {
    pub(super) const fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Becomes `other` if there is nothing in it yet.
    pub(super) fn unless_taken(&mut self, other: Self) {
        if self.is_empty() {
            *self = other;
        }
    }

    /// Adds a network of 2^`host_bits` addresses, which has to come after those that were added before.
    pub(super) fn add(
        &mut self,
        first: u128,
        host_bits: u32,
        place: Coordinates,
    ) -> Result<(), BuildError> {
        let length = 1_u128.checked_shl(host_bits).ok_or(BuildError::Overlap)?;
        let gap = self
            .next
            .and_then(|next| first.checked_sub(next))
            .ok_or(BuildError::Overlap)?;
        if self.ranges.is_empty() {
            self.first = first;
        } else if gap > 0 {
            self.extend(gap, NOWHERE);
        }
        let cell = self.cell(place)?;
        self.extend(length, cell);
        self.next = first.checked_add(length);
        Ok(())
    }

    fn extend(&mut self, length: u128, cell: u16) {
        if let Some(last) = self.ranges.last_mut()
            && last.cell == cell
            && let Some(sum) = last.length.checked_add(length)
        {
            last.length = sum;
        } else {
            self.ranges.push(Range { length, cell });
        }
    }

    /// The number of the cell that `place` falls into.
    fn cell(&mut self, place: Coordinates) -> Result<u16, BuildError> {
        let (latitude, longitude) = (place.latitude(), place.longitude());
        let key = (
            whole(latitude / CELL_DEGREES),
            whole(longitude / CELL_DEGREES),
        );
        let number = if let Some(number) = self.numbers.get(&key) {
            *number
        } else {
            self.cells.push(Cell::default());
            let number = u16::try_from(self.cells.len()).map_err(|_| BuildError::TooManyCells)?;
            self.numbers.insert(key, number);
            number
        };
        if let Some(cell) = self.cells.get_mut(usize::from(number) - 1) {
            cell.latitudes += latitude;
            cell.longitudes += longitude;
            cell.networks += 1.0;
        }
        Ok(number)
    }

    /// Writes the table.
    pub(super) fn write(&self, image: &mut Vec<u8>) {
        put_number(image, self.cells.len() as u128);
        for cell in &self.cells {
            let part = |sum: f64| whole((sum / cell.networks * PARTS_OF_A_DEGREE).round());
            image.extend(part(cell.latitudes).to_le_bytes());
            image.extend(part(cell.longitudes).to_le_bytes());
        }
        let encoders = self.encoders();
        encoders.write(image);
        put_number(image, self.ranges.len() as u128);
        let mut bits = BitWriter::default();
        let (mut gap, mut offset) = (self.first, 0);
        for block in self.ranges.chunks(BLOCK) {
            for symbols in symbols(block) {
                encoders.encode(&symbols, &mut bits);
            }
            let end = bits.align();
            put_gap(image, gap);
            put_number(image, (end - offset) as u128);
            gap = block
                .iter()
                .fold(0, |sum: u128, range| sum.wrapping_add(range.length));
            offset = end;
        }
        image.extend(bits.into_bytes());
    }

    /// Codes for what occurs in this table.
    fn encoders(&self) -> Encoders {
        let mut lengths = BTreeMap::new();
        let mut recency = BTreeMap::new();
        let mut cells = BTreeMap::new();
        for symbols in self.ranges.chunks(BLOCK).flat_map(symbols) {
            *lengths.entry(symbols.magnitude).or_default() += 1;
            *recency.entry(symbols.ago).or_default() += 1;
            if let Some(cell) = symbols.cell {
                *cells.entry(cell).or_default() += 1;
            }
        }
        Encoders {
            lengths: Encoder::new(&lengths),
            recency: Encoder::new(&recency),
            cells: Encoder::new(&cells),
        }
    }
}

/// The largest whole number that is not larger; degrees and hundredths of them fit.
#[expect(
    clippy::cast_possible_truncation,
    reason = "at most 18 000 in either direction"
)]
fn whole(number: f64) -> i16 {
    number.floor() as i16
}

/// A distance between addresses: how many times it can be halved, and what is left then.
fn put_gap(image: &mut Vec<u8>, gap: u128) {
    let halvings = if gap == 0 { 0 } else { gap.trailing_zeros() };
    image.push(u8::try_from(halvings).unwrap_or_default());
    put_number(image, gap >> halvings);
}
