use super::{Case, Word, change};
use crate::cast::Site;
use crate::rule::TextRule;

/// Lower case, by Unicode.
#[derive(Debug)]
pub(super) struct Lower;

impl Word for Lower {
    fn name(&self) -> &'static str {
        "lower"
    }
}

impl TextRule for Lower {
    fn apply<'a>(&'a self, texts: &mut [Option<&'a str>], buffer: &'a mut String, _: &mut Site<'_>) {
        change(Case::Lower, texts, buffer);
    }

    fn case(&self) -> Option<Case> {
        Some(Case::Lower)
    }
}
