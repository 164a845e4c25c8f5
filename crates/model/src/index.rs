//! The index of datasets, `datasets/index.json`: which prefix belongs to which dataset.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::dataset::{Landing, nearest};
use crate::name::{DatasetName, S3Url};

/// Prefix to name. `sluice check --upload` writes it together with the dataset files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetIndex {
    /// Of this document: 1.
    pub version: u32,
    /// By dataset, so that one dataset has one prefix: `sales/`, or `s3://bucket/sales/`.
    pub datasets: BTreeMap<DatasetName, Landing>,
}

impl Default for DatasetIndex {
    fn default() -> Self {
        Self { version: Self::VERSION, datasets: BTreeMap::new() }
    }
}

impl DatasetIndex {
    /// The version that is written now.
    pub const VERSION: u32 = 1;

    /// The dataset an object belongs to: the one with the longest prefix of its key.
    pub fn find(&self, url: &S3Url, landing_bucket: &str) -> Option<(&DatasetName, &Landing)> {
        self.datasets
            .iter()
            .filter(|(_, landing)| {
                let (bucket, prefix) = landing.resolve(landing_bucket);
                bucket == url.bucket() && url.key().starts_with(prefix)
            })
            .max_by_key(|(_, landing)| landing.resolve(landing_bucket).1.len())
    }

    /// The prefix most like an object's folder, for the message that none matches.
    pub fn nearest(&self, url: &S3Url) -> Option<&str> {
        let folder = url.key().rsplit_once('/').map_or("", |(folder, _)| folder);
        let known: Vec<&str> = self.datasets.values().map(Landing::as_str).collect();
        nearest(&format!("{folder}/"), &known)
    }

    /// Two datasets that claim the same prefix, if there are any.
    pub fn clash(&self, landing_bucket: &str) -> Option<(&DatasetName, &DatasetName)> {
        let mut seen: BTreeMap<(&str, &str), &DatasetName> = BTreeMap::new();
        for (name, landing) in &self.datasets {
            if let Some(first) = seen.insert(landing.resolve(landing_bucket), name) {
                return Some((first, name));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> DatasetIndex {
        let text = r#"{"version":1,"datasets":{"sales":"sales/","eu":"sales/eu/","far":"s3://other/sales/"}}"#;
        serde_json::from_str(text).unwrap()
    }

    fn find(url: &str) -> Option<String> {
        index().find(&S3Url::parse(url).unwrap(), "landing").map(|(name, _)| name.to_string())
    }

    #[test]
    fn the_longest_prefix_wins() {
        assert_eq!(find("s3://landing/sales/manifest").as_deref(), Some("sales"));
        assert_eq!(find("s3://landing/sales/eu/manifest").as_deref(), Some("eu"));
        assert_eq!(find("s3://other/sales/eu/manifest").as_deref(), Some("far"));
        assert_eq!(find("s3://landing/salesmen/manifest"), None, "a prefix ends at a folder");
    }

    #[test]
    fn an_unknown_prefix_has_a_nearest_one() {
        let url = S3Url::parse("s3://landing/slaes/manifest").unwrap();
        assert_eq!(index().nearest(&url), Some("sales/"));
    }
}
