//! Names that mean something: each is checked when it is made, so that a value of the type is a proof.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::hash;

/// Why a text is no name of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {what}")]
pub struct BadName {
    text: String,
    what: String,
}

impl BadName {
    pub(crate) fn new(text: impl Into<String>, what: impl Into<String>) -> Self {
        Self { text: text.into(), what: what.into() }
    }
}

/// Implements `Display`, `FromStr` via `parse`, and serde as a string for a newtype or struct with `parse` and `Display`.
macro_rules! as_text {
    ($name:ident) => {
        impl std::str::FromStr for $name {
            type Err = BadName;

            fn from_str(text: &str) -> Result<Self, BadName> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadName;

            fn try_from(text: String) -> Result<Self, BadName> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.to_string()
            }
        }
    };
}
pub(crate) use as_text;

/// A dataset: `[a-z][a-z0-9_]{0,39}`, so that a run's and an execution's name fit in 80 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DatasetName(String);

impl DatasetName {
    /// Checks the text.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let mut bytes = text.bytes();
        let starts = bytes.next().is_some_and(|byte| byte.is_ascii_lowercase());
        let goes_on = bytes.all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        if starts && goes_on && text.len() <= 40 {
            return Ok(Self(text.to_owned()));
        }
        Err(BadName::new(text, "a dataset name: a letter, then up to 39 of a-z, 0-9 and _"))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DatasetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
as_text!(DatasetName);

/// A batch: what one manifest key delivers, again and again if need be. 32 hex digits of the key's hash.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BatchId(String);

impl BatchId {
    /// The batch of a manifest's address.
    pub fn of(manifest: &S3Url) -> Self {
        Self(hash::hash32([manifest.bucket(), manifest.key()]))
    }

    /// Checks the text.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        if hash::is_hex(text, 32) {
            return Ok(Self(text.to_owned()));
        }
        Err(BadName::new(text, "a batch id: 32 hex digits"))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
as_text!(BatchId);

/// A run: one delivery of a batch, `<dataset>-<32 hex>`. At most 73 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunName {
    dataset: DatasetName,
    hash: String,
}

impl RunName {
    /// The run of a dataset whose delivery hashes to these 32 hex digits.
    pub fn new(dataset: DatasetName, hash: &str) -> Result<Self, BadName> {
        if hash::is_hex(hash, 32) {
            return Ok(Self { dataset, hash: hash.to_owned() });
        }
        Err(BadName::new(hash, "the hash of a run: 32 hex digits"))
    }

    /// Checks the text.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let bad = || BadName::new(text, "a run: <dataset>-<32 hex digits>");
        let (dataset, hash) = text.split_once('-').ok_or_else(bad)?;
        Self::new(DatasetName::parse(dataset).map_err(|_| bad())?, hash).map_err(|_| bad())
    }

    /// The dataset's part.
    pub fn dataset(&self) -> &DatasetName {
        &self.dataset
    }

    /// The 32 hex digits.
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

impl fmt::Display for RunName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.dataset, self.hash)
    }
}
as_text!(RunName);

/// An execution: the n-th try of a run in the state machine, `<run>-<n>`, n from 1. At most 80 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExecutionName {
    run: RunName,
    n: u32,
}

impl ExecutionName {
    /// Step Functions takes 80 characters: n has six digits at most.
    pub const LAST: u32 = 999_999;

    /// The n-th execution of a run.
    pub fn new(run: RunName, n: u32) -> Result<Self, BadName> {
        if (1..=Self::LAST).contains(&n) {
            return Ok(Self { run, n });
        }
        Err(BadName::new(n.to_string(), "the number of an execution: 1 to 999999"))
    }

    /// Checks the text.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let bad = || BadName::new(text, "an execution: <run>-<n>");
        let (run, n) = text.rsplit_once('-').ok_or_else(bad)?;
        if n.starts_with('0') || n.starts_with('+') {
            return Err(bad());
        }
        Self::new(RunName::parse(run).map_err(|_| bad())?, n.parse().map_err(|_| bad())?).map_err(|_| bad())
    }

    /// The run.
    pub fn run(&self) -> &RunName {
        &self.run
    }

    /// Which try it is.
    pub fn n(&self) -> u32 {
        self.n
    }
}

impl fmt::Display for ExecutionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.run, self.n)
    }
}
as_text!(ExecutionName);

/// The address of an object: `s3://bucket/key`. The key is the decoded one, at most 1,024 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct S3Url {
    bucket: String,
    key: String,
}

