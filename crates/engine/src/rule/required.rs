//! `required`: null is a reject.

use model::dataset::Column;

use super::{Rule, Step, TextCheck};
use crate::cast::{Site, Typing};
use crate::reject::Reason;

/// The rule of the key. Columns of the dedupe key have it without asking.
#[derive(Debug)]
pub(crate) struct Required;

impl Rule for Required {
    fn name(&self) -> &'static str {
        "required"
    }

    fn steps(&self, column: &Column, _: &dyn Typing) -> Result<Vec<Step>, String> {
        Ok(if column.required { vec![Step::CheckTexts(Box::new(IsThere))] } else { Vec::new() })
    }
}

/// No type makes null of a text.
#[derive(Debug)]
struct IsThere;

impl TextCheck for IsThere {
    fn check(&self, texts: &[Option<&str>], site: &mut Site<'_>) {
        for (nth, text) in texts.iter().enumerate() {
            if text.is_none() {
                site.fault(nth, Reason::MissingValue, "", &|_| "it is required, and null here".to_owned());
            }
        }
    }
}
