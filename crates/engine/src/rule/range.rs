//! `range`: the least and the greatest value, typed like the column's; what lies outside is a reject.

use arrow::array::{ArrayRef, Datum, Scalar};
use arrow::compute::kernels::cmp;
use model::Result;
use model::dataset::Column;

use super::{Rule, Step, ValueCheck, Wrong, bug};
use crate::cast::{self, Typing};
use crate::reject::Reason;

/// The rule of the key.
#[derive(Debug)]
pub(crate) struct Range;

impl Rule for Range {
    fn name(&self) -> &'static str {
        "range"
    }

    fn steps(&self, column: &Column, typing: &dyn Typing) -> Result<Vec<Step>, String> {
        let Some(range) = &column.range else { return Ok(Vec::new()) };
        let min = Bound::new(range.min.as_deref(), typing)?;
        let max = Bound::new(range.max.as_deref(), typing)?;
        if let (Some(min), Some(max)) = (&min, &max) {
            let is_empty = cmp::gt(&min.value, &max.value).map_err(|error| error.to_string())?;
            if is_empty.value(0) {
                return Err(format!("its min {} is above its max {}", min.text, max.text));
            }
        }
        Ok(vec![Step::CheckValues(Box::new(Between { min, max }))])
    }
}

#[derive(Debug)]
struct Between {
    min: Option<Bound>,
    max: Option<Bound>,
}

#[derive(Debug)]
struct Bound {
    text: String,
    value: Scalar<ArrayRef>,
}

impl Bound {
    fn new(text: Option<&str>, typing: &dyn Typing) -> Result<Option<Self>, String> {
        let Some(text) = text else { return Ok(None) };
        let value = cast::array(typing, &[Some(text)])?;
        Ok(Some(Self { text: text.to_owned(), value: Scalar::new(value) }))
    }
}

impl ValueCheck for Between {
    fn faults(&self, values: &ArrayRef) -> Result<Vec<Wrong<'_>>> {
        let mut faults = Vec::new();
        let values: &dyn Datum = &values.as_ref();
        if let Some(Bound { text, value }) = &self.min {
            let message = move |value: &str| format!("{value} is below {text}, the least that is allowed");
            let is_right = cmp::gt_eq(values, value).map_err(bug)?;
            faults.push(Wrong { is_right, reason: Reason::NotInRange, message: Box::new(message) });
        }
        if let Some(Bound { text, value }) = &self.max {
            let message = move |value: &str| format!("{value} is above {text}, the greatest that is allowed");
            let is_right = cmp::lt_eq(values, value).map_err(bug)?;
            faults.push(Wrong { is_right, reason: Reason::NotInRange, message: Box::new(message) });
        }
        Ok(faults)
    }
}
