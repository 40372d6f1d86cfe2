//! The table of one address family: ranges of addresses, each with the cell that they are in.

use crate::{
    block::{BLOCK_RANGES, NO_CELL, inflate},
    coordinates::Coordinates,
    file::{FileError, FileReader},
};

/// Coordinates in a file are multiples of a hundredth of a degree, about a kilometre.
pub(crate) const STEPS_PER_DEGREE: f64 = 100.0;

/// Locations of ranges of addresses.
#[derive(Debug)]
pub(crate) struct Table<'a> {
    /// The first is cell 1: [`NO_CELL`] has no coordinates.
    cells: Vec<Coordinates>,
    /// In the order of their addresses.
    blocks: Vec<Block<'a>>,
}

#[derive(Debug)]
struct Block<'a> {
    first_address: u128,
    range_count: usize,
    deflated: &'a [u8],
}

impl<'a> Table<'a> {
    /// Reads the cells and where the blocks are, but not what is in them.
    pub(crate) fn read(reader: &mut FileReader<'a>) -> Result<Self, FileError> {
        let cells = (0..reader.size()?)
            .map(|_| read_cell(reader))
            .collect::<Result<_, _>>()?;
        let mut left = reader.size()?;
        let mut blocks = Vec::new();
        let mut previous = None;
        while left > 0 {
            let first_address = u128::from_le_bytes(reader.array()?);
            if previous >= Some(first_address) {
                return Err(FileError::Invalid("order of blocks"));
            }
            previous = Some(first_address);
            let size = reader.size()?;
            let block = Block {
                first_address,
                range_count: left.min(BLOCK_RANGES),
                deflated: reader.bytes(size)?,
            };
            left -= block.range_count;
            blocks.push(block);
        }
        Ok(Self { cells, blocks })
    }

    /// Where `address` is, if it is in a range with a location.
    pub(crate) fn find(&self, address: u128) -> Option<Coordinates> {
        let after = self
            .blocks
            .partition_point(|block| block.first_address <= address);
        let block = self.blocks.get(after.checked_sub(1)?)?;
        let mut offset = address - block.first_address;
        for range in inflate(block.deflated, block.range_count).ok()? {
            if offset < range.length.get() {
                return self.coordinates(range.cell);
            }
            offset -= range.length.get();
        }
        None
    }

    pub(crate) fn range_count(&self) -> usize {
        self.blocks.iter().map(|block| block.range_count).sum()
    }

    /// Checks every block: each ends where the next one begins, and its cells exist.
    pub(crate) fn verify(&self) -> Result<(), FileError> {
        let followers = self.blocks.iter().skip(1).map(Some).chain([None]);
        for (block, follower) in self.blocks.iter().zip(followers) {
            // `None` after the last address of all, where no block can follow.
            let mut end = Some(block.first_address);
            for range in inflate(block.deflated, block.range_count)? {
                if range.cell != NO_CELL && self.coordinates(range.cell).is_none() {
                    return Err(FileError::Invalid("cell"));
                }
                let start = end.ok_or(FileError::Invalid("addresses"))?;
                end = start.checked_add(range.length.get());
            }
            if follower.is_some_and(|next| end != Some(next.first_address)) {
                return Err(FileError::Invalid("addresses"));
            }
        }
        Ok(())
    }

    fn coordinates(&self, cell: u16) -> Option<Coordinates> {
        let index = usize::from(cell.checked_sub(NO_CELL + 1)?);
        self.cells.get(index).copied()
    }
}

fn read_cell(reader: &mut FileReader<'_>) -> Result<Coordinates, FileError> {
    let latitude = i16::from_le_bytes(reader.array()?);
    let longitude = i16::from_le_bytes(reader.array()?);
    Coordinates::new(
        f64::from(latitude) / STEPS_PER_DEGREE,
        f64::from(longitude) / STEPS_PER_DEGREE,
    )
    .ok_or(FileError::Invalid("coordinates"))
}
