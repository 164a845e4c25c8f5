//! The manifest that COPY reads.

use serde::{Deserialize, Serialize};

use crate::part::Part;

/// The document `copy.manifest` of a run, or of a group of them, in Redshift's form (facts/redshift-copy.md, manifest).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyManifest {
    /// The files.
    pub entries: Vec<CopyEntry>,
}

/// One file for COPY.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyEntry {
    /// Its address.
    pub url: String,
    /// Always true: a missing file would be skipped in silence.
    pub mandatory: bool,
    /// Its size, which Parquet needs.
    pub meta: CopyMeta,
}

/// What COPY must know of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyMeta {
    /// Its exact size in bytes.
    pub content_length: u64,
}

impl CopyManifest {
    /// The files of several, one behind the other.
    pub fn joined(manifests: impl IntoIterator<Item = Self>) -> Self {
        Self { entries: manifests.into_iter().flat_map(|manifest| manifest.entries).collect() }
    }

    /// Every file of the parts, in their order.
    pub fn of(parts: &[Part]) -> Self {
        let files = parts.iter().flat_map(|part| &part.files);
        let entry = |file: &crate::part::ParquetFile| CopyEntry {
            url: file.url.to_string(),
            mandatory: true,
            meta: CopyMeta { content_length: file.size_bytes },
        };
        Self { entries: files.map(entry).collect() }
    }
}
