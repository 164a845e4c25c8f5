//! Encodings in which a byte is a character: ISO 8859-1 and Windows-1252.

use std::sync::LazyLock;

use model::encoding::Encoding;

use super::{Codec, Decoded, INVALID, WIDEST};

/// Every byte is the character of its number, control characters above 127 included.
pub static LATIN_1: SingleByte =
    SingleByte { encoding: Encoding::Latin1, table: LazyLock::new(|| table(|byte| Some(char::from(byte)))) };

/// As Latin-1, but for 128 to 159; five of those are no character.
pub static WINDOWS_1252: SingleByte =
    SingleByte { encoding: Encoding::Windows1252, table: LazyLock::new(|| table(windows_1252)) };

/// Bytes that are looked at together: where all are ASCII, they are copied at once.
const BLOCK: usize = 16;

#[derive(Debug)]
pub struct SingleByte {
    encoding: Encoding,
    table: LazyLock<[Text; 256]>,
}

/// A character in UTF-8, and how many of the bytes it has.
type Text = ([u8; WIDEST], u8);

fn table(character: fn(u8) -> Option<char>) -> [Text; 256] {
    let mut table = [([INVALID, 0, 0, 0], 1); 256];
    for (byte, text) in (0..=u8::MAX).zip(&mut table) {
        if let Some(character) = character(byte) {
            let mut bytes = [0; WIDEST];
            // Up to U+FFFF, a character has three bytes at most.
            let length = character.encode_utf8(&mut bytes).len().to_le_bytes();
            *text = (bytes, length[0]);
        }
    }
    table
}

/// By the mapping that the Unicode Consortium publishes (MAPPINGS/VENDORS/MICSFT/WINDOWS/CP1252.TXT).
fn windows_1252(byte: u8) -> Option<char> {
    const FROM_128: [char; 32] = [
        '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', //
        '\0', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
    ];
    let place = byte.checked_sub(128).map(usize::from);
    match place.and_then(|place| FROM_128.get(place)) {
        Some('\0') => None,
        Some(character) => Some(*character),
        None => Some(char::from(byte)),
    }
}

impl Codec for SingleByte {
    fn encoding(&self) -> Encoding {
        self.encoding
    }

    fn mark(&self) -> &'static [u8] {
        &[]
    }

    fn unit_bytes(&self) -> usize {
        1
    }

    fn decode(&self, bytes: &[u8], output: &mut [u8]) -> Decoded {
        let table = &*self.table;
        let (mut rest, room) = (bytes, output.len());
        let mut free = output;
        loop {
            while let Some(((block, more), (to, _))) =
                rest.split_first_chunk::<BLOCK>().zip(free.split_first_chunk_mut::<BLOCK>())
            {
                if !block.is_ascii() {
                    break;
                }
                *to = *block;
                rest = more;
                free = free.get_mut(BLOCK..).unwrap_or_default();
            }
            // Few characters at a time, so that the fast way is soon tried again.
            for _ in 0..BLOCK {
                let Some(((byte, more), to)) = rest.split_first().zip(free.first_chunk_mut::<WIDEST>()) else {
                    return Decoded { taken: bytes.len() - rest.len(), given: room - free.len() };
                };
                let (text, length) = table.get(usize::from(*byte)).copied().unwrap_or_default();
                *to = text;
                rest = more;
                free = free.get_mut(usize::from(length)..).unwrap_or_default();
            }
        }
    }

    /// Every character was a byte: those are counted that do not continue one.
    fn source_bytes(&self, text: &[u8]) -> u64 {
        let starts = |byte: u8| u8::from(!matches!(byte, 0x80..0xc0));
        text.chunks(128).map(|part| u64::from(part.iter().map(|byte| starts(*byte)).sum::<u8>())).sum()
    }
}
