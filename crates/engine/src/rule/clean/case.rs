//! Lower and upper case of texts that are not ASCII, as the standard library has it, and faster: it searches its tables
//! for each character, and most characters of most alphabets are among the first two thousand.

use std::sync::LazyLock;

/// Characters of one and two bytes: Latin, Greek, Cyrillic and their neighbours.
const FIRST: usize = 0x800;

/// From here on up to the second there are no cases: the characters of East Asia.
const NO_CASE: std::ops::Range<u32> = 0x2E80..0xA640;

/// What becomes of each of the first characters; 0 where that is not one character, or depends on its neighbours.
type Table = [u16; FIRST];

static LOWER: LazyLock<Table> = LazyLock::new(|| {
    // A capital sigma is another small one at the end of a word.
    table(|character| if character == 'Σ' { None } else { single(character.to_lowercase()) })
});

static UPPER: LazyLock<Table> = LazyLock::new(|| table(|character| single(character.to_uppercase())));

fn table(change: impl Fn(char) -> Option<char>) -> Table {
    let mut table = [0; FIRST];
    for (entry, character) in table.iter_mut().zip('\0'..) {
        *entry = change(character).and_then(|changed| u16::try_from(u32::from(changed)).ok()).unwrap_or(0);
    }
    table
}

fn single(mut changed: impl Iterator<Item = char>) -> Option<char> {
    let first = changed.next();
    if changed.next().is_none() { first } else { None }
}

/// Adds the text in lower case.
pub(super) fn push_lower(text: &str, buffer: &mut String) {
    let table = &*LOWER;
    let start = buffer.len();
    for character in text.chars() {
        match entry(table, character) {
            Some(Some(changed)) => buffer.push(changed),
            Some(None) => {
                // Only the whole text shows what becomes of this one.
                buffer.truncate(start);
                buffer.push_str(&text.to_lowercase());
                return;
            }
            None => buffer.extend(character.to_lowercase()),
        }
    }
}

/// Adds the text in upper case.
pub(super) fn push_upper(text: &str, buffer: &mut String) {
    let table = &*UPPER;
    for character in text.chars() {
        match entry(table, character) {
            Some(Some(changed)) => buffer.push(changed),
            _ => buffer.extend(character.to_uppercase()),
        }
    }
}

/// What the table says, if the character is one of its.
#[inline]
fn entry(table: &Table, character: char) -> Option<Option<char>> {
    let code = u32::from(character);
    if NO_CASE.contains(&code) {
        return Some(Some(character));
    }
    let changed = u32::from(*table.get(usize::try_from(code).ok()?)?);
    // Nothing becomes a NUL but a NUL.
    Some(if changed == 0 && code != 0 { None } else { char::from_u32(changed) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lower(text: &str) -> String {
        let mut buffer = "x".to_owned();
        push_lower(text, &mut buffer);
        buffer
    }

    fn upper(text: &str) -> String {
        let mut buffer = "x".to_owned();
        push_upper(text, &mut buffer);
        buffer
    }

    #[test]
    fn every_character_becomes_what_the_standard_library_makes_of_it() {
        // Beyond these planes no character has a case.
        for character in '\0'..'\u{20000}' {
            // Between letters, where what is not looked at alone may count.
            let text = format!("a{character}a");
            assert_eq!(lower(&text), format!("x{}", text.to_lowercase()), "{text:?}");
            assert_eq!(upper(&text), format!("x{}", text.to_uppercase()), "{text:?}");
        }
        let beyond = ('\u{20000}'..=char::MAX).filter(|c| c.to_lowercase().ne([*c]) || c.to_uppercase().ne([*c]));
        assert_eq!(beyond.count(), 0);
    }

    proptest! {
        #[test]
        fn every_text_becomes_what_the_standard_library_makes_of_it(text in "[a-zA-ZΑ-ώÀ-ÿА-яİıſßŉǅΣς漢字😀\\PC]*") {
            prop_assert_eq!(lower(&text), format!("x{}", text.to_lowercase()));
            prop_assert_eq!(upper(&text), format!("x{}", text.to_uppercase()));
        }
    }
}
