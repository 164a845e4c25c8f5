//! Avro's binary encoding, a piece at a time. Every length is held against the bytes that are there.

use crate::typed::Torn;

/// What is left to read.
#[derive(Debug, Clone, Copy)]
pub struct Wire<'a> {
    rest: &'a [u8],
}

impl<'a> Wire<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// An int or a long: seven bits a byte, the least first, the sign in the lowest bit.
    #[inline]
    pub fn long(&mut self) -> Result<i64, Torn> {
        let mut value = 0u64;
        for (index, byte) in self.rest.iter().enumerate() {
            let bits = u64::from(byte & 0x7f);
            if index == 9 && *byte > 1 {
                break;
            }
            value |= bits << (7 * index);
            if byte & 0x80 == 0 {
                self.rest = self.rest.get(index + 1..).unwrap_or_default();
                return Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
            }
        }
        match self.rest.len() {
            0..10 => Err(Torn::End),
            _ => Err(Torn::Broken("a number has more than 64 bits".to_owned())),
        }
    }

    /// So many bytes.
    #[inline]
    pub fn take(&mut self, length: usize) -> Result<&'a [u8], Torn> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Torn::End)?;
        self.rest = rest;
        Ok(taken)
    }

    /// So many bytes, as an array.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Torn> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Torn::End)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// The length of what follows.
    pub fn length(&mut self) -> Result<usize, Torn> {
        let length = self.long()?;
        usize::try_from(length).map_err(|_| Torn::Broken(format!("a length is {length}")))
    }

    /// Bytes, or a string, with their length before them.
    #[inline]
    pub fn bytes(&mut self) -> Result<&'a [u8], Torn> {
        let length = self.length()?;
        self.take(length)
    }

    /// The number of values in the next part of an array or a map, and their bytes where they are told; no values end it.
    pub fn part(&mut self) -> Result<(u64, Option<usize>), Torn> {
        let count = self.long()?;
        match count {
            0.. => Ok((count.unsigned_abs(), None)),
            _ => Ok((count.unsigned_abs(), Some(self.length()?))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(bytes: &[u8]) -> Result<i64, Torn> {
        Wire::new(bytes).long()
    }

    #[test]
    fn a_long_is_zigzag_with_the_least_bits_first() {
        for (bytes, value) in [
            (&[0][..], 0),
            (&[1], -1),
            (&[2], 1),
            (&[0x80, 1], 64),
            (&[0x7f], -64),
            (&[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], i64::MAX),
            (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], i64::MIN),
            (&[0x80, 0], 0),
        ] {
            assert_eq!(long(bytes), Ok(value), "{bytes:?}");
        }
    }

    #[test]
    fn a_long_that_ends_too_early_or_never_is_told() {
        assert_eq!(long(&[]), Err(Torn::End));
        assert_eq!(long(&[0x80; 9]), Err(Torn::End));
        assert!(matches!(long(&[0x80; 10]), Err(Torn::Broken(_))));
        assert!(matches!(long(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2]), Err(Torn::Broken(_))));
    }

    #[test]
    fn a_length_is_held_against_the_bytes() {
        assert_eq!(Wire::new(&[4, 1, 2]).bytes(), Ok(&[1, 2][..]));
        assert_eq!(Wire::new(&[6, 1, 2]).bytes(), Err(Torn::End));
        assert_eq!(Wire::new(&[1]).bytes(), Err(Torn::Broken("a length is -1".to_owned())));
        let most = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
        assert_eq!(Wire::new(&most).bytes(), Err(Torn::End));
    }
}
