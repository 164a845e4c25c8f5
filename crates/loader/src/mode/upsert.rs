//! `upsert`: of rows with one key the newest stays, of whichever batch.
//!
//! Newer is the row with the greater `newest`, where null is the least; of equals, and where the dataset names no such
//! column, the one of the later batch. Of rows of one batch that are equal in both, the one that is greater by its other
//! columns, in their order, stays: staging keeps no order of the files, and the rule must not depend on luck.

use model::dataset::LoadMode;
use model::name::Identifier;

use super::Mode;
use crate::sql::publication::{Publication, equal, key_name, keys_of, named_keys};
use crate::sql::quote::identifier;

/// Rows of other batches that lose go; staged rows that no such row is newer than come.
#[derive(Debug)]
pub struct Upsert;

/// The place of a staged row among those with its key.
const PLACE: &str = "\"_sluice_place\"";

/// The key of the target's rows. `row` stands in front of the columns.
fn key_of_target(of: &Publication<'_>, row: &str) -> Vec<String> {
    of.target.key.iter().map(|name| format!("{row}{}", identifier(name.as_str()))).collect()
}

/// The same of staged rows, as the target will have it.
fn key_of_staged(of: &Publication<'_>, row: &str) -> Vec<String> {
    of.target.key.iter().map(|name| of.staged_value(row, name)).collect()
}

/// Rows of other batches that are older than a staged row with their key. Which of several staged rows stays does not
/// matter here: what is older than one of them is older than the newest.
fn delete_older(of: &Publication<'_>) -> Vec<String> {
    let (there, staged) = (of.in_target(), of.in_stage());
    let same_key = equal(&key_of_target(of, &there), &key_of_staged(of, &staged));
    let delete = |is_older: String| {
        let (target, stage, is_of_others) = (&of.names.target, &of.names.stage, of.is_of_others(&there));
        format!("DELETE FROM {target}\nUSING {stage}\nWHERE {is_of_others}\n    AND {same_key}\n    AND {is_older}")
    };
    let is_of_no_later = of.is_of_no_later(&there);
    let Some(newest) = &of.target.newest else { return vec![delete(is_of_no_later)] };
    let (there, staged) = (format!("{there}{}", identifier(newest.as_str())), of.staged_value(&staged, newest));
    // Two statements rather than one OR: a subquery inside an OR is more than every planner takes.
    vec![
        delete(format!("({there} < {staged} OR ({there} IS NULL AND {staged} IS NOT NULL))")),
        delete(format!("({there} = {staged} OR ({there} IS NULL AND {staged} IS NULL))\n    AND {is_of_no_later}")),
    ]
}

/// The staged rows; where a key may stand in several, each with its place among them. Whole rows are sorted then: whether
/// very wide ones meet the limit of 65,535 bytes of query processing (facts/redshift-sql.md, error 8001) is (U).
/// Deduplicated batches are spared that.
fn staged(of: &Publication<'_>) -> String {
    if of.has_each_key_once {
        return format!("{} AS \"staged\"", of.names.stage);
    }
    let (key, newest) = (&of.target.key, of.target.newest.as_ref());
    let quoted = |name: &Identifier| identifier(name.as_str());
    let is_other = |name: &&Identifier| !key.contains(name) && newest != Some(*name);
    // A super cannot be ordered, and whether a varbyte can is (U): rows that differ in these alone are as good as one.
    let others = of.columns.iter().filter(|(_, column)| column.kind.orders_a_table()).map(|(name, _)| name);
    let order = newest.into_iter().chain(others.filter(is_other));
    let order: Vec<String> = order.map(|name| format!("{} DESC NULLS LAST", quoted(name))).collect();
    let key: Vec<String> = key.iter().map(quoted).collect();
    // Rows that are nothing but their key are all the same.
    let order = if order.is_empty() { &key } else { &order };
    format!(
        "(\n    SELECT\n        {columns},\n        ROW_NUMBER() OVER (\n            PARTITION BY {key}\n            \
         ORDER BY\n                {order}\n        ) AS {PLACE}\n    FROM {stage}\n) AS \"staged\"",
        columns = of.names.columns.join(",\n        "),
        key = key.join(", "),
        order = order.join(",\n                "),
        stage = of.names.stage,
    )
}

/// The staged rows, each beside its key where a row of another batch was kept with it. Of the target only keys that are
/// staged are looked at: it may be large, and the batch small.
fn rows(of: &Publication<'_>) -> String {
    let there = key_of_target(of, "\"there\".");
    format!(
        "{staged}\nLEFT JOIN (\n    SELECT DISTINCT\n        {keys}\n    FROM {target} AS \"there\"\n    \
         INNER JOIN {stage} AS \"again\"\n        ON {is_staged}\n    WHERE {is_of_others}\n) AS \"kept\"\n    ON {is_kept}",
        staged = staged(of),
        keys = named_keys(&there),
        target = of.names.target,
        stage = of.names.stage,
        is_staged = equal(&there, &key_of_staged(of, "\"again\".")).replace('\n', "\n    "),
        is_of_others = of.is_of_others("\"there\"."),
        is_kept = equal(&keys_of("\"kept\"", &there), &key_of_staged(of, "\"staged\".")),
    )
}

impl Mode for Upsert {
    fn mode(&self) -> LoadMode {
        LoadMode::Upsert
    }

    fn publish(&self, of: &Publication<'_>) -> Vec<String> {
        let mut statements = delete_older(of);
        // A key's columns are required: null where the join found no row.
        let mut newest = format!("{}\nWHERE \"kept\".{} IS NULL", rows(of), key_name(1));
        if !of.has_each_key_once {
            newest += &format!("\n    AND \"staged\".{PLACE} = 1");
        }
        statements.push(of.insert(&newest));
        statements
    }

    fn stale(&self, of: &Publication<'_>) -> String {
        let mut is_stale = format!("\"kept\".{} IS NOT NULL", key_name(1));
        if !of.has_each_key_once {
            is_stale += &format!("\n    OR \"staged\".{PLACE} > 1");
        }
        format!("(SELECT COUNT(*) FROM {}\nWHERE {is_stale})", rows(of))
    }

    fn withdrawn(&self, of: &Publication<'_>) -> String {
        let staged = key_of_staged(of, &of.in_stage());
        format!(
            "(SELECT COUNT(*) FROM {target} AS \"earlier\"\nLEFT JOIN (\n    SELECT DISTINCT\n        {keys}\n    \
             FROM {stage}\n) AS \"again\"\n    ON {is_staged}\nWHERE \"earlier\".\"_sluice_batch\" = {batch}\n    \
             AND \"earlier\".\"_sluice_run\" <> {run}\n    AND \"again\".{first} IS NULL)",
            target = of.names.target,
            keys = named_keys(&staged),
            stage = of.names.stage,
            is_staged = equal(&keys_of("\"again\"", &staged), &key_of_target(of, "\"earlier\".")),
            batch = of.names.batch,
            run = of.names.run,
            first = key_name(1),
        )
    }
}
