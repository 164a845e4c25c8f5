//! The types a column may have.
//!
//! To add a type: a variant here with its words in `parse` and `Display`, its row in [`table`], which says what it is in
//! every other place, and its cast in `engine::cast`.

pub mod table;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::name::{BadName, as_text};

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Type {
    /// 16 bits, signed.
    Smallint,
    /// 32 bits, signed.
    Integer,
    /// 64 bits, signed.
    Bigint,
    /// Exact, `precision` digits of which `scale` behind the point. Precision 1 to 38, scale 0 to 37.
    Decimal {
        /// All digits.
        precision: u8,
        /// Digits behind the point.
        scale: u8,
    },
    /// 32 bits, floating.
    Real,
    /// 64 bits, floating.
    Double,
    /// True or false.
    Boolean,
    /// A day.
    Date,
    /// A time of day in microseconds, without day and zone.
    Time,
    /// A day and a time in microseconds, without zone.
    Timestamp,
    /// A moment in microseconds: a day and a time of which the zone is known, kept in UTC.
    Timestamptz,
    /// ASCII text of at most this many bytes, 1 to 4,096. Blanks at its end mean nothing: Redshift fills up with them.
    Char(u16),
    /// UTF-8 text of at most this many bytes (not characters), 1 to 65,535.
    Varchar(u16),
    /// A JSON value, as text of at most [`SUPER_BYTES`] bytes.
    Super,
    /// At most this many bytes of any kind, 1 to 1,024,000.
    Varbyte(u32),
}

/// The longest JSON text of a super column. Redshift's super holds more; but the way there is a varchar, and COPY
/// itself refuses a longer string too (facts/redshift-copy.md, type compatibility).
pub const SUPER_BYTES: u16 = u16::MAX;

/// char: facts/redshift-copy.md, type compatibility.
const MAX_CHAR: u16 = 4_096;
/// varbyte: the limit of 2023's Developer Guide. Newer ones have 16 MB (U), and COPY takes rows of 4 MB.
const MAX_VARBYTE: u32 = 1_024_000;

const WORDS: &[&str] = &[
    "smallint",
    "integer",
    "bigint",
    "decimal(p,s)",
    "real",
    "double",
    "boolean",
    "date",
    "time",
    "timestamp",
    "timestamptz",
    "char(n)",
    "varchar(n)",
    "super",
    "varbyte(n)",
];

