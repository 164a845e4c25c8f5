//! Text into typed columns, the same for every format.
//!
//! The order for each field: no characters, or one of the null tokens as it stands, is null; the text rules; no
//! characters left is null; the type; null where the column is required is a fault. A row with a fault is left out of
//! every column and becomes one reject, for its first fault in the order of the columns.
//!
//! To add a type: an arm in [`Column::array`], its text in a file here, its arrow type in `schema`.

mod number;
mod time;

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanBuilder, PrimitiveArray, PrimitiveBuilder, StringBuilder};
use arrow::datatypes::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float64Type, Int16Type, Int32Type, Int64Type, SchemaRef,
    TimestampMicrosecondType,
};
use arrow::record_batch::RecordBatch;
use model::dataset::Dataset;
use model::name::Identifier;
use model::types::Type;
use model::{Error, Kind, Result};

use crate::reject::{Fault, Reason, Reject, shown};
use crate::rule::{self, Rule};
use crate::schema;
use crate::text::{Field, TextBatch};

/// Types the batches of one dataset.
#[derive(Debug)]
pub(crate) struct Caster {
    schema: SchemaRef,
    columns: Vec<Column>,
}

impl Caster {
    /// Fails, as `Config`, where a date or timestamp format is none.
    pub fn new(dataset: &Dataset) -> Result<Self> {
        let columns = dataset.columns.keys().enumerate().map(|(index, name)| Column::new(dataset, index, name));
        Ok(Self { schema: schema::of_rows(dataset), columns: columns.collect::<Result<_>>()? })
    }

    /// The batch's columns, and the rejects of the rows that are not good; both in the order of the file.
    pub fn cast(&self, batch: &TextBatch) -> Result<Typed> {
        let mut faults = Faults { is_bad: vec![false; batch.rows()], list: Vec::new() };
        let mut arrays = Vec::with_capacity(self.columns.len());
        for column in &self.columns {
            arrays.push(column.array(batch, &mut faults)?);
        }
        let columns = RecordBatch::try_new(Arc::clone(&self.schema), arrays).map_err(bug)?;
        if faults.list.is_empty() {
            return Ok(Typed { columns, good: None, rejects: Vec::new() });
        }
        let rows = (0u32..).zip(&faults.is_bad);
        let good = rows.filter(|(_, is_bad)| !**is_bad).map(|(row, _)| row).collect();
        Ok(Typed { columns, good: Some(good), rejects: self.rejects(batch, faults)? })
    }

    fn rejects(&self, batch: &TextBatch, mut faults: Faults) -> Result<Vec<Reject>> {
        faults.list.sort_by_key(|(row, ..)| *row);
        let rejects = faults.list.into_iter().map(|(row, column, fault)| {
            let column = self.columns.get(column).map(|column| column.name.clone());
            batch.reject(row, column, fault)
        });
        rejects.collect::<Option<_>>().ok_or_else(|| bug("a reject stands outside of its batch"))
    }
}

/// A batch, typed.
#[derive(Debug)]
pub(crate) struct Typed {
    /// All rows, in the order of the file; those that are not good hold nulls, and are to be left out.
    pub columns: RecordBatch,
    /// The numbers of the good rows; `None` if all are.
    pub good: Option<Vec<u32>>,
    /// The rows that are not.
    pub rejects: Vec<Reject>,
}

/// The rows of a batch that are no longer good, and why.
#[derive(Debug)]
struct Faults {
    is_bad: Vec<bool>,
    list: Vec<(usize, usize, Fault)>,
}

/// How one column's text is typed.
#[derive(Debug)]
struct Column {
    name: Identifier,
    kind: Type,
    times: time::Formats,
    text: Text,
}

/// How one column's text is cleaned.
#[derive(Debug)]
struct Text {
    index: usize,
    is_required: bool,
    nulls: Vec<String>,
    rules: Vec<&'static dyn Rule>,
}

impl Column {
    fn new(dataset: &Dataset, index: usize, name: &Identifier) -> Result<Self> {
        let column = dataset.columns.get(name).ok_or_else(|| bug("a column is not in its dataset"))?;
        if let kind @ (Type::Real | Type::Time | Type::Timestamptz | Type::Char(_) | Type::Super | Type::Varbyte(_)) =
            column.kind
        {
            return Err(Error::new(Kind::Config, "read", format!("column `{name}` of dataset {}", dataset.dataset))
                .because(format!("the type {kind} is not supported yet")));
        }
        let rules = column.clean.iter().map(|rule| rule::find(*rule)).collect::<Result<Vec<_>>>()?;
        let times = time::Formats::new(&column.formats).map_err(|what| {
            Error::new(Kind::Config, "read", format!("column `{name}` of dataset {}", dataset.dataset)).because(what)
        })?;
        let text = Text {
            index,
            is_required: column.required,
            nulls: dataset.nulls.iter().chain(&column.nulls).cloned().collect(),
            rules,
        };
        Ok(Self { name: name.clone(), kind: column.kind, times, text })
    }

