//! A manifest as a producer writes it, and as a run keeps it.
//!
//! [`Listing`] is the producer's: Redshift's own manifest, UNLOAD's included, with an optional promise for each file.
//! [`Manifest`] is the run's document `manifest.json`: the same entries, with the delivery they came in.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::arrival::{Pin, Sequencer};
use crate::error::{Error, Kind, Result};
use crate::name::{BatchId, S3Url};

/// A manifest larger than this is refused.
pub const MAX_MANIFEST_BYTES: u64 = 16 * 1024 * 1024;

/// What a producer writes: a superset of Redshift's COPY manifest and of what UNLOAD leaves behind.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// The moment the batch's content describes; orders batches against each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<DateTime<Utc>>,
    /// The files.
    pub entries: Vec<ListingEntry>,
    /// UNLOAD VERBOSE: the columns.
    #[serde(default, skip_serializing)]
    pub schema: Option<UnloadSchema>,
    /// UNLOAD VERBOSE: totals of all files.
    #[serde(default, skip_serializing)]
    pub meta: Option<ListingMeta>,
    /// UNLOAD VERBOSE: who wrote it.
    #[serde(default, skip_serializing)]
    pub author: Option<serde_json::Value>,
}

/// One file of a listing.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ListingEntry {
    /// Its address.
    pub url: String,
    /// Redshift's flag. A missing file is refused either way: a file that is named and cannot be read is a loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mandatory: Option<bool>,
    /// What is promised of it.
    #[serde(default)]
    pub meta: ListingMeta,
}

/// What a manifest promises.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ListingMeta {
    /// Bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_length: Option<u64>,
    /// Rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_count: Option<u64>,
    /// The ETag, with or without its quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// SHA-256 of the bytes, 64 hex digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// The columns in an UNLOAD VERBOSE manifest.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct UnloadSchema {
    /// One for each column, those of `PARTITION BY` included.
    pub elements: Vec<UnloadColumn>,
}

/// A column in an UNLOAD VERBOSE manifest; its type is not used.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct UnloadColumn {
    /// Its name.
    pub name: String,
}

impl Listing {
    /// Reads a manifest's bytes; a fault names line and column. `subject` is the manifest's address.
    pub fn parse(bytes: &[u8], subject: &str) -> Result<Self> {
        let fault = |what: String| Error::new(Kind::Data, "read manifest", subject).because(what);
        let listing: Self = serde_json::from_slice(bytes).map_err(|error| fault(error.to_string()))?;
        for entry in &listing.entries {
            if entry.meta.sha256.as_deref().is_some_and(|text| !crate::hash::is_hex(&text.to_lowercase(), 64)) {
                return Err(fault(format!("the sha256 of {} is not 64 hex digits", entry.url)));
            }
        }
        if let Some(what) = listing.broken_total() {
            return Err(fault(what));
        }
        if let Some((url, column)) = listing.unloaded_partition() {
            return Err(fault(format!(
                "{url} lacks the column {column}: UNLOAD with PARTITION BY is not supported yet; unload with INCLUDE"
            )));
        }
        Ok(listing)
    }

    /// UNLOAD VERBOSE promises totals too: with a file's entry gone they no longer add up. A total is held where every
    /// entry has its share.
    fn broken_total(&self) -> Option<String> {
        let totals = self.meta.as_ref()?;
        let broken = |name: &str, total: Option<u64>, share: fn(&ListingMeta) -> Option<u64>| {
            let mut shares = self.entries.iter().map(|entry| share(&entry.meta));
            let sum = shares.try_fold(0_u64, |sum, share| Some(sum.saturating_add(share?)))?;
            let total = total.filter(|total| *total != sum)?;
            Some(format!("its total {name} is {total}, its entries add up to {sum}"))
        };
        broken("content_length", totals.content_length, |meta| meta.content_length)
            .or_else(|| broken("record_count", totals.record_count, |meta| meta.record_count))
    }

    /// UNLOAD with PARTITION BY leaves the columns out of the files; the folders name them.
    fn unloaded_partition(&self) -> Option<(&str, &str)> {
        let columns = &self.schema.as_ref()?.elements;
        self.entries.iter().find_map(|entry| {
            let folders = entry.url.split('/').filter_map(|segment| segment.split_once('='));
            let mut partitions = folders.filter(|(name, _)| columns.iter().any(|column| column.name == *name));
            partitions.next().map(|(name, _)| (entry.url.as_str(), name))
        })
    }
}

