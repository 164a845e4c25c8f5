//! How columns are inferred.

use serde::{Deserialize, Serialize};

/// How columns are inferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Infer {
    /// How many rows of the batch are looked at, spread over its files.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 10_000_000)))]
    pub sample_rows: u64,
}

impl Infer {
    /// The most that `sample_rows` may be: the sample is read by one call.
    pub const MAX_SAMPLE_ROWS: u64 = 10_000_000;

    pub(super) fn fault(self) -> Option<String> {
        let is_fine = (1..=Self::MAX_SAMPLE_ROWS).contains(&self.sample_rows);
        (!is_fine).then(|| format!("`infer.sample_rows` is 1 to {}", Self::MAX_SAMPLE_ROWS))
    }
}

impl Default for Infer {
    fn default() -> Self {
        Self { sample_rows: 100_000 }
    }
}
