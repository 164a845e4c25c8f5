//! Text into typed columns, the same for every format.
//!
//! ```text
//! a column's texts, a block at a time
//!   ─► null tokens ─► clean ─► replace ─► no characters left is null ─► default
//!   ─► the type ─► required ─► pattern ─► allowed ─► range ─► mask
//! ```
//!
//! The order is that of each field: the rules before the type and behind it are those of [`crate::rule`]. A row with a
//! fault becomes one reject, for its first fault in the order of the columns. It stays in the batch, so that nothing is
//! copied for its sake: what its columns hold means nothing, and [`Typed::is_bad`] says so.
//!
//! Columns are read in blocks of rows that fit the nearest cache, each by loops that know its type. To add a type: a
//! parser in a file here ([`primitive::Parse`] where values are all of one size, [`bytes::Write`] where they are not),
//! an arm in [`typing`], its arrow type in `schema`.

mod boolean;
mod bytes;
mod column;
mod decimal;
mod digits;
mod faults;
mod float;
mod json;
mod marks;
mod number;
mod primitive;
mod row;
mod text;
mod time;
mod varbyte;
mod whole;

use std::fmt::Debug;
use std::marker::PhantomData;

use arrow::array::ArrayRef;
use arrow::array::types::{Float32Type, Float64Type, Int16Type, Int32Type, Int64Type};
use arrow::datatypes::SchemaRef;
use arrow::record_batch::RecordBatch;
use model::dataset::{self, Dataset};
use model::name::Identifier;
use model::types::{SUPER_BYTES, Type};
use model::{Error, Kind, Result};

use self::bytes::Bytes;
use self::column::Column;
pub(crate) use self::faults::{Faults, Site, Values};
use self::marks::Marks;
pub(crate) use self::number::whole_number;
use self::primitive::Primitive;
use self::row::LongRows;
use crate::mask::MaskKey;
use crate::reject::Reject;
use crate::rule::Case;
use crate::schema;
use crate::text::TextBatch;

/// So many rows of a column are done at once. A multiple of 64: the bits of nulls are made by the word.
const BLOCK_ROWS: usize = 1024;

/// Types the batches of one dataset. It is shared by threads: what a batch needs besides, the call that types it owns.
#[derive(Debug)]
pub(crate) struct Caster {
    schema: SchemaRef,
    names: Vec<Identifier>,
    columns: Vec<Column>,
    values: Values,
    long_rows: Option<LongRows>,
}

/// A batch's rows, typed.
#[derive(Debug)]
pub(crate) struct Typed {
    /// The columns that are written, in their order; rows as they stand in the text.
    pub columns: RecordBatch,
    /// For each row, whether it is rejected. What its columns hold then means nothing.
    pub is_bad: Vec<bool>,
    /// The rows that are bad, in the order of the batch.
    pub rejects: Vec<Reject>,
    /// For each column of the dataset, written or not, how many texts of good rows were cut to fit.
    pub truncated: Vec<u64>,
}

impl Caster {
    /// Fails, as `Config`, where a column asks for what cannot be done: a format that is none, a default or an allowed
    /// value that is not of the column's type. The error names the column.
    pub fn new(dataset: &Dataset, mask_key: Option<&MaskKey>) -> Result<Self> {
        let columns = dataset.columns.keys().enumerate().map(|(index, name)| {
            Column::new(dataset, index, mask_key).map_err(|what| {
                let subject = format!("column `{name}` of dataset {}", dataset.dataset);
                Error::new(Kind::Config, "read", subject).because(what)
            })
        });
        let has_mask = dataset.columns.values().any(|column| column.mask.is_some());
        Ok(Self {
            schema: schema::of_rows(dataset),
            names: dataset.columns.keys().cloned().collect(),
            columns: columns.collect::<Result<_>>()?,
            values: if has_mask { Values::Hidden } else { Values::Shown },
            long_rows: LongRows::of(dataset),
        })
    }

    /// Whether a column is masked, so that no reject and no message may show a value.
    pub fn hides_values(&self) -> bool {
        self.values == Values::Hidden
    }

    /// The batch, typed.
    pub fn cast(&self, batch: &TextBatch) -> Result<Typed> {
        let rows = batch.rows();
        let mut faults = Faults::new(rows, self.values);
        let mut columns: Vec<_> = self.columns.iter().map(|column| column.begin(batch)).collect();
        for first_row in (0..rows).step_by(BLOCK_ROWS) {
            for column in &mut columns {
                column.take_block(BLOCK_ROWS.min(rows - first_row), first_row, &mut faults)?;
            }
        }
        let mut arrays = Vec::with_capacity(self.columns.len());
        for column in columns {
            arrays.extend(column.finish(&mut faults)?);
        }
        if let Some(long_rows) = &self.long_rows {
            long_rows.check(&arrays, rows, &mut faults);
        }
        let (is_bad, rejects, truncated) = faults.finish(batch, &self.names)?;
        Ok(Typed {
            columns: RecordBatch::try_new(SchemaRef::clone(&self.schema), arrays).map_err(bug)?,
            is_bad,
            rejects,
            truncated,
        })
    }
}

