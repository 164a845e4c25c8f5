use super::Rule;

/// Upper case, by Unicode.
#[derive(Debug)]
pub struct Upper;

impl Rule for Upper {
    fn name(&self) -> &'static str {
        "upper"
    }

    fn apply<'a>(&self, text: &'a str, buffer: &'a mut String) -> &'a str {
        if !text.is_ascii() {
            *buffer = text.to_uppercase();
            return buffer;
        }
        if !text.bytes().any(|byte| byte.is_ascii_lowercase()) {
            return text;
        }
        buffer.clear();
        buffer.push_str(text);
        buffer.make_ascii_uppercase();
        buffer
    }
}
