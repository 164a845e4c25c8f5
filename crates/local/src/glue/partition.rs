//! Partitions: one by one, and in batches of which each entry succeeds or fails by itself.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::expression::Expression;
use super::input::{Parameters, PartitionInput};
use super::store::{Partition, Store, Table, key};
use super::{ThisCatalog, check, page_of};
use crate::names;
use crate::request::{answer, epoch_seconds};
use crate::wire::ApiError;

/// The most entries of each batch (facts/glue.md).
const CREATE: usize = 100;
const UPDATE: usize = 100;
const DELETE: usize = 25;
const GET: usize = 1000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreatePartition {
    #[serde(default, rename = "CatalogId")]
    _catalog: ThisCatalog,
    database_name: String,
    table_name: String,
    partition_input: PartitionInput,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct UpdatePartition {
    #[serde(default, rename = "CatalogId")]
    _catalog: ThisCatalog,
    database_name: String,
    table_name: String,
    partition_value_list: Vec<String>,
    partition_input: PartitionInput,
}

/// `GetPartition` and `DeletePartition`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct NamedPartition {
    #[serde(default, rename = "CatalogId")]
    _catalog: ThisCatalog,
    database_name: String,
    table_name: String,
    partition_values: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetPartitions {
    #[serde(default, rename = "CatalogId")]
    _catalog: ThisCatalog,
    database_name: String,
    table_name: String,
    expression: Option<String>,
    next_token: Option<String>,
    max_results: Option<usize>,
    #[serde(default)]
    exclude_column_schema: bool,
    segment: Option<Segment>,
}

/// A part of all partitions, for parallel listing.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Segment {
    segment_number: u32,
    total_segments: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct BatchCreatePartition {
    #[serde(default, rename = "CatalogId")]
    _catalog: ThisCatalog,
    database_name: String,
    table_name: String,
    partition_input_list: Vec<PartitionInput>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct BatchUpdatePartition {
    #[serde(default, rename = "CatalogId")]
    _catalog: ThisCatalog,
    database_name: String,
    table_name: String,
    entries: Vec<UpdateEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct UpdateEntry {
    partition_value_list: Vec<String>,
    partition_input: PartitionInput,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PartitionValues {
    values: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct BatchDeletePartition {
    #[serde(default, rename = "CatalogId")]
    _catalog: ThisCatalog,
    database_name: String,
    table_name: String,
    partitions_to_delete: Vec<PartitionValues>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct BatchGetPartition {
    #[serde(default, rename = "CatalogId")]
    _catalog: ThisCatalog,
    database_name: String,
    table_name: String,
    partitions_to_get: Vec<PartitionValues>,
}

/// A partition as it is answered.
fn partition_answer(database: &str, table: &str, partition: &Partition, with_columns: bool) -> Result<Value, ApiError> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Answer<'a> {
        #[serde(flatten)]
        input: &'a PartitionInput,
        database_name: String,
        table_name: String,
        creation_time: f64,
        catalog_id: &'static str,
    }
    let mut input = partition.input.clone();
    if !with_columns {
        input.storage_descriptor.columns.clear();
    }
    answer(&Answer {
        input: &input,
        database_name: database.to_lowercase(),
        table_name: table.to_lowercase(),
        creation_time: epoch_seconds(partition.created),
        catalog_id: names::ACCOUNT,
    })
}

fn insert(table: &mut Table, input: PartitionInput, now: DateTime<Utc>) -> Result<(), ApiError> {
    let input = input.folded();
    check::partition(&table.current.input, &input)?;
    let key = key(&input.values);
    if table.partitions.contains_key(&key) {
        return Err(ApiError::new("AlreadyExistsException", "Partition already exists."));
    }
    table.partitions.insert(key, Partition { created: now, input });
    Ok(())
}

/// Replaces a whole partition, which may get other values.
fn replace(table: &mut Table, values: &[String], input: PartitionInput) -> Result<(), ApiError> {
    let input = input.folded();
    check::values(&table.current.input, values)?;
    check::partition(&table.current.input, &input)?;
    let (old, new) = (key(values), key(&input.values));
    if !table.partitions.contains_key(&old) {
        return Err(no_partition());
    }
    if old != new && table.partitions.contains_key(&new) {
        return Err(ApiError::new("AlreadyExistsException", "Partition already exists."));
    }
    if let Some(partition) = table.partitions.remove(&old) {
        table.partitions.insert(new, Partition { input, ..partition });
    }
    Ok(())
}

fn remove(table: &mut Table, values: &[String]) -> Result<(), ApiError> {
    check::values(&table.current.input, values)?;
    table.partitions.remove(&key(values)).map(|_| ()).ok_or_else(no_partition)
}

fn no_partition() -> ApiError {
    ApiError::new("EntityNotFoundException", "Cannot find partition.")
}

/// Makes a partition; one of its values is `AlreadyExistsException`.
pub fn create(store: &Store, request: CreatePartition, now: DateTime<Utc>) -> Result<(), ApiError> {
    let CreatePartition { database_name, table_name, partition_input, .. } = request;
    store.change(|contents| insert(contents.table_mut(&database_name, &table_name)?, partition_input, now))
}

/// Replaces a partition.
pub fn update(store: &Store, request: UpdatePartition) -> Result<(), ApiError> {
    let UpdatePartition { database_name, table_name, partition_value_list, partition_input, .. } = request;
    store.change(|contents| {
        replace(contents.table_mut(&database_name, &table_name)?, &partition_value_list, partition_input)
    })
}

/// Takes a partition out.
pub fn delete(store: &Store, request: &NamedPartition) -> Result<(), ApiError> {
    store.change(|contents| {
        remove(contents.table_mut(&request.database_name, &request.table_name)?, &request.partition_values)
    })
}

/// One partition.
pub fn get(store: &Store, request: &NamedPartition) -> Result<Value, ApiError> {
    store.look(|contents| {
        let table = contents.table(&request.database_name, &request.table_name)?;
        check::values(&table.current.input, &request.partition_values)?;
        let partition = table.partitions.get(&key(&request.partition_values)).ok_or_else(no_partition)?;
        let partition = partition_answer(&request.database_name, &request.table_name, partition, true)?;
        Ok(json!({ "Partition": partition }))
    })
}

/// The partitions of a table, by their values, in pages.
pub fn list(store: &Store, request: &GetPartitions) -> Result<Value, ApiError> {
    if request.segment.as_ref().is_some_and(|part| *part != Segment { segment_number: 0, total_segments: 1 }) {
        return Err(ApiError::not_known("more than one Segment of GetPartitions"));
    }
    store.look(|contents| {
        let table = contents.table(&request.database_name, &request.table_name)?;
        let expression = request.expression.as_deref().filter(|text| !text.is_empty());
        let expression =
            expression.map(|text| Expression::parse(text, &table.current.input.partition_keys)).transpose()?;
        let holds = |(_, partition): &(&String, &Partition)| {
            expression.as_ref().is_none_or(|expression| expression.holds(&partition.input.values))
        };
        let partitions: Vec<_> = table.partitions.iter().filter(holds).collect();
        let token = request.next_token.as_deref();
        let (page, next_token) = page_of(&partitions, |(key, _)| key, token, request.max_results, GET)?;
        let page = page.iter().map(|(_, partition)| {
            let with_columns = !request.exclude_column_schema;
            partition_answer(&request.database_name, &request.table_name, partition, with_columns)
        });
        let page = page.collect::<Result<Vec<_>, _>>()?;
        Ok(match next_token {
            Some(token) => json!({ "Partitions": page, "NextToken": token }),
            None => json!({ "Partitions": page }),
        })
    })
}

/// Makes many partitions; what is wrong with one does not keep the others out.
pub fn create_batch(store: &Store, request: BatchCreatePartition, now: DateTime<Utc>) -> Result<Value, ApiError> {
    let BatchCreatePartition { database_name, table_name, partition_input_list, .. } = request;
    at_most(CREATE, partition_input_list.len(), "partitionInputList")?;
    store.change(|contents| {
        let table = contents.table_mut(&database_name, &table_name)?;
        let mut errors = Vec::new();
        for input in partition_input_list {
            let values = input.values.clone();
            if let Err(error) = insert(table, input, now) {
                errors.push(json!({ "PartitionValues": values, "ErrorDetail": detail(&error) }));
            }
        }
        Ok(json!({ "Errors": errors }))
    })
}

/// Replaces many partitions, each by itself.
pub fn update_batch(store: &Store, request: BatchUpdatePartition) -> Result<Value, ApiError> {
    let BatchUpdatePartition { database_name, table_name, entries, .. } = request;
    at_most(UPDATE, entries.len(), "entries")?;
    store.change(|contents| {
        let table = contents.table_mut(&database_name, &table_name)?;
        let mut errors = Vec::new();
        for entry in entries {
            let values = entry.partition_value_list;
            if let Err(error) = replace(table, &values, entry.partition_input) {
                errors.push(json!({ "PartitionValueList": values, "ErrorDetail": detail(&error) }));
            }
        }
        Ok(json!({ "Errors": errors }))
    })
}

/// Takes many partitions out, each by itself.
pub fn delete_batch(store: &Store, request: &BatchDeletePartition) -> Result<Value, ApiError> {
    at_most(DELETE, request.partitions_to_delete.len(), "partitionsToDelete")?;
    store.change(|contents| {
        let table = contents.table_mut(&request.database_name, &request.table_name)?;
        let mut errors = Vec::new();
        for PartitionValues { values } in &request.partitions_to_delete {
            if let Err(error) = remove(table, values) {
                errors.push(json!({ "PartitionValues": values, "ErrorDetail": detail(&error) }));
            }
        }
        Ok(json!({ "Errors": errors }))
    })
}

/// Many partitions; those that are not there are left out.
pub fn get_batch(store: &Store, request: &BatchGetPartition) -> Result<Value, ApiError> {
    at_most(GET, request.partitions_to_get.len(), "partitionsToGet")?;
    store.look(|contents| {
        let table = contents.table(&request.database_name, &request.table_name)?;
        let mut partitions = Vec::new();
        for PartitionValues { values } in &request.partitions_to_get {
            check::values(&table.current.input, values)?;
            if let Some(partition) = table.partitions.get(&key(values)) {
                partitions.push(partition_answer(&request.database_name, &request.table_name, partition, true)?);
            }
        }
        Ok(json!({ "Partitions": partitions, "UnprocessedKeys": [] }))
    })
}

fn detail(error: &ApiError) -> Parameters {
    let members = [("ErrorCode", &error.code), ("ErrorMessage", &error.message)];
    members.map(|(member, text)| (member.to_owned(), text.clone())).into()
}

fn at_most(most: usize, count: usize, member: &str) -> Result<(), ApiError> {
    if count <= most {
        return Ok(());
    }
    Err(ApiError::validation(format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must have length less \
         than or equal to {most}"
    )))
}
