use super::Word;
use crate::cast::Site;
use crate::rule::TextRule;

/// Takes white space, as Unicode has it, off both ends.
#[derive(Debug)]
pub(super) struct Trim;

impl Word for Trim {
    fn name(&self) -> &'static str {
        "trim"
    }
}

impl TextRule for Trim {
    fn apply<'a>(&'a self, texts: &mut [Option<&'a str>], _: &'a mut String, _: &mut Site<'_>) {
        for text in texts.iter_mut().flatten() {
            *text = trimmed(text);
        }
    }
}

/// As [`str::trim`] has it, which decodes characters where bytes show as much. Blanks are counted eight at a time: how
/// many there are cannot be guessed, and a wrong guess costs more than the count.
#[inline]
fn trimmed(text: &str) -> &str {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) else { return text.trim() };
    let front = (u64::from_le_bytes(*first) ^ BLANKS).trailing_zeros() as usize / 8;
    let back = (u64::from_le_bytes(*last) ^ BLANKS).leading_zeros() as usize / 8;
    let kept = bytes.get(front..bytes.len() - back).unwrap_or_default();
    // What is left must begin and end with what is no white space by its bytes alone: that of ASCII, two bytes behind
    // a C2, or three behind one of E1, E2 and E3, is.
    let may_be_blank = matches!(
        kept,
        [0..=b' ' | 0xC2 | 0xE1..=0xE3, ..] | [.., 0..=b' '] | [.., 0xC2, _] | [.., 0xE1..=0xE3, _, _] | []
    );
    match text.get(front..bytes.len() - back) {
        Some(text) if !may_be_blank => text,
        _ => text.trim(),
    }
}

/// Eight blanks.
const BLANKS: u64 = 0x2020_2020_2020_2020;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_character_at_an_end_goes_as_the_standard_library_says() {
        for character in '\0'..='\u{FFFF}' {
            for text in ["", "a", "abcdefgh", "       ", "        ", "  é  bcdefgh  "] {
                for text in [format!("{character}{text}"), format!("{text}{character}")] {
                    assert_eq!(trimmed(&text), text.trim(), "{text:?}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_trimmed_as_the_standard_library_does_it(text in "[ \t\r\na\u{85}\u{a0}\u{1680}\u{2003}\u{2028}\u{3000}éΩ本😀]{0,24}") {
            prop_assert_eq!(trimmed(&text), text.trim());
        }

        #[test]
        fn blanks_at_both_ends_go(front in " {0,20}", text in "[a é]{0,12}", back in " {0,20}") {
            let text = format!("{front}{text}{back}");
            prop_assert_eq!(trimmed(&text), text.trim());
        }
    }
}
