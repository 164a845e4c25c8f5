//! A batch's place among the batches of its dataset, which says whose rows are newer.
//!
//! It is recorded once, by the batch's first delivery, and never moves: a correction that came to stand elsewhere would
//! leave a table without rows that it had replaced before.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::name::BatchId;

/// The document `batches/<dataset>/<batch>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchPlace {
    /// Of this document: 1.
    pub version: u32,
    /// The batch.
    pub batch: BatchId,
    /// The `as_of` of its first delivery, else when that was delivered. Of two batches of one moment the one with the
    /// greater name is the later.
    pub at: DateTime<Utc>,
}

impl BatchPlace {
    /// The version that is written now.
    pub const VERSION: u32 = 1;
}
