//! The target table as it is, against what the rows of a run need.
//!
//! The table may be older than the dataset file, and found columns grow with what the files hold. INSERT .. SELECT would
//! round a number to the table's scale, and fill a column that the dataset does not have with nulls, both in silence
//! (facts/redshift-sql.md, types and literals). So the two are compared before anything is staged:
//!
//! ```text
//! they are alike ─► nothing           a column is new, a varchar longer ─► change: one statement each, in place
//!                                     anything else ─► refused, with the statements that a person runs (by_hand)
//! ```

pub mod by_hand;
pub mod change;

use std::fmt;

use indexmap::IndexMap;
use model::dataset::{Column, Contract, LoadTarget};
use model::name::Identifier;
use model::types::Type;
use model::{Error, Kind, Result};

use self::by_hand::ByHand;
use self::change::Change;
use crate::sql::OWN_COLUMNS;
use crate::statement::Row;

/// What to do where Sluice's own columns are missing.
const FOREIGN: &str = "a table without _sluice_batch and _sluice_run was not made by Sluice: name another one in \
                       load.table, or rename this one";

/// A column of the target table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableColumn {
    name: String,
    /// Its type; `None` where datasets have none such, or the view does not tell its length.
    kind: Option<Type>,
    /// The type in words: those of dataset files, or the warehouse's.
    told: String,
}

impl TableColumn {
    /// The columns of `svv_columns` that are asked for, in this order.
    pub const COLUMNS: &[&str] = &[
        "column_name",
        "data_type",
        "character_maximum_length",
        "numeric_precision",
        "numeric_scale",
        "ordinal_position",
    ];

    /// Reads a row of [`Self::COLUMNS`]. The position only orders the rows: columns are inserted by name.
    pub fn read(row: &Row) -> Result<Self> {
        let (view, length) = (row.text(1)?, row.optional_count(2)?);
        let kind = Type::of_view(&view, length, row.optional_count(3)?, row.optional_count(4)?);
        let told = match (kind, length) {
            (Some(kind), _) => kind.to_string(),
            (None, Some(length)) => format!("{view}({length})"),
            (None, None) => view,
        };
        Ok(Self { name: row.text(0)?, kind, told })
    }

    /// Whether values of the type come into the column as they are: the types are the same, or the table has more room
    /// for text or bytes.
    fn takes(&self, kind: Type) -> bool {
        match (self.kind, kind) {
            (Some(Type::Varchar(there)), Type::Varchar(needed)) | (Some(Type::Char(there)), Type::Char(needed)) => {
                there >= needed
            }
            (Some(Type::Varbyte(there)), Type::Varbyte(needed)) => there >= needed,
            // A length that the view does not tell. Bytes that do not fit fail the publish; nothing cuts them.
            (None, Type::Varbyte(_)) => self.told == kind.row().view,
            (there, needed) => there == Some(needed),
        }
    }
}

/// A column that dataset and table do not have alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference<'a> {
    column: &'a str,
    /// What the rows need it to be; `None` where they do not have it.
    needed: Option<Type>,
    /// What it is in the table; `None` where it is not there.
    there: Option<&'a TableColumn>,
}

impl Difference<'_> {
    /// What makes them alike in place, if anything does.
    fn change(&self) -> Option<Change> {
        let column = || self.column.to_owned();
        match (self.needed?, self.there.map(|there| there.kind)) {
            (kind, None) if !is_own(self.column) => Some(Change::Add { column: column(), kind }),
            (Type::Varchar(bytes), Some(Some(Type::Varchar(there)))) if bytes > there => {
                Some(Change::Widen { column: column(), bytes })
            }
            _ => None,
        }
    }
}

impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { column, needed, there } = self;
        let place = if is_own(column) { "every table of Sluice" } else { "the dataset" };
        match (needed, there.map(|there| &there.told)) {
            (Some(needed), Some(told)) => write!(f, "{column} is {needed} in {place} and {told} in the table"),
            (Some(needed), None) => write!(f, "{column} is {needed} in {place} and not in the table"),
            (None, told) => {
                write!(f, "{column} is {} in the table and not in the dataset", told.map_or("something", |told| told))
            }
        }
    }
}

/// Every column that differs: those of the dataset in its order, then those that only the table has.
pub fn differences<'a>(there: &'a [TableColumn], columns: &'a IndexMap<Identifier, Column>) -> Vec<Difference<'a>> {
    let needed: IndexMap<&str, Type> =
        OWN_COLUMNS.iter().copied().chain(columns.iter().map(|(name, column)| (name.as_str(), column.kind))).collect();
    let of_dataset = needed.iter().filter_map(|(name, kind)| {
        let there = there.iter().find(|column| column.name == *name);
        let is_alike = there.is_some_and(|column| column.takes(*kind));
        (!is_alike).then_some(Difference { column: name, needed: Some(*kind), there })
    });
    let unknown = there.iter().filter(|column| !needed.contains_key(column.name.as_str()));
    let of_table = unknown.map(|column| Difference { column: &column.name, needed: None, there: Some(column) });
    of_dataset.chain(of_table).collect()
}

/// Holds the target's columns against those that are inserted, and says which changes in place make them alike.
///
/// # Errors
/// `Config` that names every column that differs, and the statements that a person would run: where something differs
/// that is not changed in place, and where the dataset's contract leaves the table as it is.
pub fn compare(
    target: &LoadTarget,
    there: &[TableColumn],
    columns: &IndexMap<Identifier, Column>,
    contract: Option<Contract>,
) -> Result<Vec<Change>> {
    let refused = |cause: String| Err(Error::new(Kind::Config, "load into", &target.table).because(cause));
    if there.is_empty() {
        return refused(
            "svv_columns shows none of its columns: grant the loader's user rights on the table".to_owned(),
        );
    }
    let differences = differences(there, columns);
    let changes: Vec<Change> = differences.iter().filter_map(Difference::change).collect();
    let follows = contract.is_none_or(|contract| contract == Contract::Evolve);
    if differences.is_empty() || (follows && changes.len() == differences.len()) {
        return Ok(changes);
    }
    let told = differences.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if there.iter().filter(|column| is_own(&column.name)).count() < OWN_COLUMNS.len() {
        return refused(format!("{told}; {FOREIGN}"));
    }
    let ByHand { statements, mind } = by_hand::statements(target, columns, &differences);
    let mind = mind.map(|mind| format!(" ({mind})")).unwrap_or_default();
    let contract = match contract {
        Some(contract) if !follows && !changes.is_empty() => {
            format!("`contract: {}` leaves the table as it is: ", contract.name())
        }
        _ => String::new(),
    };
    refused(format!("{told}; {contract}mend the dataset file, or run: {}{mind}", statements.join("; ")))
}

fn is_own(name: &str) -> bool {
    OWN_COLUMNS.iter().any(|(own, _)| *own == name)
}

#[cfg(test)]
#[path = "target_tests.rs"]
mod tests;
