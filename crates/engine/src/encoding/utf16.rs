//! UTF-16, in either order of bytes.

use model::encoding::Encoding;

use super::{Codec, Decoded, INVALID, WIDEST};

/// The low byte first.
pub const LITTLE: bool = false;
/// The high byte first.
pub const BIG: bool = true;

/// Units that are looked at together: where all are ASCII, they are narrowed at once.
const BLOCK: usize = 16;

#[derive(Debug)]
pub struct Utf16<const IS_BIG: bool>;

impl<const IS_BIG: bool> Codec for Utf16<IS_BIG> {
    fn encoding(&self) -> Encoding {
        if IS_BIG { Encoding::Utf16Be } else { Encoding::Utf16Le }
    }

    fn mark(&self) -> &'static [u8] {
        if IS_BIG { &[0xfe, 0xff] } else { &[0xff, 0xfe] }
    }

    fn unit_bytes(&self) -> usize {
        2
    }

    fn decode(&self, bytes: &[u8], output: &mut [u8]) -> Decoded {
        let (mut rest, _odd) = bytes.as_chunks::<2>();
        let room = output.len();
        let mut free = output;
        loop {
            while let Some(((block, more), (to, _))) =
                rest.split_first_chunk::<BLOCK>().zip(free.split_first_chunk_mut::<BLOCK>())
            {
                if !narrow::<IS_BIG>(block, to) {
                    break;
                }
                rest = more;
                free = free.get_mut(BLOCK..).unwrap_or_default();
            }
            // Few characters at a time, so that the fast way is soon tried again.
            for _ in 0..BLOCK {
                let Some(((character, units, length), to)) =
                    character::<IS_BIG>(rest).zip(free.first_chunk_mut::<WIDEST>())
                else {
                    return Decoded { taken: bytes.len() / 2 * 2 - rest.len() * 2, given: room - free.len() };
                };
                *to = character;
                rest = rest.get(units..).unwrap_or_default();
                free = free.get_mut(length..).unwrap_or_default();
            }
        }
    }

    /// A character of four bytes was two units; every other one, and a unit that is none, was one.
    fn source_bytes(&self, text: &[u8]) -> u64 {
        let units = |byte: u8| match byte {
            0x80..0xc0 => 0,
            0xf0..0xf8 => 4,
            _ => 2,
        };
        text.chunks(32).map(|part| u64::from(part.iter().map(|byte| units(*byte)).sum::<u8>())).sum()
    }
}

fn unit<const IS_BIG: bool>(bytes: [u8; 2]) -> u16 {
    if IS_BIG { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
}

/// Writes the low bytes of units; returns whether that is what they are, which is so if all are ASCII.
fn narrow<const IS_BIG: bool>(units: &[[u8; 2]; BLOCK], to: &mut [u8; BLOCK]) -> bool {
    let mut all = 0;
    for (bytes, to) in units.iter().zip(to) {
        let unit = unit::<IS_BIG>(*bytes);
        let [low, _high] = unit.to_le_bytes();
        all |= unit;
        *to = low;
    }
    all < 0x80
}

/// The first character in UTF-8, how many units it took, and how many bytes it has; `None` if its rest is missing.
fn character<const IS_BIG: bool>(units: &[[u8; 2]]) -> Option<([u8; WIDEST], usize, usize)> {
    let (first, rest) = units.split_first()?;
    let first = unit::<IS_BIG>(*first);
    let low6 = |bits: u32| 0x80 | byte(bits & 0x3f);
    let bits = u32::from(first);
    Some(match first {
        0..0x80 => ([byte(bits), 0, 0, 0], 1, 1),
        0x80..0x800 => ([0xc0 | byte(bits >> 6), low6(bits), 0, 0], 1, 2),
        0xd800..0xdc00 => match unit::<IS_BIG>(*rest.first()?) {
            second @ 0xdc00..0xe000 => {
                let bits = 0x10000 + ((bits & 0x3ff) << 10 | u32::from(second & 0x3ff));
                ([0xf0 | byte(bits >> 18), low6(bits >> 12), low6(bits >> 6), low6(bits)], 2, 4)
            }
            _ => ([INVALID, 0, 0, 0], 1, 1),
        },
        0xdc00..0xe000 => ([INVALID, 0, 0, 0], 1, 1),
        0x800..0xd800 | 0xe000.. => ([0xe0 | byte(bits >> 12), low6(bits >> 6), low6(bits), 0], 1, 3),
    })
}

/// The lowest byte; the callers have shifted or masked away what is above it.
fn byte(bits: u32) -> u8 {
    let [low, ..] = bits.to_le_bytes();
    low
}
