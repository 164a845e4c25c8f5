//! `upsert`: of rows with one key the newest stays, of whichever batch.
//!
//! Newer is the row with the greater `newest`, where null is the least; of equals, and where the dataset names no such
//! column, the one of the later batch. Of rows of one batch that are equal in both, the one that is greater by its other
//! columns, in their order, stays: staging keeps no order of the files, and the rule must not depend on luck.

use model::Result;
use model::dataset::LoadMode;
use model::name::Identifier;

use super::Mode;
use crate::sql::Names;
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

/// What stands in front of columns in a DELETE, whose target has its own name: one that no table of a user's has.
const STAGED: &str = "\"_sluice_staged\".";
const MEMBER: &str = "\"_sluice_member\".";
const ENTRY: &str = "\"_sluice_entry\".";

/// Rows of other batches that are older than a staged row with their key. Which of several staged rows stays does not
/// matter here: what is older than one of them is older than the newest.
fn delete_older(of: &Publication<'_>) -> Vec<String> {
    let Names { target, stage, members, runs, .. } = of.names;
    let there = of.in_target();
    let same_key = equal(&key_of_target(of, &there), &key_of_staged(of, STAGED));
    let is_of_others = of.is_of_others(&there);
    let delete = |using: &str, condition: String| {
        format!(
            "DELETE FROM {target}\nUSING {stage} AS \"_sluice_staged\"{using}\nWHERE {is_of_others}\n    \
             AND {same_key}\n    AND {condition}"
        )
    };
    let (mut statements, mut equal) = (Vec::new(), String::new());
    if let Some(newest) = &of.target.newest {
        let (there, staged) = (format!("{there}{}", identifier(newest.as_str())), of.staged_value(STAGED, newest));
        statements.push(delete("", format!("({there} < {staged} OR ({there} IS NULL AND {staged} IS NOT NULL))")));
        equal = format!("({there} = {staged} OR ({there} IS NULL AND {staged} IS NULL))\n    AND ");
    }
    // Statements of their own rather than one OR: a subquery inside an OR is more than every planner takes.
    let joined = format!(",\n    {members} AS \"_sluice_member\",\n    {runs} AS \"_sluice_entry\"");
    let is_earlier = Publication::is_earlier(&there, ENTRY, MEMBER);
    statements.push(delete(&joined, format!("{equal}{MEMBER}\"run\" = {STAGED}\"_sluice_run\"\n    AND {is_earlier}")));
    statements.push(delete("", format!("{equal}{}", of.is_of_nobody(&there))));
    statements
}

/// The staged rows; where a key may stand in several, each with its place among them. Whole rows are sorted then: whether
/// very wide ones meet the limit of 65,535 bytes of query processing (facts/redshift-sql.md, error 8001) is (U).
/// Deduplicated batches that are published alone are spared that.
fn staged(of: &Publication<'_>) -> String {
    if of.has_each_key_once {
        return format!("{} AS \"staged\"", of.names.stage);
    }
    let (key, newest) = (&of.target.key, of.target.newest.as_ref());
    let quoted = |name: &Identifier| format!("\"each\".{}", identifier(name.as_str()));
    let is_other = |name: &&Identifier| !key.contains(name) && newest != Some(*name);
    // A super cannot be ordered, and whether a varbyte can is (U): rows that differ in these alone are as good as one.
    let others = of.columns.iter().filter(|(_, column)| column.kind.orders_a_table()).map(|(name, _)| name);
    let descending = |name: String| format!("{name} DESC NULLS LAST");
    let newest = newest.into_iter().map(quoted).map(descending);
    let later = ["\"member\".\"place\" DESC".to_owned()];
    let order = newest.chain(later).chain(others.filter(is_other).map(quoted).map(descending));
    format!(
        "(\n    SELECT\n        {columns},\n        ROW_NUMBER() OVER (\n            PARTITION BY {key}\n            \
         ORDER BY\n                {order}\n        ) AS {PLACE}\n    FROM {stage} AS \"each\"\n    \
         INNER JOIN {members} AS \"member\"\n        ON \"member\".\"run\" = \"each\".\"_sluice_run\"\n) AS \"staged\"",
        columns =
            of.names.columns.iter().map(|name| format!("\"each\".{name}")).collect::<Vec<_>>().join(",\n        "),
        key = key.iter().map(quoted).collect::<Vec<_>>().join(", "),
        order = order.collect::<Vec<_>>().join(",\n                "),
        stage = of.names.stage,
        members = of.names.members,
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

    fn publish(&self, of: &Publication<'_>) -> Result<Vec<String>> {
        let mut statements = delete_older(of);
        // A key's columns are required: null where the join found no row.
        let mut newest = format!("{}\nWHERE \"kept\".{} IS NULL", rows(of), key_name(1));
        if !of.has_each_key_once {
            newest += &format!("\n    AND \"staged\".{PLACE} = 1");
        }
        statements.push(of.insert("\"staged\".", &newest));
        Ok(statements)
    }

    fn stale(&self, of: &Publication<'_>) -> Result<Option<String>> {
        let mut is_stale = format!("\"kept\".{} IS NOT NULL", key_name(1));
        if !of.has_each_key_once {
            is_stale += &format!("\n    OR \"staged\".{PLACE} > 1");
        }
        Ok(Some(format!(
            "SELECT \"staged\".\"_sluice_run\" AS \"run\", COUNT(*) AS \"rows\"\nFROM {}\nWHERE {is_stale}\n\
             GROUP BY \"staged\".\"_sluice_run\"",
            rows(of)
        )))
    }

    fn withdrawn(&self, of: &Publication<'_>) -> Result<Option<String>> {
        let staged = key_of_staged(of, "");
        Ok(Some(format!(
            "SELECT \"of\".\"run\" AS \"run\", COUNT(*) AS \"rows\"\nFROM {target} AS \"earlier\"\n\
             INNER JOIN {members} AS \"of\"\n    ON \"of\".\"batch\" = \"earlier\".\"_sluice_batch\"\nLEFT JOIN (\n    \
             SELECT DISTINCT\n        \"_sluice_run\" AS \"run\",\n        {keys}\n    FROM {stage}\n) AS \"again\"\n    \
             ON \"again\".\"run\" = \"of\".\"run\"\n    AND {is_staged}\n\
             WHERE \"earlier\".\"_sluice_run\" <> \"of\".\"run\"\n    AND \"again\".{first} IS NULL\n\
             GROUP BY \"of\".\"run\"",
            target = of.names.target,
            members = of.names.members,
            keys = named_keys(&staged),
            stage = of.names.stage,
            is_staged = equal(&keys_of("\"again\"", &staged), &key_of_target(of, "\"earlier\".")),
            first = key_name(1),
        )))
    }
}
