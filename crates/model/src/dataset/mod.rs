//! The dataset file: all that a user writes.
//!
//! [`DatasetFile::parse`] is the only way in. It refuses unknown keys by naming the nearest known one, keys and values
//! that are to come by saying so, and checks what no single field shows (a partition of a column that is not there).
//!
//! To add a key: a field here, or in the file of its section, with its doc comment (the published JSON Schema is made of
//! both), its name taken out of [`LATER`], and in `faults` or `column_faults` what it does not go with. To add a format, a
//! rule or a load mode: a variant here is the word a user writes; the crate that does the work holds a list, and a test
//! there holds that both name the same things.

mod column;
mod column_faults;
mod columns;
mod contract;
mod csv;
mod dedupe;
mod explain;
mod faults;
mod infer;
mod json;
mod limits;
mod path;
#[cfg(feature = "schema")]
mod schema;
mod target;
mod word;
mod xml;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

pub use self::column::{Column, Mask, Range, Replace, Round, TextRule};
pub use self::columns::{Columns, ColumnsFrom};
pub use self::contract::Contract;
pub use self::csv::{Csv, Dialect, Escape, Header, ShortRows};
pub use self::dedupe::Dedupe;
pub use self::explain::{fold, nearest};
pub use self::infer::Infer;
pub use self::json::Json;
pub use self::limits::{Limits, RejectLimit};
pub use self::path::{Path, Segment};
pub use self::target::{CatalogTarget, Landing, LoadMode, LoadTarget, OnCopyError};
pub use self::xml::Xml;
use crate::encoding::Encoding;
use crate::error::{Error, Kind, Result};
use crate::hash;
use crate::name::{DatasetName, Identifier};
use crate::partition::PartitionBy;

/// A dataset file larger than this is refused: it is read by every stage of every run.
pub const MAX_FILE_BYTES: usize = 256 * 1024;

/// Keys that the dataset file will have, and that are refused by name until they do something.
pub const LATER: &[&str] = &["filter", "derive", "sql", "quality", "after"];

/// One dataset: where its files land, how they read, what their columns are, where they go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// The name: a letter, then up to 39 of a-z, 0-9 and _.
    #[cfg_attr(feature = "schema", schemars(with = "String", regex(pattern = r"^[a-z][a-z0-9_]{0,39}$")))]
    pub dataset: DatasetName,
    /// The folder its files and manifests land in: a prefix in the landing bucket, or s3://bucket/prefix/. Ends in /.
    pub landing: Landing,
    /// The format of its files.
    pub format: Format,
    /// The encoding of text files. Without it the byte order mark says it; without one, it is utf-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
    /// How the CSV is written.
    #[serde(default)]
    pub csv: Csv,
    /// Where the rows are in JSON.
    #[serde(default)]
    pub json: Json,
    /// Where the rows are in XML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xml: Option<Xml>,
    /// Texts that mean null in every column, besides the empty field. Compared before `clean`, exactly.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<schema::Scalar>"))]
    pub nulls: Vec<String>,
    /// Names in the file that are known and not read.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<schema::Scalar>"))]
    pub drop: Vec<String>,
    /// The columns, in the order of the table, matched to the file's by name, without regard to case; or `text`: every
    /// field is a varchar; or `infer`, which is what no key means: the types are told by the batch's values.
    #[serde(default)]
    pub columns: Columns,
    /// How columns are inferred.
    #[serde(default)]
    pub infer: Infer,
    /// What new columns in the data do: `evolve`, `freeze` or `reject`; and, but for `evolve`, that a table which differs
    /// is left as it is. Without it, columns that are found evolve, and a name in the header of csv that no column has is
    /// refused; of other formats only what is named is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract: Option<Contract>,
    /// How much of one file is too much.
    #[serde(default)]
    pub limits: Limits,
    /// Which rows of a batch are the same. Without it all rows are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dedupe: Option<Dedupe>,
    /// The folders of the lake: key to column, year(column), month(column), day(column) or hour(column).
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "std::collections::BTreeMap<String, String>"))]
    pub partition_by: IndexMap<Identifier, PartitionBy>,
    /// How many rejects are too many: past it, nothing is loaded.
    #[serde(default)]
    pub rejects: RejectLimit,
    /// The Glue Data Catalog; without it nothing is registered.
    pub catalog: Option<CatalogTarget>,
    /// The warehouse; without it the run ends in the lake.
    pub load: Option<LoadTarget>,
    /// What becomes of a run when COPY cannot take one of its files: it fails, or the file is isolated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_copy_error: Option<OnCopyError>,
}

