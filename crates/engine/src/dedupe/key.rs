//! Keys of rows, computed column by column: on any thread, in any order.

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, StringArray};
use arrow::datatypes::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, Time64MicrosecondType,
    TimestampMicrosecondType,
};
use arrow::record_batch::RecordBatch;
use model::dataset::{Dataset, Dedupe};
use model::name::{DatasetName, Identifier};
use model::types::Type;
use model::{Error, Kind, Result};
use twox_hash::XxHash3_128;

use super::rows::{each, has_null, select};
use super::word::{Wide, Word};

/// Decimals of more digits are wider than 64 bits.
pub(super) const NARROW_DIGITS: u8 = 18;

/// The keys of a batch's good rows, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys(Words);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Words {
    /// The key columns themselves, mixed.
    Narrow(Vec<u64>),
    /// The key columns themselves, mixed, or their hash.
    Wide(Vec<Wide>),
}

impl Keys {
    /// How many rows.
    pub fn len(&self) -> usize {
        match &self.0 {
            Words::Narrow(keys) => keys.len(),
            Words::Wide(keys) => keys.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory held.
    pub fn bytes(&self) -> usize {
        match &self.0 {
            Words::Narrow(keys) => keys.capacity() * size_of::<u64>(),
            Words::Wide(keys) => keys.capacity() * size_of::<Wide>(),
        }
    }

    pub(super) fn words(&self) -> &Words {
        &self.0
    }
}

/// The key columns of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyColumns {
    dataset: DatasetName,
    columns: Vec<(Identifier, Type)>,
    form: Form,
}

/// How a row's key is held. It follows from the types alone, so that it is one for all batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// All columns side by side in 64 bits.
    Narrow,
    /// All columns side by side in 128 bits.
    Wide,
    /// A hash of 128 bits.
    Hash,
}

impl KeyColumns {
    /// The columns that make a row's key. `Config` where there is none, or one whose values cannot be compared.
    pub fn new(dataset: &Dataset, dedupe: &Dedupe) -> Result<Self> {
        let fault = |what: String| {
            let subject = format!("`dedupe.key` of dataset {}", dataset.dataset);
            Error::new(Kind::Config, "read", subject).because(what)
        };
        let columns = dedupe.key.iter().map(|name| match dataset.columns.get(name).map(|column| column.kind) {
            None => Err(fault(format!("there is no column `{name}`"))),
            Some(Type::Super) => Err(fault(format!("column `{name}` is super, whose values cannot be compared"))),
            Some(kind) => Ok((name.clone(), kind)),
        });
        let columns: Vec<_> = columns.collect::<Result<_>>()?;
        let form = match columns.iter().map(|(_, kind)| bits(*kind)).sum() {
            Some(0) => return Err(fault("it names no column".to_owned())),
            Some(..=64) => Form::Narrow,
            Some(..=128) => Form::Wide,
            _ => Form::Hash,
        };
        Ok(Self { dataset: dataset.dataset.clone(), columns, form })
    }

