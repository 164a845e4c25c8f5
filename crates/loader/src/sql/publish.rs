//! Step three: staging into the target, in one transaction that also writes a ledger row for each run of the group.
//!
//! ```text
//! LOCK            publishes into one target take turns
//! guards          nobody holds a later lease; no run of the group is published, no newer delivery of its batch is
//! (the mode's)    staging into the target
//! runs            a row for each, its counts taken from staging and target, by the warehouse
//! DELETE          the rows of the batches' earlier deliveries
//! count check     accepted, staged, published and what the target holds are one number, for every run
//! token           the row of the target's token is written again
//! DROP            the group's tables, but that of its runs
//! ledger          the rows of the group's runs again, for all to see
//! DROP            the table of its runs
//! ```
//!
//! Of tables that publishes into other targets use, this transaction reads none, and it only adds rows to the ledger: under
//! any isolation it conflicts with none of them, however long it takes (facts/redshift-sql.md, isolation and locks). So
//! it cannot see whether a batch is in another target meanwhile: `prepare` looks, and the verdict refuses what came since.
//!
//! LOCK stands first, as facts/redshift-sql.md has it (isolation and locks): where the transaction's snapshot is taken
//! only after the LOCK is granted, the guards see what the publish before this one committed. That it is taken then is
//! (U): the facts say no more than "put FIRST". Where it is taken before, the row of the token that this transaction takes
//! away is gone, or another: it fails as a whole (1023), the ledger is asked, and it is tried again with a new snapshot.

use model::Result;

use super::publication::Publication;
use super::quote::{identifier, literal};
use super::{GROUP_TABLES, MEMBERS, Names, claim, drop_table, group_table, ledger_columns, members};
use crate::loading::Loading;
use crate::mode::{self, Mode};

/// The statements of `publish`.
pub fn statements(loading: &Loading) -> Result<Vec<String>> {
    let (names, mode) = (&loading.names, mode::find(loading.target.mode)?);
    let publication = Publication::of(loading)?;
    let mut statements =
        vec![format!("LOCK {}", names.lock), no_later_holder(names), not_published(names), no_newer_delivery(names)];
    statements.extend(mode.publish(&publication)?);
    statements.push(run_rows(&publication, mode)?);
    statements.push(delete_earlier(names));
    statements.push(count_check(names));
    statements.extend(claim(names));
    // Publishes into other targets wait from the ledger on until this one is committed: only what names its rows goes later.
    let drop = |kind: &str| drop_table(&group_table(kind, &loading.group.group));
    statements.extend(GROUP_TABLES.iter().filter(|kind| **kind != MEMBERS).map(|kind| drop(kind)));
    statements.push(ledger_rows(names));
    statements.push(drop(MEMBERS));
    Ok(statements)
}

/// The late holder of a lease that somebody else has taken since.
fn no_later_holder(names: &Names) -> String {
    fails_where(
        "'a later holder of the lease has token ' || CAST(\"token\" AS varchar)",
        &names.tokens,
        &format!("\"token\" > {}", names.token),
    )
}

fn not_published(names: &Names) -> String {
    fails_where("\"run\" || ' is in the ledger already'", &names.runs, &is_of_group(names, "run"))
}

/// The same order as [`Member::order`](model::group::Member::order): by sequencer where both have one, else by the
/// manifest's Last-Modified.
fn no_newer_delivery(names: &Names) -> String {
    fails_where(
        "\"entry\".\"run\" || ', a newer delivery of the batch, is in the ledger'",
        &format!(
            "{} AS \"entry\"\nINNER JOIN {} AS \"member\"\n    ON \"entry\".\"batch\" = \"member\".\"batch\"",
            names.runs, names.members
        ),
        "\"entry\".\"run\" <> \"member\".\"run\"\n    AND (\n        \
         \"entry\".\"sequencer\" > \"member\".\"sequencer\"\n        \
         OR (\n            (\"entry\".\"sequencer\" IS NULL OR \"member\".\"sequencer\" IS NULL)\n            \
         AND \"entry\".\"delivered_at\" > \"member\".\"delivered_at\"\n        )\n    )",
    )
}

