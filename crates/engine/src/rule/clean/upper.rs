use super::{Word, case};
use crate::cast::Site;
use crate::rule::{TextRule, rewrite};

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
        let write = |text: &str, buffer: &mut String| match text.is_ascii() {
            true => buffer.push_str(text),
            false => case::push_upper(text, buffer),
        };
        rewrite(texts, buffer, write, str::make_ascii_uppercase);
    }
}
