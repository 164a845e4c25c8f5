//! Where every object lies. Every name is computed from the run; no clock, no randomness, no shared counter.
//!
//! ```text
//! control bucket   datasets/index.json · datasets/<dataset>.yaml
//!                  runs/<dataset>/<run>/  manifest.json · plan.json · schema.json · parts/<item>.json · copy.manifest
//!                  schemas/<dataset>/<n>.json
//!                  runs/<dataset>/deliveries/<batch>/<hash>.json
//!                  runs/<dataset>/<run>/<n>/  load.json · report.json · altered/<statement>.json
//!                  leases/<table>.json · queue/<table>/<shape>/<execution>[.<most>].json
//!                  groups/<table>/<token>.json · groups/<table>/<token>/  copy.manifest · failed/<step>-<try>.json ·
//!                  isolated/<number>.json
//!                  rejects/<dataset>/<run>/<item>.jsonl · refused/<dataset>/<hash>.json
//!                  catalog/<dataset>/<batch>/<run>.json (a copy of load.json: this run stands in the catalog)
//! lake bucket      <dataset>/<partition…>/sluice_run=<run>/<item>-<n>.parquet
//! ```

use crate::group::{GroupName, QueueName};
use crate::name::{BatchId, DatasetName, ExecutionName, RunName, TableName};
use crate::partition::{self, PartitionValue, RUN_KEY};
use crate::refusal::Refusal;

/// The index of datasets.
pub const DATASET_INDEX: &str = "datasets/index.json";

/// Refusals of manifests that belong to no dataset.
const NO_DATASET: &str = "_unknown";

/// A dataset file.
pub fn dataset(name: &DatasetName) -> String {
    format!("datasets/{name}.yaml")
}

/// The folder of all runs of a dataset, with its slash.
pub fn runs(dataset: &DatasetName) -> String {
    format!("runs/{dataset}/")
}

/// The folder of a run, with its slash.
pub fn run(run: &RunName) -> String {
    format!("runs/{}/{run}/", run.dataset())
}

/// The folder of an execution, with its slash.
pub fn execution(name: &RunName, n: u32) -> String {
    format!("{}{n}/", run(name))
}

/// Which run a delivery of a batch became; the hash is [`Claim::hash`](crate::plan::Claim::hash).
pub fn claim(dataset: &DatasetName, batch: &BatchId, hash: &str) -> String {
    format!("{}deliveries/{batch}/{hash}.json", runs(dataset))
}

/// A batch's place among the batches of its dataset. Runs expire; this must not.
pub fn batch_place(dataset: &DatasetName, batch: &BatchId) -> String {
    format!("batches/{dataset}/{batch}.json")
}

/// A run's manifest.
pub fn manifest(name: &RunName) -> String {
    run(name) + "manifest.json"
}

/// A run's plan.
pub fn plan(name: &RunName) -> String {
    run(name) + "plan.json"
}

/// The columns of a run whose dataset names none.
pub fn schema(name: &RunName) -> String {
    run(name) + "schema.json"
}

/// The folder of the versions of a dataset's columns, with its slash.
pub fn dataset_schemas(dataset: &DatasetName) -> String {
    format!("schemas/{dataset}/")
}

/// One version of a dataset's columns.
pub fn dataset_schema(dataset: &DatasetName, number: u32) -> String {
    format!("{}{number}.json", dataset_schemas(dataset))
}

/// The number of a version, from its key.
pub fn schema_number(key: &str) -> Option<u32> {
    key.rsplit('/').next()?.strip_suffix(".json")?.parse().ok()
}

/// The document that commits an item.
pub fn part(name: &RunName, item: u32) -> String {
    format!("{}parts/{item}.json", run(name))
}

/// The run's files, as COPY wants them named.
pub fn copy_manifest(name: &RunName) -> String {
    run(name) + "copy.manifest"
}

/// What the warehouse took.
pub fn load(name: &RunName, n: u32) -> String {
    execution(name, n) + "load.json"
}

/// The report that closes an execution.
pub fn report(name: &RunName, n: u32) -> String {
    execution(name, n) + "report.json"
}

/// Who may load a table.
pub fn lease(table: &TableName) -> String {
    format!("leases/{table}.json")
}

/// The folder of the runs that wait in a queue, with its slash.
pub fn queue(name: &QueueName) -> String {
    format!("queue/{name}/")
}

