//! The columns that a file's own schema tells: the one place where types of files become types of columns.
//!
//! Only those types are proposed that [`model::schema::wider`] joins well: whole numbers are a bigint and floats a double,
//! however narrow the file's are. No column is proposed as required: the next file may lack its values.

use model::types::Type;

use super::Kind;

/// A text whose length no schema tells.
pub(crate) const ANY_TEXT: Type = Type::Varchar(u16::MAX);

/// Bytes whose length no schema tells: the longest varbyte there is.
pub(crate) const ANY_BYTES: Type = Type::Varbyte(1_024_000);

/// A whole number of 64 bits without a sign.
pub(crate) const UNSIGNED: Type = Type::Decimal { precision: 20, scale: 0 };

/// A UUID as text.
const UUID: Type = Type::Varchar(36);

/// As [`Kind::Duration`] is written, with all of its digits.
const DURATION: Type = Type::Varchar(64);

/// A column as its file has it.
#[derive(Debug, Clone, PartialEq)]
pub struct FileColumn {
    /// What the file calls it.
    pub name: String,
    /// Its type, where the file tells it.
    pub kind: Option<Type>,
}

/// The type of a column that holds every value of a kind. A decimal of more digits than any column has is a double, as it
/// is where columns are joined.
pub(crate) fn proposed(kind: Kind) -> Type {
    match kind {
        Kind::Boolean => Type::Boolean,
        Kind::Whole => Type::Bigint,
        Kind::Float => Type::Double,
        Kind::Decimal { precision, scale } => match (u8::try_from(precision), u8::try_from(scale)) {
            // Redshift keeps 19 digits in 64 bits, which do not hold all numbers of so many.
            (Ok(19), Ok(scale @ 0..=19)) => Type::Decimal { precision: 20, scale },
            (Ok(precision @ 1..=38), Ok(scale @ 0..=37)) if scale <= precision => Type::Decimal { precision, scale },
            _ => Type::Double,
        },
        Kind::Date => Type::Date,
        Kind::Time(_) => Type::Time,
        Kind::Timestamp { is_utc: false, .. } => Type::Timestamp,
        Kind::Timestamp { is_utc: true, .. } => Type::Timestamptz,
        Kind::Text => ANY_TEXT,
        Kind::Binary => ANY_BYTES,
        Kind::Uuid => UUID,
        Kind::Duration => DURATION,
    }
}
