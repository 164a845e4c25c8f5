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
    /// Text of so many bytes, each one character, filled up with blanks. The blanks are kept nowhere: they mean nothing
    /// in a comparison, a length or another type, and are shown only in a result (see `text::shown`).
    Char(u32),
    /// Text of at most so many bytes.
    Varchar(u32),
    /// A day.
    Date,
    /// A time of day, to the microsecond.
    Time,
    /// A moment without a zone, to the microsecond.
    Timestamp,
    /// A moment in UTC, to the microsecond.
    Timestamptz,
    /// A JSON value, kept as text without blanks between its parts.
    Super,
    /// At most so many bytes.
    Varbyte(u32),
}

/// `VARCHAR(MAX)`.
pub(crate) const MAX_VARCHAR: u32 = 65_535;
/// `VARCHAR` and `TEXT` without a length.
const DEFAULT_VARCHAR: u32 = 256;
const MAX_CHAR: u32 = 4096;
/// `CHAR` without a length.
const DEFAULT_CHAR: u32 = 1;
/// 2023's Developer Guide; newer ones have 16 MB (unverified).
const MAX_VARBYTE: u32 = 1_024_000;
/// `VARBYTE` without a length (Developer Guide).
const DEFAULT_VARBYTE: u32 = 64_000;
/// The type of a text that is written out.
pub(crate) const UNTYPED: Type = Type::Varchar(MAX_VARCHAR);
/// The zone of every `Timestamptz`: arrow wants one.
const UTC: &str = "UTC";

impl fmt::Display for Type {
    /// The name as the catalog views show it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decimal(precision, scale) => write!(f, "numeric({precision},{scale})"),
            Self::Char(length) | Self::Varchar(length) | Self::Varbyte(length) => {
                write!(f, "{}({length})", self.name())
            }
            other => f.write_str(other.name()),
        }
    }
}

impl FromStr for Type {
    type Err = SqlError;

    /// Reads what `Display` writes.
    fn from_str(text: &str) -> SqlResult<Self> {
        let number = |text: &str| text.parse::<u32>().map_err(SqlError::internal);
        if let Some((name, length)) = text.strip_suffix(')').and_then(|rest| rest.split_once('(')) {
            match name {
                "character" => return Ok(Self::Char(number(length)?)),
                "character varying" => return Ok(Self::Varchar(number(length)?)),
                "binary varying" => return Ok(Self::Varbyte(number(length)?)),
                _ => {}
            }
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
            Self::Time,
            Self::Timestamp,
            Self::Timestamptz,
            Self::Super,
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
            Self::Char(_) => "character",
            Self::Varchar(_) => "character varying",
            Self::Date => "date",
            Self::Time => "time without time zone",
            Self::Timestamp => "timestamp without time zone",
            Self::Timestamptz => "timestamp with time zone",
            Self::Super => "super",
            Self::Varbyte(_) => "binary varying",
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
            Self::Char(_) => "bpchar",
            Self::Varchar(_) => "varchar",
            Self::Date => "date",
            Self::Time => "time",
            Self::Timestamp => "timestamp",
            Self::Timestamptz => "timestamptz",
            Self::Super => "super",
            Self::Varbyte(_) => "varbyte",
        }
    }

    /// Whether values are numbers.
    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::SmallInt | Self::Integer | Self::BigInt | Self::Decimal(..) | Self::Real | Self::Double)
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
            Self::Char(_) | Self::Varchar(_) | Self::Super => DataType::Utf8,
            Self::Date => DataType::Date32,
            Self::Time => DataType::Time64(TimeUnit::Microsecond),
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Timestamptz => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
            Self::Varbyte(_) => DataType::Binary,
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
            DataType::Time64(TimeUnit::Microsecond) => Self::Time,
            DataType::Timestamp(_, None) => Self::Timestamp,
            DataType::Timestamp(_, Some(zone)) if **zone == *UTC => Self::Timestamptz,
            DataType::Binary | DataType::BinaryView | DataType::LargeBinary => Self::Varbyte(MAX_VARBYTE),
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
            D::Time(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => Self::Time,
            D::Timestamp(None, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => Self::Timestamp,
            D::Timestamp(None, TimezoneInfo::Tz | TimezoneInfo::WithTimeZone) => Self::Timestamptz,
            D::Text => Self::Varchar(DEFAULT_VARCHAR),
            D::Char(length) | D::Character(length) => {
                Self::Char(characters("char", length.as_ref(), DEFAULT_CHAR, MAX_CHAR)?)
            }
            D::Varchar(length) | D::CharacterVarying(length) | D::Nvarchar(length) => {
                Self::Varchar(characters("varchar", length.as_ref(), DEFAULT_VARCHAR, MAX_VARCHAR)?)
            }
            D::Custom(name, arguments) => custom(&name.to_string().to_lowercase(), arguments)
                .unwrap_or_else(|| Err(SqlError::unknown(format!("the type {data_type}"))))?,
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

/// The length of a character type.
fn characters(ty: &str, length: Option<&CharacterLength>, default: u32, most: u32) -> SqlResult<u32> {
    match length {
        None => Ok(default),
        Some(CharacterLength::Max) => Ok(most),
        Some(CharacterLength::IntegerLength { length, unit: None }) => bytes(ty, Some(*length), most),
        Some(other) => Err(SqlError::unknown(format!("{}({other})", ty.to_uppercase()))),
    }
}

/// A length that a type takes; `None` is more than any does.
fn bytes(ty: &str, length: Option<u64>, most: u32) -> SqlResult<u32> {
    match length.and_then(|length| u32::try_from(length).ok()) {
        Some(0) => Err(SqlError::new(format!("length for type {ty} must be at least 1"))),
        Some(length) if length <= most => Ok(length),
        _ => Err(SqlError::new(format!("length for type {ty} cannot exceed {most}"))),
    }
}

/// The types that the parser has no words for.
fn custom(name: &str, arguments: &[String]) -> Option<SqlResult<Type>> {
    match (name, arguments) {
        ("super", []) => Some(Ok(Type::Super)),
        ("varbyte", []) => Some(Ok(Type::Varbyte(DEFAULT_VARBYTE))),
        ("varbyte", [length]) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(bytes("varbyte", length.parse().ok(), MAX_VARBYTE).map(Type::Varbyte))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_read_back_from_its_name() {
        let types = [
            Type::SmallInt,
            Type::Integer,
            Type::BigInt,
            Type::Decimal(38, 37),
            Type::Real,
            Type::Double,
            Type::Boolean,
            Type::Char(4096),
            Type::Varchar(7),
            Type::Date,
            Type::Time,
            Type::Timestamp,
            Type::Timestamptz,
            Type::Super,
            Type::Varbyte(1_024_000),
        ];
        for ty in types {
            assert_eq!(ty.to_string().parse(), Ok(ty));
            assert_eq!(Type::of_field(&ty.field("c")), Ok(ty));
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
