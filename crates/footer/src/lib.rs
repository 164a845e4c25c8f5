//! footer: what a Parquet file says of itself at its end: its columns, with their types, and its rows.
//!
//! ```text
//! … row groups │ footer (thrift) │ its length │ PAR1
//!                    └─► Footer: columns in their order, rows
//! ```
//!
//! The loader holds footers against the staging table before COPY is submitted, and must not carry arrow for that; the
//! engine reads footers and page headers with the parquet crate, but holds what they claim against their bytes first. Both
//! read [`thrift`] here. This crate does not know pages, values, statistics, or where a file lies.

pub mod thrift;
mod torn;

use std::ops::Range;

use model::types::table::{Logical, Parquet, Physical, Unit};

use self::thrift::{BINARY, BYTE, FALSE, I32, I64, LIST, STRUCT, TRUE, Thrift};
pub use self::torn::Torn;

/// A footer is no longer than this. One of a thousand columns and a hundred row groups has some 20 MB.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Behind the footer: its length, and the mark.
pub const END_BYTES: usize = 8;

/// All values of all lists.
const MAX_VALUES: usize = 16 * 1024 * 1024;

/// What is read of a file first: most footers are shorter.
const FIRST_BYTES: u64 = 64 * 1024;

/// What a file says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footer {
    /// Its rows.
    pub rows: u64,
    /// Its columns, in their order.
    pub columns: Vec<FileColumn>,
}

/// A column of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileColumn {
    /// Its name.
    pub name: String,
    /// What its values are; `None` for a group of columns, which a flat file has none of.
    pub kind: Option<Parquet>,
    /// How often it has a value in a row.
    pub repetition: Repetition,
}

/// How often a column has a value in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repetition {
    /// Once.
    Required,
    /// Once, or it is null.
    Optional,
    /// Any number of times.
    Repeated,
}

/// What was found at the end of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The footer.
    Footer(Footer),
    /// It is longer than the bytes that were given: these are needed.
    Needs(Range<u64>),
}

/// The bytes at the end of a file that are read first.
pub fn first_range(size_bytes: u64) -> Range<u64> {
    size_bytes.saturating_sub(FIRST_BYTES)..size_bytes
}

/// The footer of a file of so many bytes, by its last ones. An error says why it is no Parquet that is read.
pub fn read(end: &[u8], size_bytes: u64) -> Result<Found, String> {
    let (before, tail) = end.split_at(end.len().saturating_sub(END_BYTES));
    let length = length(tail, size_bytes)?;
    match usize::try_from(length).ok().and_then(|length| before.len().checked_sub(length)) {
        Some(start) => {
            let footer = parse(before.get(start..).unwrap_or_default());
            footer.map(Found::Footer).map_err(|torn| format!("the footer is broken: {torn}"))
        }
        None => Ok(Found::Needs(size_bytes - END_BYTES as u64 - length..size_bytes)),
    }
}

/// The length of the footer of a file of so many bytes, by its last ones. An error says why it is no Parquet that is read.
pub fn length(end: &[u8], size_bytes: u64) -> Result<u64, String> {
    let (length, mark) = end.split_last_chunk::<4>().ok_or("the file is no Parquet: it is too short")?;
    let length = length.last_chunk().map_or(u64::MAX, |length| u32::from_le_bytes(*length).into());
    match mark {
        b"PAR1" if length > size_bytes.saturating_sub(END_BYTES as u64) => {
            Err(format!("the file says that its footer has {length} bytes: more than it has itself; was it cut off?"))
        }
        b"PAR1" if length > MAX_BYTES => Err(format!("the footer has {length} bytes, {MAX_BYTES} are read at most")),
        b"PAR1" => Ok(length),
        b"PARE" => Err("the file is encrypted; encrypted Parquet is not read".to_owned()),
        _ => Err("the file does not end as Parquet does, with PAR1: is it Parquet, or was it cut off?".to_owned()),
    }
}

