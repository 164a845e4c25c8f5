//! The target table as it is, against what the rows of a run need.
//!
//! The table may be older than the dataset file. INSERT .. SELECT would round a number to the table's scale, and fill
//! a column that the dataset no longer has with nulls, both in silence (facts/redshift-sql.md, types and literals). So
//! the two are compared before anything is staged, and any difference is the operator's to mend.

use indexmap::IndexMap;
use model::dataset::Column;
use model::name::{Identifier, TableName};
use model::types::Type;
use model::{Error, Kind, Result};

use crate::sql::OWN_COLUMNS;
use crate::statement::Row;

/// What to do where dataset and table differ.
const MEND: &str = "mend the dataset file, or ALTER the table, or rename it so that a new one is created: \
                    the loader does not change a table that is there yet";

/// What to do where Sluice's own columns are missing.
const FOREIGN: &str = "a table without _sluice_batch and _sluice_run was not made by Sluice: name another one in \
                       load.table, or rename this one";

/// A column of the target table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableColumn {
    name: String,
    /// The type in the words of dataset files; one that they do not have in the warehouse's.
    kind: String,
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
        let kind = kind(&row.text(1)?, row.optional_count(2)?, row.optional_count(3)?, row.optional_count(4)?);
        Ok(Self { name: row.text(0)?, kind })
    }

    /// Whether values of the type come into the column as they are: the types are the same, or the table has more room
    /// for text or bytes.
    fn takes(&self, kind: Type) -> bool {
        match (Type::parse(&self.kind), kind) {
            (Ok(Type::Varchar(there)), Type::Varchar(needed)) | (Ok(Type::Char(there)), Type::Char(needed)) => {
                there >= needed
            }
            (Ok(Type::Varbyte(there)), Type::Varbyte(needed)) => there >= needed,
            // A length that the view does not tell. Bytes that do not fit fail the publish; nothing cuts them.
            (Err(_), Type::Varbyte(_)) => self.kind == BYTES,
            (there, needed) => there == Ok(needed),
        }
    }
}

/// A varbyte without its length.
const BYTES: &str = "varbyte";

/// What `svv_columns` calls a type, in the words of dataset files. This is the only place that knows: a long name
/// without length and digits, which have columns of their own, as the view has them from PostgreSQL (U). What it calls
/// super and varbyte, which PostgreSQL does not have, is (U) too.
fn kind(data_type: &str, length: Option<u64>, precision: Option<u64>, scale: Option<u64>) -> String {
    match (data_type, length, precision, scale) {
        ("character varying", Some(length), ..) => format!("varchar({length})"),
        ("numeric", _, Some(precision), Some(scale)) => format!("decimal({precision},{scale})"),
        ("double precision", ..) => "double".to_owned(),
        ("character", Some(length), ..) => format!("char({length})"),
        ("binary varying", Some(length), ..) => format!("{BYTES}({length})"),
        ("binary varying", None, ..) => BYTES.to_owned(),
        ("time without time zone", ..) => "time".to_owned(),
        ("timestamp without time zone", ..) => "timestamp".to_owned(),
        ("timestamp with time zone", ..) => "timestamptz".to_owned(),
        // Another text type, which datasets do not have.
        (other, Some(length), ..) => format!("{other}({length})"),
        // smallint, integer, bigint, real, boolean, date and super are called so on both sides.
        (other, ..) => other.to_owned(),
    }
}

