//! What columns do that are new in the data.

use serde::{Deserialize, Serialize};

/// What a column does that the data has and the dataset does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Contract {
    /// It becomes a column of the dataset and of the table; types grow with the values. For columns that are found.
    Evolve,
    /// It is left out, and named in the report. Columns that are found stay what the first run found them to be.
    Freeze,
    /// The run fails and names it.
    Reject,
}

impl Contract {
    /// The word in the dataset file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Evolve => "evolve",
            Self::Freeze => "freeze",
            Self::Reject => "reject",
        }
    }
}
