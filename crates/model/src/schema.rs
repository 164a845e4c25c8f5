//! The columns of a dataset that names none: what its files showed, run by run, and how one run's join the next's.
//!
//! ```text
//! sample of a batch ─► inferred columns ─┐
//! schemas/<dataset>/<n>.json, the newest ┴─► joined ─► schemas/<dataset>/<n+1>.json, where anything changed
//!                                                   └─► runs/<dataset>/<run>/schema.json: what every stage reads
//! ```
//!
//! Joining never narrows and never takes a column away: what fitted into the table yesterday fits today.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::dataset::{Column, Contract};
use crate::name::{DatasetName, Identifier, RunName};
use crate::types::Type;

/// The columns, by name, in the order of the table.
pub type SchemaColumns = IndexMap<Identifier, Column>;

/// The document `schemas/<dataset>/<n>.json`: one version of a dataset's columns. Created once, never changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetSchema {
    /// Of this document: 1.
    pub version: u32,
    /// The dataset.
    pub dataset: DatasetName,
    /// Which version of its columns, from 1.
    pub number: u32,
    /// The run whose files asked for it.
    pub run: RunName,
    /// The columns.
    pub columns: SchemaColumns,
}

/// The document `schema.json` of a run. Written once, before the items; they and every later stage only read it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSchema {
    /// Of this document: 1.
    pub version: u32,
    /// The run.
    pub run: RunName,
    /// The version of the dataset's columns that it is.
    pub number: u32,
    /// The earlier version that the sample was joined with, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged: Option<u32>,
    /// Rows of the batch that were looked at.
    pub sampled_rows: u64,
    /// The columns.
    pub columns: SchemaColumns,
    /// Columns of the sample that the dataset's contract leaves out, each with the first file that has it.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub left_out: IndexMap<Identifier, String>,
}

impl DatasetSchema {
    /// The version that is written now.
    pub const VERSION: u32 = 1;
}

impl RunSchema {
    /// The version that is written now.
    pub const VERSION: u32 = 1;
}

/// The columns of a dataset that had some earlier, by its contract, and those of the later ones that are left out of them:
/// none where it evolves. Frozen columns keep their types too.
pub fn under(contract: Contract, earlier: &SchemaColumns, later: &SchemaColumns) -> (SchemaColumns, Vec<Identifier>) {
    match contract {
        Contract::Evolve => (join(earlier, later), Vec::new()),
        Contract::Freeze | Contract::Reject => {
            let is_new = |name: &&Identifier| !earlier.contains_key(*name);
            (earlier.clone(), later.keys().filter(is_new).cloned().collect())
        }
    }
}

/// The earlier columns, widened to hold the later ones, which come behind where they are new.
pub fn join(earlier: &SchemaColumns, later: &SchemaColumns) -> SchemaColumns {
    let mut joined = earlier.clone();
    for (name, column) in later {
        match joined.get_mut(name) {
            Some(known) => *known = wider_column(known, column),
            None => drop(joined.insert(name.clone(), column.clone())),
        }
    }
    joined
}

fn wider_column(one: &Column, other: &Column) -> Column {
    let days_alike = one.kind == other.kind && matches!(one.kind, Type::Date | Type::Timestamp);
    let kind = match (one.formats.is_empty(), other.formats.is_empty()) {
        (true, true) => wider(one.kind, other.kind),
        _ if days_alike => one.kind,
        // A day by a format of its own and anything else have only their text in common.
        _ => wider(as_text(one.kind), other.kind),
    };
    let mut formats = Vec::new();
    if days_alike {
        // ISO has no format to stand beside others: it is spelled out.
        for column in [one, other] {
            let iso = if column.kind == Type::Date { "%Y-%m-%d" } else { "%Y-%m-%dT%H:%M:%S%.f" };
            let spelled = if column.formats.is_empty() { vec![iso.to_owned()] } else { column.formats.clone() };
            formats.extend(spelled);
        }
        let mut seen = std::collections::HashSet::new();
        formats.retain(|format: &String| seen.insert(format.clone()));
        if one.formats.is_empty() && other.formats.is_empty() {
            formats.clear();
        }
    }
    Column { kind, formats, ..one.clone() }
}

/// The narrowest type that holds the values of both.
pub fn wider(one: Type, other: Type) -> Type {
    use Type::{Bigint, Date, Decimal, Double, Super, Timestamp, Varbyte, Varchar};
    match (one, other) {
        (one, other) if one == other => one,
        (Varchar(one), Varchar(other)) => Varchar(one.max(other)),
        (Varbyte(one), Varbyte(other)) => Varbyte(one.max(other)),
        (Super, _) | (_, Super) => Super,
        (Varchar(bytes), other) | (other, Varchar(bytes)) => match as_text(other) {
            Varchar(text) => Varchar(bytes.max(text)),
            text => text,
        },
        (Date, Timestamp) | (Timestamp, Date) => Timestamp,
        (Bigint, Decimal { precision, scale }) | (Decimal { precision, scale }, Bigint) => {
            decimal(WHOLE_DIGITS.max(precision - scale), scale)
        }
        (Decimal { precision: p, scale: s }, Decimal { precision: q, scale: t }) => {
            decimal((p - s).max(q - t), s.max(t))
        }
        (Bigint | Decimal { .. }, Double) | (Double, Bigint | Decimal { .. }) => Double,
        (one, other) => wider(as_text(one), as_text(other)),
    }
}