    fn array(&self, batch: &TextBatch, faults: &mut Faults) -> Result<ArrayRef> {
        let Self { kind, times, text, .. } = self;
        let kind = *kind;
        Ok(match kind {
            Type::Smallint => {
                let integer = |text: &str| number::integer(text, kind, i16::MIN, i16::MAX);
                Arc::new(text.primitive::<Int16Type>(batch, faults, integer)?)
            }
            Type::Integer => {
                let integer = |text: &str| number::integer(text, kind, i32::MIN, i32::MAX);
                Arc::new(text.primitive::<Int32Type>(batch, faults, integer)?)
            }
            Type::Bigint => {
                let integer = |text: &str| number::integer(text, kind, i64::MIN, i64::MAX);
                Arc::new(text.primitive::<Int64Type>(batch, faults, integer)?)
            }
            Type::Decimal { precision, scale } => {
                let decimal = |text: &str| number::decimal(text, precision, scale);
                let array = text.primitive::<Decimal128Type>(batch, faults, decimal)?;
                Arc::new(array.with_data_type(schema::data_type(kind)))
            }
            Type::Double => Arc::new(text.primitive::<Float64Type>(batch, faults, number::double)?),
            Type::Boolean => {
                let mut builder = BooleanBuilder::with_capacity(batch.rows());
                text.each(batch, faults, |text| {
                    builder.append_option(text.map(boolean).transpose()?);
                    Ok(())
                })?;
                Arc::new(builder.finish())
            }
            Type::Date => Arc::new(text.primitive::<Date32Type>(batch, faults, |text| times.date(text))?),
            Type::Timestamp => {
                Arc::new(text.primitive::<TimestampMicrosecondType>(batch, faults, |text| times.timestamp(text))?)
            }
            Type::Varchar(most) => {
                let mut builder = StringBuilder::with_capacity(batch.rows(), batch.rows() * 16);
                text.each(batch, faults, |text| {
                    builder.append_option(text.map(|text| fits(text, most)).transpose()?);
                    Ok(())
                })?;
                Arc::new(builder.finish())
            }
            Type::Real | Type::Time | Type::Timestamptz | Type::Char(_) | Type::Super | Type::Varbyte(_) => {
                return Err(bug("a type that is refused when the dataset is read"));
            }
        })
    }
}

impl Text {
    fn primitive<T: ArrowPrimitiveType>(
        &self,
        batch: &TextBatch,
        faults: &mut Faults,
        parse: impl Fn(&str) -> Result<T::Native, Fault>,
    ) -> Result<PrimitiveArray<T>> {
        let mut builder = PrimitiveBuilder::<T>::with_capacity(batch.rows());
        self.each(batch, faults, |text| {
            builder.append_option(text.map(&parse).transpose()?);
            Ok(())
        })?;
        Ok(builder.finish())
    }

    /// Hands on each row's cleaned text, or null. A row that is bad, or turns bad here, hands on a null that nobody
    /// will see.
    fn each(
        &self,
        batch: &TextBatch,
        faults: &mut Faults,
        mut append: impl FnMut(Option<&str>) -> Result<(), Fault>,
    ) -> Result<()> {
        let (index, is_required) = (self.index, self.is_required);
        let mut buffers = vec![String::new(); self.rules.len()];
        for (row, (text, is_bad)) in batch.column(index).zip(&mut faults.is_bad).enumerate() {
            let text = match text {
                Field::Text(text) => text,
                Field::Null => "",
                Field::Torn => return Err(bug("a field stands outside of its batch")),
            };
            let appended = if *is_bad {
                append(None)
            } else {
                match self.clean(text, &mut buffers) {
                    None if is_required => Err(Fault::new(Reason::MissingValue, "it is required, and null here")),
                    text => append(text),
                }
            };
            if let Err(fault) = appended {
                *is_bad = true;
                faults.list.push((row, index, fault));
                append(None).map_err(|_| bug("a null is refused"))?;
            }
        }
        Ok(())
    }

    fn clean<'a>(&self, text: &'a str, buffers: &'a mut [String]) -> Option<&'a str> {
        if text.is_empty() || self.nulls.iter().any(|null| null == text) {
            return None;
        }
        Some(rule::clean(&self.rules, text, buffers)).filter(|text| !text.is_empty())
    }
}

fn boolean(text: &str) -> Result<bool, Fault> {
    const WORDS: [(&str, &str); 5] = [("true", "false"), ("t", "f"), ("yes", "no"), ("y", "n"), ("1", "0")];
    let known = WORDS.iter().find_map(|(yes, no)| match () {
        () if text.eq_ignore_ascii_case(yes) => Some(true),
        () if text.eq_ignore_ascii_case(no) => Some(false),
        () => None,
    });
    let words = "true, false, t, f, yes, no, y, n, 1 or 0";
    known.ok_or_else(|| Fault::new(Reason::NotABoolean, format!("{} is none of {words}", shown(text))))
}

fn fits(text: &str, most: u16) -> Result<&str, Fault> {
    if text.len() <= usize::from(most) {
        return Ok(text);
    }
    let message = format!("{} has {} bytes, varchar({most}) holds {most}", shown(text), text.len());
    Err(Fault::new(Reason::TooLong, message))
}

fn bug(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(Kind::Bug, "type", "a batch").because(what)
}

#[cfg(test)]
mod tests;
