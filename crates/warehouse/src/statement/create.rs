//! CREATE SCHEMA and CREATE TABLE (facts/redshift-sql.md, create table).

use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::Token;

use super::Statement;
use super::reader::Reader;
use crate::error::{SqlError, SqlResult};
use crate::name::SYSTEM_COLUMNS;
use crate::table::{Column, Definition, DistStyle};
use crate::types::Type;

/// Columns that a table can have.
pub(crate) const MAX_COLUMNS: usize = 1600;
const MAX_SORT_COLUMNS: usize = 400;

/// After CREATE.
pub(super) fn create(reader: &mut Reader<'_>) -> SqlResult<Statement> {
    if reader.word("SCHEMA") {
        let if_not_exists = if_not_exists(reader);
        return Ok(Statement::CreateSchema { name: reader.name()?, if_not_exists });
    }
    if reader.keywords(&[Keyword::EXTERNAL, Keyword::TABLE]) {
        return Ok(reader.rest(Statement::Alone("CREATE EXTERNAL TABLE")));
    }
    let alone = [("DATABASE", "CREATE DATABASE"), ("LIBRARY", "CREATE LIBRARY")];
    if let Some((_, statement)) = alone.into_iter().find(|(word, _)| reader.word(word)) {
        return Ok(reader.rest(Statement::Alone(statement)));
    }
    reader.known("CREATE SCHEMA or CREATE TABLE", "TABLE")?;
    let if_not_exists = if_not_exists(reader);
    let name = reader.table()?;
    if name.name.starts_with('#') {
        return Err(SqlError::unknown("temporary tables"));
    }
    let mut draft = Draft::default();
    reader.open()?;
    draft.item(reader)?;
    while reader.token(&Token::Comma) {
        draft.item(reader)?;
    }
    reader.close()?;
    draft.attributes(reader)?;
    Ok(Statement::CreateTable { name, if_not_exists, definition: draft.definition()? })
}

fn if_not_exists(reader: &mut Reader<'_>) -> bool {
    reader.keywords(&[Keyword::IF, Keyword::NOT, Keyword::EXISTS])
}

/// A table's definition while it is read.
#[derive(Default)]
struct Draft {
    columns: Vec<Column>,
    dist_style: Option<DistStyle>,
    dist_key: Option<String>,
    sort_key: Option<Vec<String>>,
    primary_key: Option<Vec<String>>,
}

/// Fails when a clause that may stand once is there already.
fn once<T>(slot: &mut Option<T>, value: T, clause: &str) -> SqlResult<()> {
    if slot.replace(value).is_some() {
        return Err(SqlError::new(format!("multiple {clause} for the table are not allowed")));
    }
    Ok(())
}

impl Draft {
    /// A column or the primary key.
    fn item(&mut self, reader: &mut Reader<'_>) -> SqlResult<()> {
        if reader.keywords(&[Keyword::PRIMARY, Keyword::KEY]) {
            let columns = reader.names()?;
            return once(&mut self.primary_key, columns, "primary keys");
        }
        for word in ["UNIQUE", "FOREIGN", "LIKE", "CONSTRAINT", "CHECK"] {
            if reader.at_word(word) {
                return Err(SqlError::unknown(format!("{word} in CREATE TABLE")));
            }
        }
        let mut column = new_column(reader)?;
        if self.columns.iter().any(|known| known.name == column.name) {
            return Err(SqlError::new(format!("column \"{}\" specified more than once", column.name)));
        }
        while self.column_option(reader, &mut column)? {}
        check_default(&column)?;
        self.columns.push(column);
        Ok(())
    }

    fn column_option(&mut self, reader: &mut Reader<'_>, column: &mut Column) -> SqlResult<bool> {
        if value_option(reader, column)? {
            return Ok(true);
        }
        if reader.keywords(&[Keyword::PRIMARY, Keyword::KEY]) {
            once(&mut self.primary_key, vec![column.name.clone()], "primary keys")?;
        } else if reader.word("DISTKEY") {
            once(&mut self.dist_key, column.name.clone(), "DISTKEYs")?;
        } else if reader.word("SORTKEY") {
            once(&mut self.sort_key, vec![column.name.clone()], "SORTKEYs")?;
        } else {
            for word in ["ENCODE", "IDENTITY", "GENERATED", "UNIQUE", "REFERENCES", "COLLATE", "CHECK"] {
                if reader.at_word(word) {
                    return Err(SqlError::unknown(format!("{word} in CREATE TABLE")));
                }
            }
            return Ok(false);
        }
        Ok(true)
    }

