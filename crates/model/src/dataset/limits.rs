//! How much is too much: of one file's bytes, and of a run's rejects.

use serde::{Deserialize, Serialize};

/// How much of one file is too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// The bytes of one field; a longer one makes its record a reject. At most `record_bytes`.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 268_435_456)))]
    pub field_bytes: u64,
    /// The bytes of one record, at most 256 MiB. A longer one ends the reading: its end may be a quote that was lost.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 268_435_456)))]
    pub record_bytes: u64,
    /// The bytes of a compressed file once it is expanded.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub expanded_bytes: u64,
    /// How many times its size a compressed file may have once it is expanded.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub expansion_ratio: u64,
}

impl Limits {
    /// The most that `record_bytes` may be: a record is held in memory whole.
    pub const MAX_RECORD_BYTES: u64 = 256 * 1024 * 1024;

    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let Self { field_bytes, record_bytes, expanded_bytes, expansion_ratio } = *self;
        for (name, limit) in [
            ("field_bytes", field_bytes),
            ("record_bytes", record_bytes),
            ("expanded_bytes", expanded_bytes),
            ("expansion_ratio", expansion_ratio),
        ] {
            if limit == 0 {
                faults.push(format!("`limits.{name}` is 1 or more"));
            }
        }
        if record_bytes > Self::MAX_RECORD_BYTES {
            faults.push(format!("`limits.record_bytes` is {record_bytes}, {} at most", Self::MAX_RECORD_BYTES));
        }
        if field_bytes > record_bytes {
            faults.push(format!(
                "`limits.field_bytes` ({field_bytes}) is more than `limits.record_bytes` ({record_bytes}): set both"
            ));
        }
        faults
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            field_bytes: 16 * 1024 * 1024,
            record_bytes: 16 * 1024 * 1024,
            expanded_bytes: 64 * 1024 * 1024 * 1024,
            expansion_ratio: 1000,
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

impl RejectLimit {
    pub(super) fn fault(&self) -> Option<String> {
        (!(0.0..=1.0).contains(&self.max_ratio)).then(|| "`rejects.max_ratio` is a share, from 0 to 1".to_owned())
    }
}
