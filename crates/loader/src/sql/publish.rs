//! Step three: staging into the target, in one transaction that also writes the ledger row.
//!
//! ```text
//! LOCK            publishes into one target take turns
//! guards          this run is not in the ledger, no newer delivery of its batch is, its batch is in no other target
//! (the mode's)    staging into the target
//! ledger row      counts taken from staging and target, by the warehouse
//! DELETE          the rows of the batch's earlier deliveries
//! count check     accepted, staged, published and what the target holds are one number
//! DROP            staging
//! ```
//!
//! LOCK stands first, as facts/redshift-sql.md has it (isolation and locks): where the transaction's snapshot is taken
//! only after the LOCK is granted, the guards see what the publish before this one committed. That it is taken then is
//! (U): the facts say no more than "put FIRST". Where it is taken before, the second of two publishes meets a
//! write-write conflict (1023) on the ledger or the target: it fails as a whole, the ledger is asked, and it is tried
//! again with a new snapshot.

use model::Result;
use model::arrival::Sequencer;
use model::dataset::LoadTarget;
use model::manifest::Manifest;
use model::name::TableName;

use super::Names;
use super::publication::Publication;
use super::quote::{identifier, literal};
use crate::delivery::Delivery;
use crate::ledger;
use crate::mode::Mode;

/// The statements of `publish`.
pub fn statements(names: &Names, delivery: &Delivery, target: &LoadTarget, mode: &dyn Mode) -> Result<Vec<String>> {
    let publication = Publication::of(names, delivery, target)?;
    let mut statements = vec![
        format!("LOCK {}", names.lock),
        not_published(names),
        no_newer_delivery(names, &delivery.manifest)?,
        no_other_target(names, &target.table)?,
    ];
    statements.extend(mode.publish(&publication));
    statements.push(ledger_row(&publication, delivery, mode)?);
    statements.push(format!(
        "DELETE FROM {}\nWHERE \"_sluice_batch\" = {} AND \"_sluice_run\" <> {}",
        names.target, names.batch, names.run
    ));
    statements.push(count_check(names, delivery.counts.accepted));
    statements.push(format!("DROP TABLE {}", names.stage));
    Ok(statements)
}

fn not_published(names: &Names) -> String {
    guard("the run is in the ledger already, rows: ", &names.ledger, &format!("\"run\" = {}", names.run))
}

/// The same order as [`Manifest::is_older_than`] and [`ledger::Entry::order`]: by sequencer where both have one, else
/// by the manifest's Last-Modified.
fn no_newer_delivery(names: &Names, manifest: &Manifest) -> Result<String> {
    let delivered_at = ledger::timestamp(manifest.pin.last_modified);
    let newer = match &manifest.sequencer {
        Some(sequencer) => format!(
            "(\"sequencer\" > {} OR (\"sequencer\" IS NULL AND \"delivered_at\" > {delivered_at}))",
            literal(&sequencer.padded())?
        ),
        None => format!("\"delivered_at\" > {delivered_at}"),
    };
    let condition = format!("\"batch\" = {} AND \"run\" <> {} AND {newer}", names.batch, names.run);
    Ok(guard("a newer delivery of the batch is in the ledger, rows: ", &names.ledger, &condition))
}

/// [`ledger::check_target`] again, for what was published since `prepare`. Another target has another lock: two
/// publishes at the very same time may both pass, and the verdict refuses what came of it.
fn no_other_target(names: &Names, target: &TableName) -> Result<String> {
    let condition = format!("\"batch\" = {} AND \"target\" <> {}", names.batch, literal(&target.to_string())?);
    Ok(guard("the batch is in the ledger with another target, rows: ", &names.ledger, &condition))
}

/// Fails the transaction where rows meet the condition; see the count check of `stage` for how. What the text says
/// is for people: compute nodes may shorten it, so the loader reads the ledger instead.
fn guard(text: &str, ledger: &str, condition: &str) -> String {
    format!(
        "SELECT CASE\n    WHEN COUNT(*) = 0 THEN 1\n    \
         ELSE CAST('sluice: {text}' || CAST(COUNT(*) AS varchar) AS integer)\n\
         END\nFROM {ledger}\nWHERE {condition}"
    )
}

fn ledger_row(of: &Publication<'_>, delivery: &Delivery, mode: &dyn Mode) -> Result<String> {
    let values = values(of, delivery, mode)?;
    let columns: Vec<String> = values.iter().map(|(column, _)| identifier(column)).collect();
    let values: Vec<String> = values.into_iter().map(|(_, value)| value).collect();
    Ok(format!(
        "INSERT INTO {} (\n    {}\n)\nSELECT\n    {}",
        of.names.ledger,
        columns.join(",\n    "),
        values.join(",\n    ")
    ))
}

