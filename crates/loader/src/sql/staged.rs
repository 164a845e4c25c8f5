//! What a column is in staging, and how it becomes what it is in the target.
//!
//! Three types are staged as another one, for what COPY does with them from Parquet is not known, or known not to do
//! (facts/redshift-copy.md, type compatibility). This file is the only one that knows; `engine::schema` writes the files
//! to match, and a test of the `tests` package holds the two together.
//!
//! - time: (U) from Parquet. Staged as its text, and cast.
//! - timestamptz: (U) from Parquet. Staged as a timestamp in UTC, and said to be in UTC. A plain cast would take it for
//!   one in the session's time zone.
//! - super: from a string, COPY makes a super that is a string (U), and refuses the column without SERIALIZETOJSON.
//!   Staged as its JSON text, and parsed: text that is no JSON fails the publish, so the files hold none.

use model::types::{SUPER_BYTES, Type};

/// The text of a time of day is no longer than `23:59:59.999999`.
const TIME_BYTES: u16 = 15;

/// The column's type in staging, in Redshift's DDL.
pub fn kind(column: Type) -> String {
    let staged = match column {
        Type::Time => Type::Varchar(TIME_BYTES),
        Type::Timestamptz => Type::Timestamp,
        Type::Super => Type::Varchar(SUPER_BYTES),
        other => other,
    };
    staged.redshift()
}

/// The expression that makes the target's value of a staged one. `name` is the staged column, quoted.
pub fn published(column: Type, name: &str) -> String {
    match column {
        Type::Time => format!("CAST({name} AS time)"),
        Type::Timestamptz => format!("{name} AT TIME ZONE 'UTC'"),
        Type::Super => format!("JSON_PARSE({name})"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_staged_as_it_is_is_published_as_it_is() {
        let types = "smallint integer bigint decimal(38,37) real double boolean date time timestamp timestamptz char(4096) \
                     varchar(65535) super varbyte(1024000)";
        for column in types.split_whitespace().map(|text| Type::parse(text).unwrap()) {
            let is_staged_as_it_is = kind(column) == column.redshift();
            assert_eq!(is_staged_as_it_is, published(column, "\"c\"") == "\"c\"", "{column}");
        }
    }

    #[test]
    fn the_longest_time_fits_its_staging() {
        assert_eq!("23:59:59.999999".len(), usize::from(TIME_BYTES));
    }
}
