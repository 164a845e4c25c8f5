//! The one table of types: what each is in memory, in a file, in staging, in the target table, in `svv_columns` and in
//! Glue.
//!
//! ```text
//! dataset ─► rows in memory ─► Parquet ─► COPY ─► staging ─► INSERT .. SELECT ─► target table
//!   Type        memory          file               staged       published           redshift, view
//!                                 └─► Glue, Athena, Spectrum: glue
//! ```
//!
//! COPY takes Parquet columns by position and is strict about physical types (facts/redshift-copy.md, type
//! compatibility); so a type's physical type is its own, and its staging column is of the type that takes it. INT64 and
//! FIXED_LEN_BYTE_ARRAY decimals are seen to load; INT32 ones are what Spark writes, and are (U). Four types differ on
//! their way:
//!
//! - time: whether COPY takes Parquet's TIME is (U), and neither Hive nor Spectrum has such a type. A file has the text
//!   `05:17:00.25`, which all of them read; it is staged as that text, and cast.
//! - timestamptz: whether COPY takes a TIMESTAMP into one, and what the mark of UTC does to it, is (U). A moment is written
//!   and staged as a timestamp is, which is seen to load, and said to be in UTC on publish. A plain cast would take it for
//!   one in the session's time zone.
//! - super: from a string, COPY makes a super that is a string (U), and refuses the column without SERIALIZETOJSON. It is
//!   staged as its JSON text, and parsed: text that is no JSON fails the publish, so the files hold none.
//! - char and varchar are `string` in Glue: Athena and Spectrum cut a longer value at a `varchar(n)` in silence. Hive has
//!   no time of day, no JSON and no moment either.
//!
//! Other places hold no such knowledge: `engine::schema` makes arrow's types of [`Form`], the loader its DDL, its publish
//! and its preflight of [`Row`], the catalog Glue's words. Tests hold the forms against files as they are written
//! (`engine::schema`), and every type's extremes against the warehouse (`tests/pipeline/extremes.rs`).

use std::fmt;

use super::{SUPER_BYTES, Type};

/// What a type is, in every place where its values are: a row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// While rows are in memory.
    pub memory: Form,
    /// In the files of the lake.
    pub file: Form,
    /// The type of its column in staging.
    pub staged: Type,
    /// How the target's value is made of the staged one.
    pub published: Published,
    /// In Redshift's DDL.
    pub redshift: String,
    /// What `svv_columns` calls it: the long names of PostgreSQL, without length and digits, which have columns of their
    /// own (U). What it calls super and varbyte, which PostgreSQL does not have, is (U) too.
    pub view: &'static str,
    /// In the Glue Data Catalog (facts/glue.md, type names): of what the files hold.
    pub glue: String,
}

/// The text of a time of day is no longer than `23:59:59.999999`.
const TIME_BYTES: u16 = 15;

impl Type {
    /// The type's row of the table.
    pub fn row(self) -> Row {
        let as_text = |form, view| self.plain(form, view, "string");
        match self {
            Self::Smallint => self.plain(Form::Int16, "smallint", "smallint"),
            Self::Integer => self.plain(Form::Int32, "integer", "int"),
            Self::Bigint => self.plain(Form::Int64, "bigint", "bigint"),
            Self::Decimal { precision, scale } => {
                self.plain(Form::Decimal { precision, scale }, "numeric", &self.to_string())
            }
            Self::Real => self.plain(Form::Float32, "real", "float"),
            Self::Double => {
                let redshift = "double precision".to_owned();
                Row { redshift, ..self.plain(Form::Float64, "double precision", "double") }
            }
            Self::Boolean => self.plain(Form::Boolean, "boolean", "boolean"),
            Self::Date => self.plain(Form::Date, "date", "date"),
            Self::Time => Row {
                file: Form::Text,
                staged: Self::Varchar(TIME_BYTES),
                published: Published::CAST_TO_TIME,
                ..as_text(Form::Time, "time without time zone")
            },
            Self::Timestamp => self.plain(Form::Timestamp, "timestamp without time zone", "timestamp"),
            Self::Timestamptz => Row {
                file: Form::Timestamp,
                staged: Self::Timestamp,
                published: Published::SAID_TO_BE_UTC,
                ..self.plain(Form::Moment, "timestamp with time zone", "timestamp")
            },
            Self::Char(_) => as_text(Form::Text, "character"),
            Self::Varchar(_) => as_text(Form::Text, "character varying"),
            Self::Super => Row {
                staged: Self::Varchar(SUPER_BYTES),
                published: Published::PARSED_JSON,
                ..as_text(Form::Text, "super")
            },
            Self::Varbyte(_) => self.plain(Form::Bytes, "binary varying", "binary"),
        }
    }

