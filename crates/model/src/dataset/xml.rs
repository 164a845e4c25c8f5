//! Where the rows are in XML.

use serde::{Deserialize, Serialize};

/// Where the rows are in XML.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Xml {
    /// The element that is a row: its name, at any depth, or its path from the root: catalog/book.
    pub row: String,
}

impl Xml {
    pub(super) fn fault(&self) -> Option<String> {
        let is_name =
            |name: &str| !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || "@.<>\"'&=".contains(c));
        let is_path = self.row.split('/').all(is_name);
        (!is_path)
            .then(|| format!("`xml.row` is an element's name, or a path such as catalog/book, not `{}`", self.row))
    }
}