/// A run that waits.
pub fn waiting(queue_name: &QueueName, execution: &ExecutionName) -> String {
    format!("{}{execution}.json", queue(queue_name))
}

/// The word that a run which waits is loaded with so few others that they are at most so many in all.
pub fn at_most(queue_name: &QueueName, execution: &ExecutionName, most: usize) -> String {
    format!("{}{execution}.{most}.json", queue(queue_name))
}

/// The folder of the groups of a table, with its slash.
pub fn groups(table: &TableName) -> String {
    format!("groups/{table}/")
}

/// Who is loaded together.
pub fn group(name: &GroupName) -> String {
    format!("groups/{name}.json")
}

/// The folder of what belongs to a group, with its slash.
pub fn group_folder(name: &GroupName) -> String {
    format!("groups/{name}/")
}

/// The manifest that COPY reads: the files of all runs of a group, but those that were isolated, by so many documents.
pub fn group_manifest(name: &GroupName, isolations: usize) -> String {
    let folder = group_folder(name);
    if isolations == 0 { folder + "copy.manifest" } else { format!("{folder}copy-{isolations}.manifest") }
}

/// The folder of what a group has isolated, with its slash.
pub fn isolations(name: &GroupName) -> String {
    group_folder(name) + "isolated/"
}

/// Files that a group has isolated, after COPY failed for them; `number` is from 1.
pub fn isolation(name: &GroupName, number: usize) -> String {
    format!("{}{number}.json", isolations(name))
}

/// The folder of the tries of a group that failed, with its slash.
pub fn failed_tries(name: &GroupName) -> String {
    group_folder(name) + "failed/"
}

/// One failed try of a load step.
pub fn failed_try(name: &GroupName, step: &str, number: u32) -> String {
    format!("{}{step}-{number}.json", failed_tries(name))
}

/// The folder of what an execution changed of its target, a document for each statement.
pub fn altered(name: &RunName, n: u32) -> String {
    execution(name, n) + "altered/"
}

/// An item's rejects.
pub fn rejects(name: &RunName, item: u32) -> String {
    format!("rejects/{}/{name}/{item}.jsonl", name.dataset())
}

/// A refusal.
pub fn refusal(refusal: &Refusal) -> String {
    let dataset = refusal.dataset.as_ref().map_or(NO_DATASET, DatasetName::as_str);
    format!("refused/{dataset}/{}.json", refusal.hash())
}

/// The folder that names the runs of a batch whose partitions stand in the catalog, with its slash.
pub fn registrations(dataset: &DatasetName, batch: &BatchId) -> String {
    format!("catalog/{dataset}/{batch}/")
}

/// What names one of them.
pub fn registration(name: &RunName, batch: &BatchId) -> String {
    format!("{}{name}.json", registrations(name.dataset(), batch))
}

/// The folder of a run's rows in one partition of the lake, with its slash.
pub fn lake_folder(name: &RunName, partition: &[PartitionValue]) -> String {
    format!("{}/{}{RUN_KEY}={name}/", name.dataset(), partition::path(partition))
}

/// A Parquet file: the n-th of an item in a partition, n from 0.
pub fn parquet(name: &RunName, partition: &[PartitionValue], item: u32, n: u32) -> String {
    format!("{}{item}-{n}.parquet", lake_folder(name, partition))
}

/// The n of an execution's report, from its key relative to the run's folder: `2/report.json` is 2.
pub fn report_number(key_in_run: &str) -> Option<u32> {
    key_in_run.strip_suffix("/report.json")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_the_design_has_them() {
        let name = RunName::parse("sales-0123456789abcdef0123456789abcdef").unwrap();
        assert_eq!(plan(&name), "runs/sales/sales-0123456789abcdef0123456789abcdef/plan.json");
        assert_eq!(report(&name, 2), "runs/sales/sales-0123456789abcdef0123456789abcdef/2/report.json");
        assert_eq!(report_number("2/report.json"), Some(2));
        assert_eq!(report_number("parts/2.json"), None);
        assert_eq!(
            parquet(&name, &[("dt".to_owned(), "2013-01-01".to_owned())], 0, 1),
            "sales/dt=2013-01-01/sluice_run=sales-0123456789abcdef0123456789abcdef/0-1.parquet"
        );
    }
}
