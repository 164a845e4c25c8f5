//! Step one: what is missing is created, who loads is made known, and what is there is read.
//!
//! The token is made known before anything else of the group is, under the lock that a publish holds. So a publish under an
//! earlier token has either committed by then, or it will find the greater token and fail. Whether the ledger that
//! is read here says what one has committed that the LOCK had waited for is (U): the snapshot may be older, for other
//! statements stand before the LOCK. Where it is, the row of the token that is taken away here is another: it fails (1023) and
//! is tried again.

use indexmap::IndexMap;
use model::Result;
use model::dataset::{Column, LoadTarget};
use model::group::Member;
use model::name::{Identifier, TableName};

use super::quote::{identifier, literal};
use super::{Names, SCHEMA, claim, column_definitions, ledger_columns, target_hash, verdict};
use crate::ledger;
use crate::target::TableColumn;

/// The statements of `prepare`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepare {
    /// All of them, in order.
    pub statements: Vec<String>,
    /// Which one answers the greatest token of the target.
    pub tokens: usize,
    /// Which one answers the ledger's rows of the batches.
    pub ledger: usize,
    /// Which one answers the target's columns, those of a table that was there before included.
    pub columns: usize,
    /// Which one answers the names of the tables of all groups of the target.
    pub tables: usize,
}

impl Prepare {
    /// The statements for a target. All of them may be run again and again.
    pub fn of(
        names: &Names,
        target: &LoadTarget,
        dataset: &IndexMap<Identifier, Column>,
        members: &[Member],
    ) -> Result<Self> {
        let mut statements = vec![
            format!("CREATE SCHEMA IF NOT EXISTS {}", identifier(SCHEMA)),
            format!("CREATE TABLE IF NOT EXISTS {} (\n{}\n)", names.ledger, ledger_definitions()),
            format!("CREATE TABLE IF NOT EXISTS {} (\n{}\n)", names.runs, ledger_definitions()),
            format!("CREATE TABLE IF NOT EXISTS {} (\n    \"nothing\" smallint\n)", names.lock),
            format!(
                "CREATE TABLE IF NOT EXISTS {} (\n    \"token\" bigint NOT NULL,\n    \"claimed_at\" timestamp NOT NULL\n)",
                names.tokens
            ),
            format!("CREATE SCHEMA IF NOT EXISTS {}", names.target_schema),
            format!("CREATE TABLE IF NOT EXISTS {} {}", names.target, target_definition(dataset, target)),
            format!("LOCK {}", names.lock),
        ];
        statements.extend(claim(names));
        statements.extend(runs_of_ledger(names));
        let mut push = |statement| {
            statements.push(statement);
            statements.len() - 1
        };
        let tokens = push(format!("SELECT MAX(\"token\")\nFROM {}", names.tokens));
        let ledger = push(verdict::statement(names, members)?);
        let columns = push(target_columns(target)?);
        let tables = push(tables_of_groups(&target.table)?);
        Ok(Self { statements, tokens, ledger, columns, tables })
    }
}

/// The target's columns, distribution and sorting, as they stand behind its name.
pub fn target_definition(dataset: &IndexMap<Identifier, Column>, target: &LoadTarget) -> String {
    format!("(\n{}\n){}", column_definitions(dataset, |kind| kind.row().redshift), distribution(target))
}

/// Gives the target's own table of runs those that the ledger has, and no others. A publish writes both; but the one may be
/// new, and of the other a person may have deleted rows, so that they are published again.
fn runs_of_ledger(names: &Names) -> [String; 2] {
    let Names { ledger, runs, target_text, .. } = names;
    let columns = ledger_columns().join(", ");
    let is_of_target = format!("\"target\" = {target_text}");
    [
        format!("DELETE FROM {runs}\nWHERE \"run\" NOT IN (SELECT \"run\" FROM {ledger} WHERE {is_of_target})"),
        format!(
            "INSERT INTO {runs} ({columns})\nSELECT {columns}\nFROM {ledger}\nWHERE {is_of_target}\n    \
             AND \"run\" NOT IN (SELECT \"run\" FROM {runs})"
        ),
    ]
}

fn ledger_definitions() -> String {
    let columns = ledger::COLUMNS.iter().map(|(name, definition)| format!("    {} {definition}", identifier(name)));
    columns.collect::<Vec<_>>().join(",\n")
}

/// Distribution and sorting, where the dataset names them; else Redshift finds them itself.
fn distribution(target: &LoadTarget) -> String {
    let mut clauses = String::new();
    if let Some(key) = &target.dist_key {
        clauses.push_str(&format!("\nDISTSTYLE KEY DISTKEY ({})", identifier(key.as_str())));
    }
    if !target.sort_key.is_empty() {
        let keys: Vec<String> = target.sort_key.iter().map(|key| identifier(key.as_str())).collect();
        clauses.push_str(&format!("\nCOMPOUND SORTKEY ({})", keys.join(", ")));
    }
    clauses
}

/// The target's columns, as [`TableColumn::read`] takes them.
pub fn target_columns(target: &LoadTarget) -> Result<String> {
    Ok(format!(
        "SELECT {}\nFROM svv_columns\nWHERE table_schema = {} AND table_name = {}\nORDER BY ordinal_position",
        TableColumn::COLUMNS.join(", "),
        literal(target.table.schema().as_str())?,
        literal(target.table.table().as_str())?,
    ))
}

/// The tables of all groups of the target. The underscore is escaped: in a pattern it stands for any character.
fn tables_of_groups(target: &TableName) -> Result<String> {
    let schema = literal(SCHEMA)?;
    let pattern = literal(&format!("%\\_{}\\_%", target_hash(target)))?;
    Ok(format!("SELECT table_name\nFROM svv_tables\nWHERE table_schema = {schema} AND table_name LIKE {pattern}"))
}
