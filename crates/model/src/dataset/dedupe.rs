//! Which rows of a batch are the same.

use serde::{Deserialize, Serialize};

use crate::name::Identifier;

/// Which rows of a batch are the same, and which of them stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Dedupe {
    /// The columns that are equal in rows that are the same. They are required.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<String>", length(min = 1)))]
    pub key: Vec<Identifier>,
    /// A number, a date or a time: the row with the greatest stays, of equals the last. Without it the first row stays,
    /// in the order of the manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub newest: Option<Identifier>,
}
