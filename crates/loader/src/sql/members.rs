//! The runs of a group as a table: what the ledger will say of each that is known before rows are counted.
//!
//! Statements of the publish join it, so that they are the same few for one run and for a hundred. Its columns are called
//! and typed as the ledger's are; besides them, `place` is where the run's batch stands among the group's, from 0.

use model::group::Member;
use model::{Error, Kind, Result};

use super::quote::{identifier, literal};
use super::{MAX_STATEMENT_BYTES, Names};
use crate::ledger;

/// What a run's row says in a column of the ledger.
type Value = fn(&Member) -> Result<String>;

/// The ledger's columns that are known beforehand. A null says its type: how rows of VALUES are brought to one type is (U).
pub const COLUMNS: &[(&str, Value)] = &[
    ("run", |member| literal(&member.run.to_string())),
    ("batch", |member| literal(member.batch.as_str())),
    ("dataset", |member| literal(member.run.dataset().as_str())),
    ("dataset_sha256", |member| literal(&member.dataset_sha256)),
    ("manifest_url", |member| literal(&member.manifest_url.to_string())),
    ("manifest_version", |member| literal(&member.manifest_version)),
    ("manifest_sha256", |member| literal(&member.manifest_sha256)),
    ("sequencer", |member| {
        member.sequencer.as_deref().map_or_else(|| Ok("CAST(NULL AS varchar(64))".to_owned()), literal)
    }),
    ("delivered_at", |member| Ok(ledger::timestamp(member.delivered_at))),
    ("as_of", |member| Ok(member.as_of.map_or_else(|| "CAST(NULL AS timestamp)".to_owned(), ledger::timestamp))),
    ("files", |member| Ok(member.files.to_string())),
    ("input_bytes", |member| Ok(member.input_bytes.to_string())),
    ("parquet_files", |member| Ok(member.parquet_files.to_string())),
    ("parquet_bytes", |member| Ok(member.parquet_bytes.to_string())),
    ("rows_read", |member| Ok(member.counts.read.to_string())),
    ("rows_accepted", |member| Ok(member.counts.accepted.to_string())),
    ("rows_rejected", |member| Ok(member.counts.rejected.to_string())),
    ("rows_filtered", |member| Ok(member.counts.filtered.to_string())),
    ("rows_duplicate", |member| Ok(member.counts.duplicate.to_string())),
    ("batch_at", |member| Ok(ledger::timestamp(member.batch_at))),
    ("rows_isolated", |member| Ok(member.isolated.to_string())),
    ("queued_at", |member| Ok(ledger::timestamp(member.queued_at))),
];

/// The statement that makes the table.
pub fn create(names: &Names) -> Result<String> {
    let mut definitions = Vec::with_capacity(COLUMNS.len() + 1);
    for (name, _) in COLUMNS {
        let found = ledger::COLUMNS.iter().find(|(column, _)| column == name);
        let (_, definition) = found.ok_or_else(|| Error::new(Kind::Bug, "find in the ledger", name))?;
        definitions.push(format!("    {} {definition}", identifier(name)));
    }
    definitions.push("    \"place\" integer NOT NULL".to_owned());
    Ok(format!("CREATE TABLE {} (\n{}\n)", names.members, definitions.join(",\n")))
}

/// The statements that fill it: as few as their size allows.
pub fn insert(names: &Names, members: &[Member]) -> Result<Vec<String>> {
    let columns: Vec<String> = COLUMNS.iter().map(|(name, _)| identifier(name)).collect();
    let head = format!("INSERT INTO {} ({}, \"place\")\nVALUES\n", names.members, columns.join(", "));
    let mut statements: Vec<String> = Vec::new();
    for (place, member) in members.iter().enumerate() {
        let values = COLUMNS.iter().map(|(_, value)| value(member)).collect::<Result<Vec<_>>>()?;
        let row = format!("({}, {place})", values.join(", "));
        match statements.last_mut() {
            Some(last) if last.len() + row.len() + 8 < MAX_STATEMENT_BYTES => {
                last.push_str(",\n");
                last.push_str(&row);
            }
            _ => statements.push(format!("{head}{row}")),
        }
    }
    Ok(statements)
}
