//! The table of one address family while it is made: networks become cells and ranges.

use std::{cmp::Reverse, collections::HashMap, num::NonZeroU128};

use super::{BuildError, put_size};
use crate::{
    block::{BLOCK_RANGES, NO_CELL, Range, deflate},
    coordinates::Coordinates,
    table::STEPS_PER_DEGREE,
};

/// How wide and high a cell is, in degrees.
const CELL_DEGREES: f64 = 1.0;

/// Collects networks. Adjacent ones in the same cell become one range.
#[derive(Debug, Default)]
pub(super) struct TableBuilder {
    cells: HashMap<(i16, i16), Cell>,
    first_address: u128,
    last_address: Option<u128>,
    ranges: Vec<Range>,
}

/// The networks in a cell, whose mean is its location: each counts once, so that a huge one does not outweigh towns.
#[derive(Debug, Default)]
struct Cell {
    number: u16,
    networks: u32,
    latitude_sum: f64,
    longitude_sum: f64,
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
        if let Some(last) = self.last_address {
            let distance = first_address.checked_sub(last).and_then(NonZeroU128::new);
            let gap = distance.ok_or(BuildError::Overlap)?.get() - 1;
            if let Some(gap) = NonZeroU128::new(gap) {
                self.extend(gap, NO_CELL);
            }
        } else {
            self.first_address = first_address;
        }
        let cell = self.cell(location)?;
        self.extend(length, cell);
        let last_address = first_address.checked_add(length.get() - 1);
        self.last_address = Some(last_address.ok_or(BuildError::Overlap)?);
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

    /// Adds a network to the cell that `location` is in, and returns the number of the cell.
    fn cell(&mut self, location: Coordinates) -> Result<u16, BuildError> {
        let degrees = |degrees: f64| floor(degrees / CELL_DEGREES);
        let key = (degrees(location.latitude), degrees(location.longitude));
        let number = u16::try_from(self.cells.len() + 1).map_err(|_| BuildError::TooLarge)?;
        let cell = self.cells.entry(key).or_insert(Cell {
            number,
            ..Cell::default()
        });
        cell.networks += 1;
        cell.latitude_sum += location.latitude;
        cell.longitude_sum += location.longitude;
        Ok(cell.number)
    }

    /// Writes the table as [`crate::file`] describes it.
    pub(super) fn write(&self, file: &mut Vec<u8>) -> Result<(), BuildError> {
        // Cells with many networks get the small numbers, which take one byte in a block.
        let mut cells: Vec<&Cell> = self.cells.values().collect();
        cells.sort_unstable_by_key(|cell| (Reverse(cell.networks), cell.number));
        put_size(file, cells.len())?;
        for cell in &cells {
            let mean = |sum: f64| sum / f64::from(cell.networks);
            let steps = |sum: f64| floor((mean(sum) * STEPS_PER_DEGREE).round());
            file.extend(steps(cell.latitude_sum).to_le_bytes());
            file.extend(steps(cell.longitude_sum).to_le_bytes());
        }
        let numbers: HashMap<u16, u16> = cells
            .iter()
            .zip(NO_CELL + 1..)
            .map(|(cell, number)| (cell.number, number))
            .collect();
        let renumbered = |range: &Range| Range {
            cell: numbers.get(&range.cell).copied().unwrap_or(NO_CELL),
            ..*range
        };
        put_size(file, self.ranges.len())?;
        let mut first_address = self.first_address;
        for ranges in self.ranges.chunks(BLOCK_RANGES) {
            let block = deflate(&ranges.iter().map(renumbered).collect::<Vec<_>>())?;
            file.extend(first_address.to_le_bytes());
            put_size(file, block.len())?;
            file.extend(block);
            for range in ranges {
                // Wraps only after the last address of all.
                first_address = first_address.wrapping_add(range.length.get());
            }
        }
        Ok(())
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
