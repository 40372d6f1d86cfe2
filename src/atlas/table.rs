//! The table of one family of addresses: which cell of the Earth each range of them is in.

use std::borrow::Cow;

use super::{
    block::{BLOCK, Codebooks, NOWHERE},
    image::{Broken, ImageReader},
};
use crate::domain::geo::Coordinates;

/// Coordinates in an image are whole numbers of this part of a degree, about a kilometre.
pub(super) const PARTS_OF_A_DEGREE: f64 = 100.0;

/// Places for ranges of addresses, searched as they stand in the image.
#[derive(Debug)]
pub(super) struct Table<'a> {
    /// Where the cells are; [`NOWHERE`] is not among them, the one after it comes first.
    cells: Vec<Coordinates>,
    codebooks: Codebooks,
    /// The address at which each block begins, and where it stands in `blocks`.
    starts: Vec<u128>,
    offsets: Vec<u32>,
    ranges: usize,
    blocks: Cow<'a, [u8]>,
}

impl<'a> Table<'a> {
    /// Reads cells, code books and the index of the blocks; the blocks are left as they are.
    pub(super) fn read(image: &mut ImageReader<'a>) -> Result<Self, Broken> {
        let cells = (0..image.number::<u16>()?)
            .map(|_| read_cell(image))
            .collect::<Result<_, _>>()?;
        let codebooks = Codebooks::read(image)?;
        let ranges: u32 = image.number()?;
        let ranges = usize::try_from(ranges).map_err(|_| Broken::Impossible("size"))?;
        let (mut starts, mut offsets) = (Vec::new(), Vec::new());
        let (mut start, mut offset) = (0_u128, 0_u32);
        for block in 0..ranges.div_ceil(BLOCK) {
            let gap = read_gap(image)?;
            if block > 0 && gap == 0 {
                return Err(Broken::Impossible("index"));
            }
            start = start.checked_add(gap).ok_or(Broken::Impossible("index"))?;
            starts.push(start);
            offsets.push(offset);
            let size: u32 = image.number()?;
            offset = offset
                .checked_add(size)
                .ok_or(Broken::Impossible("index"))?;
        }
        offsets.push(offset);
        let size = usize::try_from(offset).map_err(|_| Broken::Impossible("size"))?;
        Ok(Self {
            cells,
            codebooks,
            starts,
            offsets,
            ranges,
            blocks: image.bytes(size)?.into(),
        })
    }

    /// The place of `address`, if it has one.
    pub(super) fn find(&self, address: u128) -> Option<Coordinates> {
        let after = self.starts.partition_point(|start| *start <= address);
        let block = after.checked_sub(1)?;
        let mut left = address - self.starts.get(block)?;
        for range in self.ranges(block)? {
            if left < range.length {
                return self.place(range.cell);
            }
            left -= range.length;
        }
        None
    }

    /// How many ranges there are.
    pub(super) const fn len(&self) -> usize {
        self.ranges
    }

    /// Reads every block.
    pub(super) fn verify(&self) -> Result<(), Broken> {
        const BLOCKS: Broken = Broken::Impossible("blocks");
        let mut count = 0;
        for (block, start) in self.starts.iter().enumerate() {
            let mut end = Some(*start);
            for range in self.ranges(block).ok_or(BLOCKS)? {
                if range.cell != NOWHERE && self.place(range.cell).is_none() {
                    return Err(Broken::Impossible("cell"));
                }
                end = end.ok_or(BLOCKS)?.checked_add(range.length);
                count += 1;
            }
            if self
                .starts
                .get(block + 1)
                .is_some_and(|next| end != Some(*next))
            {
                return Err(BLOCKS);
            }
        }
        if count == self.ranges {
            Ok(())
        } else {
            Err(BLOCKS)
        }
    }

    fn ranges(&self, block: usize) -> Option<impl Iterator<Item = super::block::Range>> {
        let from = usize::try_from(*self.offsets.get(block)?).ok()?;
        let to = usize::try_from(*self.offsets.get(block + 1)?).ok()?;
        let count = self.ranges.checked_sub(block * BLOCK)?.min(BLOCK);
        let bytes = self.blocks.get(from..to)?;
        Some(self.codebooks.ranges(bytes).take(count))
    }

    fn place(&self, cell: u16) -> Option<Coordinates> {
        let nth = usize::from(cell.checked_sub(NOWHERE + 1)?);
        self.cells.get(nth).copied()
    }
}

fn read_cell(image: &mut ImageReader<'_>) -> Result<Coordinates, Broken> {
    let latitude = i16::from_le_bytes(image.array()?);
    let longitude = i16::from_le_bytes(image.array()?);
    Coordinates::new(
        f64::from(latitude) / PARTS_OF_A_DEGREE,
        f64::from(longitude) / PARTS_OF_A_DEGREE,
    )
    .map_err(|_| Broken::Impossible("cell"))
}

/// A distance between addresses: how many times it can be halved, and what is left then.
fn read_gap(image: &mut ImageReader<'_>) -> Result<u128, Broken> {
    let [halvings] = image.array()?;
    let odd: u128 = image.number()?;
    let gap = odd.checked_shl(halvings.into());
    gap.filter(|gap| gap >> halvings == odd)
        .ok_or(Broken::Impossible("index"))
}
