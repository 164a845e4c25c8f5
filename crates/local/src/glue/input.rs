//! What callers write into the catalog, in its wire shapes (facts/glue.md).
//!
//! The members that readers need are required here, where AWS would take a table that Athena or Spectrum cannot read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Free text by name.
pub type Parameters = BTreeMap<String, String>;

/// A database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DatabaseInput {
    /// Folded to lower case when stored.
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location_uri: Option<String>,
    #[serde(default)]
    pub parameters: Parameters,
}

/// A table. An update replaces all of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct TableInput {
    /// Folded to lower case when stored, as are the names of columns and partition keys.
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_access_time: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_analyzed_time: Option<f64>,
    #[serde(default)]
    pub retention: u32,
    pub storage_descriptor: StorageDescriptor,
    /// May be empty, but Athena needs it to be there.
    pub partition_keys: Vec<Column>,
    pub table_type: TableType,
    #[serde(default)]
    pub parameters: Parameters,
}

/// What kind of table it is; the double has no views and no governed tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TableType {
    /// Files on S3.
    ExternalTable,
}

/// A partition: the values of its table's partition keys, in their order, and where its files lie.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PartitionInput {
    pub values: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_access_time: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_analyzed_time: Option<f64>,
    pub storage_descriptor: StorageDescriptor,
    #[serde(default)]
    pub parameters: Parameters,
}

/// Where files lie and how they are read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct StorageDescriptor {
    pub columns: Vec<Column>,
    pub location: String,
    pub input_format: String,
    pub output_format: String,
    #[serde(default)]
    pub compressed: bool,
    #[serde(default)]
    pub number_of_buckets: i32,
    pub serde_info: SerDeInfo,
    #[serde(default)]
    pub bucket_columns: Vec<String>,
    #[serde(default)]
    pub sort_columns: Vec<Order>,
    #[serde(default)]
    pub parameters: Parameters,
    #[serde(default)]
    pub stored_as_sub_directories: bool,
}

/// The library that reads the files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct SerDeInfo {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub serialization_library: String,
    #[serde(default)]
    pub parameters: Parameters,
}

/// A column or a partition key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Column {
    pub name: String,
    /// A Hive type.
    pub r#type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    #[serde(default, skip_serializing_if = "Parameters::is_empty")]
    pub parameters: Parameters,
}

/// How files are sorted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Order {
    pub column: String,
    pub sort_order: u8,
}

impl DatabaseInput {
    /// With its name as it is stored.
    pub fn folded(mut self) -> Self {
        self.name = self.name.to_lowercase();
        self
    }
}

impl TableInput {
    /// With its names as they are stored.
    pub fn folded(mut self) -> Self {
        self.name = self.name.to_lowercase();
        fold(&mut self.partition_keys);
        fold(&mut self.storage_descriptor.columns);
        self
    }
}

impl PartitionInput {
    /// With its names as they are stored; values are kept as they are.
    pub fn folded(mut self) -> Self {
        fold(&mut self.storage_descriptor.columns);
        self
    }
}

fn fold(columns: &mut [Column]) {
    for column in columns {
        column.name = column.name.to_lowercase();
    }
}
