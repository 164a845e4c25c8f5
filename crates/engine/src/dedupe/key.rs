//! Keys of rows, computed column by column: on any thread, in any order.

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, PrimitiveArray, StringArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type,
    Int64Type, Time64MicrosecondType, TimeUnit, TimestampMicrosecondType,
};
use model::{Error, Kind, Result};
use twox_hash::XxHash3_128;

use super::word::{Wide, Word};

/// Decimals of more digits are wider than 64 bits.
pub(super) const NARROW_DECIMAL: u8 = 18;

/// The keys of some rows, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys(Values);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Values {
    /// The key columns themselves, mixed.
    Narrow(Vec<u64>),
    /// The key columns themselves, mixed, or their hash.
    Wide(Vec<Wide>),
}

impl Keys {
    /// How many rows.
    pub fn len(&self) -> usize {
        match &self.0 {
            Values::Narrow(keys) => keys.len(),
            Values::Wide(keys) => keys.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of memory held.
    pub fn bytes(&self) -> usize {
        match &self.0 {
            Values::Narrow(keys) => keys.capacity() * size_of::<u64>(),
            Values::Wide(keys) => keys.capacity() * size_of::<Wide>(),
        }
    }

    pub(super) fn values(&self) -> &Values {
        &self.0
    }
}

/// The key columns of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyColumns {
    dataset: String,
    columns: Vec<(String, Part)>,
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

/// How a column's value goes into a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// As this many bits, 64 at most.
    Narrow(u32),
    /// As 128 bits.
    Wide,
    /// As a text without its trailing blanks.
    Text,
    /// As bytes.
    Bytes,
}

impl Part {
    fn of(kind: &DataType) -> Option<Self> {
        Some(match kind {
            DataType::Boolean => Self::Narrow(8),
            DataType::Int16 => Self::Narrow(16),
            DataType::Int32 | DataType::Date32 | DataType::Float32 => Self::Narrow(32),
            DataType::Int64
            | DataType::Float64
            | DataType::Time64(TimeUnit::Microsecond)
            | DataType::Timestamp(TimeUnit::Microsecond, _) => Self::Narrow(64),
            DataType::Decimal128(1..=NARROW_DECIMAL, _) => Self::Narrow(64),
            DataType::Decimal128(..) => Self::Wide,
            DataType::Utf8 => Self::Text,
            DataType::Binary => Self::Bytes,
            _ => return None,
        })
    }

    /// Its bits; `None` where values differ in length.
    fn bits(self) -> Option<u32> {
        match self {
            Self::Narrow(bits) => Some(bits),
            Self::Wide => Some(128),
            Self::Text | Self::Bytes => None,
        }
    }
}

impl KeyColumns {
    /// The columns that make a row's key, by name and type. `Config` where there is none, or a type is not one of the
    /// warehouse's that can be compared.
    pub fn new<'a>(dataset: &str, columns: impl IntoIterator<Item = (&'a str, &'a DataType)>) -> Result<Self> {
        let fault =
            |what: String| Error::new(Kind::Config, "read", format!("`dedupe.key` of dataset {dataset}")).because(what);
        let part = |(name, kind): (&'a str, &'a DataType)| match Part::of(kind) {
            Some(part) => Ok((name.to_owned(), part)),
            None => Err(fault(format!("column `{name}` is {kind}, which cannot be compared"))),
        };
        let columns: Vec<_> = columns.into_iter().map(part).collect::<Result<_>>()?;
        if columns.is_empty() {
            return Err(fault("it names no column".to_owned()));
        }
        let form = match columns.iter().map(|(_, part)| part.bits()).sum() {
            Some(0..=64) => Form::Narrow,
            Some(65..=128) => Form::Wide,
            _ => Form::Hash,
        };
        Ok(Self { dataset: dataset.to_owned(), columns, form })
    }

    pub(super) fn is_narrow(&self) -> bool {
        self.form == Form::Narrow
    }

    /// The key of each row, given the key columns' arrays in the order of the columns. The rows are good ones: they
    /// have no nulls, for key columns are required. A null, another type, or arrays of different lengths is a `Bug`.
    pub fn keys(&self, arrays: &[ArrayRef]) -> Result<Keys> {
        let rows = arrays.first().map_or(0, |array| array.len());
        if arrays.len() != self.columns.len() || arrays.iter().any(|array| array.len() != rows) {
            return Err(self.bug("the arrays are not those of its key columns"));
        }
        let columns = arrays.iter().zip(&self.columns).map(|(array, (name, part))| {
            let column = if array.null_count() == 0 { Column::of(array, *part) } else { None };
            column.ok_or_else(|| self.bug(&format!("key column `{name}` has a null or another type")))
        });
        let columns = columns.collect::<Result<Vec<_>>>()?;
        Ok(Keys(match self.form {
            Form::Narrow => Values::Narrow(narrow(columns, rows)),
            Form::Wide => Values::Wide(wide(&columns, rows)),
            Form::Hash => Values::Wide(hashes(&columns, rows)),
        }))
    }

