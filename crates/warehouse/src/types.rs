//! The types of columns that the double knows: their names, their limits, and how they are kept.

use std::fmt;
use std::str::FromStr;

use arrow::datatypes::{DataType, Field, TimeUnit};
use datafusion::sql::sqlparser::ast::{self, CharacterLength, ExactNumberInfo, TimezoneInfo};

use crate::error::{SqlError, SqlResult};

/// The field metadata under which a column's Redshift type travels through the query engine.
const TYPE_KEY: &str = "redshift_type";

/// A column's type (facts/redshift-sql.md, types and literals).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Type {
    /// Two bytes.
    SmallInt,
    /// Four bytes.
    Integer,
    /// Eight bytes.
    BigInt,
    /// Exact, with precision and scale.
    Decimal(u8, i8),
    /// Four bytes, inexact.
    Real,
    /// Eight bytes, inexact.
    Double,
    /// True or false.
    Boolean,
    /// Text of at most so many bytes.
    Varchar(u32),
    /// A day.
    Date,
    /// A moment without a zone, to the microsecond.
    Timestamp,
}

/// `VARCHAR(MAX)`.
pub(crate) const MAX_VARCHAR: u32 = 65_535;
/// `VARCHAR` and `TEXT` without a length.
const DEFAULT_VARCHAR: u32 = 256;

impl fmt::Display for Type {
    /// The name as the catalog views show it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decimal(precision, scale) => write!(f, "numeric({precision},{scale})"),
            Self::Varchar(length) => write!(f, "character varying({length})"),
            other => f.write_str(other.name()),
        }
    }
}

impl FromStr for Type {
    type Err = SqlError;

    /// Reads what `Display` writes.
    fn from_str(text: &str) -> SqlResult<Self> {
        let number = |text: &str| text.parse::<u32>().map_err(SqlError::internal);
        if let Some(length) = text.strip_prefix("character varying(").and_then(|rest| rest.strip_suffix(')')) {
            return Ok(Self::Varchar(number(length)?));
        }
        if let Some(rest) = text.strip_prefix("numeric(").and_then(|rest| rest.strip_suffix(')')) {
            let (precision, scale) = rest.split_once(',').ok_or_else(|| SqlError::internal(text))?;
            return decimal(number(precision)?.into(), number(scale)?.into());
        }
        let plain = [
            Self::SmallInt,
            Self::Integer,
            Self::BigInt,
            Self::Real,
            Self::Double,
            Self::Boolean,
            Self::Date,
            Self::Timestamp,
        ];
        plain.into_iter().find(|known| known.name() == text).ok_or_else(|| SqlError::internal(format!("type {text}")))
    }
}

