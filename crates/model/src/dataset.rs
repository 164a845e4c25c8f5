//! The dataset file: all that a user writes.
//!
//! [`DatasetFile::parse`] is the only way in. It refuses unknown keys by naming the nearest known one, keys and values
//! that are to come by saying so, and checks what no single field shows (a partition of a column that is not there).
//!
//! To add a key: a field here with its doc comment (the published JSON Schema is made of both), and its name taken out
//! of [`LATER`]. To add a format, a rule or a load mode: a variant here is the word a user writes; the crate that does
//! the work holds a list, and a test there holds that both name the same things.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};
use crate::hash;
use crate::name::{DatasetName, Identifier, S3Url, TableName};
use crate::partition::PartitionBy;
use crate::types::Type;

/// A dataset file larger than this is refused: it is read by every stage of every run.
pub const MAX_FILE_BYTES: usize = 256 * 1024;

/// Keys that the dataset file will have, and that are refused by name until they do something.
pub const LATER: &[&str] = &[
    "dedupe",
    "filter",
    "derive",
    "sql",
    "contract",
    "quality",
    "after",
    "json",
    "xml",
    "encoding",
    "default",
    "mask",
    "escape",
    "comment",
    "skip_lines",
    "allowed",
    "range",
    "pattern",
    "replace",
    "round",
    "true_words",
    "false_words",
    "newest",
    "key",
    "on_copy_error",
];

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
    /// How the CSV is written.
    #[serde(default)]
    pub csv: Csv,
    /// Texts that mean null in every column, besides the empty field. Compared before `clean`, exactly.
    #[serde(default)]
    pub nulls: Vec<String>,
    /// The columns, in the order of the table. Matched to the header by name, without regard to case.
    #[cfg_attr(feature = "schema", schemars(with = "std::collections::BTreeMap<String, Column>"))]
    pub columns: IndexMap<Identifier, Column>,
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
}

/// The format of a dataset's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Delimited text, quoted as RFC 4180 has it.
    Csv,
}

impl Format {
    /// Every format, for the test that holds the engine's list against it.
    pub const ALL: &[Self] = &[Self::Csv];

    /// The word in the dataset file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
        }
    }
}

/// How the CSV is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Csv {
    /// Whether the first line names the columns. Without it, columns are taken in the order of the dataset file.
    pub header: bool,
    /// One ASCII character between fields.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1)))]
    pub delimiter: String,
    /// One ASCII character around fields that hold a delimiter, a quote or a line end; doubled inside.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 1)))]
    pub quote: String,
}

impl Default for Csv {
    fn default() -> Self {
        Self { header: true, delimiter: ",".to_owned(), quote: "\"".to_owned() }
    }
}

/// One column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// smallint, integer, bigint, decimal(p,s), double, boolean, date, timestamp or varchar(n) (n is bytes).
    #[serde(rename = "type")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub kind: Type,
    /// Whether null is a reject.
    #[serde(default)]
    pub required: bool,
    /// The name in the file, where it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Texts that mean null in this column, besides the dataset's.
    #[serde(default)]
    pub nulls: Vec<String>,
    /// Text rules, applied in this order before the cast.
    #[serde(default)]
    pub clean: Vec<TextRule>,
    /// For date and timestamp: the formats to try, in order, in strftime's letters. Default: ISO 8601.
    #[serde(default)]
    pub formats: Vec<String>,
}

/// A rule that turns text into text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum TextRule {
    /// Takes white space off both ends.
    Trim,
    /// Lower case, by Unicode.
    Lower,
    /// Upper case, by Unicode.
    Upper,
}

impl TextRule {
    /// Every rule, for the tests that hold a list of implementations against it.
    pub const ALL: &[Self] = &[Self::Trim, Self::Lower, Self::Upper];

    /// The word in the dataset file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trim => "trim",
            Self::Lower => "lower",
            Self::Upper => "upper",
        }
    }
}

/// How many rejects are too many. Both limits hold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct RejectLimit {
    /// The share of the rows read that may be rejected, 0 to 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 0.0, max = 1.0)))]
    pub max_ratio: f64,
    /// The number of rows that may be rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_rows: Option<u64>,
}

impl Default for RejectLimit {
    fn default() -> Self {
        Self { max_ratio: 0.01, max_rows: None }
    }
}

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
}

impl LoadMode {
    /// Every mode, for the test that holds the loader's list against it.
    pub const ALL: &[Self] = &[Self::Append];

