//! What must hold of a database, a table or a partition before it is stored.

use std::collections::BTreeSet;

use super::hive_type::HiveType;
use super::input::{Column, DatabaseInput, Parameters, PartitionInput, StorageDescriptor, TableInput};
use crate::wire::ApiError;

/// The longest name, in characters.
const NAME: usize = 255;
/// The longest type name.
const TYPE: usize = 131_072;
/// The longest value of a parameter.
const PARAMETER: usize = 512_000;
/// The longest value of a partition key.
const VALUE: usize = 1024;

/// The caller's mistake, in Glue's name for it.
pub fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidInputException", message)
}

/// Checks a database.
pub fn database(input: &DatabaseInput) -> Result<(), ApiError> {
    name("database", &input.name)?;
    parameters(&input.parameters)
}

/// Checks a table: names, types, and that no column is there twice, as a partition key either.
pub fn table(input: &TableInput) -> Result<(), ApiError> {
    name("table", &input.name)?;
    parameters(&input.parameters)?;
    descriptor(&input.storage_descriptor)?;
    for key in &input.partition_keys {
        if column(key)? != HiveType::Primitive {
            return Err(invalid(format!(
                "partition key {} has the type {}, which is no primitive",
                key.name, key.r#type
            )));
        }
    }
    no_doubles(input.storage_descriptor.columns.iter().chain(&input.partition_keys))
}

/// Checks a partition of a table.
pub fn partition(table: &TableInput, input: &PartitionInput) -> Result<(), ApiError> {
    values(table, &input.values)?;
    parameters(&input.parameters)?;
    descriptor(&input.storage_descriptor)?;
    no_doubles(input.storage_descriptor.columns.iter().chain(&table.partition_keys))
}

/// Checks the values of a partition: one for each key, none empty.
pub fn values(table: &TableInput, values: &[String]) -> Result<(), ApiError> {
    if values.len() != table.partition_keys.len() {
        return Err(invalid(format!(
            "The number of partition keys do not match the number of partition values: {} and {}",
            table.partition_keys.len(),
            values.len()
        )));
    }
    match values.iter().find(|value| !(1..=VALUE).contains(&value.chars().count())) {
        None => Ok(()),
        Some(value) => Err(invalid(format!("partition value `{value}` must have 1 to {VALUE} characters"))),
    }
}

fn descriptor(descriptor: &StorageDescriptor) -> Result<(), ApiError> {
    for entry in &descriptor.columns {
        column(entry)?;
    }
    no_doubles(descriptor.columns.iter())?;
    parameters(&descriptor.parameters)?;
    parameters(&descriptor.serde_info.parameters)?;
    let location = &descriptor.location;
    // AWS takes a location without the slash; then `orders` holds the files of `orders_old` too.
    if location.starts_with("s3://") && location.ends_with('/') {
        return Ok(());
    }
    Err(invalid(format!("location {location} must begin with s3:// and end with /")))
}

fn column(column: &Column) -> Result<HiveType, ApiError> {
    name("column", &column.name)?;
    parameters(&column.parameters)?;
    let known = (column.r#type.len() <= TYPE).then(|| HiveType::parse(&column.r#type)).flatten();
    known.ok_or_else(|| {
        invalid(format!("column {} has the type `{}`, which Hive does not know", column.name, column.r#type))
    })
}

fn no_doubles<'a>(columns: impl Iterator<Item = &'a Column>) -> Result<(), ApiError> {
    let mut names = BTreeSet::new();
    for column in columns {
        if !names.insert(column.name.as_str()) {
            return Err(invalid(format!("Table descriptor contains duplicate columns: {}", column.name)));
        }
    }
    Ok(())
}

fn name(what: &str, name: &str) -> Result<(), ApiError> {
    if (1..=NAME).contains(&name.chars().count()) && !name.contains(|c: char| c.is_control() && c != '\t') {
        return Ok(());
    }
    Err(invalid(format!("{what} name `{name}` must have 1 to {NAME} characters and no control characters")))
}

fn parameters(parameters: &Parameters) -> Result<(), ApiError> {
    for (key, value) in parameters {
        name("parameter", key)?;
        if value.chars().count() > PARAMETER {
            return Err(invalid(format!("parameter {key} is longer than {PARAMETER} characters")));
        }
    }
    Ok(())
}