/// Holds the target's columns against those that are inserted: all of them are there with the same type, and no other
/// column is.
///
/// # Errors
/// `Config` that names every column that differs.
pub fn check(target: &TableName, there: &[TableColumn], columns: &IndexMap<Identifier, Column>) -> Result<()> {
    let refused = |cause: String| Err(Error::new(Kind::Config, "load into", target).because(cause));
    if there.is_empty() {
        return refused(
            "svv_columns shows none of its columns: grant the loader's user rights on the table".to_owned(),
        );
    }
    let own = OWN_COLUMNS.iter().copied();
    let needed: IndexMap<&str, Type> =
        own.chain(columns.iter().map(|(name, column)| (name.as_str(), column.kind))).collect();
    let mut differences = Vec::new();
    for (name, kind) in &needed {
        let place = if is_own(name) { "every table of Sluice" } else { "the dataset" };
        match there.iter().find(|column| column.name == *name) {
            None => differences.push(format!("{name} is {kind} in {place} and not in the table")),
            Some(column) if !column.takes(*kind) => {
                differences.push(format!("{name} is {kind} in {place} and {} in the table", column.kind));
            }
            Some(_) => {}
        }
    }
    let unknown = there.iter().filter(|column| !needed.contains_key(column.name.as_str()));
    differences.extend(
        unknown.map(|column| format!("{} is {} in the table and not in the dataset", column.name, column.kind)),
    );
    if differences.is_empty() {
        return Ok(());
    }
    let foreign = there.iter().filter(|column| is_own(&column.name)).count() < OWN_COLUMNS.len();
    refused(format!("{}; {}", differences.join(", "), if foreign { FOREIGN } else { MEND }))
}

fn is_own(name: &str) -> bool {
    OWN_COLUMNS.iter().any(|(own, _)| *own == name)
}

#[cfg(test)]
mod tests {
    use aws_sdk_redshiftdata::types::Field;
    use model::error::chain;

    use super::*;
    use crate::sql::tests::{delivery, loading};

    type Answer = (&'static str, &'static str, Option<i64>, Option<i64>, Option<i64>);

    /// The table that `prepare` creates for the dataset of the golden files, as `svv_columns` tells it.
    const TABLE: &[Answer] = &[
        ("_sluice_batch", "character varying", Some(64), None, None),
        ("_sluice_run", "character varying", Some(80), None, None),
        ("order_id", "bigint", None, Some(64), Some(0)),
        ("customer_name", "character varying", Some(120), None, None),
        ("sale_date", "date", None, None, None),
        ("units_sold", "integer", None, Some(32), Some(0)),
        ("small", "smallint", None, Some(16), Some(0)),
        ("sales_amount", "numeric", None, Some(14), Some(2)),
        ("rate", "double precision", None, Some(53), None),
        ("paid", "boolean", None, None, None),
        ("updated_at", "timestamp without time zone", None, None, None),
        ("ratio", "real", None, Some(24), None),
        ("opens_at", "time without time zone", None, None, None),
        ("seen_at", "timestamp with time zone", None, None, None),
        ("code", "character", Some(8), None, None),
        ("attributes", "super", None, None, None),
        ("payload", "binary varying", Some(64), None, None),
    ];

    fn with(changed: &[Answer]) -> Vec<Answer> {
        let is_changed = |answer: &&Answer| changed.iter().all(|other| other.0 != answer.0);
        TABLE.iter().filter(is_changed).chain(changed).copied().collect()
    }

    fn without(names: &[&str]) -> Vec<Answer> {
        TABLE.iter().filter(|answer| !names.contains(&answer.0)).copied().collect()
    }

    fn held(answers: &[Answer]) -> Result<()> {
        let text = |text: &str| Field::StringValue(text.to_owned());
        let number = |number: Option<i64>| number.map_or(Field::IsNull(true), Field::LongValue);
        let row = |(position, (name, data_type, length, precision, scale)): (i64, &Answer)| {
            let row = [text(name), text(data_type), number(*length), number(*precision), number(*scale)];
            Row(row.into_iter().chain([Field::LongValue(position)]).collect())
        };
        let columns: Result<Vec<_>> = (1..).zip(answers).map(|answer| TableColumn::read(&row(answer))).collect();
        let loading = loading(&delivery());
        check(&loading.target.table, &columns.unwrap(), &loading.columns)
    }

    fn refused(answers: &[Answer], differences: &str, advice: &str) {
        let error = held(answers).unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        assert_eq!(chain(&error), format!("cannot load into analytics.sales: {differences}; {advice}"));
    }