/// A bigint has up to so many digits.
const WHOLE_DIGITS: u8 = 19;

fn decimal(whole: u8, scale: u8) -> Type {
    match whole + scale {
        precision @ ..=18 => Type::Decimal { precision: precision.max(18), scale },
        precision @ ..=38 => Type::Decimal { precision, scale },
        // Exact no more: a text would keep the digits and lose the number.
        _ => Type::Double,
    }
}

/// A text type that holds every value of a type as it may be written.
fn as_text(kind: Type) -> Type {
    match kind {
        Type::Varchar(_) | Type::Super => kind,
        Type::Char(bytes) => Type::Varchar(bytes),
        // Two hex digits for each byte.
        Type::Varbyte(bytes) => Type::Varchar(u16::try_from(bytes.saturating_mul(2)).unwrap_or(u16::MAX)),
        _ => Type::Varchar(64),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kind() -> impl Strategy<Value = Type> {
        prop_oneof![
            Just(Type::Bigint),
            Just(Type::Double),
            Just(Type::Boolean),
            Just(Type::Date),
            Just(Type::Timestamp),
            Just(Type::Super),
            Just(Type::Time),
            Just(Type::Timestamptz),
            (prop::sample::select(vec![10u8, 18, 38]), 0..=9u8)
                .prop_map(|(precision, scale)| Type::Decimal { precision, scale }),
            prop::sample::select(vec![16u32, 65535, 1_024_000]).prop_map(Type::Varbyte),
            prop::sample::select(vec![16u16, 64, 256, 65535]).prop_map(Type::Varchar),
        ]
    }

    fn schema(kinds: &[Type]) -> SchemaColumns {
        let named =
            (0..).zip(kinds).map(|(at, kind)| (Identifier::parse(&format!("c{at}")).unwrap(), Column::new(*kind)));
        named.collect()
    }

    proptest! {
        #[test]
        fn joining_is_idempotent_and_never_narrows(a in kind(), b in kind()) {
            let joined = wider(a, b);
            prop_assert_eq!(wider(joined, a), joined);
            prop_assert_eq!(wider(joined, b), joined);
            prop_assert_eq!(wider(b, a), joined);
        }

        #[test]
        fn no_column_goes_and_new_ones_come_behind(a in prop::collection::vec(kind(), 0..4), b in prop::collection::vec(kind(), 0..6)) {
            let joined = join(&schema(&a), &schema(&b));
            prop_assert_eq!(joined.len(), a.len().max(b.len()));
            prop_assert_eq!(&join(&joined, &schema(&b)), &joined);
            prop_assert_eq!(join(&joined, &schema(&a)), joined);
        }
    }

    #[test]
    fn a_contract_lets_columns_grow_or_keeps_them() {
        let (earlier, later) = (schema(&[Type::Bigint]), schema(&[Type::Varchar(16), Type::Date]));
        assert_eq!(under(Contract::Evolve, &earlier, &later), (join(&earlier, &later), Vec::new()));
        for contract in [Contract::Freeze, Contract::Reject] {
            assert_eq!(under(contract, &earlier, &later), (earlier.clone(), vec![Identifier::parse("c1").unwrap()]));
            assert_eq!(under(contract, &later, &earlier), (later.clone(), Vec::new()));
        }
    }

    #[test]
    fn dates_by_two_formats_keep_both() {
        let of = |formats: &[&str]| Column {
            formats: formats.iter().map(|text| (*text).to_owned()).collect(),
            ..Column::new(Type::Date)
        };
        assert_eq!(wider_column(&of(&[]), &of(&["%d.%m.%Y"])).formats, ["%Y-%m-%d", "%d.%m.%Y"]);
        assert_eq!(wider_column(&of(&["%d.%m.%Y"]), &of(&["%d.%m.%Y"])).formats, ["%d.%m.%Y"]);
        assert_eq!(wider_column(&of(&["%d.%m.%Y"]), &Column::new(Type::Bigint)).kind, Type::Varchar(64));
    }

    #[test]
    fn version_one_stays_readable() {
        let golden = r#"{"version":1,"run":"sales-00000000000000000000000000000000","number":2,"merged":1,
            "sampled_rows":10,"columns":{"id":{"type":"bigint"},"name":{"type":"varchar(16)","from":"Name"}}}"#;
        let schema: RunSchema = serde_json::from_str(golden).unwrap();
        assert_eq!((schema.merged, schema.columns.len()), (Some(1), 2));
        let golden = r#"{"version":1,"dataset":"sales","number":1,"run":"sales-00000000000000000000000000000000",
            "columns":{"id":{"type":"bigint"}}}"#;
        let schema: DatasetSchema = serde_json::from_str(golden).unwrap();
        assert_eq!(schema.number, 1);
    }
}