fn parse(bytes: &[u8]) -> Result<Footer, Torn> {
    let (mut elements, mut rows) = (Vec::new(), None);
    Thrift::new(bytes, MAX_VALUES).structure(|thrift, number, kind| {
        match (number, kind) {
            (2, LIST) => elements = schema(thrift)?,
            (3, I64) => rows = u64::try_from(thrift.i64()?).ok(),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let rows = rows.ok_or_else(|| Torn::broken("it does not say how many rows there are"))?;
    Ok(Footer { rows, columns: columns(elements)? })
}

/// The children of the root; what is inside of one of them is left out.
fn columns(elements: Vec<Element>) -> Result<Vec<FileColumn>, Torn> {
    let mut elements = elements.into_iter();
    let root = elements.next().ok_or_else(|| Torn::broken("its schema has no root"))?;
    let mut columns = Vec::new();
    for _ in 0..root.children {
        let element = elements.next().ok_or_else(|| Torn::broken("its schema lacks children"))?;
        let mut inside = element.children;
        while inside > 0 {
            let child = elements.next().ok_or_else(|| Torn::broken("its schema lacks children"))?;
            inside = (inside - 1).saturating_add(child.children);
        }
        columns.push(element.column()?);
    }
    match elements.next() {
        None => Ok(columns),
        Some(_) => Err(Torn::broken("its schema has more than one root")),
    }
}

/// A node of the schema, which is written as a list: a group comes before its children.
#[derive(Debug, Default)]
struct Element {
    name: String,
    physical: Option<i32>,
    length: Option<i32>,
    repetition: Option<i32>,
    children: usize,
    logical: Option<Logical>,
}

impl Element {
    fn column(self) -> Result<FileColumn, Torn> {
        let repetition = match self.repetition {
            Some(0) => Repetition::Required,
            Some(1) => Repetition::Optional,
            Some(2) => Repetition::Repeated,
            other => return Err(Torn::broken(format!("column {} has the repetition {other:?}", self.name))),
        };
        let physical = match self.physical {
            None => None,
            Some(0) => Some(Physical::Boolean),
            Some(1) => Some(Physical::Int32),
            Some(2) => Some(Physical::Int64),
            Some(3) => Some(Physical::Int96),
            Some(4) => Some(Physical::Float),
            Some(5) => Some(Physical::Double),
            Some(6) => Some(Physical::ByteArray),
            Some(7) => {
                let length = self.length.and_then(|length| u32::try_from(length).ok());
                let length = length.ok_or_else(|| Torn::broken(format!("column {} lacks its length", self.name)))?;
                Some(Physical::FixedLenByteArray(length))
            }
            Some(other) => return Err(Torn::broken(format!("column {} has the physical type {other}", self.name))),
        };
        let logical = self.logical.unwrap_or(Logical::None);
        Ok(FileColumn { name: self.name, kind: physical.map(|physical| Parquet { physical, logical }), repetition })
    }
}

fn schema(thrift: &mut Thrift<'_>) -> Result<Vec<Element>, Torn> {
    let count = match thrift.list()? {
        (STRUCT, count) | (_, count @ 0) => count,
        (kind, _) => return Err(Torn::broken(format!("its schema is a list of values of kind {kind}"))),
    };
    let mut elements = Vec::new();
    for _ in 0..count {
        let mut element = Element::default();
        thrift.structure(|thrift, number, kind| {
            match (number, kind) {
                (1, I32) => element.physical = Some(thrift.i32()?),
                (2, I32) => element.length = Some(thrift.i32()?),
                (3, I32) => element.repetition = Some(thrift.i32()?),
                (4, BINARY) => element.name = String::from_utf8_lossy(thrift.binary()?).into_owned(),
                (5, I32) => {
                    let children = usize::try_from(thrift.i32()?);
                    element.children = children.map_err(|_| Torn::broken("a group has negative children"))?;
                }
                (10, STRUCT) => element.logical = logical(thrift)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        elements.push(element);
    }
    Ok(elements)
}

/// A logical type: a structure with one field, whose number says which it is.
fn logical(thrift: &mut Thrift<'_>) -> Result<Option<Logical>, Torn> {
    let mut logical = None;
    thrift.structure(|thrift, number, kind| {
        let (read, is_read) = match (number, kind) {
            (1, STRUCT) => (Logical::String, false),
            (5, STRUCT) => (decimal(thrift)?, true),
            (6, STRUCT) => (Logical::Date, false),
            (7, STRUCT) => {
                let (unit, is_utc) = time(thrift)?;
                (Logical::Time { unit, is_utc }, true)
            }
            (8, STRUCT) => {
                let (unit, is_utc) = time(thrift)?;
                (Logical::Timestamp { unit, is_utc }, true)
            }
            (10, STRUCT) => (integer(thrift)?, true),
            (other, _) => (Logical::Other(other), false),
        };
        logical = Some(read);
        Ok(is_read)
    })?;
    Ok(logical)
}

fn decimal(thrift: &mut Thrift<'_>) -> Result<Logical, Torn> {
    let mut digits = [None; 2];
    thrift.structure(|thrift, number, kind| {
        match (number, kind, &mut digits) {
            (1, I32, [scale, _]) => *scale = Some(thrift.i32()?),
            (2, I32, [_, precision]) => *precision = Some(thrift.i32()?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    match digits.map(|digits| digits.and_then(|digits| u32::try_from(digits).ok())) {
        [Some(scale), Some(precision)] => Ok(Logical::Decimal { precision, scale }),
        _ => Err(Torn::broken("a decimal lacks its digits")),
    }
}

fn time(thrift: &mut Thrift<'_>) -> Result<(Unit, bool), Torn> {
    let (mut unit, mut is_utc) = (None, None);
    thrift.structure(|thrift, number, kind| match (number, kind) {
        (1, TRUE | FALSE) => {
            is_utc = Some(kind == TRUE);
            Ok(true)
        }
        (2, STRUCT) => {
            thrift.structure(|_, number, _| {
                unit = match number {
                    1 => Some(Unit::Millis),
                    2 => Some(Unit::Micros),
                    3 => Some(Unit::Nanos),
                    _ => None,
                };
                Ok(false)
            })?;
            Ok(true)
        }
        _ => Ok(false),
    })?;
    unit.zip(is_utc).ok_or_else(|| Torn::broken("a time does not say what it counts"))
}

fn integer(thrift: &mut Thrift<'_>) -> Result<Logical, Torn> {
    let (mut bits, mut is_signed) = (None, None);
    thrift.structure(|thrift, number, kind| {
        match (number, kind) {
            (1, BYTE) => bits = Some(thrift.byte()?),
            (2, TRUE | FALSE) => is_signed = Some(kind == TRUE),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let integer = bits.zip(is_signed).map(|(bits, is_signed)| Logical::Integer { bits, is_signed });
    integer.ok_or_else(|| Torn::broken("a whole number lacks its bits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A footer of a column `a`, a group `g` of two, and three rows.
    const FOOTER: &[u8] = &[
        0x15, 2, // version 1
        0x19, 0x5c, // five elements
        0x48, 1, b'r', 0x15, 4, 0, // the root, of two children
        0x15, 2, 0x25, 2, 0x18, 1, b'a', 0x6c, 0x6c, 0, 0, 0, // a: INT32, optional, DATE
        0x35, 0, 0x18, 1, b'g', 0x15, 4, 0, // g: required, of two children
        0x15, 4, 0x25, 0, 0x18, 1, b'x', 0, // x: INT64
        0x15, 4, 0x25, 0, 0x18, 1, b'y', 0, // y: INT64
        0x16, 6, // three rows
        0,
    ];

    fn file(footer: &[u8]) -> Vec<u8> {
        [b"PAR1......", footer, &u32::try_from(footer.len()).unwrap().to_le_bytes(), b"PAR1"].concat()
    }

    #[test]
    fn columns_are_those_of_the_first_level_in_their_order() {
        let file = file(FOOTER);
        let column = |name: &str, kind, repetition| FileColumn { name: name.to_owned(), kind, repetition };
        let date = Parquet { physical: Physical::Int32, logical: Logical::Date };
        let columns = vec![column("a", Some(date), Repetition::Optional), column("g", None, Repetition::Required)];
        assert_eq!(read(&file, file.len() as u64), Ok(Found::Footer(Footer { rows: 3, columns })));
    }

    #[test]
    fn a_longer_footer_says_where_it_starts() {
        let file = file(FOOTER);
        let size = file.len() as u64;
        for length in END_BYTES..FOOTER.len() + END_BYTES {
            assert_eq!(read(&file[file.len() - length..], size), Ok(Found::Needs(10..size)), "{length} bytes");
        }
        assert_eq!((first_range(10), first_range(1 << 20)), (0..10, (1 << 20) - FIRST_BYTES..1 << 20));
    }

    #[test]
    fn what_is_no_footer_is_told() {
        let told = |file: &[u8]| read(file, file.len() as u64).unwrap_err();
        assert!(told(b"PAR").contains("too short"));
        assert!(told(b"PAR1").contains("more than it has itself"));
        assert!(told(b"id,name\n1,Ann\n").contains("does not end as Parquet does"));
        assert!(told(&file(FOOTER)[5..][..40]).contains("does not end as Parquet does"));
        assert!(told(b"....\xff\xff\xff\x00PAR1").contains("more than it has itself"));
        assert!(told(b"....\x00\x00\x00\x00PARE").contains("encrypted"));
        for length in 0..FOOTER.len() {
            let told = told(&file(&FOOTER[..length]));
            assert!(told.starts_with("the footer is broken: "), "{length} bytes: {told}");
        }
    }

    #[test]
    fn any_changed_byte_is_read_or_told_and_never_a_panic() {
        for at in 0..FOOTER.len() {
            for byte in 0..=u8::MAX {
                let mut footer = FOOTER.to_vec();
                footer[at] = byte;
                let file = file(&footer);
                drop(read(&file, file.len() as u64));
            }
        }
    }
}
