//! SQL text to a statement that is known. Nothing is skipped: a word that no rule takes fails the statement.
//!
//! A new statement is a variant here, a function in one of the files beside, and an arm in `transaction.rs`.

mod alter;
mod copy;
mod create;
mod reader;

use datafusion::sql::sqlparser::ast::{Expr, Query, TableWithJoins};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::Token;

pub(crate) use copy::Copy;
pub(crate) use create::MAX_COLUMNS;
use reader::Reader;
pub(crate) use reader::tokens;

use crate::error::{SqlError, SqlResult};
use crate::name::TableName;
use crate::table::{Column, Definition};
use crate::types::Type;

/// One statement.
#[derive(Debug, Clone)]
pub(crate) enum Statement {
    CreateSchema {
        name: String,
        if_not_exists: bool,
    },
    CreateTable {
        name: TableName,
        if_not_exists: bool,
        definition: Definition,
    },
    DropTable {
        names: Vec<TableName>,
        if_exists: bool,
    },
    AddColumn {
        table: TableName,
        column: Column,
    },
    AlterType {
        table: TableName,
        column: String,
        ty: Type,
    },
    Truncate(TableName),
    Copy(Copy),
    Lock(Vec<TableName>),
    Insert(Insert),
    Delete(Box<Delete>),
    Select(Box<Query>),
    /// One that is known for what it cannot do only: run in a transaction block.
    Alone(&'static str),
}

/// `INSERT INTO table [(columns)] query`.
#[derive(Debug, Clone)]
pub(crate) struct Insert {
    pub table: TableName,
    pub columns: Option<Vec<String>>,
    pub source: Box<Query>,
}

/// `DELETE FROM table [USING others] [WHERE condition]`.
#[derive(Debug, Clone)]
pub(crate) struct Delete {
    pub table: TableName,
    pub using: Vec<TableWithJoins>,
    pub condition: Option<Expr>,
}

/// Whether the tokens are one statement: nothing but blanks after a semicolon.
pub(crate) fn is_single(tokens: &[Token]) -> bool {
    let mut meaning = tokens.iter().filter(|token| !matches!(token, Token::Whitespace(_)));
    meaning.by_ref().take_while(|token| **token != Token::SemiColon).count() > 0 && meaning.next().is_none()
}

impl Statement {
    /// Reads one statement.
    pub fn parse(tokens: Vec<Token>) -> SqlResult<Self> {
        if !is_single(&tokens) {
            return Err(SqlError::new("cannot insert multiple commands into a prepared statement"));
        }
        let mut reader = Reader::new(tokens);
        let statement = Self::read(&mut reader)?;
        reader.end()?;
        Ok(statement)
    }

    fn read(reader: &mut Reader<'_>) -> SqlResult<Self> {
        if reader.at_query() {
            return Ok(Self::Select(reader.query()?));
        }
        let verb = reader.verb();
        match verb.as_str() {
            "CREATE" => create::create(reader),
            "DROP" => drop(reader),
            "ALTER" => alter::alter(reader),
            "TRUNCATE" => {
                let _optional = reader.word("TABLE");
                Ok(Self::Truncate(reader.table()?))
            }
            "VACUUM" => Ok(reader.rest(Self::Alone("VACUUM"))),
            "COPY" => copy::copy(reader).map(Self::Copy),
            "LOCK" => {
                let _optional = reader.word("TABLE");
                Ok(Self::Lock(reader.list(Reader::table)?))
            }
            "INSERT" => insert(reader).map(Self::Insert),
            "DELETE" => delete(reader).map(|delete| Self::Delete(Box::new(delete))),
            _ => Err(SqlError::unknown(format!("the statement {verb}"))),
        }
    }

    /// What the statement is called where it cannot run in a transaction block.
    pub fn runs_alone(&self) -> Option<&'static str> {
        match self {
            Self::AlterType { .. } => Some("ALTER TABLE ALTER COLUMN"),
            Self::Alone(name) => Some(name),
            _ => None,
        }
    }

    /// Whether the statement keeps all others from the tables that it names until its transaction ends.
    pub fn excludes(&self) -> bool {
        matches!(self, Self::Lock(_) | Self::AddColumn { .. } | Self::AlterType { .. } | Self::Truncate(_))
    }

    /// The relations that a writing statement names outright; what a query reads is found in its text.
    pub fn named(&self) -> Vec<&TableName> {
        match self {
            Self::CreateSchema { .. } | Self::Select(_) | Self::Alone(_) => Vec::new(),
            Self::Lock(tables) => tables.iter().collect(),
            Self::AddColumn { table, .. } | Self::AlterType { table, .. } | Self::Truncate(table) => vec![table],
            Self::CreateTable { name, .. } => vec![name],
            Self::DropTable { names, .. } => names.iter().collect(),
            Self::Copy(copy) => vec![&copy.table],
            Self::Insert(insert) => vec![&insert.table],
            Self::Delete(delete) => vec![&delete.table],
        }
    }
}

/// After DROP.
fn drop(reader: &mut Reader<'_>) -> SqlResult<Statement> {
    let alone = [("DATABASE", "DROP DATABASE"), ("LIBRARY", "DROP LIBRARY")];
    if let Some((_, statement)) = alone.into_iter().find(|(word, _)| reader.word(word)) {
        return Ok(reader.rest(Statement::Alone(statement)));
    }
    reader.known("DROP TABLE", "TABLE")?;
    let if_exists = reader.keywords(&[Keyword::IF, Keyword::EXISTS]);
    Ok(Statement::DropTable { names: reader.list(Reader::table)?, if_exists })
}

fn insert(reader: &mut Reader<'_>) -> SqlResult<Insert> {
    reader.expect("INTO")?;
    let table = reader.table()?;
    let columns = if reader.at_column_list() { Some(reader.names()?) } else { None };
    if !reader.at_query() && !reader.at_word("VALUES") {
        return Err(reader.unexpected());
    }
    Ok(Insert { table, columns, source: reader.query()? })
}

fn delete(reader: &mut Reader<'_>) -> SqlResult<Delete> {
    reader.expect("FROM")?;
    let table = reader.table()?;
    let using = if reader.word("USING") { reader.relations()? } else { Vec::new() };
    let condition = if reader.word("WHERE") { Some(reader.expression()?) } else { None };
    Ok(Delete { table, using, condition })
}
