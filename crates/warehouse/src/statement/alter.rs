//! ALTER TABLE (facts/redshift-sql.md, alter table): one column more at the end, or another length of a varchar.

use datafusion::sql::sqlparser::keywords::Keyword;

use super::Statement;
use super::create::{check_default, new_column, value_option};
use super::reader::Reader;
use crate::error::{SqlError, SqlResult};
use crate::types::Type;

/// What Redshift refuses in an added column; its texts are unverified.
const NOT_ADDED: &[&str] =
    &["DISTKEY", "SORTKEY", "UNIQUE", "PRIMARY", "FOREIGN", "REFERENCES", "IDENTITY", "GENERATED"];

/// After ALTER.
pub(super) fn alter(reader: &mut Reader<'_>) -> SqlResult<Statement> {
    if reader.word("DATABASE") {
        return Ok(reader.rest(Statement::Alone("ALTER DATABASE")));
    }
    reader.known("ALTER TABLE", "TABLE")?;
    let table = reader.table()?;
    if reader.word("APPEND") {
        return Ok(reader.rest(Statement::Alone("ALTER TABLE APPEND")));
    }
    if reader.word("ADD") {
        if reader.word("PARTITION") {
            return Ok(reader.rest(Statement::Alone("ALTER EXTERNAL TABLE")));
        }
        return add(reader).map(|column| Statement::AddColumn { table, column });
    }
    reader.known("ADD COLUMN or ALTER COLUMN in ALTER TABLE", "ALTER")?;
    reader.known("ALTER COLUMN in ALTER TABLE", "COLUMN")?;
    let column = reader.name()?;
    reader.known("TYPE in ALTER COLUMN", "TYPE")?;
    let ty = Type::of_sql(&reader.data_type()?)?;
    Ok(Statement::AlterType { table, column, ty })
}

/// After ADD.
fn add(reader: &mut Reader<'_>) -> SqlResult<crate::table::Column> {
    let _optional = reader.word("COLUMN");
    if reader.keywords(&[Keyword::IF, Keyword::NOT, Keyword::EXISTS]) {
        return Err(SqlError::unknown("IF NOT EXISTS in ALTER TABLE"));
    }
    for word in ["CONSTRAINT", "UNIQUE", "PRIMARY", "FOREIGN"] {
        if reader.at_word(word) {
            return Err(SqlError::unknown(format!("ADD {word} in ALTER TABLE")));
        }
    }
    let mut column = new_column(reader)?;
    while value_option(reader, &mut column)? {}
    if let Some(word) = NOT_ADDED.iter().find(|word| reader.at_word(word)) {
        return Err(SqlError::new(format!("ALTER TABLE ADD COLUMN does not support {word}")));
    }
    for word in ["ENCODE", "COLLATE"] {
        if reader.at_word(word) {
            return Err(SqlError::unknown(format!("{word} in ALTER TABLE")));
        }
    }
    check_default(&column)?;
    if column.not_null && column.default.is_none() {
        // That it is refused is documented, its text is not.
        return Err(SqlError::new(
            "ALTER TABLE ADD COLUMN defined as NOT NULL must have a non-null default expression",
        ));
    }
    Ok(column)
}
