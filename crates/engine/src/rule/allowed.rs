//! `allowed`: the values that are allowed, typed like the column's; any other is a reject.

use std::collections::HashSet;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Scalar};
use arrow::compute::kernels::{boolean, cmp};
use arrow::datatypes::DataType;
use model::Result;
use model::dataset::Column;

use super::{Rule, Step, ValueCheck, Wrong, bug};
use crate::cast::{self, Typing};
use crate::reject::Reason;

/// A message names so many of them.
const MAX_NAMED: usize = 10;

/// The rule of the key.
#[derive(Debug)]
pub(crate) struct Allowed;

impl Rule for Allowed {
    fn name(&self) -> &'static str {
        "allowed"
    }

    fn steps(&self, column: &Column, typing: &dyn Typing) -> Result<Vec<Step>, String> {
        if column.allowed.is_empty() {
            return Ok(Vec::new());
        }
        let texts: Vec<_> = column.allowed.iter().map(|text| Some(text.as_str())).collect();
        let values = cast::array(typing, &texts)?;
        let more = if texts.len() > MAX_NAMED { ", …" } else { "" };
        let named: Vec<_> = column.allowed.iter().take(MAX_NAMED).map(String::as_str).collect();
        let names = named.join(", ") + more;
        let one_of = match values.data_type() {
            DataType::Utf8 => OneOf::Texts(values.as_string::<i32>().iter().flatten().map(str::to_owned).collect()),
            _ => OneOf::Values((0..values.len()).map(|nth| Scalar::new(values.slice(nth, 1))).collect()),
        };
        Ok(vec![Step::CheckValues(Box::new(Listed { one_of, names }))])
    }
}

#[derive(Debug)]
struct Listed {
    one_of: OneOf,
    names: String,
}

#[derive(Debug)]
enum OneOf {
    /// Texts, of which there may be many.
    Texts(HashSet<String>),
    /// Values of any other type, each compared with a whole column at once.
    Values(Vec<Scalar<ArrayRef>>),
}

impl ValueCheck for Listed {
    fn faults(&self, values: &ArrayRef) -> Result<Vec<Wrong<'_>>> {
        let is_right = match &self.one_of {
            OneOf::Texts(texts) => {
                let values = values.as_string::<i32>();
                values.iter().map(|value| value.map(|value| texts.contains(value))).collect()
            }
            OneOf::Values(allowed) => any_equal(values, allowed)?,
        };
        let message = |value: &str| format!("{value} is none of the allowed {}", self.names);
        Ok(vec![Wrong { is_right, reason: Reason::NotAllowed, message: Box::new(message) }])
    }
}

fn any_equal(values: &ArrayRef, allowed: &[Scalar<ArrayRef>]) -> Result<BooleanArray> {
    let mut any = BooleanArray::new(vec![false; values.len()].into(), values.nulls().cloned());
    for one in allowed {
        any = boolean::or(&any, &cmp::eq(values, one).map_err(bug)?).map_err(bug)?;
    }
    Ok(any)
}