    fn attributes(&mut self, reader: &mut Reader<'_>) -> SqlResult<()> {
        while !reader.at_end() {
            if reader.word("DISTSTYLE") {
                let styles = [DistStyle::Auto, DistStyle::Even, DistStyle::All, DistStyle::Key];
                let style = styles.into_iter().find(|style| reader.word(style.name()));
                once(&mut self.dist_style, style.ok_or_else(|| reader.unexpected())?, "DISTSTYLEs")?;
            } else if reader.word("DISTKEY") {
                let columns = reader.names()?;
                let [column] = <[String; 1]>::try_from(columns)
                    .map_err(|_| SqlError::new("only one column can be the distribution key"))?;
                once(&mut self.dist_key, column, "DISTKEYs")?;
            } else if reader.word("SORTKEY") {
                let columns = if reader.word("AUTO") { Vec::new() } else { reader.names()? };
                once(&mut self.sort_key, columns, "SORTKEYs")?;
            } else if reader.word("COMPOUND") {
                reader.expect("SORTKEY")?;
                let columns = reader.names()?;
                once(&mut self.sort_key, columns, "SORTKEYs")?;
            } else {
                return Err(SqlError::unknown(format!("{} after the columns of CREATE TABLE", reader.next())));
            }
        }
        Ok(())
    }

    fn definition(self) -> SqlResult<Definition> {
        let (dist_key, sort_key) = (self.dist_key, self.sort_key.unwrap_or_default());
        let dist_style = match (self.dist_style, &dist_key) {
            (None | Some(DistStyle::Key), Some(_)) => DistStyle::Key,
            (Some(DistStyle::Key), None) => return Err(SqlError::new("DISTSTYLE KEY needs a DISTKEY column")),
            (Some(style), Some(_)) => {
                return Err(SqlError::new(format!("DISTSTYLE {} cannot have a DISTKEY", style.name().to_uppercase())));
            }
            (style, None) => style.unwrap_or_default(),
        };
        let primary_key = self.primary_key.unwrap_or_default();
        let mut definition =
            Definition { columns: self.columns, dist_style, dist_key, sort_key, primary_key: primary_key.clone() };
        if definition.columns.len() > MAX_COLUMNS {
            return Err(SqlError::new(format!("tables can have at most {MAX_COLUMNS} columns")));
        }
        if definition.sort_key.len() > MAX_SORT_COLUMNS {
            return Err(SqlError::new(format!("tables can have at most {MAX_SORT_COLUMNS} sort columns")));
        }
        for name in definition.dist_key.iter().chain(&definition.sort_key).chain(&primary_key) {
            if definition.position(name).is_none() {
                return Err(SqlError::new(format!("column \"{name}\" named in key does not exist")));
            }
        }
        for name in definition.dist_key.iter().chain(&definition.sort_key) {
            let ty = definition.columns.iter().find(|column| column.name == *name).map(|column| column.ty);
            // That it is refused is documented, its text is not.
            if let Some(ty @ (Type::Super | Type::Varbyte(_))) = ty {
                let name = format!("column \"{name}\" of type {}", ty.name());
                return Err(SqlError::new(format!("{name} cannot be a distribution key or a sort key")));
            }
        }
        for column in &mut definition.columns {
            column.not_null |= primary_key.contains(&column.name);
        }
        Ok(definition)
    }
}

/// A column's name and type.
pub(super) fn new_column(reader: &mut Reader<'_>) -> SqlResult<Column> {
    let name = reader.name()?;
    if SYSTEM_COLUMNS.contains(&name.as_str()) {
        return Err(SqlError::new(format!("column name \"{name}\" conflicts with a system column name")));
    }
    let ty = Type::of_sql(&reader.data_type()?)?;
    Ok(Column { name, ty, not_null: false, default: None })
}

/// Takes what says which values a column has, and tells whether it was there.
pub(super) fn value_option(reader: &mut Reader<'_>, column: &mut Column) -> SqlResult<bool> {
    if reader.keywords(&[Keyword::NOT, Keyword::NULL]) {
        column.not_null = true;
    } else if reader.word("DEFAULT") {
        column.default = literal(reader)?;
    } else {
        return Ok(reader.word("NULL"));
    }
    Ok(true)
}

/// What a literal becomes in these types is another thing than it looks like.
pub(super) fn check_default(column: &Column) -> SqlResult<()> {
    match (column.ty, &column.default) {
        (ty @ (Type::Super | Type::Varbyte(_)), Some(_)) => {
            Err(SqlError::unknown(format!("a DEFAULT of a {} column", ty.name())))
        }
        _ => Ok(()),
    }
}

/// A DEFAULT that is a literal: its text, or `None` for NULL.
fn literal(reader: &mut Reader<'_>) -> SqlResult<Option<String>> {
    let refused = |token: &Token| SqlError::unknown(format!("a DEFAULT that is no literal, {token}"));
    match reader.next() {
        Token::SingleQuotedString(text) => Ok(Some(text)),
        Token::Number(number, false) => Ok(Some(number)),
        Token::Minus => match reader.next() {
            Token::Number(number, false) => Ok(Some(format!("-{number}"))),
            other => Err(refused(&other)),
        },
        Token::Word(word) if word.quote_style.is_none() => match word.value.to_uppercase().as_str() {
            "NULL" => Ok(None),
            value @ ("TRUE" | "FALSE") => Ok(Some(value.to_lowercase())),
            _ => Err(refused(&Token::Word(word))),
        },
        other => Err(refused(&other)),
    }
}
