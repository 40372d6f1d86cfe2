//! Numbers and texts in an image of a location table, and what can be wrong with one.

/// What is wrong with an image of a location table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// It is something else, or of a version that this program does not know.
    #[error("it is not a location table of a version that is known")]
    Foreign,
    /// Something is missing at its end.
    #[error("it ends too early")]
    Truncated,
    /// Its bytes are not those that were written.
    #[error("its checksum does not match")]
    Altered,
    /// What it says contradicts itself.
    #[error("its {0} cannot be")]
    Impossible(&'static str),
}

/// Reads an image from its beginning on.
#[derive(Debug)]
pub(super) struct ImageReader<'a> {
    rest: &'a [u8],
}

impl<'a> ImageReader<'a> {
    pub(super) const fn new(image: &'a [u8]) -> Self {
        Self { rest: image }
    }

    /// What has not been read yet.
    pub(super) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        let (array, rest) = self.rest.split_first_chunk().ok_or(Broken::Truncated)?;
        self.rest = rest;
        Ok(*array)
    }

    pub(super) fn bytes(&mut self, count: usize) -> Result<&'a [u8], Broken> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(Broken::Truncated)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// A number of any size: seven bits a byte, the lowest first.
    pub(super) fn number<N: TryFrom<u128>>(&mut self) -> Result<N, Broken> {
        const TOO_LARGE: Broken = Broken::Impossible("number");
        let mut number = 0_u128;
        for shift in (0..u128::BITS).step_by(7) {
            let [byte] = self.array()?;
            let bits = u128::from(byte & 0x7f);
            let shifted = bits << shift;
            if shifted >> shift != bits {
                return Err(TOO_LARGE);
            }
            number |= shifted;
            if byte < 0x80 {
                return N::try_from(number).map_err(|_| TOO_LARGE);
            }
        }
        Err(TOO_LARGE)
    }
}

/// Writes what [`ImageReader::number`] reads.
pub(super) fn put_number(image: &mut Vec<u8>, mut number: u128) {
    loop {
        let bits = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            return image.push(bits);
        }
        image.push(bits | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_size_are_kept() {
        for number in [0, 1, 127, 128, 300, u128::from(u64::MAX), u128::MAX] {
            let mut image = Vec::new();
            put_number(&mut image, number);
            let mut reader = ImageReader::new(&image);
            assert_eq!(reader.number(), Ok(number));
            assert!(reader.rest().is_empty());
            let cut = &image[..image.len() - 1];
            assert_eq!(
                ImageReader::new(cut).number::<u128>(),
                Err(Broken::Truncated)
            );
        }
    }

    #[test]
    fn a_number_that_is_too_large_is_an_error() {
        for image in [vec![0xff; 40], [vec![0xff; 18], vec![0x7f]].concat()] {
            assert!(ImageReader::new(&image).number::<u128>().is_err());
        }
        assert!(ImageReader::new(&[0x80, 0x02]).number::<u8>().is_err());
    }
}
