//! Regular expressions of the dataset file: compiled once, bounded in size, linear in the text's length.

use regex::{Regex, RegexBuilder};

/// The program of an expression is no larger; `\w{1000}` is.
const MAX_PROGRAM_BYTES: usize = 4 * 1024 * 1024;

/// Fails where it is none, or grows too large; the message is one line.
pub(super) fn compile(pattern: &str) -> Result<Regex, String> {
    let compiled = RegexBuilder::new(pattern).size_limit(MAX_PROGRAM_BYTES).build();
    compiled.map_err(|error| match error {
        regex::Error::CompiledTooBig(bytes) => {
            format!("the regular expression `{pattern}` needs more than {bytes} bytes when it is compiled")
        }
        error => {
            // The last line says what is wrong; those before it draw where.
            let text = error.to_string();
            let what = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
            format!("`{pattern}` is no regular expression: {what}")
        }
    })
}
