//! Which physical Parquet type goes into which column (facts/redshift-copy.md, type compatibility). What is unverified
//! there is refused here, except where a comment says otherwise.

use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::schema::types::ColumnDescriptor;

use crate::error::{SqlError, SqlResult};
use crate::types::Type;

/// Whether COPY loads the file's column into a column of the type.
pub(super) fn is_compatible(file: &ColumnDescriptor, ty: Type) -> bool {
    let (physical, logical, converted) = (file.physical_type(), file.logical_type_ref(), file.converted_type());
    match ty {
        Type::SmallInt => physical == Physical::INT32 && is_integer(logical, converted, 16),
        // A plain INT32 or INT64 has no annotation at all.
        Type::Integer => physical == Physical::INT32 && (is_plain(file) || is_integer(logical, converted, 32)),
        Type::BigInt => physical == Physical::INT64 && (is_plain(file) || is_integer(logical, converted, 64)),
        Type::Real => physical == Physical::FLOAT,
        Type::Double => physical == Physical::DOUBLE,
        Type::Boolean => physical == Physical::BOOLEAN,
        // Seen to load: INT64 and FIXED_LEN_BYTE_ARRAY. INT32 is what writers choose up to nine digits (unverified).
        Type::Decimal(precision, scale) => {
            matches!(physical, Physical::INT32 | Physical::INT64 | Physical::FIXED_LEN_BYTE_ARRAY)
                && converted == ConvertedType::DECIMAL
                && file.type_precision() == i32::from(precision)
                && file.type_scale() == i32::from(scale)
        }
        Type::Char(_) | Type::Varchar(_) => {
            physical == Physical::BYTE_ARRAY
                && (matches!(logical, Some(LogicalType::String)) || converted == ConvertedType::UTF8)
        }
        Type::Date => physical == Physical::INT32 && converted == ConvertedType::DATE,
        Type::Timestamp => physical == Physical::INT96 || is_micros(physical, logical, converted),
        // Bytes that are marked as text are unverified.
        Type::Varbyte(_) => physical == Physical::BYTE_ARRAY && is_plain(file),
        // See `check_target`.
        Type::Time | Type::Timestamptz | Type::Super => false,
    }
}

/// Whether COPY from Parquet loads into a column of the type at all.
pub(super) fn check_target(ty: Type) -> SqlResult<()> {
    match ty {
        Type::Super => Err(SqlError::new("SUPER column in COPY query requires SERIALIZETOJSON option")),
        Type::Time | Type::Timestamptz => Err(SqlError::unknown(format!(
            "a COPY from Parquet into {}, which is unverified; stage another type and cast",
            ty.name()
        ))),
        _ => Ok(()),
    }
}

fn is_plain(file: &ColumnDescriptor) -> bool {
    file.logical_type_ref().is_none() && file.converted_type() == ConvertedType::NONE
}

fn is_integer(logical: Option<&LogicalType>, converted: ConvertedType, bits: i8) -> bool {
    match logical {
        Some(LogicalType::Integer(integer)) => integer.bit_width == bits && integer.is_signed,
        Some(_) => false,
        None => {
            let plain = [(16, ConvertedType::INT_16), (32, ConvertedType::INT_32), (64, ConvertedType::INT_64)];
            plain.contains(&(bits, converted))
        }
    }
}

/// Microseconds, whether or not they are marked as UTC (the mark's effect is unverified).
fn is_micros(physical: Physical, logical: Option<&LogicalType>, converted: ConvertedType) -> bool {
    let micros = match logical {
        Some(LogicalType::Timestamp(timestamp)) => timestamp.unit == TimeUnit::MICROS,
        _ => converted == ConvertedType::TIMESTAMP_MICROS,
    };
    physical == Physical::INT64 && micros
}

/// The file's column as the scan's error shows it: `optional int64 l_orderkey [i:0 d:1 r:0]`.
pub(super) fn schema_text(file: &ColumnDescriptor, at: usize) -> String {
    let repetition = match file.self_type().get_basic_info().repetition() {
        Repetition::REQUIRED => "required",
        Repetition::OPTIONAL => "optional",
        Repetition::REPEATED => "repeated",
    };
    let physical = file.physical_type().to_string().to_lowercase();
    let (d, r) = (file.max_def_level(), file.max_rep_level());
    format!("{repetition} {physical} {} [i:{at} d:{d} r:{r}]", file.name())
}

/// The column's type as the scan's error names it.
pub(super) fn type_text(ty: Type) -> String {
    match ty {
        Type::Integer => "INT".into(),
        Type::Real => "FLOAT".into(),
        Type::Double => "DOUBLE".into(),
        Type::Char(_) => "CHAR".into(),
        Type::Varchar(_) => "VARCHAR".into(),
        // Unverified.
        Type::Varbyte(_) => "VARBYTE".into(),
        Type::Timestamp => "TIMESTAMP".into(),
        Type::Decimal(precision, scale) => format!("DECIMAL({precision},{scale})"),
        other => other.name().to_uppercase(),
    }
}
