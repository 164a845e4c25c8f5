//! Digits into a number, up to eight at once.
//!
//! The bytes stand in one word, each of its own; three multiplications then join neighbours: digits to pairs, pairs to
//! fours, fours to the number. That is quicker than a digit after the other, and has no branch that guesses the length.
//! To mind: the first digit is the lowest byte, whatever the machine, and empty places in front must read as zeros.

/// The most digits that one word takes.
const WORD: usize = 8;

/// A number of 1 to 16 digits, and nothing else.
#[inline(always)]
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
#[inline(always)]
fn word(digits: &[u8]) -> Option<u64> {
    joined(filled(loaded(digits)?, digits.len()))
}

/// A number of 1 to 7 digits and a point, of which up to `most` are behind the point; or of up to 8 digits without one.
/// Returns it without the point, and how many digits were behind that.
#[inline(always)]
pub fn value_with_point(text: &[u8], most: usize) -> Option<(u64, usize)> {
    const POINTS: u64 = 0x2E2E_2E2E_2E2E_2E2E;
    const LOW_BITS: u64 = 0x0101_0101_0101_0101;
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    let bytes = filled(loaded(text)?, text.len());
    // A byte that equals a point becomes zero, and the only one whose high bit is set by this, or the lowest of them.
    let zeros = bytes ^ POINTS;
    let points = zeros.wrapping_sub(LOW_BITS) & !zeros & HIGH_BITS;
    if points == 0 {
        return Some((joined(bytes)?, 0));
    }
    let behind = WORD - 1 - points.trailing_zeros() as usize / 8;
    if behind == 0 || behind > most || text.len() == behind + 1 {
        return None;
    }
    // The digits before the point move onto it; a second point is no digit.
    let is_behind = u64::MAX << (64 - behind * 8);
    let digits = bytes & is_behind | (bytes << 8 | u64::from(b'0')) & !is_behind;
    Some((joined(digits)?, behind))
}

/// The bytes of a word, the first the lowest; they are 1 to 8.
#[inline(always)]
fn loaded(text: &[u8]) -> Option<u64> {
    let length = text.len();
    // Two loads that overlap hold all bytes, whatever their number; so do three bytes of three or less.
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        let (first, last) = (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last)));
        return (length <= WORD).then(|| first | last << (length * 8 - 32));
    }
    let (first, middle, last) = (*text.first()?, *text.get(length / 2)?, *text.last()?);
    Some(u64::from(first) | u64::from(middle) << (length / 2 * 8) | u64::from(last) << (length * 8 - 8))
}

/// The bytes at the end of the word, and zeros as digits in front of them.
#[inline(always)]
fn filled(bytes: u64, length: usize) -> u64 {
    let empty = 64 - length * 8;
    bytes << empty | !(u64::MAX << empty) & 0x3030_3030_3030_3030
}

/// Four numbers of two digits each.
#[inline]
pub fn pairs(digits: [u8; WORD]) -> Option<[u32; 4]> {
    let [a, _, b, _, c, _, d, _] = paired(u64::from_le_bytes(digits))?.to_le_bytes();
    Some([u32::from(a), u32::from(b), u32::from(c), u32::from(d)])
}

/// The number of a word of eight digits, if it is one.
#[inline]
fn joined(bytes: u64) -> Option<u64> {
    let pairs = paired(bytes)?;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_FFFF_0000_FFFF;
    Some((fours.wrapping_mul(10_000) + (fours >> 32)) & 0xFFFF_FFFF)
}

/// Each second byte of a word holds the number of two digits, if all eight are digits.
#[inline]
fn paired(bytes: u64) -> Option<u64> {
    // Each byte is 0x30 to 0x39: its high half is 3, and stays 3 when 6 is added.
    let high = bytes & 0xF0F0_F0F0_F0F0_F0F0;
    let high_above = bytes.wrapping_add(0x0606_0606_0606_0606) & 0xF0F0_F0F0_F0F0_F0F0;
    if high | high_above >> 4 != 0x3333_3333_3333_3333 {
        return None;
    }
    let digits = bytes & 0x0F0F_0F0F_0F0F_0F0F;
    Some((digits.wrapping_mul(10) + (digits >> 8)) & 0x00FF_00FF_00FF_00FF)
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

    #[test]
    fn pairs_are_numbers_of_two_digits() {
        assert_eq!(pairs(*b"20130199"), Some([20, 13, 1, 99]));
        assert_eq!(pairs(*b"00000000"), Some([0; 4]));
        for place in 0..8 {
            for byte in (0..=255).filter(|byte: &u8| !byte.is_ascii_digit()) {
                let mut digits = *b"20130131";
                digits[place] = byte;
                assert_eq!(pairs(digits), None, "{digits:?}");
            }
        }
    }

    /// A byte after the other.
    fn slowly_with_point(text: &[u8], most: usize) -> Option<(u64, usize)> {
        let (whole, behind) = match text.iter().position(|byte| *byte == b'.') {
            Some(place) => (&text[..place], &text[place + 1..]),
            None => return slowly(text).filter(|_| text.len() <= 8).map(|value| (value, 0)),
        };
        let fits = text.len() <= 8 && !whole.is_empty() && !behind.is_empty() && behind.len() <= most;
        slowly(&[whole, behind].concat()).filter(|_| fits).map(|value| (value, behind.len()))
    }

    #[test]
    fn a_point_may_stand_in_every_place_but_at_the_ends() {
        for length in 0..=10 {
            for place in 0..length {
                for other in 0..length {
                    let mut text: Vec<u8> = b"9876543210".iter().copied().take(length).collect();
                    (text[place], text[other]) = (b'.', if place == other { b'.' } else { text[other] });
                    for byte in [b'.', b'/', b'-', b'5', 0xAE, 0] {
                        text[other] = if place == other { b'.' } else { byte };
                        for most in 0..9 {
                            let found = value_with_point(&text, most);
                            assert_eq!(found, slowly_with_point(&text, most), "{text:?} {most}");
                        }
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn it_is_the_number_that_a_loop_makes(digits in proptest::collection::vec(0x2Eu8..0x3C, 0..18), plain in "[0-9]{0,17}") {
            prop_assert_eq!(value(&digits), slowly(&digits));
            prop_assert_eq!(value(plain.as_bytes()), slowly(plain.as_bytes()));
            prop_assert_eq!(value_with_point(&digits, 3), slowly_with_point(&digits, 3));
        }
    }
}
