//! Arrays as values: those of one column of the dataset, some rows of it.

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryViewArray, BooleanArray, FixedSizeBinaryArray, Float32Array, Float64Array,
    Int32Array, Int64Array, TimestampNanosecondArray, TimestampSecondArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{Float32Type, Float64Type, Int32Type, Int64Type, TimestampNanosecondType, TimestampSecondType};

use super::schema::{Kept, Shape};
use crate::typed::{Kind, Out, Scalar, half};

/// Values of one shape.
#[derive(Debug)]
pub struct Values {
    nulls: Option<NullBuffer>,
    nested: Nested,
}

#[derive(Debug)]
enum Nested {
    Leaf(Leaf, Kind),
    Record(Vec<(String, Values)>),
    List(OffsetBuffer<i32>, Box<Values>),
    Map(OffsetBuffer<i32>, Box<Values>, Box<Values>),
}

#[derive(Debug)]
enum Leaf {
    Boolean(BooleanArray),
    Int32(Int32Array),
    UInt32(Int32Array),
    Int64(Int64Array),
    UInt64(Int64Array),
    /// In nanoseconds, of which the upper bits are lost, and in seconds.
    Int96(TimestampNanosecondArray, TimestampSecondArray),
    Single(Float32Array),
    Double(Float64Array),
    Bytes(BinaryViewArray),
    Fixed(FixedSizeBinaryArray),
    Half(FixedSizeBinaryArray),
}

impl Values {
    /// The values of a shape in an array, and in that of their seconds where there is one, inside of so many records.
    /// `None` if the array is of another type: a bug.
    pub fn of(shape: &Shape, array: &ArrayRef, seconds: Option<&ArrayRef>, records: usize) -> Option<Self> {
        if records > 0 {
            let record = array.as_struct_opt()?;
            let seconds = match seconds {
                Some(seconds) => Some(seconds.as_struct_opt()?.columns().first()?),
                None => None,
            };
            let mut values = Self::of(shape, record.columns().first()?, seconds, records - 1)?;
            // A value that must be there is there also where its record is not, and means nothing.
            values.nulls = NullBuffer::union(record.nulls(), values.nulls.as_ref());
            return Some(values);
        }
        let nested = match shape {
            Shape::Leaf(kept, kind) => Nested::Leaf(Leaf::of(*kept, array, seconds)?, *kind),
            Shape::Record(fields) => {
                let record = array.as_struct_opt()?;
                let seconds = seconds.map(|seconds| seconds.as_struct_opt().map(|record| record.columns()));
                let fields = fields.iter().enumerate().map(|(index, (name, shape))| {
                    let seconds = seconds.flatten().and_then(|columns| columns.get(index));
                    Some((name.clone(), Self::of(shape, record.columns().get(index)?, seconds, 0)?))
                });
                Nested::Record(fields.collect::<Option<_>>()?)
            }
            Shape::List(item) => {
                let list = array.as_list_opt::<i32>()?;
                let seconds = seconds.and_then(|seconds| seconds.as_list_opt::<i32>()).map(|list| list.values());
                let items = Self::of(item, list.values(), seconds, 0)?;
                Nested::List(list.offsets().clone(), Box::new(items))
            }
            Shape::Map(key, value) => {
                let map = array.as_map_opt()?;
                let seconds = seconds.and_then(|seconds| seconds.as_map_opt());
                let keys = Self::of(key, map.keys(), seconds.map(|map| map.keys()), 0)?;
                let values = Self::of(value, map.values(), seconds.map(|map| map.values()), 0)?;
                Nested::Map(map.offsets().clone(), Box::new(keys), Box::new(values))
            }
        };
        Some(Self { nulls: array.logical_nulls(), nested })
    }

    /// The whole value of a column; says whether there is one.
    pub fn column(&self, row: usize, out: &mut Out<'_>) -> bool {
        if self.is_null(row) {
            return false;
        }
        match &self.nested {
            Nested::Leaf(leaf, kind) => out.scalar(*kind, leaf.scalar(row)),
            _ => self.json(row, out),
        }
        true
    }

