//! SQL text to a statement that is known. Nothing is skipped: a word that no rule takes fails the statement.
//!
//! A new statement is a variant here, a function in one of the files beside, and an arm in `transaction.rs`.

mod copy;
mod create;
mod reader;

use datafusion::sql::sqlparser::ast::{Expr, Query, TableWithJoins};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::Token;

pub(crate) use copy::Copy;
use reader::Reader;
pub(crate) use reader::tokens;

use crate::error::{SqlError, SqlResult};
use crate::name::TableName;
use crate::table::Definition;

/// One statement.
#[derive(Debug, Clone)]
pub(crate) enum Statement {
    CreateSchema { name: String, if_not_exists: bool },
    CreateTable { name: TableName, if_not_exists: bool, definition: Definition },
    DropTable { names: Vec<TableName>, if_exists: bool },
    Copy(Copy),
    Lock(Vec<TableName>),
    Insert(Insert),
    Delete(Box<Delete>),
    Select(Box<Query>),
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
            "DROP" => drop_table(reader),
            "COPY" => copy::copy(reader).map(Self::Copy),
            "LOCK" => {
                let _optional = reader.word("TABLE");
                Ok(Self::Lock(reader.list(Reader::table)?))
            }
            "INSERT" => insert(reader).map(Self::Insert),
            "DELETE" => delete(reader).map(|delete| Self::Delete(Box::new(delete))),
            "TRUNCATE" => Err(SqlError::unknown("the statement TRUNCATE, which would commit the transaction")),
            _ => Err(SqlError::unknown(format!("the statement {verb}"))),
        }
    }

    /// The relations that a writing statement names outright; what a query reads is found in its text.
    pub fn named(&self) -> Vec<&TableName> {
        match self {
            Self::CreateSchema { .. } | Self::Lock(_) | Self::Select(_) => Vec::new(),
            Self::CreateTable { name, .. } => vec![name],
            Self::DropTable { names, .. } => names.iter().collect(),
            Self::Copy(copy) => vec![&copy.table],
            Self::Insert(insert) => vec![&insert.table],
            Self::Delete(delete) => vec![&delete.table],
        }
    }
}

fn drop_table(reader: &mut Reader<'_>) -> SqlResult<Statement> {
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
