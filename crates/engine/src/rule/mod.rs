//! Rules: what is done to a column's values before they are typed, and what they must be then.
//!
//! To add one: a file here, its entry in `RULES` at the place where it is applied, and its key in
//! `model::dataset::Column`. To add a word of `clean`: a file in `clean/`, its entry in `clean::WORDS`, and a variant
//! of `model::dataset::TextRule`. The tests hold every entry to the laws: names are those a user may write, options
//! refuse unknown keys, rows in are rows kept and rows rejected, and what is meant to be so is the same done twice.

mod allowed;
pub mod clean;
mod default;
mod expression;
mod pattern;
mod range;
mod replace;
mod required;

use std::fmt::Debug;

use arrow::array::{Array, ArrayRef, BooleanArray};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use model::dataset::Column;
use model::{Error, Kind, Result};

pub(crate) use self::clean::case::Case;
use crate::cast::{Site, Typing};
use crate::reject::Reason;
use crate::schema;

/// One rule.
pub(crate) trait Rule: Debug + Sync {
    /// Its key in a column of the dataset file.
    fn name(&self) -> &'static str;

    /// What the column's options ask for; nothing, where it does not have the key. Fails where that cannot be done.
    fn steps(&self, column: &Column, typing: &dyn Typing) -> Result<Vec<Step>, String>;
}

/// Every rule, in the order in which they are applied.
pub(crate) static RULES: &[&dyn Rule] = &[
    &clean::Clean,
    &replace::Replace,
    &default::Default,
    &required::Required,
    &pattern::Pattern,
    &allowed::Allowed,
    &range::Range,
];

/// What a rule does to a column.
#[derive(Debug)]
pub(crate) enum Step {
    /// Makes other texts of the texts.
    Text(Box<dyn TextRule>),
    /// Takes this text for null.
    Default(String),
    /// Looks at the texts, when they are typed.
    CheckTexts(Box<dyn TextCheck>),
    /// Looks at the values.
    CheckValues(Box<dyn ValueCheck>),
}

/// Turns texts into texts, before they are typed.
pub(crate) trait TextRule: Debug + Send + Sync {
    /// The texts as the rule leaves them: parts of what they were, or what the rule writes into the buffer. What the
    /// buffer held is of no use to anyone.
    fn apply<'a>(&'a self, texts: &mut [Option<&'a str>], buffer: &'a mut String, site: &mut Site<'_>);

    /// The case that texts are in behind the rule, where that is all it does: a column of text may do it as it writes
    /// them, which saves a copy.
    fn case(&self) -> Option<Case> {
        None
    }
}

/// Looks at texts.
pub(crate) trait TextCheck: Debug + Send + Sync {
    /// Tells the site which texts are at fault.
    fn check(&self, texts: &[Option<&str>], site: &mut Site<'_>);
}

/// Looks at values.
pub(crate) trait ValueCheck: Debug + Send + Sync {
    /// What is wrong with which of the values. The array is of the column's type.
    fn faults(&self, values: &ArrayRef) -> Result<Vec<Wrong<'_>>>;
}

/// Values that are not what a check wants.
pub(crate) struct Wrong<'a> {
    /// Which values are right; null where there is none.
    pub is_right: BooleanArray,
    pub reason: Reason,
    /// The reason in a sentence, given how a value is named.
    pub message: Box<dyn Fn(&str) -> String + 'a>,
}

/// The checks of a column, in their order.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    pub of_texts: Vec<Box<dyn TextCheck>>,
    pub of_values: Vec<Box<dyn ValueCheck>>,
}

impl Checks {
    /// Checks the texts of a block.
    pub fn check_texts(&self, texts: &[Option<&str>], site: &mut Site<'_>) {
        self.of_texts.iter().for_each(|check| check.check(texts, site));
    }

    /// Checks the values of a whole column.
    pub fn check_values(&self, values: &ArrayRef, site: &mut Site<'_>) -> Result<()> {
        for check in &self.of_values {
            for wrong in check.faults(values)? {
                tell(values, &wrong, site)?;
            }
        }
        Ok(())
    }
}

fn tell(values: &ArrayRef, wrong: &Wrong<'_>, site: &mut Site<'_>) -> Result<()> {
    let is_right = &wrong.is_right;
    if is_right.true_count() + is_right.null_count() == is_right.len() {
        return Ok(());
    }
    // As a file holds them, every type is one that can be shown.
    let (values, options) = (schema::stored(values).map_err(bug)?, FormatOptions::default());
    let shown = ArrayFormatter::try_new(&values, &options).map_err(bug)?;
    for (nth, is_right) in is_right.iter().enumerate() {
        if is_right == Some(false) {
            let text = shown.value(nth).try_to_string().map_err(bug)?;
            site.fault(nth, wrong.reason, &text, &wrong.message);
        }
    }
    Ok(())
}

/// Writes what becomes of each text, the block's nth, into the buffer, changes all of it at once, and points the texts
/// there.
pub(crate) fn rewrite<'a>(
    texts: &mut [Option<&'a str>],
    buffer: &'a mut String,
    mut write: impl FnMut(usize, &str, &mut String),
    change: impl FnOnce(&mut str),
) {
    buffer.clear();
    let mut ends = Vec::with_capacity(texts.len());
    for (nth, text) in texts.iter().enumerate() {
        if let Some(text) = text {
            write(nth, text, buffer);
            ends.push(buffer.len());
        }
    }
    change(buffer);
    let mut rest: &'a str = buffer;
    let mut start = 0;
    for (text, end) in texts.iter_mut().flatten().zip(ends) {
        let (written, behind) = rest.split_at_checked(end - start).unwrap_or_default();
        (*text, rest, start) = (written, behind, end);
    }
}

fn bug(error: arrow::error::ArrowError) -> Error {
    Error::new(Kind::Bug, "check", "a column's values").because(error)
}

#[cfg(test)]
mod tests;