impl Dataset {
    /// Where the columns come from.
    pub fn columns_from(&self) -> ColumnsFrom {
        self.columns.from()
    }

    /// Whether the columns are still to be found in the files. What names columns is checked when they are.
    pub fn needs_schema(&self) -> bool {
        self.columns.is_empty() && self.columns_from() != ColumnsFrom::File
    }

    /// The dataset with the columns that were found in its files. Fails where it names columns that are not among them,
    /// or that are of a type it has no use for.
    pub fn with_columns(mut self, columns: IndexMap<Identifier, Column>) -> Result<Self> {
        self.columns = self.columns.found(columns);
        let faults =
            if self.columns.is_empty() { vec!["its files have no column".to_owned()] } else { faults::faults(&self) };
        if faults.is_empty() {
            return Ok(self);
        }
        let subject = format!("the columns found for dataset {}", self.dataset);
        Err(Error::new(Kind::Config, "accept", subject).because(faults.join("; ")))
    }

    /// What a column does that the data has and the dataset does not; without a contract, of the formats other than csv
    /// nobody looks for one.
    pub fn contract_of_data(&self) -> Contract {
        self.contract.unwrap_or(match self.columns_from() {
            ColumnsFrom::File => Contract::Reject,
            ColumnsFrom::Text | ColumnsFrom::Infer => Contract::Evolve,
        })
    }

    /// Whether a column's mask needs a key.
    pub fn needs_mask_key(&self) -> bool {
        self.columns.values().any(|column| column.mask.is_some_and(Mask::needs_key))
    }

    /// Whether a row without a value in the column is a reject: what the column says itself, or what is a key.
    pub fn requires(&self, name: &Identifier) -> bool {
        let is_key = |key: &[Identifier]| key.contains(name);
        self.columns.get(name).is_some_and(|column| column.required)
            || self.dedupe.as_ref().is_some_and(|dedupe| is_key(&dedupe.key))
            || self.load.as_ref().is_some_and(|load| is_key(&load.key))
    }

    /// The columns that are written, to the lake and to the warehouse, in their order: all but those a mask drops.
    pub fn written_columns(&self) -> impl Iterator<Item = (&Identifier, &Column)> {
        self.columns.iter().filter(|(_, column)| column.is_written())
    }
}

/// The format of a dataset's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Delimited text.
    Csv,
    /// JSON: records one after another, in an array, or inside an object.
    Json,
    /// XML: an element for each row.
    Xml,
    /// Apache Parquet.
    Parquet,
    /// Apache Avro, as object container files.
    Avro,
}

impl Format {
    /// Every format, for the test that holds the engine's list against it.
    pub const ALL: &[Self] = &[Self::Csv, Self::Json, Self::Xml, Self::Parquet, Self::Avro];

    /// The word in the dataset file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Xml => "xml",
            Self::Parquet => "parquet",
            Self::Avro => "avro",
        }
    }

    /// Whether its files are text, which has an encoding.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Csv | Self::Json | Self::Xml)
    }
}

/// A dataset file: the text as it was written, its hash, and what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetFile {
    /// The text.
    pub text: String,
    /// SHA-256 of the text, 64 hex digits: the dataset's version.
    pub sha256: String,
    /// What it says.
    pub dataset: Dataset,
}

impl DatasetFile {
    /// Reads and checks a dataset file. `subject` is what errors call it: a path, or an object's address.
    pub fn parse(text: &str, subject: &str) -> Result<Self> {
        let fault = |what: String| Error::new(Kind::Config, "read dataset", subject).because(what);
        if text.len() > MAX_FILE_BYTES {
            return Err(fault(format!("it has {} bytes, {MAX_FILE_BYTES} at most", text.len())));
        }
        let dataset: Dataset = serde_saphyr::from_str(text).map_err(|error| fault(explain::explain(&error)))?;
        let faults = faults::faults(&dataset);
        if !faults.is_empty() {
            return Err(fault(faults.join("; ")));
        }
        Ok(Self { text: text.to_owned(), sha256: hash::sha256_hex(text.as_bytes()), dataset })
    }
}

#[cfg(test)]
mod faults_tests;
#[cfg(test)]
mod keys_tests;
#[cfg(test)]
mod tests;
