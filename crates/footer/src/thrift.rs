//! Thrift's compact protocol, as far as a file's footer and its page headers need it.
//!
//! The parquet crate reads both too, but trusts them: it makes room for as many row groups, columns and children as they
//! claim before it has seen one, and steps into groups as deep as they are nested. A process does not survive that.

use crate::Torn;

// What a field holds; the numbers are the protocol's.

/// True, by its being there.
pub const TRUE: u8 = 1;
/// False, by its being there.
pub const FALSE: u8 = 2;
/// 8 bits.
pub const BYTE: u8 = 3;
/// 32 bits.
pub const I32: u8 = 5;
/// 64 bits.
pub const I64: u8 = 6;
/// Bytes, or a text.
pub const BINARY: u8 = 8;
/// Values of one kind.
pub const LIST: u8 = 9;
/// A structure.
pub const STRUCT: u8 = 12;

const STOP: u8 = 0;
const I16: u8 = 4;
const DOUBLE: u8 = 7;
const SET: u8 = 10;
const MAP: u8 = 11;
const UUID: u8 = 13;

/// Values are nested this deep at most.
const MAX_DEPTH: usize = 32;

/// What is left to read.
#[derive(Debug, Clone, Copy)]
pub struct Thrift<'a> {
    rest: &'a [u8],
    /// How many more values lists may have, all together.
    values: usize,
}

impl<'a> Thrift<'a> {
    /// Reads bytes whose lists have at most so many values, all together.
    pub fn new(bytes: &'a [u8], values: usize) -> Self {
        Self { rest: bytes, values }
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// Hands on each field of a structure, by its number and what it holds, to a closure that reads it or says, by
    /// `false`, that it has not: then it is stepped over.
    pub fn structure(&mut self, mut each: impl FnMut(&mut Self, i16, u8) -> Result<bool, Torn>) -> Result<(), Torn> {
        let mut last = 0i16;
        while let Some((number, kind)) = self.field(last)? {
            last = number;
            if !each(self, number, kind)? {
                self.skip(kind, 0)?;
            }
        }
        Ok(())
    }

    /// A whole number of 32 bits.
    pub fn i32(&mut self) -> Result<i32, Torn> {
        let value = self.zigzag()?;
        i32::try_from(value).map_err(|_| Torn::broken(format!("{value} has more than 32 bits")))
    }

    /// A whole number of 64 bits.
    pub fn i64(&mut self) -> Result<i64, Torn> {
        self.zigzag()
    }

    /// A byte, as it is.
    pub fn byte(&mut self) -> Result<u8, Torn> {
        let (byte, rest) = self.rest.split_first().ok_or(Torn::End)?;
        self.rest = rest;
        Ok(*byte)
    }

    /// Bytes, or a text.
    pub fn binary(&mut self) -> Result<&'a [u8], Torn> {
        let length = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
        self.take(length)
    }

    /// What a list holds, and of how many values each is to be read.
    pub fn list(&mut self) -> Result<(u8, usize), Torn> {
        let byte = self.byte()?;
        let count = match byte >> 4 {
            15 => usize::try_from(self.varint()?).unwrap_or(usize::MAX),
            count => usize::from(count),
        };
        self.count(count)?;
        Ok((byte & 15, count))
    }

