use super::Rule;

/// Lower case, by Unicode.
#[derive(Debug)]
pub struct Lower;

impl Rule for Lower {
    fn name(&self) -> &'static str {
        "lower"
    }

    fn apply<'a>(&self, text: &'a str, buffer: &'a mut String) -> &'a str {
        if !text.is_ascii() {
            *buffer = text.to_lowercase();
            return buffer;
        }
        if !text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return text;
        }
        buffer.clear();
        buffer.push_str(text);
        buffer.make_ascii_lowercase();
        buffer
    }
}
