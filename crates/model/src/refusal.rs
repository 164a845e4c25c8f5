//! A refusal: a delivery that can never become a run.

use serde::{Deserialize, Serialize};

use crate::hash;
use crate::name::{DatasetName, S3Url};

/// The document `refused/<dataset>/<hash>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// Of this document: 1.
    pub version: u32,
    /// The dataset, where one was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dataset: Option<DatasetName>,
    /// The manifest.
    pub manifest: S3Url,
    /// The manifest's version, where it was seen: its version id, or ETag and Last-Modified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest_version: Option<String>,
    /// A code: `unknown_prefix`, `missing_file`, …
    pub code: String,
    /// What is wrong, with every name and number.
    pub message: String,
    /// What to do about it.
    pub action: String,
}

impl Refusal {
    /// The version that is written now.
    pub const VERSION: u32 = 1;

    /// 32 hex digits of all it says: the same refusal of the same delivery is the same document.
    pub fn hash(&self) -> String {
        let version = self.manifest_version.as_deref().unwrap_or_default();
        hash::hash32([self.manifest.to_string().as_str(), version, &self.code, &self.message])
    }
}
