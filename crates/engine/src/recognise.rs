//! Names what is no text by its first bytes, so that a file of the wrong kind is refused as what it is, not as a row
//! with an odd byte in it.
//!
//! To add a kind: a line in `KINDS`. A mark that a text could begin with does not belong there.

use crate::unpack::{Begins, COMPRESSIONS};

/// How many of the first bytes tell all that can be told: a tar names itself late.
pub const RECOGNISE_BYTES: usize = 512;

/// What begins with which bytes, at which place.
const KINDS: &[(usize, &[u8], &str)] = &[
    (0, b"PK\x03\x04", "a zip archive or an Office document; deliver the files in it"),
    (0, b"PK\x05\x06", "an empty zip archive"),
    (0, b"PK\x07\x08", "a zip archive in parts; deliver the files in it"),
    (0, b"\xfd7zXZ\x00", "xz; compress it with gzip, zstd or bzip2"),
    (0, &[0x04, 0x22, 0x4d, 0x18], "lz4; compress it with gzip, zstd or bzip2"),
    (0, &[0x02, 0x21, 0x4c, 0x18], "lz4; compress it with gzip, zstd or bzip2"),
    (0, b"\xff\x06\x00\x00sNaPpY", "snappy; compress it with gzip, zstd or bzip2"),
    (0, &[0x1f, 0x9d], "compress (.Z); compress it with gzip, zstd or bzip2"),
    (0, &[0x1f, 0xa0], "compress (.Z); compress it with gzip, zstd or bzip2"),
    (0, &[0x5d, 0x00, 0x00, 0x80, 0x00], "lzma; compress it with gzip, zstd or bzip2"),
    (0, b"LZIP\x01", "lzip; compress it with gzip, zstd or bzip2"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7z archive; deliver the files in it"),
    (0, b"Rar!\x1a\x07", "a RAR archive; deliver the files in it"),
    (257, b"ustar\x0000", "a tar archive; deliver the files in it"),
    (257, b"ustar  \x00", "a tar archive; deliver the files in it"),
    (0, b"PAR1\x15", "Parquet; say `format: parquet`"),
    (0, b"Obj\x01", "Avro; say `format: avro`"),
    (0, b"ARROW1\x00\x00", "an Arrow file; write it as Parquet"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (.xls, .doc); export it as CSV"),
    (0, b"%PDF-", "a PDF"),
    (0, b"SQLite format 3\x00", "a SQLite database; export its tables"),
    (0, b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (0, &[0xff, 0xd8, 0xff], "a JPEG image"),
    (0, &[0xff, 0xfe, 0x00, 0x00], UTF_32),
    (0, &[0x00, 0x00, 0xfe, 0xff], UTF_32),
];

const UTF_32: &str = "UTF-32; write it as UTF-8";
const UTF_16_LE: &str = "UTF-16 without a byte order mark; say `encoding: utf-16le`";
const UTF_16_BE: &str = "UTF-16 without a byte order mark; say `encoding: utf-16be`";

/// What an object is that is no text in an encoding of single bytes or UTF-8, and what to do, as far as its first bytes
/// tell; [`RECOGNISE_BYTES`] tell all. The one compression that it may have is off already.
pub fn recognise(first: &[u8]) -> Option<String> {
    kind(first).or_else(|| wide(first).map(str::to_owned))
}

/// As [`recognise`], where UTF-16 is what is expected.
pub fn kind(first: &[u8]) -> Option<String> {
    if let Some(compression) = COMPRESSIONS.iter().find(|compression| compression.begins(first) == Begins::Yes) {
        return Some(format!("{}; compress it once, not twice", compression.name()));
    }
    let found = KINDS.iter().find(|(place, mark, _)| first.get(*place..).is_some_and(|rest| rest.starts_with(mark)));
    found.map(|(_, _, name)| (*name).to_owned())
}

/// In UTF-16, the characters of markup, digits and white space have a byte NUL each, all at odd places or all at even.
fn wide(first: &[u8]) -> Option<&'static str> {
    let (pairs, _) = first.get(..RECOGNISE_BYTES).unwrap_or(first).as_chunks::<2>();
    let even = pairs.iter().filter(|[byte, _]| *byte == 0).count();
    let odd = pairs.iter().filter(|[_, byte]| *byte == 0).count();
    // Of a few bytes all must agree: a text may hold a NUL or two, and its rows are rejects then.
    let least = if pairs.len() < 16 { pairs.len().max(2) } else { pairs.len().div_ceil(2) };
    match (even, odd) {
        (0, odd) if odd >= least => Some(UTF_16_LE),
        (even, 0) if even >= least => Some(UTF_16_BE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf_16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn what_is_no_text_is_named() {
        for (place, mark, name) in KINDS {
            let mut bytes = vec![b'a'; *place];
            bytes.extend_from_slice(mark);
            assert_eq!(recognise(&bytes), Some((*name).to_owned()), "{mark:?}");
            bytes.extend_from_slice(b"and more");
            assert_eq!(recognise(&bytes), Some((*name).to_owned()), "{mark:?}");
            assert!(bytes.len() <= RECOGNISE_BYTES);
        }
    }

    #[test]
    fn text_is_not_recognised() {
        let long = "a,b\n".repeat(200);
        for text in ["", "a", "PAR1,PAR2\n", "PK,id\n", "BZh9,x\n", "Obj,y\n", "\u{feff}a,b\n", "é,ü\n", &long] {
            assert_eq!(recognise(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn utf_16_without_a_mark_is_named_with_what_to_say() {
        for text in ["a,b\n1,2\n", "id", "имя,город\r\n1,Москва 10115,2024-01-01\r\n2,Омск 644000,2024-01-02\r\n"]
        {
            assert_eq!(recognise(&utf_16(text, u16::to_le_bytes)), Some(UTF_16_LE.to_owned()), "{text}");
            assert_eq!(recognise(&utf_16(text, u16::to_be_bytes)), Some(UTF_16_BE.to_owned()), "{text}");
            assert_eq!(kind(&utf_16(text, u16::to_le_bytes)), None);
        }
    }

    #[test]
    fn a_nul_here_and_there_is_left_to_the_rows() {
        for text in ["a\0", "a,b\n\0,1\n", "id\n\0\n\0\n", "a\0b\0cd\0e\n", &format!("a\0{}", "b,c\n".repeat(50))] {
            assert_eq!(recognise(text.as_bytes()), None, "{text:?}");
        }
    }
}
