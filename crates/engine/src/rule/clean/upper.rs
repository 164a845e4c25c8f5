use super::{Case, Word, change};
use crate::cast::Site;
use crate::rule::TextRule;

/// Upper case, by Unicode.
#[derive(Debug)]
pub(super) struct Upper;

impl Word for Upper {
    fn name(&self) -> &'static str {
        "upper"
    }
}

impl TextRule for Upper {
    fn apply<'a>(&'a self, texts: &mut [Option<&'a str>], buffer: &'a mut String, _: &mut Site<'_>) {
        change(Case::Upper, texts, buffer);
    }

    fn case(&self) -> Option<Case> {
        Some(Case::Upper)
    }
}
