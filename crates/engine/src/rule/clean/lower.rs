use super::{Word, case};
use crate::cast::Site;
use crate::rule::{TextRule, rewrite};

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
        let write = |text: &str, buffer: &mut String| match text.is_ascii() {
            true => buffer.push_str(text),
            false => case::push_lower(text, buffer),
        };
        rewrite(texts, buffer, write, str::make_ascii_lowercase);
    }
}