    /// A type that is the same everywhere.
    fn plain(self, form: Form, view: &'static str, glue: &str) -> Row {
        Row {
            memory: form,
            file: form,
            staged: self,
            published: Published::AS_STAGED,
            redshift: self.to_string(),
            view,
            glue: glue.to_owned(),
        }
    }

    /// The type of a column that `svv_columns` tells of, by the name, the length and the digits it has there; `None` where
    /// datasets have no such type.
    pub fn of_view(name: &str, length: Option<u64>, precision: Option<u64>, scale: Option<u64>) -> Option<Self> {
        let bytes = length.and_then(|length| u16::try_from(length).ok());
        let [precision, scale] = [precision, scale].map(|digits| digits.and_then(|digits| u8::try_from(digits).ok()));
        let decimal = precision.zip(scale).map(|(precision, scale)| Self::Decimal { precision, scale });
        let varbyte = length.and_then(|length| u32::try_from(length).ok()).map(Self::Varbyte);
        let sized = [decimal, bytes.map(Self::Char), bytes.map(Self::Varchar), varbyte].into_iter().flatten();
        let found = Self::OF_ONE_SIZE.iter().copied().chain(sized).find(|kind| kind.row().view == name)?;
        // A length of none, or digits that no dataset may name, are no type of ours.
        Self::parse(&found.to_string()).ok()
    }

    /// The types without length and digits.
    const OF_ONE_SIZE: &[Self] = &[
        Self::Smallint,
        Self::Integer,
        Self::Bigint,
        Self::Real,
        Self::Double,
        Self::Boolean,
        Self::Date,
        Self::Time,
        Self::Timestamp,
        Self::Timestamptz,
        Self::Super,
    ];
}

/// How the target's value is made of the staged one: what stands before and behind its column in the SELECT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    before: &'static str,
    behind: &'static str,
}

impl Published {
    const AS_STAGED: Self = Self { before: "", behind: "" };
    const CAST_TO_TIME: Self = Self { before: "CAST(", behind: " AS time)" };
    const SAID_TO_BE_UTC: Self = Self { before: "", behind: " AT TIME ZONE 'UTC'" };
    const PARSED_JSON: Self = Self { before: "JSON_PARSE(", behind: ")" };

    /// The expression of a column, which is quoted.
    pub fn of(self, column: &str) -> String {
        format!("{}{column}{}", self.before, self.behind)
    }
}

/// How values are kept, in memory by arrow and in a file by Parquet. The names are arrow's types'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// 16 bits, signed.
    Int16,
    /// 32 bits, signed.
    Int32,
    /// 64 bits, signed.
    Int64,
    /// Exact digits, in 128 bits.
    Decimal {
        /// All digits.
        precision: u8,
        /// Digits behind the point.
        scale: u8,
    },
    /// 32 bits, floating.
    Float32,
    /// 64 bits, floating.
    Float64,
    /// A bit.
    Boolean,
    /// Days since 1970.
    Date,
    /// Microseconds since midnight.
    Time,
    /// Microseconds since 1970, of no zone.
    Timestamp,
    /// Microseconds since 1970 in UTC, and said to be.
    Moment,
    /// UTF-8.
    Text,
    /// Bytes of any kind.
    Bytes,
}

impl Form {
    /// What Parquet keeps it as.
    pub fn parquet(self) -> Parquet {
        let micros = |is_utc| Logical::Timestamp { unit: Unit::Micros, is_utc };
        let (physical, logical) = match self {
            Self::Int16 => (Physical::Int32, Logical::Integer { bits: 16, is_signed: true }),
            Self::Int32 => (Physical::Int32, Logical::None),
            Self::Int64 => (Physical::Int64, Logical::None),
            Self::Decimal { precision, scale } => {
                (decimal(precision), Logical::Decimal { precision: precision.into(), scale: scale.into() })
            }
            Self::Float32 => (Physical::Float, Logical::None),
            Self::Float64 => (Physical::Double, Logical::None),
            Self::Boolean => (Physical::Boolean, Logical::None),
            Self::Date => (Physical::Int32, Logical::Date),
            Self::Time => (Physical::Int64, Logical::Time { unit: Unit::Micros, is_utc: false }),
            Self::Timestamp => (Physical::Int64, micros(false)),
            Self::Moment => (Physical::Int64, micros(true)),
            Self::Text => (Physical::ByteArray, Logical::String),
            Self::Bytes => (Physical::ByteArray, Logical::None),
        };
        Parquet { physical, logical }
    }
}

