//! What a column is in staging, and how it becomes what it is in the target: the table of types says it
//! (`model::types::table`), which gives the reasons too. `engine::schema` writes the files to match.

use model::types::Type;

/// The column's type in staging, in Redshift's DDL.
pub fn kind(column: Type) -> String {
    column.row().staged.row().redshift
}

/// The expression that makes the target's value of a staged one. `name` is the staged column, quoted.
pub fn published(column: Type, name: &str) -> String {
    column.row().published.of(name)
}