impl Type {
    /// The name without length or precision, as error texts and `svv_columns` say it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SmallInt => "smallint",
            Self::Integer => "integer",
            Self::BigInt => "bigint",
            Self::Decimal(..) => "numeric",
            Self::Real => "real",
            Self::Double => "double precision",
            Self::Boolean => "boolean",
            Self::Varchar(_) => "character varying",
            Self::Date => "date",
            Self::Timestamp => "timestamp without time zone",
        }
    }

    /// The name of `ColumnMetadata.typeName`.
    pub fn wire_name(&self) -> &'static str {
        match self {
            Self::SmallInt => "int2",
            Self::Integer => "int4",
            Self::BigInt => "int8",
            Self::Decimal(..) => "numeric",
            Self::Real => "float4",
            Self::Double => "float8",
            Self::Boolean => "bool",
            Self::Varchar(_) => "varchar",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
        }
    }

    /// How values of the type are kept.
    pub fn arrow(&self) -> DataType {
        match self {
            Self::SmallInt => DataType::Int16,
            Self::Integer => DataType::Int32,
            Self::BigInt => DataType::Int64,
            Self::Decimal(precision, scale) => DataType::Decimal128(*precision, *scale),
            Self::Real => DataType::Float32,
            Self::Double => DataType::Float64,
            Self::Boolean => DataType::Boolean,
            Self::Varchar(_) => DataType::Utf8,
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
        }
    }

    /// A field that carries the type through the query engine.
    pub(crate) fn field(&self, name: &str) -> Field {
        Field::new(name, self.arrow(), true).with_metadata([(TYPE_KEY.to_owned(), self.to_string())].into())
    }

    /// The type of a field of a result: the one it carries, else the one its values have.
    pub(crate) fn of_field(field: &Field) -> SqlResult<Self> {
        let carried = field.metadata().get(TYPE_KEY).map(|text| Self::from_str(text)).transpose()?;
        match carried {
            Some(carried) if carried.arrow() == *field.data_type() => Ok(carried),
            _ => Self::of_arrow(field.data_type()),
        }
    }

    fn of_arrow(data_type: &DataType) -> SqlResult<Self> {
        Ok(match data_type {
            DataType::Int8 | DataType::Int16 => Self::SmallInt,
            DataType::Int32 => Self::Integer,
            DataType::Int64 | DataType::UInt64 | DataType::UInt32 => Self::BigInt,
            DataType::Decimal128(precision, scale) if *scale >= 0 => Self::Decimal(*precision, *scale),
            DataType::Float32 => Self::Real,
            DataType::Float64 => Self::Double,
            DataType::Boolean => Self::Boolean,
            DataType::Utf8 | DataType::Utf8View | DataType::LargeUtf8 | DataType::Null => Self::Varchar(MAX_VARCHAR),
            DataType::Date32 => Self::Date,
            DataType::Timestamp(_, None) => Self::Timestamp,
            other => return Err(SqlError::unknown(format!("a value of the type {other}"))),
        })
    }

    /// Reads a type as SQL writes it.
    pub(crate) fn of_sql(data_type: &ast::DataType) -> SqlResult<Self> {
        use ast::DataType as D;
        Ok(match data_type {
            D::SmallInt(None) | D::Int2(None) => Self::SmallInt,
            D::Integer(None) | D::Int(None) | D::Int4(None) => Self::Integer,
            D::BigInt(None) | D::Int8(None) => Self::BigInt,
            D::Real | D::Float4 => Self::Real,
            D::DoublePrecision | D::Float8 | D::Float(ExactNumberInfo::None) => Self::Double,
            D::Bool | D::Boolean => Self::Boolean,
            D::Date => Self::Date,
            D::Timestamp(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => Self::Timestamp,
            D::Text => Self::Varchar(DEFAULT_VARCHAR),
            D::Varchar(length) | D::CharacterVarying(length) | D::Nvarchar(length) => varchar(length.as_ref())?,
            D::Decimal(info) | D::Numeric(info) | D::Dec(info) => match info {
                ExactNumberInfo::None => Self::Decimal(18, 0),
                ExactNumberInfo::Precision(precision) => decimal(signed(*precision)?, 0)?,
                ExactNumberInfo::PrecisionAndScale(precision, scale) => decimal(signed(*precision)?, *scale)?,
            },
            other => return Err(SqlError::unknown(format!("the type {other}"))),
        })
    }
}

fn signed(number: u64) -> SqlResult<i64> {
    i64::try_from(number).map_err(|_| SqlError::new(format!("DECIMAL precision {number} must be between 1 and 38")))
}

fn decimal(precision: i64, scale: i64) -> SqlResult<Type> {
    match (u8::try_from(precision), i8::try_from(scale)) {
        (Ok(p @ 1..=38), Ok(s @ 0..=37)) if scale <= precision => Ok(Type::Decimal(p, s)),
        (Ok(1..=38), _) => {
            Err(SqlError::new(format!("DECIMAL scale {scale} must be between 0 and precision {precision}")))
        }
        _ => Err(SqlError::new(format!("DECIMAL precision {precision} must be between 1 and 38"))),
    }
}

fn varchar(length: Option<&CharacterLength>) -> SqlResult<Type> {
    let bytes = match length {
        None => u64::from(DEFAULT_VARCHAR),
        Some(CharacterLength::Max) => u64::from(MAX_VARCHAR),
        Some(CharacterLength::IntegerLength { length, unit: None }) => *length,
        Some(other) => return Err(SqlError::unknown(format!("VARCHAR({other})"))),
    };
    match u32::try_from(bytes) {
        Ok(bytes @ 1..=MAX_VARCHAR) => Ok(Type::Varchar(bytes)),
        Ok(0) => Err(SqlError::new("length for type varchar must be at least 1")),
        _ => Err(SqlError::new(format!("length for type varchar cannot exceed {MAX_VARCHAR}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_read_back_from_its_name() {
        for ty in [Type::SmallInt, Type::Double, Type::Varchar(7), Type::Decimal(38, 37), Type::Timestamp] {
            assert_eq!(ty.to_string().parse(), Ok(ty));
        }
    }

    #[test]
    fn decimal_ends_at_38_37() {
        assert!(decimal(39, 0).is_err());
        assert!(decimal(38, 38).is_err());
        assert!(decimal(5, 6).is_err());
        assert_eq!(decimal(38, 37), Ok(Type::Decimal(38, 37)));
    }
}
