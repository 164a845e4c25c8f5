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
            if let [first, .., last] = text.as_bytes()
                && first.is_ascii_graphic()
                && last.is_ascii_graphic()
            {
                continue;
            }
            *text = text.trim();
        }
    }
}
