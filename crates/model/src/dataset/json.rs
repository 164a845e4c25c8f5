//! Where the rows are in JSON.

use serde::{Deserialize, Serialize};

use super::path::Path;

/// Where the rows are in JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Json {
    /// The path to the array of records. Without it a file holds records one after another, one array of them, or one
    /// record, told by its content.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub records: Option<Path>,
    /// The path, inside a record, to an array of which each element is a row of its own. A missing or an empty array is
    /// one row, with null in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub explode: Option<Path>,
}
