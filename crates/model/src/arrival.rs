//! An arrival: a manifest object that was created, as an event tells it or as S3 answers.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::name::S3Url;

/// An object's key that starts a run. The three suffixes are the three bucket notifications of the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManifestKind {
    /// `…manifest` or `…manifest.json`: a list of files.
    List,
    /// `…/_SUCCESS`: the folder is the list.
    Marker,
}

impl ManifestKind {
    /// The suffixes a manifest's key may end in.
    pub const SUFFIXES: &[&str] = &["manifest", "manifest.json", "/_SUCCESS"];

    /// What kind of manifest a key names, if it names one.
    pub fn of(key: &str) -> Option<Self> {
        if key.ends_with("/_SUCCESS") {
            return Some(Self::Marker);
        }
        Self::SUFFIXES.iter().any(|suffix| key.ends_with(suffix)).then_some(Self::List)
    }
}

/// What an event says of a created object: where it is and, if it says so, which version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The object.
    pub url: S3Url,
    /// The version the event speaks of; absent from unversioned buckets.
    pub version_id: Option<String>,
    /// The ETag the event speaks of, without quotes.
    pub etag: Option<String>,
    /// Orders the events of one key: hex, see [`Sequencer`].
    pub sequencer: Option<Sequencer>,
}

/// S3's order of events on one key: hex digits, compared as if the shorter were filled up with zeros on the right
/// (facts/s3-events.md).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sequencer(String);

impl Sequencer {
    /// A sequencer as S3 wrote it.
    pub fn new(text: &str) -> Self {
        Self(text.to_ascii_uppercase())
    }

    /// 64 digits that sort as the sequencer does, for a column in the ledger.
    pub fn padded(&self) -> String {
        format!("{:0<64}", self.0)
    }
}

impl Ord for Sequencer {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.padded().cmp(&other.padded())
    }
}

impl PartialOrd for Sequencer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The exact bytes of an object: read with this pin, they are these or the read fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// The version, where the bucket keeps versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// The ETag, without quotes. It pins the bytes; it is no content hash.
    pub etag: String,
    /// The size.
    pub size_bytes: u64,
    /// When S3 took the object, in whole seconds.
    pub last_modified: DateTime<Utc>,
}

impl Pin {
    /// The version id, else ETag and Last-Modified: what tells two deliveries of one manifest key apart.
    pub fn version(&self) -> String {
        match &self.version_id {
            Some(version_id) => version_id.clone(),
            None => format!("{}@{}", self.etag, self.last_modified.timestamp()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_sequencer_is_filled_with_zeros_on_the_right() {
        assert!(Sequencer::new("0055AED6DCD90281E5") > Sequencer::new("0055AED6DCD90281"));
        assert!(Sequencer::new("0055aed7") > Sequencer::new("0055AED6DCD90281E5"));
        assert_eq!(Sequencer::new("0055AED6").cmp(&Sequencer::new("0055AED600")), std::cmp::Ordering::Equal);
    }

    #[test]
    fn three_suffixes_name_a_manifest() {
        assert_eq!(ManifestKind::of("sales/_manifest.json"), Some(ManifestKind::List));
        assert_eq!(ManifestKind::of("unload/manifest"), Some(ManifestKind::List));
        assert_eq!(ManifestKind::of("sales/dt=1/_SUCCESS"), Some(ManifestKind::Marker));
        assert_eq!(ManifestKind::of("sales/manifest.csv"), None);
        assert_eq!(ManifestKind::of("_SUCCESS"), None, "no notification has this suffix");
    }
}
