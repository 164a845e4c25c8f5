//! What one item became: its Parquet files, its rejects, and where every row went.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::count::Counts;
use crate::name::{RunName, S3Url};
use crate::partition::PartitionValue;

/// The document `parts/<item>.json` of a run. It is written last: its being there commits the item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Of this document: 1.
    pub version: u32,
    /// The run.
    pub run: RunName,
    /// The item.
    pub item: u32,
    /// Where its rows went.
    pub counts: Counts,
    /// Rejects by the code of their reason.
    pub rejected_by_reason: BTreeMap<String, u64>,
    /// Texts that were cut to fit their column, where the dataset says so, by the column's name. Rows that were left
    /// out later, as duplicates, are counted too.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub truncated: BTreeMap<String, u64>,
    /// Its Parquet files, in the order of their partitions.
    pub files: Vec<ParquetFile>,
    /// Its rejects as JSON lines, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejects: Option<S3Url>,
    /// What was read of each input, in the plan's order.
    pub inputs: Vec<InputRead>,
}

impl Part {
    /// The version that is written now.
    pub const VERSION: u32 = 1;
}

/// A Parquet file in the lake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParquetFile {
    /// Its address.
    pub url: S3Url,
    /// Its exact size: COPY asks for it.
    pub size_bytes: u64,
    /// Its rows, by its footer.
    pub rows: u64,
    /// The values of the dataset's partition keys, decoded, in their order; without the run.
    pub partition: Vec<PartitionValue>,
}

/// What was read of an input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputRead {
    /// Its address.
    pub url: S3Url,
    /// Its bytes.
    pub size_bytes: u64,
    /// Its rows.
    pub rows: u64,
    /// How it is written, where that was found out rather than said (`csv: detect`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// Names of its columns or records that the dataset does not have, and that its contract leaves out; those of the item's
    /// inputs before it apart.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
}

/// One line of the rejects: a row that was not accepted, where it stands, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RejectLine {
    /// The object, as `s3://bucket/key`.
    pub object: String,
    /// The line where the record starts, from 1.
    pub line: u64,
    /// The byte where the record starts, after decompression, before any change of encoding.
    pub byte_offset: u64,
    /// The record's length in bytes, with its line end.
    pub byte_length: u64,
    /// The column at fault, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// A code: `not_a_number`, `out_of_range`, `missing_value`, …
    pub reason: String,
    /// What is wrong, in a sentence.
    pub message: String,
    /// The record as it stands in the file; cut, and bytes that are no UTF-8 replaced.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_one_stays_readable() {
        let golden = r#"{"version":1,"run":"sales-00000000000000000000000000000000","item":0,
            "counts":{"read":2,"accepted":1,"rejected":1,"filtered":0,"duplicate":0},
            "rejected_by_reason":{"not_a_number":1},
            "files":[{"url":"s3://lake/sales/x.parquet","size_bytes":10,"rows":1,"partition":[["dt","2013-01-01"]]}],
            "rejects":"s3://control/rejects/x.jsonl","inputs":[{"url":"s3://landing/x.csv","size_bytes":9,"rows":2}]}"#;
        let part: Part = serde_json::from_str(golden).unwrap();
        assert_eq!(part.files[0].partition, [("dt".to_owned(), "2013-01-01".to_owned())]);
    }
}
