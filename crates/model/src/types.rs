//! The types a column may have, and what each is called by Redshift and by Glue.
//!
//! To add a type: a variant here, its words in `parse`, `redshift` and `glue`, and its cast in `engine::cast`.

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
    /// 64 bits, floating.
    Double,
    /// True or false.
    Boolean,
    /// A day.
    Date,
    /// A day and a time in microseconds, without zone.
    Timestamp,
    /// UTF-8 text of at most this many bytes (not characters), 1 to 65,535.
    Varchar(u16),
}

/// Types that Redshift has and Sluice will have: refused by name until then.
const LATER: &[&str] = &["real", "time", "timestamptz", "char", "super", "varbyte"];
const WORDS: &[&str] =
    &["smallint", "integer", "bigint", "decimal(p,s)", "double", "boolean", "date", "timestamp", "varchar(n)"];

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
            ("double", []) => Ok(Self::Double),
            ("boolean", []) => Ok(Self::Boolean),
            ("date", []) => Ok(Self::Date),
            ("timestamp", []) => Ok(Self::Timestamp),
            ("decimal", [precision, scale]) => decimal(text, precision, scale),
            ("varchar", [bytes]) => match bytes.parse() {
                Ok(bytes) if bytes > 0 => Ok(Self::Varchar(bytes)),
                _ => Err(BadName::new(text, "a varchar: its length is 1 to 65535 bytes")),
            },
            ("varchar" | "decimal", _) => Err(BadName::new(text, "complete: write varchar(n) or decimal(p,s)")),
            (later, _) if LATER.contains(&later) => {
                Err(BadName::new(text, format!("supported yet; the types are {}", WORDS.join(", "))))
            }
            _ => Err(BadName::new(text, format!("a type; the nearest is {}", nearest(word)))),
        }
    }

    /// The type in Redshift's DDL.
    pub fn redshift(self) -> String {
        match self {
            Self::Double => "double precision".to_owned(),
            other => other.to_string(),
        }
    }

    /// The type in the Glue Data Catalog (facts/glue.md, type names). Text is `string` there: Athena and Spectrum
    /// cut a longer value at a `varchar(n)` in silence.
    pub fn glue(self) -> String {
        match self {
            Self::Integer => "int".to_owned(),
            Self::Varchar(_) => "string".to_owned(),
            other => other.to_string(),
        }
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
    ("float64", "double"),
    ("float8", "double"),
    ("bool", "boolean"),
    ("datetime", "timestamp"),
    ("string", "varchar(n)"),
    ("text", "varchar(n)"),
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
            Self::Double => f.write_str("double"),
            Self::Boolean => f.write_str("boolean"),
            Self::Date => f.write_str("date"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Varchar(bytes) => write!(f, "varchar({bytes})"),
        }
    }
}
as_text!(Type);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_read_back_as_written() {
        for text in [
            "smallint",
            "integer",
            "bigint",
            "decimal(14,2)",
            "double",
            "boolean",
            "date",
            "timestamp",
            "varchar(65535)",
        ] {
            assert_eq!(Type::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_wrong_type_names_the_nearest() {
        let message = |text| Type::parse(text).unwrap_err().to_string();
        assert_eq!(message("string"), r#""string" is not a type; the nearest is varchar(n)"#);
        assert_eq!(message("interger"), r#""interger" is not a type; the nearest is integer"#);
        assert!(message("super").contains("supported yet"));
        assert!(message("varchar").contains("varchar(n)"));
        assert!(message("varchar(65536)").contains("65535"));
        assert!(message("decimal(39,2)").contains("1 to 38"));
    }
}
