//! What a load would submit, and what it would make of its table, before anything is transformed: for `sluice plan`.
//!
//! The statements are those of the steps themselves. What only transform counts stands in them as `<rows_accepted>` and the
//! like.

use aws_sdk_redshiftdata::types::Field;
use model::count::Counts;
use model::dataset::{Dataset, LoadTarget};
use model::flow::LoadStep;
use model::manifest::Manifest;
use model::name::S3Url;
use model::part::{ParquetFile, Part};
use model::plan::RunPlan;
use model::{Error, Kind, Result};

use crate::config::Config;
use crate::delivery::Delivery;
use crate::sql::prepare;
use crate::statement::Row;
use crate::steps::Loading;
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
/// Files are counted, so there are really so many of them; the ledger's row has their number on a line of its own.
const PARQUET_FILES: (usize, &str) = (7_919, "<parquet_files>");

/// The statements of every step of the load of a plan. Its dataset has its columns.
pub fn steps(config: &Config, plan: &RunPlan, dataset: &Dataset, manifest: &Manifest) -> Result<Vec<Step>> {
    let run = plan.run.clone();
    let loading = Loading::of(&run, delivery(plan, dataset, manifest)?)?;
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
    let columns = dataset.written_columns().map(|(name, column)| (name.clone(), column.clone())).collect();
    Ok(match target::compare(target, &there, &columns, dataset.contract) {
        Ok(changes) if changes.is_empty() => Table::Alike,
        Ok(changes) => Table::Altered(changes.iter().map(|change| change.statement(&target.table)).collect()),
        Err(error) => Table::Refused(model::error::chain(&error)),
    })
}

/// The delivery that transform would leave, with its counts still to be named.
fn delivery(plan: &RunPlan, dataset: &Dataset, manifest: &Manifest) -> Result<Delivery> {
    let url = S3Url::new("lake", "file").map_err(|error| Error::new(Kind::Bug, "plan", &plan.run).because(error))?;
    let file = |size_bytes| ParquetFile { url: url.clone(), size_bytes, rows: 0, partition: Vec::new() };
    let files = (1..PARQUET_FILES.0).map(|_| file(0)).chain([file(PARQUET_BYTES.0)]).collect();
    let counts = Counts {
        read: READ.0,
        accepted: ACCEPTED.0,
        rejected: REJECTED.0,
        filtered: FILTERED.0,
        duplicate: DUPLICATE.0,
    };
    let part = Part {
        version: Part::VERSION,
        run: plan.run.clone(),
        item: 0,
        counts,
        rejected_by_reason: Default::default(),
        truncated: Default::default(),
        files,
        rejects: None,
        inputs: Vec::new(),
    };
    let columns = dataset.written_columns().map(|(name, column)| (name.clone(), column.clone())).collect();
    let (plan, dataset, manifest) = (plan.clone(), dataset.clone(), manifest.clone());
    Ok(Delivery { plan, dataset, columns, manifest, parts: vec![part], counts })
}

/// A statement with names for what is counted later.
fn named(statement: String) -> String {
    let (files, name) = PARQUET_FILES;
    let statement = statement.replace(&format!("\n    {files},\n"), &format!("\n    {name},\n"));
    let counted = [READ, ACCEPTED, REJECTED, FILTERED, DUPLICATE, PARQUET_BYTES];
    counted.iter().fold(statement, |statement, (count, name)| statement.replace(&count.to_string(), name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Compute, CopyRole};
    use crate::sql::tests::delivery as counted;

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
        let run = counted.plan.run.clone();
        let counts = counted.counts;
        let (files, bytes) = (counted.files().count(), counted.parquet_bytes());
        let loading = Loading::of(&run, counted).unwrap();
        for Step { step, statements } in steps {
            let with_counts = statements.iter().map(|sql| {
                let sql = sql.replace("<rows_read>", &counts.read.to_string());
                let sql = sql.replace("<rows_accepted>", &counts.accepted.to_string());
                let sql = sql.replace("<rows_rejected>", &counts.rejected.to_string());
                let sql = sql.replace("<rows_filtered>", "0").replace("<rows_duplicate>", "0");
                sql.replace("<parquet_files>", &files.to_string()).replace("<parquet_bytes>", &bytes.to_string())
            });
            assert_eq!(with_counts.collect::<Vec<_>>(), loading.sql(step, &config).unwrap(), "{}", step.name());
        }
    }
}
