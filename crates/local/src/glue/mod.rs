//! The Glue Data Catalog: databases, tables with their versions, partitions.
//!
//! ```text
//! request ─► input (shapes) ─► check (what must hold) ─► store ── glue.json, replaced whole
//!                                                          ▲
//!                              database, table, partition ─┘  one function an operation
//! ```
//!
//! It is stricter than AWS where AWS stores what no reader can read: unknown types, columns that are there twice,
//! locations without a slash at their end, descriptors without a library. It does not know views, Iceberg, Lake
//! Formation, crawlers, jobs, statistics, indexes, or other catalogs than the account's own.
//! Start reading at [`DataCatalog`].
//!
//! To add an operation: its request and its function in the file of its noun, one arm in [`DataCatalog::call`].

mod check;
mod database;
mod expression;
mod hive_type;
mod input;
mod partition;
mod store;
mod table;

#[cfg(test)]
mod tests;

use std::path::Path;

use async_trait::async_trait;
use model::{Error, Kind, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::names;
use crate::request::{page, read};
use crate::wire::{ApiError, Service};
use store::Store;

/// The service.
pub struct DataCatalog {
    store: Store,
    clock: Clock,
}

impl DataCatalog {
    /// Opens the catalog in a folder, made if it is missing. Fails with [`Kind::Config`] on a file that cannot be read.
    pub fn open(folder: &Path, clock: Clock) -> Result<Self> {
        let store = std::fs::create_dir_all(folder).and_then(|()| Store::open(&folder.join("glue.json")));
        let store =
            store.map_err(|error| Error::new(Kind::Config, "open catalog in", folder.display()).because(error))?;
        Ok(Self { store, clock })
    }
}

#[async_trait]
impl Service for DataCatalog {
    fn target_prefix(&self) -> &'static str {
        "AWSGlue"
    }

    fn content_type(&self) -> &'static str {
        "application/x-amz-json-1.1"
    }

    async fn call(&self, operation: &str, request: Value) -> std::result::Result<Value, ApiError> {
        let (store, now) = (&self.store, (self.clock)());
        let done = |()| json!({});
        match operation {
            "CreateDatabase" => database::create(store, read(operation, request)?, now).map(done),
            "UpdateDatabase" => database::update(store, read(operation, request)?).map(done),
            "DeleteDatabase" => database::delete(store, &read(operation, request)?).map(done),
            "GetDatabase" => database::get(store, &read(operation, request)?),
            "GetDatabases" => database::list(store, &read(operation, request)?),
            "CreateTable" => table::create(store, read(operation, request)?, now).map(done),
            "UpdateTable" => table::update(store, read(operation, request)?, now).map(done),
            "DeleteTable" => table::delete(store, &read(operation, request)?).map(done),
            "GetTable" => table::get(store, &read(operation, request)?),
            "GetTables" => table::list(store, &read(operation, request)?),
            "GetTableVersions" => table::versions(store, &read(operation, request)?),
            "CreatePartition" => partition::create(store, read(operation, request)?, now).map(done),
            "UpdatePartition" => partition::update(store, read(operation, request)?).map(done),
            "DeletePartition" => partition::delete(store, &read(operation, request)?).map(done),
            "GetPartition" => partition::get(store, &read(operation, request)?),
            "GetPartitions" => partition::list(store, &read(operation, request)?),
            "BatchCreatePartition" => partition::create_batch(store, read(operation, request)?, now),
            "BatchUpdatePartition" => partition::update_batch(store, read(operation, request)?),
            "BatchDeletePartition" => partition::delete_batch(store, &read(operation, request)?),
            "BatchGetPartition" => partition::get_batch(store, &read(operation, request)?),
            other => Err(ApiError::not_known(format!("operation \"{other}\" of AWSGlue"))),
        }
    }
}

/// The one catalog that there is: the account's own.
#[derive(Debug, Default, Deserialize)]
#[serde(try_from = "String")]
struct ThisCatalog;

impl TryFrom<String> for ThisCatalog {
    type Error = String;

    fn try_from(id: String) -> std::result::Result<Self, String> {
        if id == names::ACCOUNT { Ok(Self) } else { Err(format!("unknown catalog `{id}`")) }
    }
}

/// One page of what is listed, at most `most` entries.
fn page_of<'a, T>(
    entries: &'a [T],
    name: impl Fn(&T) -> &str,
    token: Option<&str>,
    max_results: Option<usize>,
    most: usize,
) -> std::result::Result<(&'a [T], Option<String>), ApiError> {
    let count = max_results.unwrap_or(most);
    if !(1..=most).contains(&count) {
        return Err(ApiError::validation(format!("MaxResults is {count}, it must be from 1 to {most}")));
    }
    page(entries, name, token, count).ok_or_else(|| check::invalid("The provided NextToken is not valid."))
}
