//! The catalog's contents and the file they are kept in.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::input::{DatabaseInput, PartitionInput, TableInput};
use crate::lines;
use crate::wire::ApiError;

/// Everything in the catalog.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contents {
    /// Databases by name.
    pub databases: BTreeMap<String, Database>,
}

/// A database and its tables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    pub input: DatabaseInput,
    pub created: DateTime<Utc>,
    /// Tables by name.
    pub tables: BTreeMap<String, Table>,
}

/// A table, its earlier versions and its partitions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    pub created: DateTime<Utc>,
    pub current: Version,
    /// Earlier versions, oldest first.
    pub archived: Vec<Version>,
    /// Partitions by [`key`].
    pub partitions: BTreeMap<String, Partition>,
}

/// A table as an update left it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    pub number: u64,
    pub updated: DateTime<Utc>,
    pub input: TableInput,
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    pub created: DateTime<Utc>,
    pub input: PartitionInput,
}

/// The name of a partition among those of its table: its values as JSON.
pub fn key(values: &[String]) -> String {
    serde_json::Value::from(values).to_string()
}

impl Contents {
    /// The database of this name, in any case.
    pub fn database(&self, name: &str) -> Result<&Database, ApiError> {
        self.databases.get(&name.to_lowercase()).ok_or_else(|| no_database(name))
    }

    /// The same, to change.
    pub fn database_mut(&mut self, name: &str) -> Result<&mut Database, ApiError> {
        self.databases.get_mut(&name.to_lowercase()).ok_or_else(|| no_database(name))
    }

    /// The table of these names, in any case.
    pub fn table(&self, database: &str, name: &str) -> Result<&Table, ApiError> {
        self.database(database)?.tables.get(&name.to_lowercase()).ok_or_else(|| no_table(name))
    }

    /// The same, to change.
    pub fn table_mut(&mut self, database: &str, name: &str) -> Result<&mut Table, ApiError> {
        self.database_mut(database)?.tables.get_mut(&name.to_lowercase()).ok_or_else(|| no_table(name))
    }
}

fn no_database(name: &str) -> ApiError {
    ApiError::new("EntityNotFoundException", format!("Database {} not found.", name.to_lowercase()))
}

/// There is no such table.
pub fn no_table(name: &str) -> ApiError {
    ApiError::new("EntityNotFoundException", format!("Table {} not found.", name.to_lowercase()))
}

/// The contents, and the file that always holds the same.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    contents: Mutex<Contents>,
}

impl Store {
    /// Opens the file; one that is missing is an empty catalog.
    pub fn open(path: &Path) -> io::Result<Self> {
        let contents = match std::fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {error}", path.display())))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Contents::default(),
            Err(error) => return Err(error),
        };
        Ok(Self { path: path.to_owned(), contents: Mutex::new(contents) })
    }

    /// Looks at the contents.
    pub fn look<T>(&self, look: impl FnOnce(&Contents) -> Result<T, ApiError>) -> Result<T, ApiError> {
        look(&self.locked())
    }

    /// Changes the contents: all of the change is made and kept, or none of it.
    pub fn change<T>(&self, change: impl FnOnce(&mut Contents) -> Result<T, ApiError>) -> Result<T, ApiError> {
        let mut contents = self.locked();
        let mut changed = contents.clone();
        let answer = change(&mut changed)?;
        let fault = |error: io::Error| ApiError::internal(format!("cannot keep the catalog: {error}"));
        let bytes = serde_json::to_vec_pretty(&changed).map_err(|error| fault(error.into()))?;
        lines::replace(&self.path, &bytes).map_err(fault)?;
        *contents = changed;
        Ok(answer)
    }

    fn locked(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
