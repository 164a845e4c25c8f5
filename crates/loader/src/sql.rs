//! The SQL of a load: each submission is a list of statements, made of checked names and quoted literals only.
//!
//! The text of a step is a function of the run's documents: no clock, no attempt, no execution. So the same step of
//! the same run is the same text whenever and by whomever it is submitted. The golden files in `tests/golden/` show all.

pub mod explain;
pub mod prepare;
pub mod publication;
pub mod publish;
pub mod quote;
pub mod stage;
pub mod staged;
pub mod verdict;

#[cfg(test)]
pub(crate) mod tests;

use indexmap::IndexMap;
use model::dataset::{Column, LoadTarget};
use model::hash;
use model::name::{BatchId, Identifier, RunName};
use model::types::Type;
use model::{Error, Kind, Result};

use quote::{identifier, literal};

/// The schema of all tables of ours.
pub const SCHEMA: &str = "sluice";

/// What the names of staging tables begin with.
pub const STAGE_PREFIX: &str = "stage_";

/// A batch takes this many statements (facts/redshift-data-api.md, limits).
pub const MAX_STATEMENTS: usize = 40;

/// A statement has fewer bytes than this. 100 KB by the manual, more by newer readings (U).
pub const MAX_STATEMENT_BYTES: usize = 100_000;

/// The columns that staging and target tables have before the dataset's own, as the files do. They are never null.
pub const OWN_COLUMNS: &[(&str, Type)] = &[("_sluice_batch", Type::Varchar(64)), ("_sluice_run", Type::Varchar(80))];

/// What the statements of one load speak of, quoted and ready to stand in SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// The table of runs that are published.
    pub ledger: String,
    /// The empty table that publishes into one target take turns by. Never the target or the ledger: readers would wait.
    pub lock: String,
    /// The run's staging table.
    pub stage: String,
    /// The same without its schema, in front of its columns.
    pub stage_table: String,
    /// The target's schema.
    pub target_schema: String,
    /// The target.
    pub target: String,
    /// The same without its schema, in front of its columns.
    pub target_table: String,
    /// The columns of files, staging and target, in order: `"_sluice_batch", "_sluice_run", "id", …`.
    pub columns: Vec<String>,
    /// The target's value of each column, from the staged one: most are the column itself (see [`staged`]).
    pub published: Vec<String>,
    /// The batch, as a literal.
    pub batch: String,
    /// The run, as a literal.
    pub run: String,
}

impl Names {
    /// The names of one run's load.
    pub fn of(
        run: &RunName,
        batch: &BatchId,
        target: &LoadTarget,
        columns: &IndexMap<Identifier, Column>,
    ) -> Result<Self> {
        let (schema, table) = (target.table.schema().as_str(), target.table.table().as_str());
        let own = OWN_COLUMNS.iter().copied();
        let columns = own.chain(columns.iter().map(|(name, column)| (name.as_str(), column.kind)));
        let (columns, published) =
            columns.map(|(name, kind)| (identifier(name), staged::published(kind, &identifier(name)))).unzip();
        Ok(Self {
            ledger: ledger(),
            lock: own_table(&format!("lock_{}", hash::hash32([schema, table]))),
            stage: own_table(&stage_table(run)),
            stage_table: identifier(&stage_table(run)),
            target_schema: identifier(schema),
            target: format!("{}.{}", identifier(schema), identifier(table)),
            target_table: identifier(table),
            columns,
            published,
            batch: literal(batch.as_str())?,
            run: literal(&run.to_string())?,
        })
    }

    /// The columns with commas in between.
    pub fn column_list(&self) -> String {
        self.columns.join(", ")
    }

    /// What a SELECT from staging lists for the target's columns, in their order.
    pub fn published_list(&self) -> String {
        self.published.join(", ")
    }
}

/// The ledger, quoted.
pub fn ledger() -> String {
    own_table("ledger")
}

/// The name of a run's staging table, without its schema and quotes.
pub fn stage_table(run: &RunName) -> String {
    format!("{STAGE_PREFIX}{}_{}", run.dataset(), run.hash())
}

/// Drops a staging table of ours, if it is there. `table` is its name without the schema.
pub fn drop_stage(table: &str) -> String {
    format!("DROP TABLE IF EXISTS {}", own_table(table))
}

/// Refuses what the Data API would: a dataset of very many columns makes long statements.
pub fn check_size(statements: &[String], subject: &str) -> Result<()> {
    if statements.is_empty() || statements.len() > MAX_STATEMENTS {
        return Err(Error::new(Kind::Bug, "submit", subject)
            .because(format!("{} statements, 1 to {MAX_STATEMENTS} are possible", statements.len())));
    }
    match statements.iter().map(String::len).max() {
        Some(bytes) if bytes >= MAX_STATEMENT_BYTES => Err(Error::new(Kind::Config, "submit", subject).because(format!(
            "a statement has {bytes} bytes, fewer than {MAX_STATEMENT_BYTES} are possible: give the dataset fewer columns, or shorter names"
        ))),
        _ => Ok(()),
    }
}

/// A table in our schema, quoted.
fn own_table(name: &str) -> String {
    format!("{}.{}", identifier(SCHEMA), identifier(name))
}

/// The columns of a staging or target table, one a line; `kind` says the type of each in Redshift's DDL.
fn column_definitions(columns: &IndexMap<Identifier, Column>, kind: fn(Type) -> String) -> String {
    let own = OWN_COLUMNS.iter().map(|(name, of)| format!("    {} {} NOT NULL", identifier(name), kind(*of)));
    let theirs =
        columns.iter().map(|(name, column)| format!("    {} {}", identifier(name.as_str()), kind(column.kind)));
    own.chain(theirs).collect::<Vec<_>>().join(",\n")
}
