//! The files that a manifest delivers: the ones it lists, or a marker's folder.

use std::collections::BTreeSet;

use aws::object::Listed;
use model::arrival::ManifestKind;
use model::error::chain;
use model::index::DatasetIndex;
use model::manifest::{Entry, Listing, ListingMeta};
use model::name::{DatasetName, S3Url};
use serde::de::IgnoredAny;

use crate::refused::Refused;

/// Where a dataset's files may lie: what is under its prefix and under no longer prefix of another dataset.
#[derive(Debug, Clone, Copy)]
pub struct Territory<'a> {
    /// All datasets.
    pub index: &'a DatasetIndex,
    /// This one.
    pub dataset: &'a DatasetName,
    /// Its prefix, as written.
    pub landing: &'a str,
    /// What plain prefixes lie in.
    pub landing_bucket: &'a str,
}

impl Territory<'_> {
    fn owner(&self, url: &S3Url) -> Option<&DatasetName> {
        self.index.find(url, self.landing_bucket).map(|(name, _)| name)
    }

    fn holds(&self, url: &S3Url) -> bool {
        self.owner(url) == Some(self.dataset)
    }
}

/// Reads a manifest. Text that is not JSON is told apart from JSON that is no manifest: the first is often an upload
/// that went wrong, the second a producer that writes something else.
pub fn parse(bytes: &[u8], manifest: &S3Url) -> Result<Listing, Refused> {
    serde_json::from_slice::<IgnoredAny>(bytes).map_err(|error| Refused::bad_json(manifest, &error))?;
    Listing::parse(bytes, &manifest.to_string()).map_err(|error| Refused::bad_manifest(chain(&error)))
}

/// The files a manifest lists, in its order.
pub fn listed(listing: Listing, manifest: &S3Url, territory: Territory<'_>) -> Result<Vec<Entry>, Refused> {
    if listing.entries.is_empty() {
        return Err(Refused::empty_batch(manifest, "its `entries` are empty"));
    }
    let mut seen = BTreeSet::new();
    let mut entries = Vec::with_capacity(listing.entries.len());
    for entry in listing.entries {
        let url = S3Url::parse(&entry.url).map_err(|error| Refused::bad_url(error.to_string()))?;
        if url == *manifest {
            return Err(Refused::names_itself(manifest));
        }
        if !territory.holds(&url) {
            return Err(Refused::foreign_url(&url, territory.dataset, territory.landing, territory.owner(&url)));
        }
        if !seen.insert(url.clone()) {
            return Err(Refused::duplicate_url(&url));
        }
        entries.push(Entry { url, promise: entry.meta });
    }
    Ok(entries)
}

/// The folder of a marker, with its slash.
pub fn folder(marker: &S3Url) -> &str {
    marker.key().strip_suffix("_SUCCESS").unwrap_or_else(|| marker.key())
}

/// The files of a marker's folder, recursively, in the order of their keys. Left out are names that begin with `_` or
/// `.` on any level (writers keep their own things there, and Athena and Spectrum do not see them), manifests, the
/// empty objects that consoles make of folders, and what belongs to a dataset with a longer prefix.
pub fn in_folder(found: Vec<Listed>, marker: &S3Url, territory: Territory<'_>) -> Result<Vec<Entry>, Refused> {
    let folder = folder(marker);
    let mut entries = Vec::new();
    for object in found {
        let name = object.key.strip_prefix(folder).unwrap_or(&object.key);
        let hidden = name.split('/').any(|segment| segment.starts_with(['_', '.']));
        let is_folder = name.is_empty() || (name.ends_with('/') && object.size_bytes == 0);
        if hidden || is_folder || ManifestKind::of(&object.key).is_some() {
            continue;
        }
        let url = S3Url::new(marker.bucket(), &object.key).map_err(|error| Refused::bad_url(error.to_string()))?;
        if territory.holds(&url) {
            entries.push(Entry { url, promise: ListingMeta::default() });
        }
    }
    if entries.is_empty() {
        let what = format!("s3://{}/{folder} holds none", marker.bucket());
        return Err(Refused::empty_batch(marker, &what));
    }
    entries.sort_by(|a, b| a.url.cmp(&b.url));
    Ok(entries)
}

#[cfg(test)]
#[path = "entries_tests.rs"]
mod tests;