    /// The keys of a batch's good rows, all if no list says which. A null in one of them is a `Bug`, for key columns
    /// are required; so is a column that is missing or of another type than its dataset says.
    pub fn keys(&self, batch: &RecordBatch, good: Option<&[u32]>) -> Result<Keys> {
        let columns = self.columns.iter().map(|(name, kind)| {
            let array = batch.column_by_name(name.as_str()).filter(|array| !has_null(array, good));
            let column = array.and_then(|array| Column::of(array, *kind));
            column.ok_or_else(|| self.bug(&format!("key column `{name}` is missing, has a null or is of another type")))
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        let words = match self.form {
            Form::Narrow => select(narrow(columns), good).map(Words::Narrow),
            Form::Wide => select(wide(&columns, batch.num_rows()), good).map(Words::Wide),
            Form::Hash => match good {
                None => Some(Words::Wide(hashes(&columns, 0..batch.num_rows()))),
                Some(good) => Some(Words::Wide(hashes(&columns, good.iter().map(|row| *row as usize)))),
            },
        };
        words.map(Keys).ok_or_else(|| self.bug("a good row is none of its rows"))
    }

    pub(super) fn is_narrow(&self) -> bool {
        self.form == Form::Narrow
    }

    fn bug(&self, what: &str) -> Error {
        Error::new(Kind::Bug, "dedupe", format!("a batch of {}", self.dataset)).because(what)
    }
}

/// How many bits hold every value of a type; `None` where values differ in length.
fn bits(kind: Type) -> Option<u32> {
    match kind {
        Type::Boolean => Some(1),
        Type::Smallint => Some(16),
        Type::Integer | Type::Date | Type::Real => Some(32),
        Type::Bigint | Type::Double | Type::Time | Type::Timestamp | Type::Timestamptz => Some(64),
        Type::Decimal { precision: ..=NARROW_DIGITS, .. } => Some(64),
        Type::Decimal { .. } => Some(128),
        Type::Char(_) | Type::Varchar(_) | Type::Super | Type::Varbyte(_) => None,
    }
}

/// A column's values as they go into keys: equal where the warehouse finds them equal.
enum Column<'a> {
    /// Numbers of so many bits, 64 at most.
    Narrow(u32, Vec<u64>),
    /// Numbers of 128 bits.
    Wide(Vec<u128>),
    Text(&'a StringArray),
    Bytes(&'a BinaryArray),
}

impl<'a> Column<'a> {
    /// `None` if the array is of another type.
    fn of(array: &'a ArrayRef, kind: Type) -> Option<Self> {
        Some(match bits(kind) {
            Some(bits @ ..=64) => Self::Narrow(bits, numbers(array, kind)?),
            Some(_) => Self::Wide(each::<Decimal128Type, _>(array, i128::cast_unsigned)?),
            None if matches!(kind, Type::Varbyte(_)) => Self::Bytes(array.as_binary_opt()?),
            None => Self::Text(array.as_string_opt()?),
        })
    }

    /// The bytes of a value that is not a number.
    fn value(&self, row: usize) -> &[u8] {
        match self {
            // Blanks are spaces alone: Redshift tells a tab or a no-break space at the end from none.
            Self::Text(array) if row < array.len() => array.value(row).trim_end_matches(' ').as_bytes(),
            Self::Bytes(array) if row < array.len() => array.value(row),
            _ => &[],
        }
    }

    /// Writes what stands for the row's value, behind which another column's may follow: values of differing length
    /// have theirs in front.
    fn write(&self, row: usize, bytes: &mut Vec<u8>) {
        match self {
            Self::Narrow(_, values) => {
                bytes.extend_from_slice(&values.get(row).copied().unwrap_or_default().to_le_bytes());
            }
            Self::Wide(values) => {
                bytes.extend_from_slice(&values.get(row).copied().unwrap_or_default().to_le_bytes());
            }
            Self::Text(_) | Self::Bytes(_) => {
                let value = self.value(row);
                bytes.extend_from_slice(&(value.len() as u64).to_le_bytes());
                bytes.extend_from_slice(value);
            }
        }
    }
}

/// The values of a column of at most 64 bits, as unsigned numbers of as many bits.
fn numbers(array: &ArrayRef, kind: Type) -> Option<Vec<u64>> {
    match kind {
        Type::Boolean => Some(array.as_boolean_opt()?.values().iter().map(u64::from).collect()),
        Type::Smallint => each::<Int16Type, _>(array, |value| u64::from(value.cast_unsigned())),
        Type::Integer => each::<Int32Type, _>(array, |value| u64::from(value.cast_unsigned())),
        Type::Date => each::<Date32Type, _>(array, |value| u64::from(value.cast_unsigned())),
        Type::Bigint => each::<Int64Type, _>(array, i64::cast_unsigned),
        Type::Time => each::<Time64MicrosecondType, _>(array, i64::cast_unsigned),
        Type::Timestamp | Type::Timestamptz => each::<TimestampMicrosecondType, _>(array, i64::cast_unsigned),
        // Zero is added so that minus zero becomes zero.
        Type::Real => each::<Float32Type, _>(array, |value| u64::from((value + 0.0).to_bits())),
        Type::Double => each::<Float64Type, _>(array, |value| (value + 0.0).to_bits()),
        Type::Decimal { .. } => {
            let values = array.as_primitive_opt::<Decimal128Type>()?.iter();
            values.map(|value| i64::try_from(value.unwrap_or_default()).ok().map(i64::cast_unsigned)).collect()
        }
        Type::Char(_) | Type::Varchar(_) | Type::Super | Type::Varbyte(_) => None,
    }
}

/// Columns side by side in 64 bits, mixed.
fn narrow(columns: Vec<Column<'_>>) -> Vec<u64> {
    let columns = columns.into_iter().filter_map(|column| match column {
        Column::Narrow(bits, values) => Some((bits, values)),
        _ => None,
    });
    let joined = columns.reduce(|(wide, mut keys), (bits, values)| {
        // Both have bits, and together 64 at most: the shift is by less than 64.
        keys.iter_mut().zip(values).for_each(|(key, value)| *key = (*key << bits) | value);
        (wide + bits, keys)
    });
    let (_, mut keys) = joined.unwrap_or_default();
    keys.iter_mut().for_each(|key| *key = key.mixed());
    keys
}

/// Columns side by side in 128 bits, mixed.
fn wide(columns: &[Column<'_>], rows: usize) -> Vec<Wide> {
    let mut keys = vec![0u128; rows];
    for column in columns {
        match column {
            Column::Narrow(bits, values) => {
                keys.iter_mut().zip(values).for_each(|(key, value)| *key = (*key << bits) | u128::from(*value));
            }
            // It is alone: it takes all the bits.
            Column::Wide(values) => keys.copy_from_slice(values),
            Column::Text(_) | Column::Bytes(_) => {}
        }
    }
    keys.into_iter().map(|key| Wide::from(key).mixed()).collect()
}

/// A hash of all columns. XXH3 is not made to withstand those who look for collisions; whoever writes the file and wants
/// a row to be lost can leave it out.
fn hashes(columns: &[Column<'_>], rows: impl Iterator<Item = usize>) -> Vec<Wide> {
    // One text needs nothing around it.
    if let [column @ (Column::Text(_) | Column::Bytes(_))] = columns {
        return rows.map(|row| Wide::from(XxHash3_128::oneshot(column.value(row)))).collect();
    }
    let mut bytes = Vec::new();
    let hash = |row| {
        bytes.clear();
        columns.iter().for_each(|column| column.write(row, &mut bytes));
        Wide::from(XxHash3_128::oneshot(&bytes))
    };
    rows.map(hash).collect()
}

#[cfg(test)]
#[path = "key_tests.rs"]
mod tests;