fn is_of_group(names: &Names, column: &str) -> String {
    format!("\"{column}\" IN (SELECT \"{column}\" FROM {})", names.members)
}

/// Fails the transaction where rows of the relation meet the condition, with a text about them. Redshift has no RAISE
/// outside procedures: the text that cannot become an integer does it. It depends on the count, so that no planner tries
/// it beforehand. What it says is for people: compute nodes may shorten it, so the loader reads the ledger instead. A text
/// that is null would be cast without a fault.
pub(super) fn fails_where(text: &str, relation: &str, condition: &str) -> String {
    format!(
        "SELECT CASE\n    WHEN COUNT(*) = 0 THEN 1\n    ELSE CAST(\n        \
         'sluice: ' || COALESCE(MIN({text}), 'a text is null') || ' (' || CAST(COUNT(*) AS varchar) || ' such)' AS integer\n    \
         )\nEND\nFROM {relation}\nWHERE {condition}"
    )
}

fn run_rows(of: &Publication<'_>, mode: &dyn Mode) -> Result<String> {
    let values = values(of)?;
    let values: Vec<String> = values.into_iter().map(|(_, value)| value).collect();
    let counts = counts(of, mode)?.into_iter().map(|(name, query)| {
        let query = query.replace('\n', "\n    ");
        format!("\nLEFT JOIN (\n    {query}\n) AS \"{name}\"\n    ON \"{name}\".\"run\" = \"member\".\"run\"")
    });
    Ok(format!(
        "INSERT INTO {} (\n    {}\n)\nSELECT\n    {}\nFROM {} AS \"member\"{}",
        of.names.runs,
        ledger_columns().join(",\n    "),
        values.join(",\n    "),
        of.names.members,
        counts.collect::<String>()
    ))
}

/// What is counted for each run, under the name that its relation has beside the members; in the order of the ledger.
fn counts(of: &Publication<'_>, mode: &dyn Mode) -> Result<Vec<(&'static str, String)>> {
    let Names { stage, target, members, .. } = of.names;
    let staged =
        format!("SELECT \"_sluice_run\" AS \"run\", COUNT(*) AS \"rows\"\nFROM {stage}\nGROUP BY \"_sluice_run\"");
    let published = format!(
        "SELECT \"of\".\"run\" AS \"run\", COUNT(*) AS \"rows\"\nFROM {target} AS \"there\"\nINNER JOIN {members} AS \"of\"\n    \
         ON \"of\".\"run\" = \"there\".\"_sluice_run\"\nGROUP BY \"of\".\"run\""
    );
    let replaced = format!(
        "SELECT \"of\".\"run\" AS \"run\", COUNT(*) AS \"rows\"\nFROM {target} AS \"there\"\nINNER JOIN {members} AS \"of\"\n    \
         ON \"of\".\"batch\" = \"there\".\"_sluice_batch\"\nWHERE \"there\".\"_sluice_run\" <> \"of\".\"run\"\nGROUP BY \"of\".\"run\""
    );
    // A mode whose rows cannot lose, or have no key, has no such count: the query has the same columns and no row.
    let none = || format!("SELECT \"run\", 0 AS \"rows\"\nFROM {members}\nWHERE 1 = 0");
    Ok(vec![
        ("staged", staged),
        ("published", published),
        ("stale", mode.stale(of)?.unwrap_or_else(none)),
        ("replaced", replaced),
        ("withdrawn", mode.withdrawn(of)?.unwrap_or_else(none)),
    ])
}

