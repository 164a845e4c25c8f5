//! Hex digits into bytes, as Redshift's FROM_HEX and COPY take them: two digits a byte, in either case, nothing else. A
//! `0x` in front is no digit; `replace` takes it off.

use arrow::array::types::BinaryType;

use super::bytes::{Write, Written};
use crate::reject::Reason;

/// Writes varbyte(n).
#[derive(Debug)]
pub struct Varbyte {
    pub most: usize,
}

impl Write for Varbyte {
    type Arrow = BinaryType;
    const REFUSES_NUL: bool = false;

    fn write(&self, text: &str, bytes: &mut Vec<u8>) -> Result<Written, Reason> {
        if text.len() / 2 > self.most {
            return Err(Reason::TooLong);
        }
        let (pairs, odd) = text.as_bytes().as_chunks::<2>();
        if !odd.is_empty() {
            return Err(Reason::NotHex);
        }
        for [high, low] in pairs {
            match (hex_digit(*high), hex_digit(*low)) {
                (Some(high), Some(low)) => bytes.push(high << 4 | low),
                _ => return Err(Reason::NotHex),
            }
        }
        Ok(Written::Whole)
    }

    fn explain(&self, reason: Reason, value: &str, text: &str) -> String {
        let most = self.most;
        match reason {
            Reason::TooLong => format!("{value} has {} bytes, varbyte({most}) holds {most}", text.len() / 2),
            _ => format!("{value} is not made of pairs of hex digits"),
        }
    }
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