/// The bytes of a whole number up to 18 digits, else the fewest that hold the digits and a sign. One digit lies in 64 bits
/// though 32 would do: arrow's writer has it so, and what it writes is what is held here.
fn decimal(precision: u8) -> Physical {
    match precision {
        2..=9 => Physical::Int32,
        ..=18 => Physical::Int64,
        _ => {
            let holds = |bytes: &u32| 10u128.pow(precision.min(38).into()) <= 1 << (8 * bytes - 1);
            Physical::FixedLenByteArray((1..16).find(holds).unwrap_or(16))
        }
    }
}

/// The type of a column of a Parquet file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parquet {
    /// How its values lie there.
    pub physical: Physical,
    /// What they mean.
    pub logical: Logical,
}

/// How values lie in a Parquet file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Physical {
    /// A bit.
    Boolean,
    /// 32 bits.
    Int32,
    /// 64 bits.
    Int64,
    /// 96 bits: moments of old writers.
    Int96,
    /// 32 bits, floating.
    Float,
    /// 64 bits, floating.
    Double,
    /// Bytes, with their length.
    ByteArray,
    /// So many bytes.
    FixedLenByteArray(u32),
}

/// What values of a Parquet file mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logical {
    /// What their physical type says.
    None,
    /// UTF-8.
    String,
    /// A whole number of fewer bits than it lies in, or one without sign.
    Integer {
        /// Its bits.
        bits: u8,
        /// Whether it has a sign.
        is_signed: bool,
    },
    /// An exact number.
    Decimal {
        /// All digits.
        precision: u32,
        /// Digits behind the point.
        scale: u32,
    },
    /// Days since 1970.
    Date,
    /// A time of day.
    Time {
        /// What is counted.
        unit: Unit,
        /// Whether it is said to be in UTC.
        is_utc: bool,
    },
    /// A day and a time.
    Timestamp {
        /// What is counted.
        unit: Unit,
        /// Whether it is said to be in UTC.
        is_utc: bool,
    },
    /// What no file of ours has, by its number in Parquet's definition.
    Other(i16),
}

/// What times count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Thousandths of a second.
    Millis,
    /// Millionths.
    Micros,
    /// Milliardths.
    Nanos,
}

/// As Parquet's own tools print it: `INT32 (DECIMAL(9,2))`.
impl fmt::Display for Parquet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.physical {
            Physical::Boolean => f.write_str("BOOLEAN"),
            Physical::Int32 => f.write_str("INT32"),
            Physical::Int64 => f.write_str("INT64"),
            Physical::Int96 => f.write_str("INT96"),
            Physical::Float => f.write_str("FLOAT"),
            Physical::Double => f.write_str("DOUBLE"),
            Physical::ByteArray => f.write_str("BYTE_ARRAY"),
            Physical::FixedLenByteArray(bytes) => write!(f, "FIXED_LEN_BYTE_ARRAY({bytes})"),
        }?;
        match self.logical {
            Logical::None => Ok(()),
            Logical::String => f.write_str(" (STRING)"),
            Logical::Integer { bits, is_signed } => write!(f, " (INTEGER({bits},{is_signed}))"),
            Logical::Decimal { precision, scale } => write!(f, " (DECIMAL({precision},{scale}))"),
            Logical::Date => f.write_str(" (DATE)"),
            Logical::Time { unit, is_utc } => write!(f, " (TIME({unit},{is_utc}))"),
            Logical::Timestamp { unit, is_utc } => write!(f, " (TIMESTAMP({unit},{is_utc}))"),
            Logical::Other(number) => write!(f, " (logical type {number})"),
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Millis => "MILLIS",
            Self::Micros => "MICROS",
            Self::Nanos => "NANOS",
        })
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
