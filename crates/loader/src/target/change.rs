//! What can be changed of a table where it stands, one statement at a time.
//!
//! Redshift adds one column a statement, at the end of the table, and changes no type but the length of a varchar, which
//! it does outside of a transaction only (facts/redshift-sql.md, ALTER TABLE). So each change is a submission of its own.

use std::fmt;

use model::name::TableName;
use model::types::Type;

use crate::sql::quote::{identifier, table};

/// A change of a table that is made in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A column that the table does not have; null in the rows that are there.
    Add {
        /// The column.
        column: String,
        /// Its type.
        kind: Type,
    },
    /// A varchar that holds more bytes.
    Widen {
        /// The column.
        column: String,
        /// So many bytes.
        bytes: u16,
    },
}

impl Change {
    /// The one statement that makes it.
    pub fn statement(&self, target: &TableName) -> String {
        let alter = format!("ALTER TABLE {}", table(target));
        match self {
            Self::Add { column, kind } => {
                format!("{alter} ADD COLUMN {} {}", identifier(column), kind.row().redshift)
            }
            Self::Widen { column, bytes } => {
                let kind = Type::Varchar(*bytes).row().redshift;
                format!("{alter} ALTER COLUMN {} TYPE {kind}", identifier(column))
            }
        }
    }
}

/// What was done, for a report.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add { column, kind } => write!(f, "{column} added as {kind}"),
            Self::Widen { column, bytes } => write!(f, "{column} widened to {}", Type::Varchar(*bytes)),
        }
    }
}