impl Type {
    /// Reads `bigint`, `decimal(14,2)`, `varchar(64)`, …
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let (word, arguments) = match text.strip_suffix(')').and_then(|rest| rest.split_once('(')) {
            Some((word, inside)) => (word, inside.split(',').map(str::trim).collect::<Vec<_>>()),
            None => (text, Vec::new()),
        };
        match (word, arguments.as_slice()) {
            ("smallint", []) => Ok(Self::Smallint),
            ("integer", []) => Ok(Self::Integer),
            ("bigint", []) => Ok(Self::Bigint),
            ("real", []) => Ok(Self::Real),
            ("double", []) => Ok(Self::Double),
            ("boolean", []) => Ok(Self::Boolean),
            ("date", []) => Ok(Self::Date),
            ("time", []) => Ok(Self::Time),
            ("timestamp", []) => Ok(Self::Timestamp),
            ("timestamptz", []) => Ok(Self::Timestamptz),
            ("super", []) => Ok(Self::Super),
            ("decimal", [precision, scale]) => decimal(text, precision, scale),
            ("char", [bytes]) => length(text, bytes, MAX_CHAR).map(Self::Char),
            ("varchar", [bytes]) => length(text, bytes, u16::MAX).map(Self::Varchar),
            ("varbyte", [bytes]) => length(text, bytes, MAX_VARBYTE).map(Self::Varbyte),
            ("char" | "varchar" | "varbyte", _) => {
                Err(BadName::new(text, format!("complete: write {word}(n), n is bytes")))
            }
            ("decimal", _) => Err(BadName::new(text, "complete: write decimal(p,s)")),
            _ if WORDS.contains(&word) => Err(BadName::new(text, format!("a type: write {word} alone"))),
            _ => Err(BadName::new(text, format!("a type; the nearest is {}", nearest(word)))),
        }
    }

    /// How every type is written, for tests that hold a list of cases against it.
    pub fn words() -> &'static [&'static str] {
        WORDS
    }

    /// Whether an empty text is a value of the type, and not null: char and varchar.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Char(_) | Self::Varchar(_))
    }

    /// Whether values are read by `formats`: date, time, timestamp and timestamptz.
    pub fn is_temporal(self) -> bool {
        matches!(self, Self::Date | Self::Time | Self::Timestamp | Self::Timestamptz)
    }

    /// Whether values are numbers, whole, exact or floating.
    pub fn is_number(self) -> bool {
        match self {
            Self::Smallint | Self::Integer | Self::Bigint | Self::Decimal { .. } | Self::Real | Self::Double => true,
            Self::Boolean | Self::Date | Self::Time | Self::Timestamp | Self::Timestamptz => false,
            Self::Char(_) | Self::Varchar(_) | Self::Super | Self::Varbyte(_) => false,
        }
    }

    /// The most bytes that a value may have; `None` where values are all of one size.
    pub fn max_bytes(self) -> Option<usize> {
        match self {
            Self::Char(bytes) | Self::Varchar(bytes) => Some(bytes.into()),
            Self::Super => Some(SUPER_BYTES.into()),
            Self::Varbyte(bytes) => usize::try_from(bytes).ok(),
            _ => None,
        }
    }

    /// Whether a table can be distributed or sorted by a column of the type: not by super or varbyte
    /// (facts/redshift-sql.md, create table).
    pub fn orders_a_table(self) -> bool {
        !matches!(self, Self::Super | Self::Varbyte(_))
    }
}

/// A length in bytes, from 1 to a type's most.
fn length<N>(text: &str, bytes: &str, most: N) -> Result<N, BadName>
where
    N: std::str::FromStr + PartialOrd + From<u8> + fmt::Display,
{
    match bytes.parse() {
        Ok(bytes) if bytes >= N::from(1) && bytes <= most => Ok(bytes),
        _ => Err(BadName::new(text, format!("a type: its length is 1 to {most} bytes"))),
    }
}

fn decimal(text: &str, precision: &str, scale: &str) -> Result<Type, BadName> {
    match (precision.parse(), scale.parse()) {
        (Ok(precision @ 1..=38), Ok(scale @ 0..=37)) if scale <= precision => Ok(Type::Decimal { precision, scale }),
        _ => Err(BadName::new(text, "a decimal: precision is 1 to 38, scale 0 to 37 and at most the precision")),
    }
}

/// What other systems call our types, so that the hint is right where the spelling is far off.
const ALIASES: &[(&str, &str)] = &[
    ("int", "integer"),
    ("int16", "smallint"),
    ("int2", "smallint"),
    ("int32", "integer"),
    ("int64", "bigint"),
    ("int4", "integer"),
    ("int8", "bigint"),
    ("long", "bigint"),
    ("numeric", "decimal(p,s)"),
    ("float", "double"),
    ("float32", "real"),
    ("float4", "real"),
    ("float64", "double"),
    ("float8", "double"),
    ("bool", "boolean"),
    ("datetime", "timestamp"),
    ("instant", "timestamptz"),
    ("character", "char(n)"),
    ("bpchar", "char(n)"),
    ("string", "varchar(n)"),
    ("text", "varchar(n)"),
    ("json", "super"),
    ("variant", "super"),
    ("struct", "super"),
    ("array", "super"),
    ("binary", "varbyte(n)"),
    ("bytes", "varbyte(n)"),
    ("bytea", "varbyte(n)"),
    ("varbinary", "varbyte(n)"),
];

