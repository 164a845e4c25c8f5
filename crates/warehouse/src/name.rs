//! Names as Redshift folds them (facts/redshift-copy.md, identifiers and quoting).

use std::fmt;

use datafusion::sql::sqlparser::ast::{Ident, ObjectName, ObjectNamePart};
use serde::{Deserialize, Serialize};

use crate::error::{SqlError, SqlResult};

/// Longer names are cut in silence.
const MAX_NAME_BYTES: usize = 127;

/// The schema of names that say none.
pub(crate) const PUBLIC: &str = "public";

/// Where a table is: schema and name, both folded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TableName {
    /// Its schema.
    pub schema: String,
    /// Its name in the schema.
    pub name: String,
}

impl fmt::Display for TableName {
    /// As errors name it: without its schema where that is the one of names that say none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.schema.as_str() {
            PUBLIC => f.write_str(&self.name),
            schema => write!(f, "{schema}.{}", self.name),
        }
    }
}

impl TableName {
    /// Reads `table` or `schema.table`.
    pub(crate) fn of(name: &ObjectName) -> SqlResult<Self> {
        let mut parts = Vec::new();
        for part in &name.0 {
            match part {
                ObjectNamePart::Identifier(ident) => parts.push(folded(ident)?),
                ObjectNamePart::Function(_) => return Err(SqlError::unknown(format!("the name {name}"))),
            }
        }
        match <[String; 1]>::try_from(parts) {
            Ok([name]) => Ok(Self { schema: PUBLIC.into(), name }),
            Err(parts) => match <[String; 2]>::try_from(parts) {
                Ok([schema, name]) => Ok(Self { schema, name }),
                Err(_) => Err(SqlError::unknown(format!("a name of another database, {name}"))),
            },
        }
    }
}

/// The name as Redshift keeps it: lower case even when quoted, cut at 127 bytes; a reserved word must be quoted.
pub(crate) fn folded(ident: &Ident) -> SqlResult<String> {
    let mut name = match ident.quote_style {
        Some('"') => ident.value.to_lowercase(),
        Some(_) => return Err(SqlError::new(format!("syntax error at or near \"{ident}\""))),
        None => {
            let name = ident.value.to_lowercase();
            if RESERVED.binary_search(&name.as_str()).is_ok() {
                return Err(SqlError::new(format!("syntax error at or near \"{name}\"")));
            }
            name
        }
    };
    if name.is_empty() {
        return Err(SqlError::new("zero-length delimited identifier at or near \"\"\"\""));
    }
    if name.len() > MAX_NAME_BYTES {
        name.truncate(name.floor_char_boundary(MAX_NAME_BYTES));
    }
    Ok(name)
}

/// Names of PostgreSQL's own columns, which a user's column cannot have.
pub(crate) const SYSTEM_COLUMNS: &[&str] = &["cmax", "cmin", "ctid", "oid", "tableoid", "xmax", "xmin"];

/// Words that are names only when quoted, sorted.
#[rustfmt::skip]
const RESERVED: &[&str] = &[
    "aes128", "aes256", "all", "allowoverwrite", "analyse", "analyze", "and", "any", "array", "as", "asc",
    "authorization", "az64", "backup", "between", "binary", "blanksasnull", "both", "bytedict", "bzip2", "case",
    "cast", "check", "collate", "column", "connect", "constraint", "create", "credentials", "cross", "current_date",
    "current_time", "current_timestamp", "current_user", "current_user_id", "default", "deferrable", "deflate",
    "defrag", "delta", "delta32k", "desc", "disable", "distinct", "do", "else", "emptyasnull", "enable", "encode",
    "encrypt", "encryption", "end", "except", "explicit", "false", "for", "foreign", "freeze", "from", "full",
    "globaldict256", "globaldict64k", "grant", "group", "gzip", "having", "identity", "ignore", "ilike", "in",
    "initially", "inner", "intersect", "interval", "into", "is", "isnull", "join", "language", "leading", "left",
    "like", "limit", "localtime", "localtimestamp", "lun", "luns", "lzo", "lzop", "minus", "mostly16", "mostly32",
    "mostly8", "natural", "new", "not", "notnull", "null", "nulls", "off", "offline", "offset", "oid", "old", "on",
    "only", "open", "or", "order", "outer", "overlaps", "parallel", "partition", "percent", "permissions", "pivot",
    "placing", "primary", "raw", "readratio", "recover", "references", "rejectlog", "resort", "respect", "restore",
    "right", "select", "session_user", "similar", "snapshot", "some", "start", "sysdate", "system", "table", "tag",
    "tdes", "text255", "text32k", "then", "timestamp", "to", "top", "trailing", "true", "truncatecolumns", "union",
    "unique", "unnest", "unpivot", "user", "using", "verbose", "wallet", "when", "where", "with", "without",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_words_are_sorted() {
        assert!(RESERVED.is_sorted());
    }

    #[test]
    fn a_name_is_lower_case_even_when_quoted() {
        assert_eq!(folded(&Ident::with_quote('"', "Sales")).unwrap(), "sales");
        assert_eq!(folded(&Ident::new("SALES")).unwrap(), "sales");
    }

    #[test]
    fn a_reserved_word_must_be_quoted() {
        assert_eq!(folded(&Ident::with_quote('"', "tag")).unwrap(), "tag");
        assert_eq!(folded(&Ident::new("tag")).unwrap_err().to_string(), "ERROR: syntax error at or near \"tag\"");
    }

    #[test]
    fn a_name_over_127_bytes_is_cut() {
        let name = "é".repeat(70);
        assert_eq!(folded(&Ident::with_quote('"', name)).unwrap(), "é".repeat(63));
    }
}