    /// The number and the kind of the next field.
    fn field(&mut self, last: i16) -> Result<Option<(i16, u8)>, Torn> {
        let byte = self.byte()?;
        let kind = byte & 15;
        if kind == STOP {
            return Ok(None);
        }
        let number = match i16::from(byte >> 4) {
            0 => i16::try_from(self.zigzag()?).ok(),
            step => last.checked_add(step),
        };
        Ok(Some((number.ok_or_else(|| Torn::broken("the number of a field has more than 16 bits"))?, kind)))
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Result<(), Torn> {
        if depth >= MAX_DEPTH {
            return Err(Torn::broken(format!("values are nested more than {MAX_DEPTH} deep")));
        }
        match kind {
            TRUE | FALSE => Ok(()),
            BYTE => self.byte().map(drop),
            I16 | I32 | I64 => self.varint().map(drop),
            DOUBLE => self.take(8).map(drop),
            UUID => self.take(16).map(drop),
            BINARY => self.binary().map(drop),
            LIST | SET => {
                let (kind, count) = self.list()?;
                (0..count).try_for_each(|_| self.skip_value(kind, depth + 1))
            }
            MAP => {
                let count = usize::try_from(self.varint()?).unwrap_or(usize::MAX);
                self.count(count)?;
                let kinds = if count > 0 { self.byte()? } else { 0 };
                (0..count).try_for_each(|_| {
                    self.skip_value(kinds >> 4, depth + 1)?;
                    self.skip_value(kinds & 15, depth + 1)
                })
            }
            STRUCT => {
                while let Some((_, kind)) = self.field(0)? {
                    self.skip(kind, depth + 1)?;
                }
                Ok(())
            }
            other => Err(Torn::broken(format!("{other} is no kind of value"))),
        }
    }

    /// A value of a list or a map: there a boolean has a byte of its own.
    fn skip_value(&mut self, kind: u8, depth: usize) -> Result<(), Torn> {
        match kind {
            TRUE | FALSE => self.byte().map(drop),
            kind => self.skip(kind, depth),
        }
    }

    /// Holds the number of values against the bytes, of which each has one at least, and against how many there may be.
    fn count(&mut self, count: usize) -> Result<(), Torn> {
        self.values = self.values.checked_sub(count).ok_or_else(|| Torn::broken("it has too many values"))?;
        if count > self.rest.len() { Err(Torn::End) } else { Ok(()) }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Torn> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Torn::End)?;
        self.rest = rest;
        Ok(taken)
    }

    fn varint(&mut self) -> Result<u64, Torn> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Torn::broken("a number has more than 64 bits"))
    }

    fn zigzag(&mut self) -> Result<i64, Torn> {
        let value = self.varint()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields of a structure: the numbers of those that hold a number of 32 bits, the rest stepped over.
    fn fields(bytes: &[u8]) -> Result<Vec<(i16, i32)>, Torn> {
        let mut fields = Vec::new();
        Thrift::new(bytes, 100).structure(|thrift, number, kind| {
            if kind == I32 {
                fields.push((number, thrift.i32()?));
            }
            Ok(kind == I32)
        })?;
        Ok(fields)
    }

    #[test]
    fn what_is_not_read_is_stepped_over() {
        let bytes = [
            0x11, // 1: true
            0x15, 0x03, // 2: -2
            0x18, 2, b'a', b'b', // 3: binary
            0x19, 0x21, 1, 2, // 4: a list of two booleans
            0x1b, 1, 0x58, 8, 1, b'x', // 5: a map of a number to a binary
            0x1c, 0x16, 0x80, 1, 0, // 6: a structure with a number of 64 bits
            0x17, 0, 0, 0, 0, 0, 0, 0, 0, // 7: a double
            0x05, 0x28, 0x0a, // 20, by its number: 5
            0,
        ];
        assert_eq!(fields(&bytes), Ok(vec![(2, -2), (20, 5)]));
        for length in 0..bytes.len() {
            assert_eq!(fields(&bytes[..length]), Err(Torn::End), "of its first {length} bytes");
        }
    }

    #[test]
    fn what_claims_too_much_is_told() {
        assert_eq!(fields(&[0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f]), Err(Torn::broken("it has too many values")));
        assert_eq!(fields(&[0x19, 0x93, 1]), Err(Torn::End));
        assert_eq!(fields(&[0x18, 0xff, 0xff, 0xff, 0xff, 0x0f]), Err(Torn::End));
        assert!(matches!(fields(&[0x1c; 1000]), Err(Torn::Broken(_))), "structures in structures");
        assert!(matches!(fields(&[0x15, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]), Err(Torn::Broken(_))));
        assert!(matches!(fields(&[0x1e]), Err(Torn::Broken(_))));
    }
}
