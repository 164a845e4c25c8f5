//! A run's partitions in the catalog (facts/glue.md, partitions).

use std::collections::BTreeMap;

use aws::error::{is_code, sorted, sorted_entry};
use aws_sdk_glue::error::BuildError;
use aws_sdk_glue::types::{Column, PartitionError, PartitionInput, PartitionValueList};
use model::dataset::Dataset;
use model::name::RunName;
use model::part::Part;
use model::partition::{NULL_PARTITION, PartitionValue};
use model::{Error, Kind, Result, layout};

use crate::table::Shape;

/// BatchCreatePartition takes this many.
const CREATED_AT_ONCE: usize = 100;

/// BatchDeletePartition takes this many (U).
const DELETED_AT_ONCE: usize = 25;

/// The partitions of a run's files: values in the order of the table's keys, the run last, and the folder of each.
/// A part whose keys are not the dataset's, or a file that is not in its partition's folder, is a bug: its rows would be
/// found under wrong values, or not at all, in silence.
pub fn of_parts(run: &RunName, dataset: &Dataset, parts: &[Part]) -> Result<BTreeMap<Vec<String>, String>> {
    let mut partitions = BTreeMap::new();
    for file in parts.iter().flat_map(|part| &part.files) {
        let bug = |why: String| Err(Error::new(Kind::Bug, "register", &file.url).because(why));
        let keys = file.partition.iter().map(|(key, _)| key.as_str());
        if !keys.eq(dataset.partition_by.keys().map(|key| key.as_str())) {
            return bug(format!("its partition {:?} has not the keys of the dataset", file.partition));
        }
        let folder = format!("s3://{}/{}", file.url.bucket(), layout::lake_folder(run, &file.partition));
        if !file.url.to_string().starts_with(&folder) {
            return bug(format!("it does not lie in {folder}"));
        }
        partitions.insert(values(run, &file.partition), folder);
    }
    Ok(partitions)
}

/// The catalog holds the text itself, not what a folder's name makes of it; a text of no characters is null, as its
/// folder says.
fn values(run: &RunName, partition: &[PartitionValue]) -> Vec<String> {
    let text = |(_, value): &PartitionValue| match value.as_str() {
        "" => NULL_PARTITION.to_owned(),
        value => value.to_owned(),
    };
    partition.iter().map(text).chain([run.to_string()]).collect()
}

/// Creates partitions; those that are there are left: a run's partitions never change.
pub async fn register(
    glue: &aws_sdk_glue::Client,
    shape: &Shape,
    columns: &[Column],
    partitions: &BTreeMap<Vec<String>, String>,
) -> Result<()> {
    let inputs = partitions.iter().map(|(values, folder)| {
        let descriptor = shape.descriptor(columns.to_vec(), folder);
        PartitionInput::builder().set_values(Some(values.clone())).storage_descriptor(descriptor).build()
    });
    let inputs: Vec<PartitionInput> = inputs.collect();
    for batch in inputs.chunks(CREATED_AT_ONCE) {
        let request = glue.batch_create_partition().database_name(shape.database()).table_name(shape.table());
        let answer = request.set_partition_input_list(Some(batch.to_vec())).send().await;
        let answer = answer.map_err(|error| sorted("create partitions of", shape.name(), error))?;
        check("create partition", shape, answer.errors(), "AlreadyExistsException")?;
    }
    Ok(())
}

/// Deletes partitions; those that are not there, or whose table is not, are gone already.
pub async fn withdraw(glue: &aws_sdk_glue::Client, shape: &Shape, partitions: Vec<Vec<String>>) -> Result<()> {
    let bug = |error: BuildError| Error::new(Kind::Bug, "delete partitions of", shape.name()).because(error);
    let lists = partitions.into_iter().map(|values| PartitionValueList::builder().set_values(Some(values)).build());
    let lists = lists.collect::<Result<Vec<_>, _>>().map_err(bug)?;
    for batch in lists.chunks(DELETED_AT_ONCE) {
        let request = glue.batch_delete_partition().database_name(shape.database()).table_name(shape.table());
        match request.set_partitions_to_delete(Some(batch.to_vec())).send().await {
            Ok(answer) => check("delete partition", shape, answer.errors(), "EntityNotFoundException")?,
            Err(error) if is_code(&error, "EntityNotFoundException") => return Ok(()),
            Err(error) => return Err(sorted("delete partitions of", shape.name(), error)),
        }
    }
    Ok(())
}

/// Glue answers with success and an error for each entry that failed.
fn check(operation: &'static str, shape: &Shape, errors: &[PartitionError], fine: &str) -> Result<()> {
    for error in errors {
        let detail = error.error_detail();
        let code = detail.and_then(|detail| detail.error_code());
        if code != Some(fine) {
            let subject = format!("{} {:?}", shape.name(), error.partition_values());
            return Err(sorted_entry(operation, subject, code, detail.and_then(|detail| detail.error_message())));
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "partition_tests.rs"]
mod tests;
