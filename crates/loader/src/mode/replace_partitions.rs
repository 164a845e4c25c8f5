//! `replace_partitions`: each partition that the batch has rows in holds the latest batch that has, and nothing else.
//!
//! A partition is what `partition_by` makes of a row, as in the lake (`engine::partition`). Of a batch that comes late only
//! the partitions are published that no later batch has rows in. Partitions that only an earlier delivery of the batch had
//! become empty: the rows of earlier deliveries go behind every mode.

use model::dataset::LoadMode;
use model::name::Identifier;
use model::partition::NULL_PARTITION;
use model::types::Type;

use super::Mode;
use crate::sql::publication::{Publication, equal, key_name, keys_of, named_keys};
use crate::sql::quote::identifier;

/// Rows of other batches in the batch's partitions go, unless they are of a later batch.
#[derive(Debug)]
pub struct ReplacePartitions;

/// Expressions that are never null, and equal in rows of one partition and in no others: null is a partition too, and
/// plain equality is what the warehouse can hash. `value` gives the target's value of a column.
fn partition(of: &Publication<'_>, value: impl Fn(&Identifier) -> String) -> Vec<String> {
    let keys = of.partition.iter().flat_map(|(grain, column, kind)| {
        let value = value(column);
        let (value, none) = match (grain.unit(), kind) {
            (Some(unit), kind) => (truncated(unit, *kind, &value), "CAST('1970-01-01 00:00:00' AS timestamp)"),
            (None, kind) if kind.is_text() => return vec![text(*kind, &value)],
            (None, Type::Boolean) => (value, "FALSE"),
            (None, Type::Date) => (value, "CAST('1970-01-01' AS date)"),
            (None, _) => (value, "0"),
        };
        vec![format!("COALESCE({value}, {none})"), format!("CASE WHEN {value} IS NULL THEN 1 ELSE 0 END")]
    });
    keys.collect()
}

/// The moment where the year, month, day or hour begins, in UTC as in the lake.
fn truncated(unit: &str, kind: Type, value: &str) -> String {
    let moment = match kind {
        Type::Timestamptz => format!("{value} AT TIME ZONE 'UTC'"),
        Type::Date => format!("CAST({value} AS timestamp)"),
        _ => value.to_owned(),
    };
    format!("DATE_TRUNC('{unit}', {moment})")
}

/// In the lake null, the empty text and the word for null are one partition, and a varchar's trailing blanks count: where
/// texts are compared they do not, unless something stands behind them.
fn text(kind: Type, value: &str) -> String {
    let text = format!("COALESCE(NULLIF({value}, '{NULL_PARTITION}'), '')");
    if matches!(kind, Type::Varchar(_)) { format!("{text} || '.'") } else { text }
}

fn partition_of_target(of: &Publication<'_>, row: &str) -> Vec<String> {
    partition(of, |column| format!("{row}{}", identifier(column.as_str())))
}

fn partition_of_staged(of: &Publication<'_>) -> Vec<String> {
    partition(of, |column| of.staged_value("\"staged\".", column))
}

/// The staged rows, each beside its partition where that holds rows of a later batch.
fn rows(of: &Publication<'_>) -> String {
    let staged = partition_of_staged(of);
    format!(
        "{stage} AS \"staged\"\nLEFT JOIN (\n    SELECT DISTINCT\n        {keys}\n    FROM {target}\n    \
         WHERE {is_of_others}\n    AND {is_of_later}\n) AS \"kept\"\n    ON {is_kept}",
        stage = of.names.stage,
        keys = named_keys(&partition_of_target(of, "")),
        target = of.names.target,
        is_of_others = of.is_of_others(""),
        is_of_later = of.is_of_later(""),
        is_kept = equal(&keys_of("\"kept\"", &staged), &staged),
    )
}

impl Mode for ReplacePartitions {
    fn mode(&self) -> LoadMode {
        LoadMode::ReplacePartitions
    }

    fn publish(&self, of: &Publication<'_>) -> Vec<String> {
        let there = of.in_target();
        // EXISTS, for USING takes tables, and a join with every staged row of a partition would be a product.
        let delete = format!(
            "DELETE FROM {target}\nWHERE {is_of_others}\n    AND {is_of_no_later}\n    \
             AND EXISTS (\n        SELECT 1 FROM {stage} AS \"staged\"\n        WHERE {same_partition}\n    )",
            target = of.names.target,
            is_of_others = of.is_of_others(&there),
            is_of_no_later = of.is_of_no_later(&there),
            stage = of.names.stage,
            same_partition =
                equal(&partition_of_staged(of), &partition_of_target(of, &there)).replace('\n', "\n        "),
        );
        vec![delete, of.insert(&format!("{}\nWHERE \"kept\".{} IS NULL", rows(of), key_name(1)))]
    }

    fn stale(&self, of: &Publication<'_>) -> String {
        format!("(SELECT COUNT(*) FROM {}\nWHERE \"kept\".{} IS NOT NULL)", rows(of), key_name(1))
    }
}
