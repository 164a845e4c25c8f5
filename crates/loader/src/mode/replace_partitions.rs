//! `replace_partitions`: each partition that the batch has rows in holds the latest batch that has, and nothing else.
//!
//! A partition is what `partition_by` makes of a row, as in the lake (`engine::partition`). Of a batch that comes late only
//! the partitions are published that no later batch has rows in. Partitions that only an earlier delivery of the batch had
//! become empty: the rows of earlier deliveries go behind every mode.

use model::Result;
use model::dataset::LoadMode;
use model::name::Identifier;
use model::partition::NULL_PARTITION;
use model::types::Type;

use super::Mode;
use crate::sql::Names;
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

/// The types of the same, in the same order.
fn types(of: &Publication<'_>) -> Vec<String> {
    let types = of.partition.iter().flat_map(|(grain, _, kind)| match (grain.unit(), kind) {
        (Some(_), _) => vec![Type::Timestamp.row().redshift, Type::Integer.row().redshift],
        (None, kind) if kind.is_text() => vec![Type::Varchar(u16::MAX).row().redshift],
        (None, kind) => vec![kind.row().redshift, Type::Integer.row().redshift],
    });
    types.collect()
}

fn partition_of_target(of: &Publication<'_>, row: &str) -> Vec<String> {
    partition(of, |column| format!("{row}{}", identifier(column.as_str())))
}

fn partition_of_staged(of: &Publication<'_>) -> Vec<String> {
    partition(of, |column| of.staged_value("\"staged\".", column))
}

/// A table of the partitions that have staged rows, each with the place of the latest batch that has any there. A join
/// of the target with every staged row of a partition would be a product.
fn create_partitions(of: &Publication<'_>) -> [String; 2] {
    let Names { partitions, stage, members, .. } = of.names;
    let keys = partition_of_staged(of);
    let columns = types(of).into_iter().zip(1..).map(|(kind, number)| format!("    {} {kind}", key_name(number)));
    let columns: Vec<String> = columns.chain(["    \"place\" integer".to_owned()]).collect();
    [
        format!("CREATE TABLE {partitions} (\n{}\n)", columns.join(",\n")),
        format!(
            "INSERT INTO {partitions}\nSELECT\n        {named},\n        MAX(\"member\".\"place\")\n\
             FROM {stage} AS \"staged\"\nINNER JOIN {members} AS \"member\"\n    \
             ON \"member\".\"run\" = \"staged\".\"_sluice_run\"\nGROUP BY\n        {keys}",
            named = named_keys(&keys),
            keys = keys.join(",\n        "),
        ),
    ]
}

/// The staged rows, each beside its run, its partition, and its partition again where that holds rows of a later batch:
/// earlier ones are gone by then.
fn rows(of: &Publication<'_>) -> String {
    let (staged, there) = (partition_of_staged(of), partition_of_target(of, "\"there\"."));
    format!(
        "{stage} AS \"staged\"\nINNER JOIN {members} AS \"member\"\n    \
         ON \"member\".\"run\" = \"staged\".\"_sluice_run\"\nINNER JOIN {partitions} AS \"of\"\n    ON {is_of}\n\
         LEFT JOIN (\n    SELECT DISTINCT\n        {keys}\n    FROM {target} AS \"there\"\n    \
         INNER JOIN {partitions} AS \"again\"\n        ON {is_staged}\n    WHERE {is_of_others}\n) AS \"kept\"\n    \
         ON {is_kept}",
        stage = of.names.stage,
        members = of.names.members,
        partitions = of.names.partitions,
        is_of = equal(&keys_of("\"of\"", &staged), &staged),
        keys = named_keys(&there),
        target = of.names.target,
        is_staged = equal(&keys_of("\"again\"", &there), &there).replace('\n', "\n    "),
        is_of_others = of.is_of_others("\"there\"."),
        is_kept = equal(&keys_of("\"kept\"", &staged), &keys_of("\"of\"", &staged)),
    )
}

/// Whether a staged row is of its partition's latest batch.
fn is_kept() -> String {
    format!("\"member\".\"place\" = \"of\".\"place\"\n    AND \"kept\".{} IS NULL", key_name(1))
}

/// Rows of other batches in the group's partitions, unless they are of a later batch than the group has there.
fn delete_older(of: &Publication<'_>) -> [String; 2] {
    let Names { target, partitions, members, runs, .. } = of.names;
    let there = of.in_target();
    let keys = partition_of_target(of, &there);
    let delete = |using: &str, condition: &str| {
        format!(
            "DELETE FROM {target}\nUSING {partitions} AS \"_sluice_of\"{using}\nWHERE {is_of_others}\n    \
             AND {same_partition}\n    AND {condition}",
            is_of_others = of.is_of_others(&there),
            same_partition = equal(&keys_of("\"_sluice_of\"", &keys), &keys),
        )
    };
    let joined = format!(",\n    {members} AS \"_sluice_member\",\n    {runs} AS \"_sluice_entry\"");
    let is_earlier = Publication::is_earlier(&there, "\"_sluice_entry\".", "\"_sluice_member\".");
    [
        delete(&joined, &format!("\"_sluice_member\".\"place\" = \"_sluice_of\".\"place\"\n    AND {is_earlier}")),
        delete("", &of.is_of_nobody(&there)),
    ]
}

impl Mode for ReplacePartitions {
    fn mode(&self) -> LoadMode {
        LoadMode::ReplacePartitions
    }

    fn publish(&self, of: &Publication<'_>) -> Result<Vec<String>> {
        let mut statements = create_partitions(of).to_vec();
        statements.extend(delete_older(of));
        statements.push(of.insert("\"staged\".", &format!("{}\nWHERE {}", rows(of), is_kept())));
        Ok(statements)
    }

    fn stale(&self, of: &Publication<'_>) -> Result<Option<String>> {
        Ok(Some(format!(
            "SELECT \"staged\".\"_sluice_run\" AS \"run\", COUNT(*) AS \"rows\"\nFROM {}\nWHERE NOT ({})\n\
             GROUP BY \"staged\".\"_sluice_run\"",
            rows(of),
            is_kept()
        )))
    }
}
