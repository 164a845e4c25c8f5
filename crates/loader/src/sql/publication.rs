//! What the statements of a publish are made of, in every mode.

use indexmap::IndexMap;
use model::dataset::{Column, Dataset, LoadTarget};
use model::group::Member;
use model::name::Identifier;
use model::partition::Grain;
use model::types::Type;
use model::{Error, Kind, Result};

use super::quote::{identifier, literal};
use super::{Names, OWN_COLUMNS, staged};
use crate::loading::Loading;

/// The rows of a group's runs in staging, on their way into the target.
#[derive(Debug)]
pub struct Publication<'a> {
    /// What the statements speak of.
    pub names: &'a Names,
    /// What the dataset says of the target.
    pub target: &'a LoadTarget,
    /// The dataset's columns that are staged.
    pub columns: &'a IndexMap<Identifier, Column>,
    /// The runs, each of another batch, in the order of their batches.
    pub members: &'a [Member],
    /// Whether no two staged rows have one `load.key`: there is one batch, and it is deduplicated by it, or by some of it.
    pub has_each_key_once: bool,
    /// What makes a partition: of which column what.
    pub partition: Vec<(Grain, &'a Identifier, Type)>,
}

impl<'a> Publication<'a> {
    /// The publication of a load.
    pub fn of(loading: &'a Loading) -> Result<Self> {
        let partition = loading.dataset.partition_by.values().map(|by| {
            let kind = loading.columns.get(&by.column).map(|column| column.kind).ok_or_else(|| {
                Error::new(Kind::Bug, "partition", &loading.group.group)
                    .because(format!("there is no column {}", by.column))
            })?;
            Ok((by.grain, &by.column, kind))
        });
        Ok(Self {
            names: &loading.names,
            target: &loading.target,
            columns: &loading.columns,
            members: &loading.group.members,
            has_each_key_once: loading.group.members.len() == 1 && is_unique(&loading.dataset, &loading.target),
            partition: partition.collect::<Result<_>>()?,
        })
    }

    /// All columns, by name, from a source that holds them as staging does. `row` stands in front of its columns.
    pub fn insert(&self, row: &str, source: &str) -> String {
        let own = OWN_COLUMNS.iter().map(|(name, _)| format!("{row}{}", identifier(name)));
        let values: Vec<String> = own.chain(self.columns.keys().map(|name| self.staged_value(row, name))).collect();
        format!(
            "INSERT INTO {} ({})\nSELECT {}\nFROM {source}",
            self.names.target,
            self.names.column_list(),
            values.join(", ")
        )
    }

    /// The target's rows of batches that are not of the group, those that somebody else wrote included: a table that was
    /// made by hand may hold null here. Those of the batches' earlier deliveries go behind every mode. `row` stands in
    /// front of the columns.
    pub fn is_of_others(&self, row: &str) -> String {
        format!("COALESCE({row}\"_sluice_batch\", '') NOT IN (SELECT \"batch\" FROM {})", self.names.members)
    }

    /// The target's rows of no run that is known: somebody else wrote them, and they are older than all.
    pub fn is_of_nobody(&self, row: &str) -> String {
        format!("COALESCE({row}\"_sluice_run\", '') NOT IN (SELECT \"run\" FROM {})", self.names.runs)
    }

    /// The target's rows of a batch that is earlier than that of a run of the group. `row`, `entry` and `member` stand in
    /// front of the columns of the target, the target's runs and the members, which all are joined.
    pub fn is_earlier(row: &str, entry: &str, member: &str) -> String {
        format!(
            "{entry}\"run\" = {row}\"_sluice_run\"\n    AND (\n        \
             {entry}\"batch_at\" < {member}\"batch_at\"\n        \
             OR ({entry}\"batch_at\" = {member}\"batch_at\" AND {entry}\"batch\" < {member}\"batch\")\n    )"
        )
    }

    /// The run of the latest batch of the group, as a literal, and a condition on no row: whether the target holds none of
    /// a later batch.
    pub fn latest(&self) -> Result<(String, String)> {
        let latest = self.members.iter().max_by_key(|member| member.place());
        let latest = latest
            .ok_or_else(|| Error::new(Kind::Bug, "publish into", &self.target.table).because("a group of no run"))?;
        let (at, batch) = (crate::ledger::timestamp(latest.batch_at), literal(latest.batch.as_str())?);
        // A batch's place does not move; were it to, the group's own earlier deliveries would still be no later batch.
        let is_latest = format!(
            "(\n        SELECT COUNT(*) FROM {runs}\n        \
             WHERE \"batch\" NOT IN (SELECT \"batch\" FROM {members})\n        \
             AND (\"batch_at\" > {at} OR (\"batch_at\" = {at} AND \"batch\" > {batch}))\n    ) = 0",
            runs = self.names.runs,
            members = self.names.members,
        );
        Ok((literal(&latest.run.to_string())?, is_latest))
    }

    /// What stands in front of the target's columns in a DELETE, which takes no alias for it.
    pub fn in_target(&self) -> String {
        format!("{}.", self.names.target_table)
    }

    /// The target's value of a column, from a relation that holds it as staging does.
    pub fn staged_value(&self, row: &str, name: &Identifier) -> String {
        let staged = format!("{row}{}", identifier(name.as_str()));
        self.columns.get(name).map_or_else(|| staged.clone(), |column| staged::published(column.kind, &staged))
    }
}

/// Rows of one item are deduplicated together, and a batch with `dedupe` is one item.
fn is_unique(dataset: &Dataset, target: &LoadTarget) -> bool {
    let dedupe = dataset.dedupe.as_ref();
    dedupe.is_some_and(|dedupe| dedupe.key.iter().all(|name| target.key.contains(name)))
}

/// What the n-th expression by which rows are matched is called, from 1.
pub fn key_name(number: usize) -> String {
    format!("\"_sluice_key_{number}\"")
}

/// The expressions under their names, for a select list.
pub fn named_keys(expressions: &[String]) -> String {
    let named = expressions.iter().zip(1..).map(|(expression, number)| format!("{expression} AS {}", key_name(number)));
    named.collect::<Vec<_>>().join(",\n        ")
}

/// Whether two rows' expressions are equal, one by one.
pub fn equal(one: &[String], other: &[String]) -> String {
    let equal = one.iter().zip(other).map(|(one, other)| format!("{one} = {other}"));
    equal.collect::<Vec<_>>().join("\n    AND ")
}

/// The expressions of a relation that has them by their names.
pub fn keys_of(relation: &str, expressions: &[String]) -> Vec<String> {
    (1..=expressions.len()).map(|number| format!("{relation}.{}", key_name(number))).collect()
}