/// The document `manifest.json` of a run: what was delivered, and how deliveries of its batch are ordered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Of this document: 1.
    pub version: u32,
    /// The manifest object.
    pub url: S3Url,
    /// Its batch.
    pub batch: BatchId,
    /// Its exact bytes.
    pub pin: Pin,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Orders the deliveries of one key, where the event had it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequencer: Option<Sequencer>,
    /// The moment its content describes, where the producer said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<DateTime<Utc>>,
    /// The batch's place among others: [`BatchPlace::at`](crate::batch::BatchPlace::at). Documents of builds that recorded
    /// none lack it: see [`place`](Self::place).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_at: Option<DateTime<Utc>>,
    /// The files, in the producer's order (a marker's: in the order of their keys).
    pub entries: Vec<Entry>,
}

/// One file of a manifest and what is promised of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its address.
    pub url: S3Url,
    /// What is promised.
    pub promise: ListingMeta,
}

impl Manifest {
    /// The version that is written now.
    pub const VERSION: u32 = 1;

    /// The batch's place among others.
    pub fn place(&self) -> DateTime<Utc> {
        self.batch_at.or(self.as_of).unwrap_or(self.pin.last_modified)
    }

    /// Whether this delivery is older than another of the same batch: by sequencer where both have one, else by the
    /// manifest's Last-Modified.
    pub fn is_older_than(&self, other: &Self) -> bool {
        match (&self.sequencer, &other.sequencer) {
            (Some(ours), Some(theirs)) => ours < theirs,
            _ => self.pin.last_modified < other.pin.last_modified,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::chain;

    fn fault(text: &str) -> String {
        chain(&Listing::parse(text.as_bytes(), "s3://land/sales/manifest").unwrap_err())
    }

    #[test]
    fn an_unload_manifest_is_a_listing() {
        let text = r#"{"entries":[{"url":"s3://land/sales/0000_part_00","meta":{"content_length":5}}],
            "schema":{"elements":[{"name":"id","type":{"base":"integer"}}]},"meta":{"content_length":5,"record_count":1},
            "author":{"name":"Amazon Redshift","version":"1.0.66"}}"#;
        let listing = Listing::parse(text.as_bytes(), "x").unwrap();
        assert_eq!(listing.entries.len(), 1);
        assert_eq!(listing.entries[0].meta.content_length, Some(5));
    }

    #[test]
    fn totals_that_do_not_add_up_are_refused_with_both_numbers() {
        let text = |total: u64| {
            format!(
                r#"{{"entries":[{{"url":"s3://a/b","meta":{{"content_length":5}}}},{{"url":"s3://a/c","meta":{{"content_length":6}}}}],
                "meta":{{"content_length":{total},"record_count":1}}}}"#
            )
        };
        assert!(Listing::parse(text(11).as_bytes(), "x").is_ok());
        assert!(fault(&text(20)).contains("its total content_length is 20, its entries add up to 11"));
    }

    #[test]
    fn a_partitioned_unload_is_refused_by_column() {
        let text = r#"{"entries":[{"url":"s3://land/sales/dt=1/0000_part_00","meta":{"content_length":5}}],
            "schema":{"elements":[{"name":"id"},{"name":"dt"}]}}"#;
        assert!(fault(text).contains("lacks the column dt"));
    }

    #[test]
    fn broken_json_names_line_and_column() {
        let message = fault("{\"entries\": [\n  {\"url\": \"s3://a/b\",}\n]}");
        assert!(message.starts_with("cannot read manifest s3://land/sales/manifest: "), "{message}");
        assert!(message.contains("line 2 column 22"), "{message}");
    }

    #[test]
    fn a_misspelled_promise_is_refused() {
        assert!(fault(r#"{"entries":[{"url":"s3://a/b","meta":{"record_cuont":1}}]}"#).contains("record_cuont"));
        assert!(fault(r#"{"entries":[{"url":"s3://a/b","meta":{"sha256":"zz"}}]}"#).contains("64 hex"));
    }
}
