//! Where a dataset's files land and where its rows go.

use serde::{Deserialize, Serialize};

use crate::name::{Identifier, S3Url, TableName};

/// The place in the Glue Data Catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CatalogTarget {
    /// The database; the table is named as the dataset.
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub database: Identifier,
}

/// The place in the warehouse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LoadTarget {
    /// schema.table
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub table: TableName,
    /// What the rows do to those already there.
    pub mode: LoadMode,
    /// For `upsert`: the columns that are equal in rows that are the same. They are required.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub key: Vec<Identifier>,
    /// For `upsert`: a number, a date or a time; of rows with one key the one with the greatest stays, of equals the one
    /// of the later batch. Without it that of the later batch stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub newest: Option<Identifier>,
    /// The distribution key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub dist_key: Option<Identifier>,
    /// The compound sort key.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>"))]
    pub sort_key: Vec<Identifier>,
}

/// What a batch's rows do to those already in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LoadMode {
    /// The batch's rows are in the table once; a later delivery of the batch replaces them.
    Append,
    /// Of rows with one key the newest stays, of whichever batch.
    Upsert,
    /// The table holds the latest batch and nothing else.
    Replace,
    /// Each partition of the lake that the batch has rows in holds the latest batch that has, and nothing else.
    ReplacePartitions,
}

impl LoadMode {
    /// Every mode, for the test that holds the loader's list against it.
    pub const ALL: &[Self] = &[Self::Append, Self::Upsert, Self::Replace, Self::ReplacePartitions];

    /// The word in the dataset file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Upsert => "upsert",
            Self::Replace => "replace",
            Self::ReplacePartitions => "replace_partitions",
        }
    }
}

/// What becomes of a run when COPY cannot take one of its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnCopyError {
    /// It fails, and nothing of it is loaded. What no key means.
    Fail,
    /// The file is set apart, counted and named in the report, and the rest is loaded, as far as `rejects` allows: its rows
    /// count as rejects there.
    Isolate,
}

/// A prefix in the landing bucket (`sales/`), or in another one (`s3://bucket/sales/`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Landing(String);

impl Landing {
    /// The bucket and the prefix, given the bucket that plain prefixes lie in.
    pub fn resolve<'a>(&'a self, landing_bucket: &'a str) -> (&'a str, &'a str) {
        match self.0.strip_prefix("s3://").and_then(|rest| rest.split_once('/')) {
            Some((bucket, prefix)) => (bucket, prefix),
            None => (landing_bucket, &self.0),
        }
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn fault(&self) -> Option<&'static str> {
        let with_key = self.0.strip_prefix("s3://").map(|_| format!("{}x", self.0));
        if !self.0.ends_with('/') || self.0.starts_with('/') {
            return Some("landing is a folder: no / in front, one at the end");
        }
        match with_key.map(|url| S3Url::parse(&url)) {
            Some(Err(_)) => Some("landing is a prefix in the landing bucket, or s3://bucket/prefix/"),
            Some(Ok(url)) if url.key() == "x" => Some("landing names a prefix, not a whole bucket"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_landing_may_be_in_another_bucket() {
        let landing = Landing("s3://other-bucket/sales/".to_owned());
        assert_eq!(landing.resolve("landing"), ("other-bucket", "sales/"));
        assert_eq!(landing.fault(), None);
        assert!(Landing("s3://other-bucket/".to_owned()).fault().is_some());
    }
}