    #[test]
    fn the_table_that_prepare_creates_is_taken() {
        held(TABLE).unwrap();
    }

    #[test]
    fn the_order_of_columns_does_not_matter() {
        held(&TABLE.iter().rev().copied().collect::<Vec<_>>()).unwrap();
    }

    #[test]
    fn text_may_have_more_room_in_the_table_and_not_less() {
        held(&with(&[("customer_name", "character varying", Some(65_535), None, None)])).unwrap();
        refused(
            &with(&[("customer_name", "character varying", Some(119), None, None)]),
            "customer_name is varchar(120) in the dataset and varchar(119) in the table",
            MEND,
        );
    }

    #[test]
    fn chars_and_bytes_may_have_more_room_in_the_table_and_not_less() {
        held(&with(&[("code", "character", Some(4_096), None, None)])).unwrap();
        held(&with(&[("payload", "binary varying", Some(64_000), None, None)])).unwrap();
        held(&with(&[("payload", "binary varying", None, None, None)])).unwrap();
        refused(
            &with(&[("code", "character", Some(7), None, None), ("payload", "binary varying", Some(63), None, None)]),
            "code is char(8) in the dataset and char(7) in the table, \
             payload is varbyte(64) in the dataset and varbyte(63) in the table",
            MEND,
        );
    }

    #[test]
    fn a_kindred_type_is_another_type() {
        for other in [
            ("ratio", "double precision", None, Some(53), None),
            ("opens_at", "time with time zone", None, None, None),
            ("seen_at", "timestamp without time zone", None, None, None),
            ("code", "character varying", Some(8), None, None),
            ("customer_name", "character", Some(120), None, None),
            ("attributes", "character varying", Some(65_535), None, None),
            ("payload", "super", None, None, None),
            ("code", "binary varying", None, None, None),
        ] {
            assert_eq!(held(&with(&[other])).unwrap_err().kind(), Kind::Config, "{other:?}");
        }
    }

    #[test]
    fn every_column_that_differs_is_named_with_both_types() {
        let mut answers = with(&[
            ("sales_amount", "numeric", None, Some(14), Some(4)),
            ("units_sold", "bigint", None, Some(64), Some(0)),
            ("updated_at", "timestamp with time zone", None, None, None),
            ("region", "character", Some(2), None, None),
        ]);
        answers.retain(|answer| answer.0 != "paid");
        refused(
            &answers,
            "units_sold is integer in the dataset and bigint in the table, \
             sales_amount is decimal(14,2) in the dataset and decimal(14,4) in the table, \
             paid is boolean in the dataset and not in the table, \
             updated_at is timestamp in the dataset and timestamptz in the table, \
             region is char(2) in the table and not in the dataset",
            MEND,
        );
    }

    #[test]
    fn more_digits_are_another_type_too() {
        for other in [("sales_amount", "numeric", None, Some(18), Some(2)), ("rate", "real", None, Some(24), None)] {
            assert_eq!(held(&with(&[other])).unwrap_err().kind(), Kind::Config, "{other:?}");
        }
    }

    #[test]
    fn a_column_that_the_dataset_lacks_is_not_filled_with_nulls() {
        refused(
            &with(&[("region", "character varying", Some(10), None, None)]),
            "region is varchar(10) in the table and not in the dataset",
            MEND,
        );
    }

    #[test]
    fn a_table_without_our_columns_is_not_ours() {
        refused(
            &without(&["_sluice_batch", "_sluice_run"]),
            "_sluice_batch is varchar(64) in every table of Sluice and not in the table, \
             _sluice_run is varchar(80) in every table of Sluice and not in the table",
            FOREIGN,
        );
    }

    #[test]
    fn a_table_that_the_user_may_not_see_is_refused_by_that_name() {
        let error = held(&[]).unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        assert!(chain(&error).contains("grant the loader's user rights"), "{}", chain(&error));
    }
}
