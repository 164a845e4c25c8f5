//! Lower and upper case of any text, as the standard library has it, and faster: it searches its tables for each
//! character, and most characters of most alphabets are among the first two thousand, or have no case.
//!
//! Texts are changed in place, as bytes. What is not sure to stay as long as it was, and in its place, the standard
//! library changes.

use std::sync::LazyLock;

/// Lower or upper case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Lower,
    Upper,
}

/// What becomes of each character of two bytes (Latin, Greek, Cyrillic and their neighbours), as its two bytes; 0 where
/// that is not one character of two bytes, or depends on its neighbours.
type Table = [u16; 0x800];

static LOWER: LazyLock<Table> = LazyLock::new(|| {
    // A capital sigma is another small one at the end of a word.
    table(|character| if character == 'Σ' { None } else { single(character.to_lowercase()) })
});

static UPPER: LazyLock<Table> = LazyLock::new(|| table(|character| single(character.to_uppercase())));

impl Case {
    /// The text in this case.
    pub fn of(self, text: &str) -> String {
        match self {
            Self::Lower => text.to_lowercase(),
            Self::Upper => text.to_uppercase(),
        }
    }

    /// Adds the text in this case.
    pub fn append(self, text: &str, bytes: &mut Vec<u8>) {
        let start = bytes.len();
        bytes.extend_from_slice(text.as_bytes());
        if !self.change(bytes.get_mut(start..).unwrap_or_default()) {
            bytes.truncate(start);
            bytes.extend_from_slice(self.of(text).as_bytes());
        }
    }

    /// Changes texts, one behind the other, in place; `false` where that cannot be done, and they are of no use then.
    pub fn change(self, texts: &mut [u8]) -> bool {
        if !texts.is_ascii() && !self.change_beyond_ascii(texts) {
            return false;
        }
        match self {
            Self::Lower => texts.make_ascii_lowercase(),
            Self::Upper => texts.make_ascii_uppercase(),
        }
        true
    }

    fn change_beyond_ascii(self, mut rest: &mut [u8]) -> bool {
        let table = match self {
            Self::Lower => &*LOWER,
            Self::Upper => &*UPPER,
        };
        loop {
            rest = match rest {
                [] => return true,
                [0..0x80, ..] => skip_ascii(rest),
                [lead @ 0xC2..0xE0, next, behind @ ..] => {
                    let place = usize::from(*lead & 0x1F) << 6 | usize::from(*next & 0x3F);
                    match table.get(place).map(|changed| changed.to_be_bytes()) {
                        None | Some([0, _]) => return false,
                        Some(changed) => [*lead, *next] = changed,
                    }
                    behind
                }
                // U+0800 to U+0FFF, U+2000 to U+203F, U+3000 to U+9FFF, U+AC00 to U+DFFF: India to Tibet,
                // punctuation, East Asia. They have no case.
                [0xE0, _, _, behind @ ..]
                | [0xE2, 0x80, _, behind @ ..]
                | [0xE3..=0xE9, _, _, behind @ ..]
                | [0xEA, 0xB0..=0xBF, _, behind @ ..]
                | [0xEB..=0xED, _, _, behind @ ..] => behind,
                // U+1F000 to U+1FFFF: pictures.
                [0xF0, 0x9F, _, _, behind @ ..] => behind,
                _ => return false,
            }
        }
    }
}

/// What is behind some characters that are ASCII, of which the first is one.
fn skip_ascii(bytes: &mut [u8]) -> &mut [u8] {
    let is_ascii = |word: &[u8; 8]| u64::from_le_bytes(*word) & 0x8080_8080_8080_8080 == 0;
    let skipped = if bytes.first_chunk().is_some_and(is_ascii) { 8 } else { 1 };
    bytes.get_mut(skipped..).unwrap_or_default()
}

fn table(change: impl Fn(char) -> Option<char>) -> Table {
    let mut table = [0; 0x800];
    for (entry, character) in table.iter_mut().zip('\0'..) {
        let mut bytes = [0; 2];
        let fits = change(character).filter(|changed| changed.len_utf8() == 2);
        fits.map(|changed| changed.encode_utf8(&mut bytes).len());
        *entry = u16::from_be_bytes(bytes);
    }
    table
}

fn single(mut changed: impl Iterator<Item = char>) -> Option<char> {
    let first = changed.next();
    if changed.next().is_none() { first } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn changed(case: Case, text: &str) -> String {
        let mut bytes = b"before ".to_vec();
        case.append(text, &mut bytes);
        String::from_utf8(bytes).unwrap().split_off("before ".len())
    }

    #[test]
    fn every_character_becomes_what_the_standard_library_makes_of_it() {
        // Beyond these planes no character has a case.
        for character in '\0'..'\u{20000}' {
            // Between letters, where what is not looked at alone may count.
            let text = format!("a{character}Á");
            assert_eq!(changed(Case::Lower, &text), text.to_lowercase(), "{text:?}");
            assert_eq!(changed(Case::Upper, &text), text.to_uppercase(), "{text:?}");
        }
        let beyond = ('\u{20000}'..=char::MAX).filter(|c| c.to_lowercase().ne([*c]) || c.to_uppercase().ne([*c]));
        assert_eq!(beyond.count(), 0);
    }

    #[test]
    fn names_of_most_scripts_are_changed_in_place() {
        for text in ["Müller", "Жанна ИВАНОВА", "Ωμέγα", "小林 さくら", "김민준", "राम", "O’Neil", "Ég 😀", "ابن"]
        {
            for case in [Case::Lower, Case::Upper] {
                let is_changed = case.change(&mut text.as_bytes().to_vec());
                assert!(is_changed, "{text} {case:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn every_text_becomes_what_the_standard_library_makes_of_it(text in "[a-zA-ZΑ-ώÀ-ÿА-яİıſßŉǅΣς漢字😀\\PC]*") {
            prop_assert_eq!(changed(Case::Lower, &text), text.to_lowercase());
            prop_assert_eq!(changed(Case::Upper, &text), text.to_uppercase());
        }
    }
}