    /// The word in the dataset file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Append => "append",
        }
    }
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

    fn fault(&self) -> Option<&'static str> {
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
        let dataset: Dataset = serde_saphyr::from_str(text).map_err(|error| fault(explain(&error)))?;
        let faults = faults(&dataset);
        if !faults.is_empty() {
            return Err(fault(faults.join("; ")));
        }
        Ok(Self { text: text.to_owned(), sha256: hash::sha256_hex(text.as_bytes()), dataset })
    }
}

/// The parser's error in our words: line, column, what is wrong, and the nearest known word.
fn explain(error: &serde_saphyr::Error) -> String {
    use serde_saphyr::Error as Yaml;
    let inner = error.without_snippet();
    let place = inner.location().map_or_else(String::new, |at| format!("line {}, column {}: ", at.line(), at.column()));
    let what = match inner {
        Yaml::SerdeUnknownField { field, .. } if LATER.contains(&field.as_str()) => {
            format!("`{field}` is not supported yet")
        }
        Yaml::SerdeUnknownField { field, expected, .. } => match nearest(field, expected) {
            Some(known) => format!("there is no key `{field}`; the nearest is `{known}`"),
            None => format!("there is no key `{field}`"),
        },
        Yaml::SerdeUnknownVariant { variant, expected, .. } => {
            format!("`{variant}` is not known, or not supported yet; there is {}", expected.join(", "))
        }
        Yaml::SerdeMissingField { field: "columns", .. } => {
            "`columns` is missing; inferring them is not supported yet".to_owned()
        }
        Yaml::DuplicateMappingKey { key: Some(key), .. } => format!("the key `{key}` stands there twice"),
        Yaml::SerdeMissingField { field, .. } => format!("`{field}` is missing"),
        other => {
            let text = other.to_string();
            // Custom errors come with a position of their own in front or behind; ours is enough.
            text.split(" at line ").next().unwrap_or(&text).trim_start_matches("error: ").to_owned()
        }
    };
    place + &what
}

/// The word most like this one, if any is like it at all.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), *candidate))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// What no single field shows. Every fault is named, not only the first.
fn faults(dataset: &Dataset) -> Vec<String> {
    let mut faults: Vec<String> = dataset.landing.fault().map(str::to_owned).into_iter().collect();
    faults.extend(csv_faults(&dataset.csv));
    if dataset.columns.is_empty() {
        faults.push("`columns` names none; inferring them is not supported yet".to_owned());
    }
    let mut sources = Vec::new();
    for (name, column) in &dataset.columns {
        if name.is_reserved() {
            faults.push(format!("column `{name}`: names in _sluice_ and sluice_run are Sluice's own"));
        }
        if !column.formats.is_empty() && !matches!(column.kind, Type::Date | Type::Timestamp) {
            faults.push(format!("column `{name}`: `formats` is for date and timestamp, not {}", column.kind));
        }
        let source = column.from.clone().unwrap_or_else(|| name.to_string()).to_lowercase();
        if sources.contains(&source) {
            faults.push(format!("column `{name}`: another column is read from `{source}` already"));
        }
        sources.push(source);
    }
    for (key, by) in &dataset.partition_by {
        if key.is_reserved() || dataset.columns.contains_key(key) {
            faults.push(format!("partition `{key}`: a key may not have a column's or a reserved name"));
        }
        match dataset.columns.get(&by.column).map(|column| by.grain.accepts(column.kind)) {
            None => faults.push(format!("partition `{key}`: there is no column `{}`", by.column)),
            Some(Err(why)) => faults.push(format!("partition `{key}`: {why}")),
            Some(Ok(())) => {}
        }
    }
    if !(0.0..=1.0).contains(&dataset.rejects.max_ratio) {
        faults.push("`rejects.max_ratio` is a share, from 0 to 1".to_owned());
    }
    if let Some(load) = &dataset.load {
        for key in load.dist_key.iter().chain(&load.sort_key) {
            if !dataset.columns.contains_key(key) {
                faults.push(format!("`load`: there is no column `{key}` to distribute or sort by"));
            }
        }
        if load.table.schema().as_str() == "sluice" {
            faults.push("`load.table`: the schema sluice is Sluice's own".to_owned());
        }
    }
    faults
}

fn csv_faults(csv: &Csv) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, value) in [("delimiter", &csv.delimiter), ("quote", &csv.quote)] {
        if value.len() != 1 || !value.is_ascii() || matches!(value.as_str(), "\n" | "\r") {
            faults.push(format!("`csv.{name}` is one ASCII character; more than one are not supported yet"));
        }
    }
    if csv.delimiter == csv.quote {
        faults.push("`csv.delimiter` and `csv.quote` are the same character".to_owned());
    }
    faults
}

#[cfg(test)]
#[path = "dataset_tests.rs"]
mod tests;