/// Every column of the ledger and its value, in the ledger's order (a test holds that).
pub(super) fn values(of: &Publication<'_>) -> Result<Vec<(&'static str, String)>> {
    let names = of.names;
    let others = [
        ("target", names.target_text.clone()),
        ("mode", literal(of.target.mode.name())?),
        ("rows_staged", counted("staged")),
        ("rows_published", counted("published")),
        ("rows_stale", counted("stale")),
        ("rows_replaced", counted("replaced")),
        ("published_at", "GETDATE()".to_owned()),
        ("code_version", literal(env!("CARGO_PKG_VERSION"))?),
        ("rows_withdrawn", counted("withdrawn")),
        ("token", names.token.to_string()),
    ];
    let known = members::COLUMNS.iter().map(|(name, _)| (*name, format!("\"member\".{}", identifier(name))));
    let all: Vec<_> = others.into_iter().chain(known).collect();
    let in_order = crate::ledger::COLUMNS.iter().filter_map(|(column, _)| all.iter().find(|(name, _)| name == column));
    Ok(in_order.cloned().collect())
}

/// The group's rows of the target's runs, for all to see. By its runs, not by its token alone: a lease that was deleted
/// gives tokens anew.
fn ledger_rows(names: &Names) -> String {
    let columns = ledger_columns().join(", ");
    let Names { ledger, runs, .. } = names;
    let is_of_group = is_of_group(names, "run");
    format!("INSERT INTO {ledger} ({columns})\nSELECT {columns}\nFROM {runs}\nWHERE {is_of_group}")
}

fn counted(relation: &str) -> String {
    format!("COALESCE(\"{relation}\".\"rows\", 0)")
}

/// The rows of the batches' earlier deliveries.
fn delete_earlier(names: &Names) -> String {
    let Names { target, target_table, members, .. } = names;
    format!(
        "DELETE FROM {target}\nUSING {members} AS \"_sluice_member\"\n\
         WHERE {target_table}.\"_sluice_batch\" = \"_sluice_member\".\"batch\"\n    \
         AND {target_table}.\"_sluice_run\" <> \"_sluice_member\".\"run\""
    )
}

/// Holds the second half of the count equation, by the warehouse's own counts: of every run one row, accepted =
/// staged + isolated, staged = published + stale, and the target holds of its batch what was published.
fn count_check(names: &Names) -> String {
    let entry = |column: &str| format!("COALESCE(\"entry\".\"{column}\", -1)");
    let (entries, staged, published, stale) = (entry("entries"), entry("staged"), entry("published"), entry("stale"));
    let (accepted, isolated) = ("\"member\".\"rows_accepted\"", "\"member\".\"rows_isolated\"");
    let present = "COALESCE(\"there\".\"present\", 0)";
    let number = |value: &str, what: &str| format!("CAST({value} AS varchar) || ' {what}'");
    let text = [
        "\"member\".\"run\" || ': '".to_owned(),
        number(accepted, "rows accepted, "),
        number(isolated, "isolated, "),
        number(&staged, "staged, "),
        number(&published, "published, "),
        number(&stale, "stale, "),
        number(present, "of the batch in the target, "),
        number(&entries, "rows of the run"),
    ];
    let relation = format!(
        "{members} AS \"member\"\nLEFT JOIN (\n    SELECT\n        \"run\",\n        COUNT(*) AS \"entries\",\n        \
         MAX(\"rows_staged\") AS \"staged\",\n        MAX(\"rows_published\") AS \"published\",\n        \
         MAX(\"rows_stale\") AS \"stale\"\n    FROM {runs}\n    WHERE {is_of_group}\n    GROUP BY \"run\"\n) AS \"entry\"\n    \
         ON \"entry\".\"run\" = \"member\".\"run\"\nLEFT JOIN (\n    SELECT \"of\".\"run\" AS \"run\", COUNT(*) AS \"present\"\n    \
         FROM {target} AS \"present\"\n    INNER JOIN {members} AS \"of\"\n        \
         ON \"of\".\"batch\" = \"present\".\"_sluice_batch\"\n    GROUP BY \"of\".\"run\"\n) AS \"there\"\n    \
         ON \"there\".\"run\" = \"member\".\"run\"",
        members = names.members,
        runs = names.runs,
        is_of_group = is_of_group(names, "run"),
        target = names.target,
    );
    fails_where(
        &text.join("\n            || "),
        &relation,
        &format!(
            "{entries} <> 1\n    OR {staged} + {isolated} <> {accepted}\n    OR {published} + {stale} <> {staged}\n    \
             OR {published} <> {present}"
        ),
    )
}
