//! Files that are cut off, changed or forged.

use ip_locations::{FileError, IpLocations};
use proptest::prelude::*;

use super::{lookup, sample};

/// The magic bytes, and the checksum after them.
const MAGIC: usize = 8;
const HEADER: usize = MAGIC + 4;

/// Gives a changed file the right checksum.
fn forge(mut file: Vec<u8>) -> Vec<u8> {
    let checksum = crc32fast::hash(&file[HEADER..]);
    file[MAGIC..HEADER].copy_from_slice(&checksum.to_le_bytes());
    file
}

/// Uses all of a file: errors are expected, panics are not.
fn exercise(file: &[u8]) {
    let Ok(table) = IpLocations::read(file) else {
        return;
    };
    let _ = table.verify();
    for address in ["1.0.0.0", "8.8.8.8", "223.0.0.0", "2a00::1", "3000::"] {
        let _ = lookup(&table, address);
    }
}

#[test]
fn a_file_that_is_cut_off_or_changed_is_an_error() {
    let file = sample();
    for length in 0..file.len() {
        assert!(IpLocations::read(&file[..length]).is_err(), "{length}");
    }
    for position in 0..file.len() {
        let mut file = file.clone();
        file[position] ^= 0x10;
        assert!(IpLocations::read(&file).is_err(), "{position}");
    }
    let longer = [&file[..], b"!"].concat();
    assert_eq!(
        IpLocations::read(&longer).unwrap_err(),
        FileError::WrongChecksum
    );
    assert_eq!(
        IpLocations::read(&forge(longer)).unwrap_err(),
        FileError::Invalid("size")
    );
    assert_eq!(
        IpLocations::read(b"GIF89a").unwrap_err(),
        FileError::UnknownFormat
    );
}

#[test]
fn a_file_that_is_cut_off_and_forged_is_an_error() {
    let file = sample();
    for length in HEADER..file.len() {
        let cut = forge(file[..length].to_vec());
        assert!(IpLocations::read(&cut).is_err(), "{length}");
    }
}

#[test]
fn a_changed_bit_in_a_forged_file_causes_no_panic() {
    let file = sample();
    for position in HEADER..file.len() {
        for bit in 0..8 {
            let mut file = file.clone();
            file[position] ^= 1 << bit;
            exercise(&forge(file));
        }
    }
}

#[test]
fn huge_numbers_in_a_forged_file_are_errors() {
    let file = sample();
    for position in HEADER..file.len() - 4 {
        let mut file = file.clone();
        file[position..position + 4].fill(0xff);
        exercise(&forge(file));
    }
}

proptest! {
    #[test]
    fn forged_files_cause_no_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut file = sample();
        let size = file.len() - HEADER;
        for (position, byte) in changes {
            file[HEADER + position.index(size)] = byte;
        }
        exercise(&forge(file));
    }

    #[test]
    fn random_content_causes_no_panic(content in prop::collection::vec(any::<u8>(), 0..200)) {
        let header = &sample()[..HEADER];
        exercise(&forge([header, &content].concat()));
    }
}
