use super::Word;
use crate::cast::Site;
use crate::rule::{TextRule, rewrite};

/// Makes one blank of every run of white space, as Unicode has it.
#[derive(Debug)]
pub(super) struct Squeeze;

impl Word for Squeeze {
    fn name(&self) -> &'static str {
        "squeeze"
    }
}

impl TextRule for Squeeze {
    fn apply<'a>(&'a self, texts: &mut [Option<&'a str>], buffer: &'a mut String, _: &mut Site<'_>) {
        rewrite(texts, buffer, |_, text, buffer| push_squeezed(text, buffer), |_| ());
    }
}

fn push_squeezed(text: &str, buffer: &mut String) {
    if is_squeezed(text.as_bytes()) {
        buffer.push_str(text);
        return;
    }
    let mut is_behind_blank = false;
    for character in text.chars() {
        let is_blank = character.is_whitespace();
        if !is_blank {
            buffer.push(character);
        } else if !is_behind_blank {
            buffer.push(' ');
        }
        is_behind_blank = is_blank;
    }
}

/// Whether a text shows by its bytes that there is nothing to do: it is ASCII, and has lone blanks only.
fn is_squeezed(bytes: &[u8]) -> bool {
    let mut is_behind_blank = false;
    bytes.iter().all(|byte| {
        let is_blank = *byte == b' ';
        let is_plain = byte.is_ascii_graphic() || (is_blank && !is_behind_blank);
        is_behind_blank = is_blank;
        is_plain
    })
}