    /// A value as JSON.
    fn json(&self, row: usize, out: &mut Out<'_>) {
        if self.is_null(row) {
            return out.push("null");
        }
        match &self.nested {
            Nested::Leaf(leaf, kind) => out.json_scalar(*kind, leaf.scalar(row)),
            Nested::Record(fields) => {
                out.push("{");
                for (index, (name, values)) in fields.iter().enumerate() {
                    out.push(if index == 0 { "" } else { "," });
                    out.json_text(name);
                    out.push(":");
                    values.json(row, out);
                }
                out.push("}");
            }
            Nested::List(offsets, items) => {
                out.push("[");
                for (index, item) in range(offsets, row).enumerate() {
                    out.push(if index == 0 { "" } else { "," });
                    items.json(item, out);
                }
                out.push("]");
            }
            Nested::Map(offsets, keys, values) => {
                out.push("{");
                for (index, entry) in range(offsets, row).enumerate() {
                    out.push(if index == 0 { "" } else { "," });
                    keys.key(entry, out);
                    out.push(":");
                    values.json(entry, out);
                }
                out.push("}");
            }
        }
    }

    /// A key of a map, as a JSON string whatever it is.
    fn key(&self, row: usize, out: &mut Out<'_>) {
        match &self.nested {
            Nested::Leaf(leaf, kind) if !self.is_null(row) && kind.is_json(leaf.scalar(row)) => {
                let mut text = String::new();
                kind.write(leaf.scalar(row), &mut text);
                out.json_text(&text);
            }
            Nested::Leaf(leaf, kind) if !self.is_null(row) => out.json_scalar(*kind, leaf.scalar(row)),
            _ => out.json_text("null"),
        }
    }

    fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }
}

/// The entries of a row of lists or maps.
fn range(offsets: &OffsetBuffer<i32>, row: usize) -> std::ops::Range<usize> {
    let place = |index: usize| offsets.get(index).and_then(|place| usize::try_from(*place).ok()).unwrap_or(0);
    place(row)..place(row + 1)
}

impl Leaf {
    fn of(kept: Kept, array: &ArrayRef, seconds: Option<&ArrayRef>) -> Option<Self> {
        Some(match kept {
            Kept::Boolean => Self::Boolean(array.as_boolean_opt()?.clone()),
            Kept::Int32 => Self::Int32(array.as_primitive_opt::<Int32Type>()?.clone()),
            Kept::UInt32 => Self::UInt32(array.as_primitive_opt::<Int32Type>()?.clone()),
            Kept::Int64 => Self::Int64(array.as_primitive_opt::<Int64Type>()?.clone()),
            Kept::UInt64 => Self::UInt64(array.as_primitive_opt::<Int64Type>()?.clone()),
            Kept::Int96 => Self::Int96(
                array.as_primitive_opt::<TimestampNanosecondType>()?.clone(),
                seconds?.as_primitive_opt::<TimestampSecondType>()?.clone(),
            ),
            Kept::Single => Self::Single(array.as_primitive_opt::<Float32Type>()?.clone()),
            Kept::Double => Self::Double(array.as_primitive_opt::<Float64Type>()?.clone()),
            Kept::Bytes => Self::Bytes(array.as_binary_view_opt()?.clone()),
            Kept::Fixed => Self::Fixed(array.as_fixed_size_binary_opt()?.clone()),
            Kept::Half => Self::Half(array.as_fixed_size_binary_opt()?.clone()),
        })
    }

    fn scalar(&self, row: usize) -> Scalar<'_> {
        match self {
            Self::Boolean(array) => Scalar::Boolean(array.value(row)),
            Self::Int32(array) => Scalar::Signed(array.value(row).into()),
            Self::UInt32(array) => Scalar::Unsigned(array.value(row).cast_unsigned().into()),
            Self::Int64(array) => Scalar::Signed(array.value(row)),
            Self::UInt64(array) => Scalar::Unsigned(array.value(row).cast_unsigned()),
            Self::Int96(nanos, seconds) => {
                // What is lost of the nanoseconds is what the seconds have.
                let seconds = seconds.value(row);
                let nanos = nanos.value(row).wrapping_sub(seconds.wrapping_mul(1_000_000_000));
                Scalar::Moment(seconds, nanos)
            }
            Self::Single(array) => Scalar::Single(array.value(row)),
            Self::Double(array) => Scalar::Double(array.value(row)),
            Self::Bytes(array) => Scalar::Bytes(array.value(row)),
            Self::Fixed(array) => Scalar::Bytes(array.value(row)),
            Self::Half(array) => match array.value(row) {
                [first, second] => Scalar::Single(half([*first, *second])),
                other => Scalar::Bytes(other),
            },
        }
    }
}
