//! The characters of XML 1.0: which a document may hold, which make a name, what white space is.

use memchr::memchr_iter;

/// A longer name is refused: names are kept, shown and compared.
pub const MAX_NAME_BYTES: usize = 1024;

const OTHER: u8 = 0;
const START: u8 = 1;
const INNER: u8 = 2;
const WIDE: u8 = 3;

/// What a byte is in a name: its start, a later character of it, part of a character that is not ASCII, or nothing.
const NAME_BYTES: [u8; 256] = name_bytes();

#[expect(
    clippy::indexing_slicing,
    reason = "the index is a byte and the table has 256 places; const code cannot iterate"
)]
const fn name_bytes() -> [u8; 256] {
    let mut table = [OTHER; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] = match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'_' | b':' => START,
            b'0'..=b'9' | b'-' | b'.' => INNER,
            0x80.. => WIDE,
            _ => OTHER,
        };
        if byte == u8::MAX {
            return table;
        }
        byte += 1;
    }
}

/// White space is four characters, and no others.
pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Whether a text is white space or nothing.
pub fn is_blank(text: &str) -> bool {
    text.bytes().all(is_space)
}

/// Whether a document may hold the character, written as such or as a reference.
pub fn is_allowed(character: char) -> bool {
    !matches!(character, '\0'..='\x08' | '\x0B' | '\x0C' | '\x0E'..='\x1F' | '\u{FFFE}' | '\u{FFFF}')
}

/// The first character that a document may not hold, and its offset.
pub fn first_forbidden(text: &str) -> Option<(usize, char)> {
    let bytes = text.as_bytes();
    // Both looks at the bytes are without a branch in them, so that they run at the speed of memory.
    let control = |found: bool, byte: &u8| found | (*byte < b' ' && !is_space(*byte));
    let has_control = bytes.chunks(4096).any(|chunk| chunk.iter().fold(false, control));
    let is_last_two = |at: usize| matches!(bytes.get(at..at + 3), Some([0xEF, 0xBF, 0xBE | 0xBF]));
    if !has_control && !memchr_iter(0xEF, bytes).any(is_last_two) {
        return None;
    }
    text.char_indices().find(|(_, character)| !is_allowed(*character))
}

/// How many bytes of a text's beginning are a name; none where it begins with no name.
pub fn name_bytes_of(text: &[u8]) -> NameLength {
    let class = |byte: &u8| NAME_BYTES.get(usize::from(*byte)).copied().unwrap_or(OTHER);
    let mut bytes = text.iter();
    match bytes.next().map(class) {
        Some(START) => {}
        Some(WIDE) => return NameLength::Wide,
        _ => return NameLength::Ascii(0),
    }
    let mut length = 1;
    for byte in bytes {
        match class(byte) {
            START | INNER => length += 1,
            WIDE => return NameLength::Wide,
            _ => break,
        }
    }
    NameLength::Ascii(length)
}

/// What the quick look at a name's bytes found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameLength {
    /// It is ASCII, and has this many bytes.
    Ascii(usize),
    /// It holds other characters; `wide_name` knows its length.
    Wide,
}

/// As `name_bytes_of`, for any characters.
pub fn wide_name(text: &str) -> usize {
    let mut characters = text.char_indices();
    if !characters.next().is_some_and(|(_, first)| is_name_start(first)) {
        return 0;
    }
    characters.find(|(_, character)| !is_name(*character)).map_or(text.len(), |(at, _)| at)
}

/// Whether a text is a name and nothing else.
pub fn is_whole_name(text: &str) -> bool {
    !text.is_empty() && wide_name(text) == text.len()
}

fn is_name_start(character: char) -> bool {
    matches!(character,
        ':' | 'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

fn is_name(character: char) -> bool {
    is_name_start(character)
        || matches!(character,
            '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quick_look_at_a_name_agrees_with_the_whole_one() {
        for text in
            ["a", "a b", "", "1a", "a-1.b:c_d>", "-a", ":a", "é", "aé ", "a/", " a", "\u{B7}a", "a\u{B7}", "a\u{D7}"]
        {
            let quick = match name_bytes_of(text.as_bytes()) {
                NameLength::Ascii(length) => length,
                NameLength::Wide => wide_name(text),
            };
            assert_eq!(quick, wide_name(text), "{text:?}");
        }
        assert_eq!(wide_name("имя>"), 6);
        assert_eq!(wide_name("a\u{D7}"), 1);
    }

    #[test]
    fn control_characters_and_two_more_are_forbidden() {
        assert_eq!(first_forbidden("a\tb\r\n c\u{FFFD}\u{10FFFF}\u{7F}\u{85}"), None);
        assert_eq!(first_forbidden("é\u{1}"), Some((2, '\u{1}')));
        assert_eq!(first_forbidden("ab\u{FFFE}"), Some((2, '\u{FFFE}')));
        assert_eq!(first_forbidden("\u{FFFF}"), Some((0, '\u{FFFF}')));
        assert_eq!(first_forbidden("\0"), Some((0, '\0')));
    }

    #[test]
    fn only_four_characters_are_white_space() {
        assert!(is_blank(" \t\r\n") && is_blank(""));
        assert!(!is_blank("\u{A0}") && !is_blank("\u{85}") && !is_blank("\u{FEFF}"));
    }
}
