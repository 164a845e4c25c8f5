//! `default`: the text that is taken for null.

use model::dataset::Column;

use super::{Rule, Step};
use crate::cast::Typing;

/// The rule of the key.
#[derive(Debug)]
pub(crate) struct Default;

impl Rule for Default {
    fn name(&self) -> &'static str {
        "default"
    }

    fn steps(&self, column: &Column, _: &dyn Typing) -> Result<Vec<Step>, String> {
        Ok(column.default.clone().map(Step::Default).into_iter().collect())
    }
}