/// Every column of the ledger and its value, in the ledger's order (a test holds that).
pub(super) fn values(
    of: &Publication<'_>,
    delivery: &Delivery,
    mode: &dyn Mode,
) -> Result<Vec<(&'static str, String)>> {
    let names = of.names;
    let Delivery { plan, manifest, counts, .. } = delivery;
    let count = |table: &str, condition: &str| format!("(SELECT COUNT(*) FROM {table}{condition})");
    let published = format!(" WHERE \"_sluice_run\" = {}", names.run);
    let replaced = format!(" WHERE \"_sluice_batch\" = {} AND \"_sluice_run\" <> {}", names.batch, names.run);
    Ok(vec![
        ("run", names.run.clone()),
        ("batch", names.batch.clone()),
        ("dataset", literal(plan.run.dataset().as_str())?),
        ("dataset_sha256", literal(&plan.dataset_sha256)?),
        ("target", literal(&of.target.table.to_string())?),
        ("mode", literal(mode.mode().name())?),
        ("manifest_url", literal(&manifest.url.to_string())?),
        ("manifest_version", literal(&manifest.pin.version())?),
        ("manifest_sha256", literal(&manifest.sha256)?),
        ("sequencer", optional(manifest.sequencer.as_ref().map(Sequencer::padded).as_deref(), "varchar(64)")?),
        ("delivered_at", ledger::timestamp(manifest.pin.last_modified)),
        ("as_of", manifest.as_of.map_or_else(|| null("timestamp"), ledger::timestamp)),
        ("files", plan.inputs.len().to_string()),
        ("input_bytes", delivery.input_bytes().to_string()),
        ("parquet_files", delivery.files().count().to_string()),
        ("parquet_bytes", delivery.parquet_bytes().to_string()),
        ("rows_read", counts.read.to_string()),
        ("rows_accepted", counts.accepted.to_string()),
        ("rows_rejected", counts.rejected.to_string()),
        ("rows_filtered", counts.filtered.to_string()),
        ("rows_duplicate", counts.duplicate.to_string()),
        ("rows_staged", count(&names.stage, "")),
        ("rows_published", count(&names.target, &published)),
        ("rows_stale", mode.stale(of)),
        ("rows_replaced", count(&names.target, &replaced)),
        ("published_at", "GETDATE()".to_owned()),
        ("code_version", literal(env!("CARGO_PKG_VERSION"))?),
        ("batch_at", ledger::timestamp(manifest.place())),
        ("rows_withdrawn", mode.withdrawn(of)),
    ])
}

fn optional(text: Option<&str>, kind: &str) -> Result<String> {
    text.map_or_else(|| Ok(null(kind)), literal)
}

fn null(kind: &str) -> String {
    format!("CAST(NULL AS {kind})")
}

/// Holds the second half of the count equation, by the warehouse's own counts: one ledger row, accepted = staged =
/// published + stale, and the target holds of the batch what was published. No term can be null, for a null text
/// would be cast without a fault.
fn count_check(names: &Names, accepted: u64) -> String {
    format!(
        r#"SELECT CASE
    WHEN "entry"."entries" = 1
        AND "entry"."staged" = {accepted}
        AND "entry"."published" + "entry"."stale" = {accepted}
        AND "entry"."published" = "there"."present" THEN 1
    ELSE CAST(
        'sluice: {accepted} rows accepted, ' || CAST("entry"."staged" AS varchar) || ' staged, '
        || CAST("entry"."published" AS varchar) || ' published, ' || CAST("entry"."stale" AS varchar) || ' stale, '
        || CAST("there"."present" AS varchar) || ' of the batch in the target, '
        || CAST("entry"."entries" AS varchar) || ' ledger rows' AS integer
    )
END
FROM (
    SELECT
        COUNT(*) AS "entries",
        COALESCE(MAX("rows_staged"), -1) AS "staged",
        COALESCE(MAX("rows_published"), -1) AS "published",
        COALESCE(MAX("rows_stale"), -1) AS "stale"
    FROM {ledger}
    WHERE "run" = {run}
) AS "entry"
CROSS JOIN (
    SELECT COUNT(*) AS "present"
    FROM {target}
    WHERE "_sluice_batch" = {batch}
) AS "there""#,
        ledger = names.ledger,
        run = names.run,
        target = names.target,
        batch = names.batch,
    )
}
