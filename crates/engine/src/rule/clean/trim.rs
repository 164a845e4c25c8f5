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
            // Most texts have nothing to take off, and show it by two bytes.
            match text.as_bytes() {
                [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => {}
                _ => *text = trimmed(text),
            }
        }
    }
}

/// As [`str::trim`] has it, which decodes characters where bytes show as much.
#[inline]
fn trimmed(text: &str) -> &str {
    let mut bytes = text.as_bytes();
    while let [b' ' | b'\t'..=b'\r', rest @ ..] = bytes {
        bytes = rest;
    }
    let start = text.len() - bytes.len();
    while let [rest @ .., b' ' | b'\t'..=b'\r'] = bytes {
        bytes = rest;
    }
    // White space that is not ASCII has two bytes behind a C2, or three behind one of E1, E2 and E3.
    let may_be_space = matches!(bytes, [0xC2 | 0xE1..=0xE3, ..] | [.., 0xC2, _] | [.., 0xE1..=0xE3, _, _]);
    match text.get(start..start + bytes.len()) {
        Some(text) if !may_be_space => text,
        _ => text.trim(),
    }
}
