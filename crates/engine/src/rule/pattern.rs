//! `pattern`: a regular expression that the text, as it is typed, must match somewhere; `^` and `$` bind it to its ends.

use model::dataset::Column;
use regex::Regex;

use super::{Rule, Step, TextCheck, expression};
use crate::cast::{Site, Typing};
use crate::reject::Reason;

/// The rule of the key.
#[derive(Debug)]
pub(crate) struct Pattern;

impl Rule for Pattern {
    fn name(&self) -> &'static str {
        "pattern"
    }

    fn steps(&self, column: &Column, _: &dyn Typing) -> Result<Vec<Step>, String> {
        let Some(pattern) = &column.pattern else { return Ok(Vec::new()) };
        let regex = expression::compile(pattern)?;
        Ok(vec![Step::CheckTexts(Box::new(Matches(regex)))])
    }
}

#[derive(Debug)]
struct Matches(Regex);

impl TextCheck for Matches {
    fn check(&self, texts: &[Option<&str>], site: &mut Site<'_>) {
        for (nth, text) in texts.iter().enumerate() {
            if let Some(text) = text.filter(|text| !self.0.is_match(text)) {
                site.fault(nth, Reason::NoMatch, text, &|value| format!("{value} does not match `{}`", self.0));
            }
        }
    }
}