impl S3Url {
    /// Checks bucket and key (facts/s3-events.md: buckets are 3 to 63 of a-z, 0-9, `.` and `-`).
    pub fn new(bucket: &str, key: &str) -> Result<Self, BadName> {
        let bad = || BadName::new(format!("s3://{bucket}/{key}"), "the address of an object: s3://bucket/key");
        let bucket_is_good = (3..=63).contains(&bucket.len())
            && bucket.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-'));
        if bucket_is_good && (1..=1024).contains(&key.len()) {
            return Ok(Self { bucket: bucket.to_owned(), key: key.to_owned() });
        }
        Err(bad())
    }

    /// Checks the text. The scheme is `s3`, nothing is decoded.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let bad = || BadName::new(text, "the address of an object: s3://bucket/key");
        let (bucket, key) = text.strip_prefix("s3://").and_then(|rest| rest.split_once('/')).ok_or_else(bad)?;
        Self::new(bucket, key)
    }

    /// The bucket.
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The key.
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for S3Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}
as_text!(S3Url);

/// A column, a partition key, a schema or a table: `[a-z_][a-z0-9_]*`, at most 127 bytes, and none of the names
/// that Redshift keeps for its system columns (facts/redshift-copy.md, identifiers; Glue wants the same letters).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Identifier(String);

impl Identifier {
    const SYSTEM: &[&str] = &["oid", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];

    /// Checks the text.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let mut bytes = text.bytes();
        let starts = bytes.next().is_some_and(|byte| matches!(byte, b'a'..=b'z' | b'_'));
        let goes_on = bytes.all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'));
        if !(starts && goes_on && text.len() <= 127) {
            return Err(BadName::new(text, "an identifier: a-z or _, then a-z, 0-9 and _, at most 127 in all"));
        }
        if Self::SYSTEM.contains(&text) {
            return Err(BadName::new(text, "free: Redshift keeps this name for a system column"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The name, unquoted.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether Sluice keeps this name for itself: the prefix `_sluice_`, and the partition key `sluice_run`.
    pub fn is_reserved(&self) -> bool {
        self.0.starts_with("_sluice_") || self.0 == "sluice_run"
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
as_text!(Identifier);

/// A table in the warehouse: `schema.table`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TableName {
    schema: Identifier,
    table: Identifier,
}

impl TableName {
    /// A table of a schema.
    pub fn new(schema: Identifier, table: Identifier) -> Self {
        Self { schema, table }
    }

    /// Checks the text.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let bad = || BadName::new(text, "a table: schema.table, both of a-z, 0-9 and _");
        let (schema, table) = text.split_once('.').ok_or_else(bad)?;
        Ok(Self {
            schema: Identifier::parse(schema).map_err(|_| bad())?,
            table: Identifier::parse(table).map_err(|_| bad())?,
        })
    }

    /// The schema.
    pub fn schema(&self) -> &Identifier {
        &self.schema
    }

    /// The table.
    pub fn table(&self) -> &Identifier {
        &self.table
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.table)
    }
}
as_text!(TableName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dataset_names_are_forty_lower_case_characters() {
        assert!(DatasetName::parse(&"a".repeat(40)).is_ok());
        for bad in ["", "A", "1a", "a-b", "é", &"a".repeat(41)] {
            assert!(DatasetName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_longest_execution_name_fits_step_functions() {
        let run = RunName::new(DatasetName::parse(&"a".repeat(40)).unwrap(), &"0".repeat(32)).unwrap();
        let name = ExecutionName::new(run, ExecutionName::LAST).unwrap();
        assert_eq!(name.to_string().len(), 80);
        assert_eq!(ExecutionName::parse(&name.to_string()), Ok(name));
    }

    #[test]
    fn an_execution_has_a_plain_number() {
        let run = format!("sales-{}", "0".repeat(32));
        for bad in ["", "-0", "-01", "-+1", "-x", "-1000000"] {
            assert!(ExecutionName::parse(&format!("{run}{bad}")).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_keep_odd_keys_as_they_are() {
        let url = S3Url::parse("s3://land.ing/a//b c+%2B é").unwrap();
        assert_eq!((url.bucket(), url.key()), ("land.ing", "a//b c+%2B é"));
        for bad in ["s3://b/k", "s3://Bucket/k", "s3://bucket", "s3://bucket/", "https://bucket/k"] {
            assert!(S3Url::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn system_columns_are_no_identifiers() {
        assert!(Identifier::parse("ctid").is_err());
        assert!(Identifier::parse("select").is_ok(), "reserved words are quoted, not refused");
    }
}
