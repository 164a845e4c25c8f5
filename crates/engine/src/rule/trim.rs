use super::Rule;

/// Takes white space, as Unicode has it, off both ends.
#[derive(Debug)]
pub struct Trim;

impl Rule for Trim {
    fn name(&self) -> &'static str {
        "trim"
    }

    fn apply<'a>(&self, text: &'a str, _buffer: &'a mut String) -> &'a str {
        text.trim()
    }
}