fn nearest(word: &str) -> &str {
    ALIASES.iter().find(|(alias, _)| *alias == word).map_or_else(
        || crate::dataset::nearest(word, WORDS).unwrap_or("one of smallint, integer, bigint and so on"),
        |(_, known)| known,
    )
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Smallint => f.write_str("smallint"),
            Self::Integer => f.write_str("integer"),
            Self::Bigint => f.write_str("bigint"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Self::Real => f.write_str("real"),
            Self::Double => f.write_str("double"),
            Self::Boolean => f.write_str("boolean"),
            Self::Date => f.write_str("date"),
            Self::Time => f.write_str("time"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Timestamptz => f.write_str("timestamptz"),
            Self::Char(bytes) => write!(f, "char({bytes})"),
            Self::Varchar(bytes) => write!(f, "varchar({bytes})"),
            Self::Super => f.write_str("super"),
            Self::Varbyte(bytes) => write!(f, "varbyte({bytes})"),
        }
    }
}
as_text!(Type);

#[cfg(test)]
mod tests {
    use super::*;

    /// Every type, at its limits.
    pub(super) const TYPES: &[&str] = &[
        "smallint",
        "integer",
        "bigint",
        "decimal(1,0)",
        "decimal(9,2)",
        "decimal(18,2)",
        "decimal(38,37)",
        "real",
        "double",
        "boolean",
        "date",
        "time",
        "timestamp",
        "timestamptz",
        "char(1)",
        "char(4096)",
        "varchar(1)",
        "varchar(65535)",
        "super",
        "varbyte(1)",
        "varbyte(1024000)",
    ];

    #[test]
    fn types_read_back_as_written() {
        for text in TYPES {
            assert_eq!(Type::parse(text).unwrap().to_string(), *text);
        }
        for word in WORDS {
            let word = word.split('(').next().unwrap();
            assert!(TYPES.iter().any(|text| text.split('(').next() == Some(word)), "{word} is not tested");
        }
    }

    #[test]
    fn a_wrong_type_names_the_nearest() {
        let message = |text| Type::parse(text).unwrap_err().to_string();
        assert_eq!(message("string"), r#""string" is not a type; the nearest is varchar(n)"#);
        assert_eq!(message("interger"), r#""interger" is not a type; the nearest is integer"#);
        assert_eq!(message("timestampz"), r#""timestampz" is not a type; the nearest is timestamptz"#);
        assert_eq!(message("json"), r#""json" is not a type; the nearest is super"#);
        assert_eq!(message("time(6)"), r#""time(6)" is not a type: write time alone"#);
        for word in ["varchar", "char", "varbyte"] {
            assert_eq!(message(word), format!(r#""{word}" is not complete: write {word}(n), n is bytes"#));
        }
    }

    #[test]
    fn a_length_beyond_redshifts_is_refused_with_the_limit() {
        for (text, most) in [
            ("char(0)", "4096"),
            ("char(4097)", "4096"),
            ("varchar(0)", "65535"),
            ("varchar(65536)", "65535"),
            ("varbyte(0)", "1024000"),
            ("varbyte(1024001)", "1024000"),
            ("varbyte(x)", "1024000"),
        ] {
            let message = Type::parse(text).unwrap_err().to_string();
            assert_eq!(message, format!(r#""{text}" is not a type: its length is 1 to {most} bytes"#));
        }
        assert!(Type::parse("decimal(39,2)").unwrap_err().to_string().contains("1 to 38"));
    }

    #[test]
    fn every_type_is_of_one_kind_at_most() {
        for text in TYPES {
            let column = Type::parse(text).unwrap();
            let kinds = [column.is_text(), column.is_temporal(), column.is_number()];
            assert!(kinds.into_iter().filter(|is| *is).count() <= 1, "{text}");
            assert_eq!(
                column.max_bytes().is_some(),
                !column.is_temporal() && !column.is_number() && *text != "boolean"
            );
        }
        assert_eq!(Type::Super.max_bytes(), Some(65_535));
        assert!(!Type::Super.orders_a_table() && !Type::Varbyte(1).orders_a_table() && Type::Char(1).orders_a_table());
    }
}