    fn bug(&self, what: &str) -> Error {
        Error::new(Kind::Bug, "dedupe", format!("a batch of {}", self.dataset)).because(what)
    }
}

/// A column's values as they go into keys: equal where the warehouse finds them equal.
enum Column<'a> {
    /// Numbers below two to the power of the bits.
    Narrow(u32, Vec<u64>),
    Wide(Vec<u128>),
    Text(&'a StringArray),
    Bytes(&'a BinaryArray),
}

impl<'a> Column<'a> {
    /// `None` if the array is of another type.
    fn of(array: &'a ArrayRef, part: Part) -> Option<Self> {
        Some(match part {
            Part::Narrow(bits) => Self::Narrow(bits, numbers(array)?),
            Part::Wide => {
                let values = array.as_primitive_opt::<Decimal128Type>()?.values().iter();
                Self::Wide(values.map(|value| value.cast_unsigned()).collect())
            }
            Part::Text => Self::Text(array.as_string_opt()?),
            Part::Bytes => Self::Bytes(array.as_binary_opt()?),
        })
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

    /// The bytes of a value that is not a number.
    fn value(&self, row: usize) -> &[u8] {
        match self {
            // Blanks are spaces alone: Redshift tells a tab or a no-break space at the end from none.
            Self::Text(array) => array.value(row).trim_end_matches(' ').as_bytes(),
            Self::Bytes(array) => array.value(row),
            Self::Narrow(..) | Self::Wide(_) => &[],
        }
    }
}

/// The values of a column of at most 64 bits, as unsigned numbers of as many bits.
fn numbers(array: &ArrayRef) -> Option<Vec<u64>> {
    fn each<T: ArrowPrimitiveType>(array: &ArrayRef, number: impl Fn(T::Native) -> u64) -> Option<Vec<u64>> {
        let array: &PrimitiveArray<T> = array.as_primitive_opt()?;
        Some(array.values().iter().map(|value| number(*value)).collect())
    }
    match array.data_type() {
        DataType::Boolean => Some(array.as_boolean_opt()?.values().iter().map(u64::from).collect()),
        DataType::Int16 => each::<Int16Type>(array, |value| u64::from(value.cast_unsigned())),
        DataType::Int32 => each::<Int32Type>(array, |value| u64::from(value.cast_unsigned())),
        DataType::Date32 => each::<Date32Type>(array, |value| u64::from(value.cast_unsigned())),
        DataType::Int64 => each::<Int64Type>(array, i64::cast_unsigned),
        DataType::Time64(TimeUnit::Microsecond) => each::<Time64MicrosecondType>(array, i64::cast_unsigned),
        DataType::Timestamp(TimeUnit::Microsecond, _) => each::<TimestampMicrosecondType>(array, i64::cast_unsigned),
        // Zero is added so that minus zero becomes zero.
        DataType::Float32 => each::<Float32Type>(array, |value| u64::from((value + 0.0).to_bits())),
        DataType::Float64 => each::<Float64Type>(array, |value| (value + 0.0).to_bits()),
        DataType::Decimal128(1..=NARROW_DECIMAL, _) => {
            let values = array.as_primitive_opt::<Decimal128Type>()?.values().iter();
            values.map(|value| i64::try_from(*value).ok().map(i64::cast_unsigned)).collect()
        }
        _ => None,
    }
}

/// Columns side by side in 64 bits, mixed.
fn narrow(columns: Vec<Column<'_>>, rows: usize) -> Vec<u64> {
    let joined = columns.into_iter().filter_map(|column| match column {
        Column::Narrow(bits, values) => Some((bits, values)),
        _ => None,
    });
    let joined = joined.reduce(|(wide, mut keys), (bits, values)| {
        // Together they have at most 64 bits and each has one, so the shift is by less than 64.
        keys.iter_mut().zip(values).for_each(|(key, value)| *key = (*key << bits) | value);
        (wide + bits, keys)
    });
    let mut keys = joined.map_or_else(|| vec![0; rows], |(_, keys)| keys);
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
            Column::Wide(values) => keys.clone_from(values),
            Column::Text(_) | Column::Bytes(_) => {}
        }
    }
    keys.into_iter().map(|key| Wide::from(key).mixed()).collect()
}

/// A hash of all columns. XXH3 is not made against those who look for collisions; who writes the file can drop a row
/// by leaving it out.
fn hashes(columns: &[Column<'_>], rows: usize) -> Vec<Wide> {
    // One text needs nothing around it.
    if let [column @ (Column::Text(_) | Column::Bytes(_))] = columns {
        return (0..rows).map(|row| Wide::from(XxHash3_128::oneshot(column.value(row)))).collect();
    }
    let mut bytes = Vec::new();
    let hash = |row| {
        bytes.clear();
        columns.iter().for_each(|column| column.write(row, &mut bytes));
        Wide::from(XxHash3_128::oneshot(&bytes))
    };
    (0..rows).map(hash).collect()
}

#[cfg(test)]
#[path = "key_tests.rs"]
mod tests;