/// How texts become values of one type, and an array of them.
pub(crate) trait Typing: Debug + Send + Sync {
    /// An array in the making, of about so many rows.
    fn sink(&self, rows: usize) -> Box<dyn Sink + '_>;
}

/// An array in the making.
pub(crate) trait Sink {
    /// Adds a value for each text; null for null, and where a text is at fault. Every call but the last brings a
    /// multiple of 64 texts.
    fn push(&mut self, texts: &[Option<&str>], site: &mut Site<'_>);

    /// The array.
    fn finish(self: Box<Self>) -> Result<ArrayRef>;
}

/// The typing that a column asks for. Fails where one of its options cannot be carried out.
pub(crate) fn typing(column: &dataset::Column) -> Result<Box<dyn Typing>, String> {
    let (kind, marks, rounds) = (column.kind, Marks::of(column), column.round.is_some());
    Ok(match kind {
        Type::Smallint => Box::new(Primitive(whole::Whole { kind, marks, rounds, native: PhantomData::<Int16Type> })),
        Type::Integer => Box::new(Primitive(whole::Whole { kind, marks, rounds, native: PhantomData::<Int32Type> })),
        Type::Bigint => Box::new(Primitive(whole::Whole { kind, marks, rounds, native: PhantomData::<Int64Type> })),
        Type::Decimal { precision, scale } => {
            let data_type = schema::data_type(kind);
            Box::new(Primitive(decimal::Decimal::new((precision, scale), data_type, marks, rounds)))
        }
        Type::Real => Box::new(Primitive(float::Float { kind, marks, native: PhantomData::<Float32Type> })),
        Type::Double => Box::new(Primitive(float::Float { kind, marks, native: PhantomData::<Float64Type> })),
        Type::Boolean => Box::new(boolean::Boolean::new(column)),
        Type::Date => Box::new(Primitive(time::Date::new(column)?)),
        Type::Time => Box::new(Primitive(time::Clock::new(column)?)),
        Type::Timestamp | Type::Timestamptz => Box::new(Primitive(time::Moment::new(column, schema::data_type(kind))?)),
        Type::Char(most) => Box::new(Bytes(text::Char { most: most.into(), truncates: column.truncate })),
        Type::Varchar(most) => {
            Box::new(Bytes(text::Varchar { most: most.into(), truncates: column.truncate, case: None }))
        }
        Type::Super => Box::new(Bytes(text::Super { most: SUPER_BYTES.into() })),
        Type::Varbyte(most) => {
            let most = usize::try_from(most).map_err(|_| format!("{kind} is longer than this machine's memory"))?;
            Box::new(Bytes(varbyte::Varbyte { most }))
        }
    })
}

/// Whether texts are values of a type, told by what types them.
#[derive(Debug)]
pub(crate) struct Probe(Box<dyn Typing>);

impl Probe {
    /// Fails where one of the column's options cannot be carried out.
    pub fn new(column: &dataset::Column) -> Result<Self, String> {
        typing(column).map(Self)
    }

    /// Whether every text is a value.
    pub fn takes(&self, texts: &[Option<&str>]) -> bool {
        let mut faults = Faults::new(texts.len(), Values::Hidden);
        self.0.sink(texts.len()).push(texts, &mut faults.at(0, 0));
        faults.first().is_none()
    }
}

/// The typing that a column asks for, where it can put texts in a case by itself.
fn typing_in_case(column: &dataset::Column, case: Case) -> Option<Box<dyn Typing>> {
    let Type::Varchar(most) = column.kind else { return None };
    Some(Box::new(Bytes(text::Varchar { most: most.into(), truncates: column.truncate, case: Some(case) })))
}

/// The array of a few texts that stand in the dataset file, or what is wrong with the first that is at fault.
pub(crate) fn array(typing: &dyn Typing, texts: &[Option<&str>]) -> Result<ArrayRef, String> {
    let mut faults = Faults::new(texts.len(), Values::Shown);
    let mut sink = typing.sink(texts.len());
    sink.push(texts, &mut faults.at(0, 0));
    match faults.first() {
        Some(fault) => Err(fault.message.clone()),
        None => sink.finish().map_err(|error| error.to_string()),
    }
}

fn bug(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(Kind::Bug, "type", "a batch").because(what)
}

#[cfg(test)]
pub(crate) mod tests;
