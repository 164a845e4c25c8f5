//! A strict reader over sqlparser's tokens: every word is taken by a rule or refused.

use datafusion::sql::sqlparser::ast::{DataType, Expr, Ident, Query, TableWithJoins};
use datafusion::sql::sqlparser::dialect::RedshiftSqlDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use crate::error::{SqlError, SqlResult};
use crate::name::{TableName, folded};

static DIALECT: RedshiftSqlDialect = RedshiftSqlDialect {};

/// The words of a text, blanks and comments among them.
pub(crate) fn tokens(sql: &str) -> SqlResult<Vec<Token>> {
    Tokenizer::new(&DIALECT, sql).tokenize().map_err(|error| SqlError::new(format!("syntax error: {error}")))
}

/// Reads one statement from left to right.
pub(super) struct Reader<'a> {
    parser: Parser<'a>,
}

impl<'a> Reader<'a> {
    pub fn new(tokens: Vec<Token>) -> Self {
        Self { parser: Parser::new(&DIALECT).with_tokens(tokens) }
    }

    /// The statement's first word, in upper case.
    pub fn verb(&mut self) -> String {
        self.parser.next_token().token.to_string().to_uppercase()
    }

    /// Whether a query starts here.
    pub fn at_query(&self) -> bool {
        self.at_word("SELECT") || self.at_word("WITH") || self.parser.peek_token_ref().token == Token::LParen
    }

    /// Whether a column list starts here, and not a query in parentheses.
    pub fn at_column_list(&self) -> bool {
        let [first, second] = self.parser.peek_tokens();
        first == Token::LParen && !is_word(&second, "SELECT") && !is_word(&second, "WITH") && second != Token::LParen
    }

    pub fn at_word(&self, word: &str) -> bool {
        is_word(&self.parser.peek_token_ref().token, word)
    }

    /// Takes the word when it is next.
    pub fn word(&mut self, word: &str) -> bool {
        let there = self.at_word(word);
        if there {
            self.parser.next_token();
        }
        there
    }

    /// Takes the word or fails.
    pub fn expect(&mut self, word: &str) -> SqlResult<()> {
        if self.word(word) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// Takes the word; another word makes the statement one that is not known.
    pub fn known(&mut self, statement: &str, word: &str) -> SqlResult<()> {
        let next = self.parser.peek_token_ref().token.to_string();
        if self.word(word) { Ok(()) } else { Err(SqlError::unknown(format!("{next} where {statement} is"))) }
    }

    pub fn keywords(&mut self, words: &[Keyword]) -> bool {
        self.parser.parse_keywords(words)
    }

    pub fn token(&mut self, token: &Token) -> bool {
        self.parser.consume_token(token)
    }

    /// Takes the next token whatever it is.
    pub fn next(&mut self) -> Token {
        self.parser.next_token().token
    }

    pub fn at_end(&self) -> bool {
        matches!(self.parser.peek_token_ref().token, Token::EOF | Token::SemiColon)
    }

    /// Passes over what is left: nothing of it can make a difference.
    pub fn rest<T>(&mut self, statement: T) -> T {
        while !self.at_end() {
            self.next();
        }
        statement
    }

    /// Fails when anything but a closing semicolon is left.
    pub fn end(&mut self) -> SqlResult<()> {
        let _closing = self.token(&Token::SemiColon);
        if self.parser.peek_token_ref().token == Token::EOF { Ok(()) } else { Err(self.unexpected()) }
    }

    pub fn unexpected(&self) -> SqlError {
        match &self.parser.peek_token_ref().token {
            Token::EOF => SqlError::new("syntax error at end of input"),
            token => SqlError::new(format!("syntax error at or near \"{token}\"")),
        }
    }

    /// A folded name.
    pub fn name(&mut self) -> SqlResult<String> {
        let ident: Ident = self.parser.parse_identifier().map_err(|error| syntax(&error))?;
        folded(&ident)
    }

    pub fn table(&mut self) -> SqlResult<TableName> {
        TableName::of(&self.parser.parse_object_name(false).map_err(|error| syntax(&error))?)
    }

    /// `(a, b)`.
    pub fn names(&mut self) -> SqlResult<Vec<String>> {
        self.open()?;
        let names = self.list(Self::name)?;
        self.close()?;
        Ok(names)
    }

    pub fn open(&mut self) -> SqlResult<()> {
        if self.token(&Token::LParen) { Ok(()) } else { Err(self.unexpected()) }
    }

    pub fn close(&mut self) -> SqlResult<()> {
        if self.token(&Token::RParen) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// `a, b`.
    pub fn list<T>(&mut self, item: impl Fn(&mut Self) -> SqlResult<T>) -> SqlResult<Vec<T>> {
        let mut items = vec![item(self)?];
        while self.token(&Token::Comma) {
            items.push(item(self)?);
        }
        Ok(items)
    }

    pub fn string(&mut self) -> SqlResult<String> {
        match self.parser.peek_token_ref().token.clone() {
            Token::SingleQuotedString(text) => {
                self.parser.next_token();
                Ok(text)
            }
            _ => Err(self.unexpected()),
        }
    }

    pub fn data_type(&mut self) -> SqlResult<DataType> {
        self.parser.parse_data_type().map_err(|error| syntax(&error))
    }

    pub fn query(&mut self) -> SqlResult<Box<Query>> {
        self.parser.parse_query().map_err(|error| syntax(&error))
    }

    pub fn expression(&mut self) -> SqlResult<Expr> {
        self.parser.parse_expr().map_err(|error| syntax(&error))
    }

    pub fn relations(&mut self) -> SqlResult<Vec<TableWithJoins>> {
        self.list(|reader| reader.parser.parse_table_and_joins().map_err(|error| syntax(&error)))
    }
}

fn is_word(token: &Token, word: &str) -> bool {
    matches!(token, Token::Word(found) if found.quote_style.is_none() && found.value.eq_ignore_ascii_case(word))
}

/// sqlparser says `Expected: x, found: y at Line: …`; Redshift names only what it stumbled over.
fn syntax(error: &ParserError) -> SqlError {
    let text = error.to_string();
    match text.split_once("found: ") {
        Some((_, found)) => {
            let found = found.split(" at Line").next().unwrap_or(found);
            match found {
                "EOF" => SqlError::new("syntax error at end of input"),
                found => SqlError::new(format!("syntax error at or near \"{found}\"")),
            }
        }
        None => SqlError::new(format!("syntax error: {text}")),
    }
}
