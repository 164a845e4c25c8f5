//! What the statements of a publish are made of, in every mode.

use indexmap::IndexMap;
use model::dataset::{Column, Dataset, LoadTarget};
use model::name::Identifier;
use model::partition::Grain;
use model::types::Type;
use model::{Error, Kind, Result};

use super::quote::{identifier, literal};
use super::{Names, staged};
use crate::delivery::Delivery;
use crate::ledger;

/// A batch's rows in staging, on their way into the target.
#[derive(Debug)]
pub struct Publication<'a> {
    /// What the statements speak of.
    pub names: &'a Names,
    /// What the dataset says of the target.
    pub target: &'a LoadTarget,
    /// The dataset's columns that are staged.
    pub columns: &'a IndexMap<Identifier, Column>,
    /// Whether no two staged rows have one `load.key`: the batch is deduplicated by it, or by some of it.
    pub has_each_key_once: bool,
    /// What makes a partition: of which column what.
    pub partition: Vec<(Grain, &'a Identifier, Type)>,
    /// The condition on rows of the ledger: of this target, and of a later batch than this one.
    later: String,
}

impl<'a> Publication<'a> {
    /// The publication of a delivery.
    pub fn of(names: &'a Names, delivery: &'a Delivery, target: &'a LoadTarget) -> Result<Self> {
        let (batch, at) = (&names.batch, ledger::timestamp(delivery.manifest.place()));
        // A batch's place does not move; were it to, its own earlier deliveries would still be no later batch.
        let later = format!(
            "\"target\" = {} AND \"batch\" <> {batch}\n        \
             AND (\"batch_at\" > {at} OR (\"batch_at\" = {at} AND \"batch\" > {batch}))",
            literal(&target.table.to_string())?
        );
        let partition = delivery.dataset.partition_by.values().map(|by| {
            let kind = delivery.columns.get(&by.column).map(|column| column.kind).ok_or_else(|| {
                Error::new(Kind::Bug, "partition", &delivery.plan.run)
                    .because(format!("there is no column {}", by.column))
            })?;
            Ok((by.grain, &by.column, kind))
        });
        Ok(Self {
            names,
            target,
            columns: &delivery.columns,
            has_each_key_once: is_unique(&delivery.dataset, target),
            partition: partition.collect::<Result<_>>()?,
            later,
        })
    }

    /// All columns, by name, from a source that holds them as staging does.
    pub fn insert(&self, source: &str) -> String {
        let (columns, values) = (self.names.column_list(), self.names.published_list());
        format!("INSERT INTO {} ({columns})\nSELECT {values}\nFROM {source}", self.names.target)
    }

    /// The target's rows of other batches, those that somebody else wrote included: a table that was made by hand may
    /// hold null here. Those of the batch's earlier deliveries go behind every mode. `row` stands in front of the columns.
    pub fn is_of_others(&self, row: &str) -> String {
        format!("COALESCE({row}\"_sluice_batch\", '') <> {}", self.names.batch)
    }

    /// The target's rows of later batches.
    pub fn is_of_later(&self, row: &str) -> String {
        format!("{row}\"_sluice_run\" IN {}", self.later_runs())
    }

    /// The target's rows of batches that are not later, those that somebody else wrote included.
    pub fn is_of_no_later(&self, row: &str) -> String {
        format!("COALESCE({row}\"_sluice_run\", '') NOT IN {}", self.later_runs())
    }

    fn later_runs(&self) -> String {
        format!("(\n        SELECT \"run\" FROM {}\n        WHERE {}\n    )", self.names.ledger, self.later)
    }

    /// A condition on no row: whether the batch is the latest of its target.
    pub fn is_latest(&self) -> String {
        format!("(\n        SELECT COUNT(*) FROM {}\n        WHERE {}\n    ) = 0", self.names.ledger, self.later)
    }

    /// What stands in front of the target's columns in a DELETE, which takes no alias for it.
    pub fn in_target(&self) -> String {
        format!("{}.", self.names.target_table)
    }

    /// What stands in front of staging's columns where it has no alias.
    pub fn in_stage(&self) -> String {
        format!("{}.", self.names.stage_table)
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
