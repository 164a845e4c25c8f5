//! `replace`: what takes the place of every match of a regular expression.

use model::dataset::Column;
use model::types::SUPER_BYTES;
use regex::Regex;

use super::{Rule, Step, TextRule, expression, rewrite};
use crate::cast::{Site, Typing};
use crate::reject::Reason;

/// A text may grow to so many bytes, or stay as long as it was: no type holds more text, and memory is bounded.
const MAX_GROWN_BYTES: usize = SUPER_BYTES as usize;

/// The rule of the key. Done twice it is not done once: what takes a match's place may match again.
#[derive(Debug)]
pub(crate) struct Replace;

impl Rule for Replace {
    fn name(&self) -> &'static str {
        "replace"
    }

    fn steps(&self, column: &Column, _: &dyn Typing) -> Result<Vec<Step>, String> {
        let steps = column.replace.iter().map(|replace| {
            let regex = expression::compile(&replace.pattern)?;
            let groups = replace.with.matches('$').count();
            Ok(Step::Text(Box::new(Replacement { regex, with: replace.with.clone(), groups })))
        });
        steps.collect()
    }
}

#[derive(Debug)]
struct Replacement {
    regex: Regex,
    with: String,
    /// How many groups what takes a match's place may have.
    groups: usize,
}

impl TextRule for Replacement {
    fn apply<'a>(&'a self, texts: &mut [Option<&'a str>], buffer: &'a mut String, site: &mut Site<'_>) {
        if !texts.iter().flatten().any(|text| self.regex.is_match(text)) {
            return;
        }
        let write = |nth: usize, text: &str, buffer: &mut String| {
            let start = buffer.len();
            if !self.push(text, buffer, start + text.len().max(MAX_GROWN_BYTES)) {
                buffer.truncate(start);
                let message = |value: &str| format!("{value} grows past {MAX_GROWN_BYTES} bytes by `replace`");
                site.fault(nth, Reason::TooLong, text, &message);
            }
        };
        rewrite(texts, buffer, write, |_| ());
    }
}

impl Replacement {
    /// Adds the text with its matches replaced; `false` if the buffer would grow past the limit.
    fn push(&self, text: &str, buffer: &mut String, limit: usize) -> bool {
        let mut behind = 0;
        if self.groups == 0 {
            for found in self.regex.find_iter(text) {
                buffer.push_str(text.get(behind..found.start()).unwrap_or_default());
                buffer.push_str(&self.with);
                behind = found.end();
                if buffer.len() > limit {
                    return false;
                }
            }
        } else {
            for captures in self.regex.captures_iter(text) {
                let found = captures.get_match();
                buffer.push_str(text.get(behind..found.start()).unwrap_or_default());
                behind = found.end();
                // A group is no longer than its match.
                if buffer.len() + self.with.len() + self.groups * found.len() > limit {
                    return false;
                }
                captures.expand(&self.with, buffer);
            }
        }
        buffer.push_str(text.get(behind..).unwrap_or_default());
        buffer.len() <= limit
    }
}
