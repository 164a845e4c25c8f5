//! Digits into a number, up to eight at once.
//!
//! The bytes stand in one word, each of its own; three multiplications then join neighbours: digits to pairs, pairs to
//! fours, fours to the number. That is quicker than a digit after the other, and has no branch that guesses the length.
//! To mind: the first digit is the lowest byte, whatever the machine, and empty places in front must read as zeros.

/// The most digits that one word takes.
const WORD: usize = 8;

/// A number of 1 to 16 digits, and nothing else.
#[inline]
pub fn value(digits: &[u8]) -> Option<u64> {
    match digits.split_at_checked(digits.len().wrapping_sub(WORD)) {
        Some(([], low)) => word(low),
        Some((high, low)) if high.len() <= WORD => Some(word(high)? * 100_000_000 + word(low)?),
        Some(_) => None,
        None if digits.is_empty() => None,
        None => word(digits),
    }
}

/// A number of 1 to 8 digits.
#[inline]
fn word(digits: &[u8]) -> Option<u64> {
    let length = digits.len();
    // Two loads that overlap hold all bytes, whatever their number.
    let bytes = match (digits.first_chunk::<4>(), digits.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << (length * 8 - 32)
        }
        _ => match digits {
            [a] => u64::from(*a),
            [a, b] => u64::from(u16::from_le_bytes([*a, *b])),
            [a, b, c] => u64::from(u32::from_le_bytes([*a, *b, *c, 0])),
            _ => return None,
        },
    };
    // The digits move to the end of the word; zeros come in front.
    let empty = 64 - length * 8;
    let bytes = bytes << empty | !(u64::MAX << empty) & 0x3030_3030_3030_3030;
    joined(bytes)
}

/// The number of a word of eight digits, if it is one.
#[inline]
fn joined(bytes: u64) -> Option<u64> {
    // Each byte is 0x30 to 0x39: its high half is 3, and stays 3 when 6 is added.
    let high = bytes & 0xF0F0_F0F0_F0F0_F0F0;
    let high_above = bytes.wrapping_add(0x0606_0606_0606_0606) & 0xF0F0_F0F0_F0F0_F0F0;
    if high | high_above >> 4 != 0x3333_3333_3333_3333 {
        return None;
    }
    let digits = bytes & 0x0F0F_0F0F_0F0F_0F0F;
    let pairs = (digits.wrapping_mul(10) + (digits >> 8)) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_FFFF_0000_FFFF;
    Some((fours.wrapping_mul(10_000) + (fours >> 32)) & 0xFFFF_FFFF)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A digit after the other.
    fn slowly(digits: &[u8]) -> Option<u64> {
        if digits.is_empty() || digits.len() > 16 {
            return None;
        }
        digits.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + u64::from(byte - b'0')))
    }

    #[test]
    fn every_length_and_every_byte_in_every_place() {
        for length in 0..=20 {
            let digits: Vec<u8> = b"98765432109876543210".iter().copied().take(length).collect();
            assert_eq!(value(&digits), slowly(&digits));
            for place in 0..length {
                for byte in 0..=255 {
                    let mut digits = digits.clone();
                    digits[place] = byte;
                    assert_eq!(value(&digits), slowly(&digits), "{digits:?}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn it_is_the_number_that_a_loop_makes(digits in proptest::collection::vec(0x2Eu8..0x3C, 0..18), plain in "[0-9]{0,17}") {
            prop_assert_eq!(value(&digits), slowly(&digits));
            prop_assert_eq!(value(plain.as_bytes()), slowly(plain.as_bytes()));
        }
    }
}
