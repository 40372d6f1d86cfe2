//! The table of one address family while it is made: networks become cells and ranges.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    num::NonZeroU128,
};

use super::{BuildError, put_size};
use crate::{
    block::{BLOCK_RANGES, NO_CELL, Range, deflate},
    coordinates::Coordinates,
    table::STEPS_PER_DEGREE,
};

/// How wide and high a cell is, in degrees.
const CELL_DEGREES: f64 = 1.0;

/// Collects networks. Adjacent ones in the same cell become one range.
#[derive(Debug)]
pub(super) struct TableBuilder {
    numbers: HashMap<(i16, i16), u16>,
    cells: Vec<Cell>,
    first_address: u128,
    ranges: Vec<Range>,
    /// The address after the last range; `None` if there is none.
    next_address: Option<u128>,
}

/// The networks in a cell, whose mean is its location: each counts once, so that a huge one does not outweigh towns.
#[derive(Debug, Default)]
struct Cell {
    latitude_sum: f64,
    longitude_sum: f64,
    networks: f64,
}

impl Default for TableBuilder {
    fn default() -> Self {
        Self {
            numbers: HashMap::new(),
            cells: Vec::new(),
            first_address: 0,
            ranges: Vec::new(),
            next_address: Some(0),
        }
    }
}

impl TableBuilder {
    pub(super) const fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Adds a network of 2^`host_bits` addresses, which has to follow those that were added before.
    pub(super) fn add(
        &mut self,
        first_address: u128,
        host_bits: u32,
        location: Coordinates,
    ) -> Result<(), BuildError> {
        let length = 1_u128
            .checked_shl(host_bits)
            .and_then(NonZeroU128::new)
            .ok_or(BuildError::Overlap)?;
        let gap = self
            .next_address
            .and_then(|next| first_address.checked_sub(next))
            .ok_or(BuildError::Overlap)?;
        if self.ranges.is_empty() {
            self.first_address = first_address;
        } else if let Some(gap) = NonZeroU128::new(gap) {
            self.extend(gap, NO_CELL);
        }
        let cell = self.cell(location)?;
        self.extend(length, cell);
        self.next_address = first_address.checked_add(length.get());
        Ok(())
    }

    fn extend(&mut self, length: NonZeroU128, cell: u16) {
        if let Some(last) = self.ranges.last_mut()
            && last.cell == cell
            && let Some(sum) = last.length.checked_add(length.get())
        {
            last.length = sum;
        } else {
            self.ranges.push(Range { length, cell });
        }
    }

    /// The number of the cell that `location` is in.
    fn cell(&mut self, location: Coordinates) -> Result<u16, BuildError> {
        let (latitude, longitude) = (location.latitude(), location.longitude());
        let key = (
            floor(latitude / CELL_DEGREES),
            floor(longitude / CELL_DEGREES),
        );
        let number = if let Some(number) = self.numbers.get(&key) {
            *number
        } else {
            self.cells.push(Cell::default());
            let number = u16::try_from(self.cells.len()).map_err(|_| BuildError::TooLarge)?;
            self.numbers.insert(key, number);
            number
        };
        if let Some(cell) = self.cells.get_mut(usize::from(number) - 1) {
            cell.latitude_sum += latitude;
            cell.longitude_sum += longitude;
            cell.networks += 1.0;
        }
        Ok(number)
    }

    /// Writes the table as [`crate::file`] describes it.
    pub(super) fn write(&self, file: &mut Vec<u8>) -> Result<(), BuildError> {
        let (cells, numbers) = self.cells_by_frequency();
        put_size(file, cells.len())?;
        for cell in cells {
            let steps = |sum: f64| floor((sum / cell.networks * STEPS_PER_DEGREE).round());
            file.extend(steps(cell.latitude_sum).to_le_bytes());
            file.extend(steps(cell.longitude_sum).to_le_bytes());
        }
        put_size(file, self.ranges.len())?;
        let mut first_address = self.first_address;
        for ranges in self.ranges.chunks(BLOCK_RANGES) {
            let renumbered: Vec<Range> = ranges
                .iter()
                .map(|range| Range {
                    cell: numbers.get(&range.cell).copied().unwrap_or(NO_CELL),
                    ..*range
                })
                .collect();
            let block = deflate(&renumbered)?;
            file.extend(first_address.to_le_bytes());
            put_size(file, block.len())?;
            file.extend(block);
            // Wraps only after the last address of all.
            first_address = ranges.iter().fold(first_address, |address, range| {
                address.wrapping_add(range.length.get())
            });
        }
        Ok(())
    }

    /// The cells with most ranges first, so that their new numbers take one byte in a block; and these numbers by the
    /// present ones.
    fn cells_by_frequency(&self) -> (Vec<&Cell>, HashMap<u16, u16>) {
        let mut counts = BTreeMap::<u16, u32>::new();
        for range in &self.ranges {
            *counts.entry(range.cell).or_default() += 1;
        }
        counts.remove(&NO_CELL);
        let mut order: Vec<u16> = counts.keys().copied().collect();
        order.sort_by_key(|cell| Reverse(counts.get(cell)));
        let cells = order
            .iter()
            .filter_map(|cell| self.cells.get(usize::from(*cell) - 1))
            .collect();
        (
            cells,
            order.into_iter().zip(NO_CELL + 1..=u16::MAX).collect(),
        )
    }
}

/// The largest integer that is not larger than `number`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "degrees and hundredths of them are at most 18 000 in either direction"
)]
fn floor(number: f64) -> i16 {
    number.floor() as i16
}
