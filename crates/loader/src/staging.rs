//! Staging tables that nobody will use: those of runs that were closed over a day ago.
//!
//! A load drops its own staging when it publishes, and the failure path drops it too. What neither reached (an
//! execution that was aborted) is found by the loads that come after.

use aws::object::{self, Listed};
use aws_sdk_s3::Client;
use chrono::{DateTime, TimeDelta, Utc};
use model::name::RunName;
use model::{Result, layout};

use crate::sql::{STAGE_PREFIX, stage_table};

/// One load looks at this many tables of others: each costs a listing.
const MAX_TABLES: usize = 10;

/// A run's staging table stays this long after its report.
const KEPT: TimeDelta = TimeDelta::days(1);

/// Of the staging tables that are there, those of runs that are closed over a day; a bounded number of them.
pub async fn stale(
    s3: &Client,
    control_bucket: &str,
    tables: Vec<String>,
    own: &RunName,
    now: DateTime<Utc>,
) -> Result<Vec<String>> {
    let mut stale = Vec::new();
    for (table, run) in candidates(tables, own) {
        let folder = layout::run(&run);
        if is_closed(&object::list(s3, control_bucket, &folder).await?, &folder, now - KEPT) {
            stale.push(table);
        }
    }
    Ok(stale)
}

/// Which tables are looked at: those that come after our own in the alphabet, and then from its start. Runs are named
/// by hashes, so loads begin at different places and together look at all.
fn candidates(mut tables: Vec<String>, own: &RunName) -> Vec<(String, RunName)> {
    tables.sort();
    let own_table = stage_table(own);
    let start = tables.partition_point(|table| *table <= own_table);
    tables.rotate_left(start);
    let runs = tables.into_iter().filter(|table| *table != own_table).filter_map(|table| {
        let run = run_of(&table)?;
        Some((table, run))
    });
    runs.take(MAX_TABLES).collect()
}

/// The run that a staging table is named after. A table whose name says none is not ours to drop.
fn run_of(table: &str) -> Option<RunName> {
    let (dataset, hash) = table.strip_prefix(STAGE_PREFIX)?.rsplit_once('_')?;
    RunName::parse(&format!("{dataset}-{hash}")).ok()
}

/// Whether the run's last execution has written its report, and before that moment.
fn is_closed(objects: &[Listed], folder: &str, before: DateTime<Utc>) -> bool {
    let in_run = || objects.iter().filter_map(|object| Some((object.key.strip_prefix(folder)?, object)));
    let last = in_run().filter_map(|(key, _)| key.split_once('/')?.0.parse::<u32>().ok()).max();
    last.is_some_and(|last| {
        in_run().any(|(key, object)| layout::report_number(key) == Some(last) && object.last_modified < before)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(dataset: &str, digit: char) -> RunName {
        RunName::parse(&format!("{dataset}-{}", digit.to_string().repeat(32))).unwrap()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn a_table_names_its_run_whatever_the_dataset_is_called() {
        for run in [run("sales", '0'), run("sales_2013_", 'f'), run("stage_1", 'a')] {
            assert_eq!(run_of(&stage_table(&run)), Some(run));
        }
        for other in ["stage_", "stage_sales", "stage_sales_0f", "other_sales_00000000000000000000000000000000"] {
            assert_eq!(run_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_run_is_closed_by_the_report_of_its_last_execution() {
        let closed = |objects: &[(&str, i64)]| {
            let object = |(key, seconds): &(&str, i64)| Listed {
                key: format!("runs/sales/x/{key}"),
                size_bytes: 1,
                last_modified: at(*seconds),
            };
            is_closed(&objects.iter().map(object).collect::<Vec<_>>(), "runs/sales/x/", at(100))
        };
        assert!(closed(&[("plan.json", 1), ("parts/0.json", 2), ("1/report.json", 99)]));
        assert!(!closed(&[("1/report.json", 100)]), "not yet a day");
        assert!(!closed(&[("1/report.json", 5), ("2/failed/stage-1.json", 6)]), "another execution began");
        assert!(closed(&[("9/report.json", 5), ("10/report.json", 6), ("10/load.json", 6)]));
        assert!(!closed(&[("plan.json", 1), ("parts/7.json", 2)]), "no execution has ended");
        assert!(!closed(&[]));
    }

    #[test]
    fn our_own_table_is_never_looked_at_and_the_number_is_bounded() {
        let digits = "0123456789abcdef";
        let tables: Vec<String> = digits.chars().map(|digit| stage_table(&run("sales", digit))).collect();
        let looked_at = candidates(tables, &run("sales", 'c'));
        assert_eq!(looked_at.len(), MAX_TABLES);
        let order: String = looked_at.iter().map(|(_, run)| run.hash().chars().next().unwrap()).collect();
        assert_eq!(order, "def0123456");
    }
}
