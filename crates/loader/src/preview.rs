//! What a load would submit, and what it would make of its table, before anything is transformed: for `sluice plan`.
//!
//! The statements are those of the steps themselves. What only transform counts, or the lease of the table tells, stands in
//! them as `<rows_accepted>`, `<token>` and the like. Here the run is loaded alone; with others it is loaded by the same
//! statements.

use aws_sdk_redshiftdata::types::Field;
use chrono::NaiveDateTime;
use model::count::Counts;
use model::dataset::{Dataset, LoadTarget};
use model::flow::LoadStep;
use model::group::{Group, GroupName, Member};
use model::manifest::Manifest;
use model::plan::RunPlan;
use model::{Error, Kind, Result};

use crate::config::Config;
use crate::delivery::Delivery;
use crate::loading::{Loading, columns};
use crate::sql::prepare;
use crate::statement::Row;

use crate::target::{self, TableColumn};

/// The statements of a step, which are submitted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The step.
    pub step: LoadStep,
    /// Its statements.
    pub statements: Vec<String>,
}

/// What a table is to a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Table {
    /// There is none that the user may see: `prepare` creates it.
    Missing,
    /// It has the dataset's columns.
    Alike,
    /// It has them after these statements, which the loader submits.
    Altered(Vec<String>),
    /// It differs: the load would end with this.
    Refused(String),
}

/// What is not known before transform has counted: a number that no count is, and what stands in its place.
const READ: (u64, &str) = (9_000_000_000_000_000_001, "<rows_read>");
const ACCEPTED: (u64, &str) = (9_000_000_000_000_000_002, "<rows_accepted>");
const REJECTED: (u64, &str) = (9_000_000_000_000_000_003, "<rows_rejected>");
const FILTERED: (u64, &str) = (9_000_000_000_000_000_004, "<rows_filtered>");
const DUPLICATE: (u64, &str) = (9_000_000_000_000_000_005, "<rows_duplicate>");
const PARQUET_BYTES: (u64, &str) = (9_000_000_000_000_000_006, "<parquet_bytes>");
const PARQUET_FILES: (u64, &str) = (9_000_000_000_000_000_007, "<parquet_files>");
/// And what only the lease tells.
const TOKEN: (u64, &str) = (9_000_000_000_000_000_008, "<token>");
/// When the rows are ready, as a text of the warehouse.
const QUEUED_AT: &str = "9999-12-31 23:59:59.000000";

/// The statements of every step of the load of a plan. Its dataset has its columns.
pub fn steps(config: &Config, plan: &RunPlan, dataset: &Dataset, manifest: &Manifest) -> Result<Vec<Step>> {
    let loading = loading(plan, dataset, manifest)?;
    let steps = [LoadStep::Prepare, LoadStep::Stage, LoadStep::Publish, LoadStep::Verdict];
    let of = |step| {
        let statements = loading.sql(step, config)?.into_iter().map(named).collect();
        Ok(Step { step, statements })
    };
    steps.into_iter().map(of).collect()
}

/// The query whose rows [`table`] takes. It only reads.
pub fn columns_query(target: &LoadTarget) -> Result<String> {
    prepare::target_columns(target)
}

/// Holds a table, by the rows of [`columns_query`], against a dataset that has its columns.
pub fn table(dataset: &Dataset, target: &LoadTarget, rows: Vec<Vec<Field>>) -> Result<Table> {
    if rows.is_empty() {
        return Ok(Table::Missing);
    }
    let there = rows.into_iter().map(|row| TableColumn::read(&Row(row))).collect::<Result<Vec<_>>>()?;
    Ok(match target::compare(target, &there, &columns(dataset), dataset.contract) {
        Ok(changes) if changes.is_empty() => Table::Alike,
        Ok(changes) => Table::Altered(changes.iter().map(|change| change.statement(&target.table)).collect()),
        Err(error) => Table::Refused(model::error::chain(&error)),
    })
}

/// The load of the delivery that transform would leave, alone in its group, with its counts still to be named.
fn loading(plan: &RunPlan, dataset: &Dataset, manifest: &Manifest) -> Result<Loading> {
    let counts = Counts {
        read: READ.0,
        accepted: ACCEPTED.0,
        rejected: REJECTED.0,
        filtered: FILTERED.0,
        duplicate: DUPLICATE.0,
    };
    let bug = |why: &str| Error::new(Kind::Bug, "plan", &plan.run).because(why);
    let target = dataset.load.as_ref().ok_or_else(|| bug("its dataset names no table"))?;
    let queued_at = NaiveDateTime::parse_from_str(QUEUED_AT, "%Y-%m-%d %H:%M:%S%.f");
    let queued_at = queued_at.map_err(|_| bug("a moment does not read"))?.and_utc();
    let group = GroupName::new(target.table.clone(), TOKEN.0);
    let (plan, manifest) = (plan.clone(), manifest.clone());
    let delivery = Delivery { plan, dataset: dataset.clone(), manifest, parts: Vec::new(), counts };
    let member =
        Member { parquet_files: PARQUET_FILES.0, parquet_bytes: PARQUET_BYTES.0, ..delivery.member(1, queued_at) };
    Loading::of(Group { version: Group::VERSION, group, members: vec![member] }, delivery.dataset)
}

/// A statement with names for what is known later.
fn named(statement: String) -> String {
    let counted = [READ, ACCEPTED, REJECTED, FILTERED, DUPLICATE, PARQUET_BYTES, PARQUET_FILES, TOKEN];
    let named = counted.iter().fold(statement, |statement, (count, name)| statement.replace(&count.to_string(), name));
    named.replace(QUEUED_AT, "<queued_at>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Compute, CopyRole};
    use crate::sql::tests::{delivery as counted, loading as real};

    #[test]
    fn the_statements_are_those_of_the_steps_with_names_for_what_is_counted_later() {
        let config = Config {
            control_bucket: "control".to_owned(),
            compute: Compute::Workgroup("wg".to_owned()),
            database: "dev".to_owned(),
            copy_role: CopyRole::Default,
        };
        let counted = counted();
        let steps = steps(&config, &counted.plan, &counted.dataset, &counted.manifest).unwrap();
        let counts = counted.counts;
        let (files, bytes) = (counted.files().count(), counted.parquet_bytes());
        let loading = real(&counted);
        let queued_at = loading.group.members[0].queued_at.format("%Y-%m-%d %H:%M:%S%.6f").to_string();
        for Step { step, statements } in steps {
            let with_counts = statements.iter().map(|sql| {
                let sql = sql.replace("<rows_read>", &counts.read.to_string());
                let sql = sql.replace("<rows_accepted>", &counts.accepted.to_string());
                let sql = sql.replace("<rows_rejected>", &counts.rejected.to_string());
                let sql = sql.replace("<rows_filtered>", "0").replace("<rows_duplicate>", "0");
                let sql = sql.replace("<parquet_files>", &files.to_string());
                let sql = sql.replace("<parquet_bytes>", &bytes.to_string());
                sql.replace("<token>", "7").replace("<queued_at>", &queued_at)
            });
            let with_counts: Vec<String> = with_counts.collect();
            let real = loading.sql(step, &config).unwrap();
            if step == LoadStep::Stage {
                // The manifest of the group is named by its token too.
                assert!(
                    with_counts.iter().any(|sql| sql.contains("s3://control/groups/analytics.sales/7/copy.manifest"))
                );
            }
            assert_eq!(with_counts, real, "{}", step.name());
        }
    }
}
