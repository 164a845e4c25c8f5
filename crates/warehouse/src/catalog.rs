//! The warehouse at one moment. A transaction works on its own copy; a commit makes a new one current.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::error::{SqlError, SqlResult};
use crate::name::{PUBLIC, TableName};
use crate::system;
use crate::table::Table;

/// Every schema and table at one moment. Copies share the tables, so a copy is cheap.
#[derive(Debug, Clone)]
pub(crate) struct Catalog {
    /// The schemas.
    pub schemas: BTreeSet<String>,
    /// The tables.
    pub tables: BTreeMap<TableName, Arc<Table>>,
    /// Names that callers gave their commits, so that after a crash they can tell whether a commit happened.
    pub receipts: BTreeMap<String, DateTime<Utc>>,
}

impl Default for Catalog {
    fn default() -> Self {
        Self { schemas: [PUBLIC.to_owned()].into(), tables: BTreeMap::new(), receipts: BTreeMap::new() }
    }
}

impl Catalog {
    /// The table, or Redshift's complaint that it is not there. A view of the system's may be there in Redshift.
    pub fn table(&self, name: &TableName) -> SqlResult<&Arc<Table>> {
        self.tables.get(name).ok_or_else(|| match system::may_be_view(name) {
            true => SqlError::unknown(format!("the system view {name}")),
            false => SqlError::no_relation(name),
        })
    }

    /// Whether both hold the same version of a table, or neither holds one.
    pub fn same_version(&self, other: &Self, name: &TableName) -> bool {
        match (self.tables.get(name), other.tables.get(name)) {
            (Some(one), Some(two)) => Arc::ptr_eq(one, two),
            (None, None) => true,
            _ => false,
        }
    }
}
