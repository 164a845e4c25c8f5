//! Step one: what is missing is created, and what is there is read.

use indexmap::IndexMap;
use model::Result;
use model::dataset::{Column, LoadTarget};
use model::name::Identifier;

use super::quote::{identifier, literal};
use super::{Names, SCHEMA, STAGE_PREFIX, column_definitions, verdict};
use crate::ledger;
use crate::target::TableColumn;

/// The statements of `prepare`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepare {
    /// All of them, in order.
    pub statements: Vec<String>,
    /// Which one answers the ledger's rows of the batch.
    pub ledger: usize,
    /// Which one answers the target's columns, those of a table that was there before included.
    pub columns: usize,
    /// Which one answers the names of all staging tables.
    pub stages: usize,
}

impl Prepare {
    /// The statements for a target. All of them may be run again and again.
    pub fn of(names: &Names, target: &LoadTarget, dataset: &IndexMap<Identifier, Column>) -> Result<Self> {
        let mut statements = vec![
            format!("CREATE SCHEMA IF NOT EXISTS {}", identifier(SCHEMA)),
            format!("CREATE TABLE IF NOT EXISTS {} (\n{}\n)", names.ledger, ledger_definitions()),
            format!("CREATE TABLE IF NOT EXISTS {} (\n    \"nothing\" smallint\n)", names.lock),
            format!("CREATE SCHEMA IF NOT EXISTS {}", names.target_schema),
            format!("CREATE TABLE IF NOT EXISTS {} {}", names.target, target_definition(dataset, target)),
        ];
        let ledger = statements.len();
        statements.push(verdict::statement(names));
        let columns = statements.len();
        statements.push(target_columns(target)?);
        let stages = statements.len();
        statements.push(all_stages()?);
        Ok(Self { statements, ledger, columns, stages })
    }
}

/// The target's columns, distribution and sorting, as they stand behind its name.
pub fn target_definition(dataset: &IndexMap<Identifier, Column>, target: &LoadTarget) -> String {
    format!("(\n{}\n){}", column_definitions(dataset, |kind| kind.row().redshift), distribution(target))
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

/// The staging tables of all runs. The underscore is escaped: in a pattern it stands for any character.
fn all_stages() -> Result<String> {
    let schema = literal(SCHEMA)?;
    let pattern = literal(&format!("{}%", STAGE_PREFIX.replace('_', "\\_")))?;
    Ok(format!("SELECT table_name\nFROM svv_tables\nWHERE table_schema = {schema} AND table_name LIKE {pattern}"))
}
