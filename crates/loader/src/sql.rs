//! The SQL of a load: each submission is a list of statements, made of checked names and quoted literals only.
//!
//! The text of a step is a function of the documents of a group and its runs: no clock, no attempt. So the same step of
//! the same group is the same text whenever it is submitted. The golden files in `tests/golden/` show all.

pub mod explain;
pub mod members;
pub mod prepare;
pub mod publication;
pub mod publish;
pub mod quote;
pub mod stage;
pub mod staged;
pub mod staging;
pub mod verdict;

#[cfg(test)]
pub(crate) mod tests;

use indexmap::IndexMap;
use model::dataset::Column;
use model::group::GroupName;
use model::hash;
use model::name::{Identifier, TableName};
use model::types::Type;
use model::{Error, Kind, Result};

use quote::{identifier, literal};

/// The schema of all tables of ours.
pub const SCHEMA: &str = "sluice";

/// The rows of a group, as COPY puts them.
pub const STAGE: &str = "stage";

/// The runs of a group.
pub const MEMBERS: &str = "members";

/// The partitions that a group has rows in.
pub const PARTITIONS: &str = "partitions";

/// The tables that a group may have of its own: each is `<kind>_<hash of the target>_<token>`.
pub const GROUP_TABLES: &[&str] = &[STAGE, MEMBERS, PARTITIONS];

/// A batch takes this many statements (facts/redshift-data-api.md, limits).
pub const MAX_STATEMENTS: usize = 40;

/// A statement has fewer bytes than this. 100 KB by the manual, more by newer readings (U).
pub const MAX_STATEMENT_BYTES: usize = 100_000;

/// The columns that staging and target tables have before the dataset's own, as the files do. They are never null.
pub const OWN_COLUMNS: &[(&str, Type)] = &[("_sluice_batch", Type::Varchar(64)), ("_sluice_run", Type::Varchar(80))];

/// What the statements of one load speak of, quoted and ready to stand in SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// The table of runs that are published, of all targets.
    pub ledger: String,
    /// The same rows of the target's runs. What a publish must read of the ledger it reads here: publishes into different
    /// targets read no table together, and only add to the ledger.
    pub runs: String,
    /// The table that loads of one target take turns by; nobody writes it. Never the target or the ledger: readers would wait.
    pub lock: String,
    /// The table of the tokens under which loads of the target were prepared; the greatest counts.
    pub tokens: String,
    /// The group's staging table.
    pub stage: String,
    /// The group's runs, one row each (see [`members`]).
    pub members: String,
    /// The partitions that the group has rows in, where the mode asks for them.
    pub partitions: String,
    /// The target's schema.
    pub target_schema: String,
    /// The target.
    pub target: String,
    /// The same without its schema, in front of its columns.
    pub target_table: String,
    /// The target's name as a literal: what the ledger calls it.
    pub target_text: String,
    /// The token of the group.
    pub token: u64,
    /// The columns of files, staging and target, in order: `"_sluice_batch", "_sluice_run", "id", …`.
    pub columns: Vec<String>,
}

impl Names {
    /// The names of one group's load.
    pub fn of(group: &GroupName, columns: &IndexMap<Identifier, Column>) -> Result<Self> {
        let (schema, table) = (group.table().schema().as_str(), group.table().table().as_str());
        let own = OWN_COLUMNS.iter().map(|(name, _)| *name);
        let columns = own.chain(columns.keys().map(Identifier::as_str)).map(identifier).collect();
        Ok(Self {
            ledger: own_table("ledger"),
            runs: own_table(&format!("runs_{}", target_hash(group.table()))),
            lock: own_table(&format!("lock_{}", target_hash(group.table()))),
            tokens: own_table(&format!("tokens_{}", target_hash(group.table()))),
            stage: own_table(&group_table(STAGE, group)),
            members: own_table(&group_table(MEMBERS, group)),
            partitions: own_table(&group_table(PARTITIONS, group)),
            target_schema: identifier(schema),
            target: format!("{}.{}", identifier(schema), identifier(table)),
            target_table: identifier(table),
            target_text: literal(&group.table().to_string())?,
            token: group.token(),
            columns,
        })
    }

    /// The columns with commas in between.
    pub fn column_list(&self) -> String {
        self.columns.join(", ")
    }
}

/// Names are short whatever the target is called: Redshift's have 127 bytes.
pub fn target_hash(target: &TableName) -> String {
    hash::hash32([target.schema().as_str(), target.table().as_str()])
}

/// The name of a table of a group's own, without its schema and quotes.
pub fn group_table(kind: &str, group: &GroupName) -> String {
    format!("{kind}_{}_{}", target_hash(group.table()), group.token())
}

/// Drops the tables of a group, those that are there.
pub fn drop_tables(group: &GroupName) -> Vec<String> {
    GROUP_TABLES.iter().map(|kind| drop_table(&group_table(kind, group))).collect()
}

/// Drops a table of ours, if it is there. `table` is its name without the schema.
pub fn drop_table(table: &str) -> String {
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

/// Makes a group's token the target's. A prepare does, and the publish again: both take away the row that was there, so of
/// two that overlap one fails, whatever the isolation and whenever its snapshot was taken. Greater tokens stay.
fn claim(names: &Names) -> [String; 2] {
    let Names { tokens, token, .. } = names;
    [
        format!("DELETE FROM {tokens}\nWHERE \"token\" <= {token}"),
        format!("INSERT INTO {tokens} (\"token\", \"claimed_at\")\nSELECT {token}, GETDATE()"),
    ]
}

/// The ledger's columns, quoted, in order.
fn ledger_columns() -> Vec<String> {
    crate::ledger::COLUMNS.iter().map(|(name, _)| identifier(name)).collect()
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
