//! Why a document cannot be read, and where.

use std::borrow::Cow;

use memchr::{memchr_iter, memmem, memrchr2};

/// What is wrong, at a byte of the text in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The byte it is about.
    pub at: usize,
    what: Cow<'static, str>,
    /// Words of the document. They may be a value that a column masks: an unescaped `<` or `&` makes names of it.
    quoted: Vec<String>,
}

/// A name or the like is cut in messages behind this many characters.
const MAX_SHOWN: usize = 64;

impl Fault {
    /// `what` has a `{}` for each of the words that are added by `quoting`.
    pub fn new(at: usize, what: impl Into<Cow<'static, str>>) -> Self {
        Self { at, what: what.into(), quoted: Vec::new() }
    }

    /// Fills the next `{}` with words of the document.
    #[must_use]
    pub fn quoting(mut self, words: &str) -> Self {
        let mut shown: String = words.chars().take(MAX_SHOWN).flat_map(char::escape_debug).collect();
        if shown.len() < words.len() {
            shown.push('…');
        }
        self.quoted.push(shown);
        self
    }

    /// The message. `may_quote` is whether it may hold words of the document.
    pub fn message(&self, may_quote: bool) -> String {
        let mut parts = self.what.split("{}");
        let mut message = parts.next().unwrap_or_default().to_owned();
        for (part, words) in parts.zip(&self.quoted) {
            message += if may_quote { words } else { "…" };
            message += part;
        }
        message
    }
}

/// How many line ends lie in the bytes: LF, CR and CRLF end one line each. Where it is known that there is no CR, half of
/// the work is none.
pub fn line_ends(bytes: &[u8], may_have_returns: bool) -> u64 {
    let count = |byte: u8| memchr_iter(byte, bytes).count() as u64;
    let returns = if may_have_returns { count(b'\r') } else { 0 };
    match returns {
        0 => count(b'\n'),
        _ => count(b'\n') + returns - memmem::find_iter(bytes, b"\r\n").count() as u64,
    }
}

/// How many characters stand behind the last line end of the bytes, and whether there is a line end. Bytes that are no
/// UTF-8 count one by one, but for those in 0x80..0xC0.
pub fn characters_of_last_line(bytes: &[u8]) -> (u64, bool) {
    let start = memrchr2(b'\n', b'\r', bytes).map_or(0, |at| at + 1);
    let line = bytes.get(start..).unwrap_or_default();
    let characters = line.iter().filter(|byte| (**byte & 0xC0) != 0x80).count() as u64;
    (characters, start > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_with_any_of_three() {
        assert_eq!(line_ends(b"a\nb\r\nc\rd", true), 3);
        assert_eq!(line_ends(b"\r\r\n\n", true), 3);
        assert_eq!(line_ends(b"\na\n", false), 2);
        assert_eq!(characters_of_last_line("a\ré€x".as_bytes()), (3, true));
        assert_eq!(characters_of_last_line(b"abc"), (3, false));
        assert_eq!(characters_of_last_line(b"abc\r\n"), (0, true));
    }

    #[test]
    fn words_of_the_document_are_left_out_where_a_column_is_masked() {
        let fault = Fault::new(3, "`{}` is closed by `{}`").quoting("a\n").quoting(&"b".repeat(65));
        assert_eq!(fault.message(true), format!("`a\\n` is closed by `{}…`", "b".repeat(64)));
        assert_eq!(fault.message(false), "`…` is closed by `…`");
    }
}
