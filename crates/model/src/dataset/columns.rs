//! The columns of a dataset, and where they come from.

use std::ops::Deref;

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::column::Column;
use super::word::{WordOr, word_or};
use crate::name::Identifier;

/// Where the columns come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ColumnsFrom {
    /// The dataset file names them.
    File,
    /// Every field of the files is a varchar under its own name.
    Text,
    /// The files' own names, and types that the batch's values fit in.
    #[default]
    Infer,
}

/// The columns, in the order of the table: a map, empty as long as they are not known.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Columns {
    from: ColumnsFrom,
    by_name: IndexMap<Identifier, Column>,
}

impl Columns {
    pub(super) const TEXT: &str = "text";
    pub(super) const INFER: &str = "infer";

    /// Where they come from.
    pub fn from(&self) -> ColumnsFrom {
        self.from
    }

    /// These columns, for those that were not known.
    pub(super) fn found(&self, by_name: IndexMap<Identifier, Column>) -> Self {
        Self { from: self.from, by_name }
    }
}

impl Deref for Columns {
    type Target = IndexMap<Identifier, Column>;

    fn deref(&self) -> &Self::Target {
        &self.by_name
    }
}

impl<'a> IntoIterator for &'a Columns {
    type Item = (&'a Identifier, &'a Column);
    type IntoIter = indexmap::map::Iter<'a, Identifier, Column>;

    fn into_iter(self) -> Self::IntoIter {
        self.by_name.iter()
    }
}

impl<'de> Deserialize<'de> for Columns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expecting = "`text`, `infer` or the columns by name";
        Ok(match word_or(deserializer, &[Self::TEXT, Self::INFER], expecting)? {
            WordOr::Word(Self::TEXT) => Self { from: ColumnsFrom::Text, by_name: IndexMap::new() },
            WordOr::Word(_) => Self::default(),
            WordOr::Keys(by_name) => Self { from: ColumnsFrom::File, by_name },
        })
    }
}

impl Serialize for Columns {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.from {
            ColumnsFrom::Text => serializer.serialize_str(Self::TEXT),
            ColumnsFrom::Infer => serializer.serialize_str(Self::INFER),
            ColumnsFrom::File => self.by_name.serialize(serializer),
        }
    }
}
