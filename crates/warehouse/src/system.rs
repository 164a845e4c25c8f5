//! The system views that are known. STL, STV and SVL views are not there, as on Serverless: such a relation does not
//! exist (facts/redshift-sql.md, load bookkeeping).

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Schema;

use crate::catalog::Catalog;
use crate::error::SqlResult;
use crate::loads::LoadLog;
use crate::name::{PUBLIC, TableName};
use crate::query::{Part, Rows};
use crate::table::{Column, DistStyle, Table};
use crate::types::Type;

/// The views.
const VIEWS: &[&str] =
    &["pg_table_def", "svv_columns", "svv_redshift_columns", "svv_tables", "sys_load_error_detail", "sys_load_history"];

/// The view of that name.
pub(crate) fn view(name: &str) -> Option<&'static str> {
    VIEWS.iter().copied().find(|view| *view == name)
}

/// Whether Redshift Serverless has system views of such names: those that are not known here are refused.
pub(crate) fn may_be_view(name: &TableName) -> bool {
    let plain = [PUBLIC, "pg_catalog"].contains(&name.schema.as_str());
    let prefixes = ["sys_", "svv_", "pg_"];
    name.schema == "information_schema" || plain && prefixes.iter().any(|prefix| name.name.starts_with(prefix))
}

/// The rows of a view.
pub(crate) fn rows(view: &str, catalog: &Catalog, loads: &LoadLog) -> SqlResult<Rows> {
    match view {
        "svv_tables" => tables(catalog),
        "svv_columns" => columns(catalog),
        "svv_redshift_columns" => redshift_columns(catalog),
        "pg_table_def" => table_definitions(catalog),
        "sys_load_error_detail" => loads.error_rows(),
        _ => loads.history_rows(),
    }
}

/// A relation from its columns.
pub(crate) fn relation(columns: Vec<(&str, Type, ArrayRef)>) -> SqlResult<Rows> {
    let fields: Vec<_> = columns.iter().map(|(name, ty, _)| ty.field(name)).collect();
    let schema = Arc::new(Schema::new(fields));
    let arrays = columns.into_iter().map(|(_, _, array)| array).collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays)?;
    Ok(Rows::new(schema, vec![Part { batch, kept: None }]))
}

/// A column of texts.
pub(crate) fn texts<T: AsRef<str>>(values: impl IntoIterator<Item = Option<T>>) -> ArrayRef {
    Arc::new(values.into_iter().collect::<StringArray>())
}

fn some_texts<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> ArrayRef {
    texts(values.into_iter().map(Some))
}

const NAME: Type = Type::Varchar(128);
const WORD: Type = Type::Varchar(64);

fn tables(catalog: &Catalog) -> SqlResult<Rows> {
    let names = || catalog.tables.keys();
    relation(vec![
        ("table_schema", NAME, some_texts(names().map(|name| &name.schema))),
        ("table_name", NAME, some_texts(names().map(|name| &name.name))),
        ("table_type", WORD, some_texts(names().map(|_| "BASE TABLE"))),
    ])
}

/// A column of a table, with both names and its position from 1.
struct Placed<'a> {
    schema: &'a str,
    table: &'a str,
    position: i32,
    column: &'a Column,
}

fn placed(catalog: &Catalog) -> Vec<Placed<'_>> {
    catalog
        .tables
        .iter()
        .flat_map(|(name, table)| {
            let place = move |(position, column)| Placed { schema: &name.schema, table: &name.name, position, column };
            (1..).zip(&table.definition.columns).map(place)
        })
        .collect()
}

/// `svv_columns`: types without their lengths, which have columns of their own.
fn columns(catalog: &Catalog) -> SqlResult<Rows> {
    let all = placed(catalog);
    let length = |column: &Column| match column.ty {
        // That a varbyte has its length here is unverified.
        Type::Char(bytes) | Type::Varchar(bytes) | Type::Varbyte(bytes) => i32::try_from(bytes).ok(),
        _ => None,
    };
    let digits = |column: &Column| match column.ty {
        Type::SmallInt => Some((16, 0)),
        Type::Integer => Some((32, 0)),
        Type::BigInt => Some((64, 0)),
        Type::Decimal(precision, scale) => Some((i32::from(precision), i32::from(scale))),
        _ => None,
    };
    relation(vec![
        ("table_schema", NAME, some_texts(all.iter().map(|place| place.schema))),
        ("table_name", NAME, some_texts(all.iter().map(|place| place.table))),
        ("column_name", NAME, some_texts(all.iter().map(|place| &place.column.name))),
        ("ordinal_position", Type::Integer, positions(&all)),
        ("column_default", Type::Varchar(4000), texts(all.iter().map(|place| place.column.default.as_ref()))),
        ("is_nullable", WORD, nullable(&all)),
        ("data_type", NAME, some_texts(all.iter().map(|place| place.column.ty.name()))),
        ("character_maximum_length", Type::Integer, numbers(all.iter().map(|place| length(place.column)))),
        ("numeric_precision", Type::Integer, numbers(all.iter().map(|place| digits(place.column).map(|d| d.0)))),
        ("numeric_scale", Type::Integer, numbers(all.iter().map(|place| digits(place.column).map(|d| d.1)))),
    ])
}

/// `svv_redshift_columns`: types with their lengths, and the keys.
fn redshift_columns(catalog: &Catalog) -> SqlResult<Rows> {
    let all = placed(catalog);
    relation(vec![
        ("schema_name", NAME, some_texts(all.iter().map(|place| place.schema))),
        ("table_name", NAME, some_texts(all.iter().map(|place| place.table))),
        ("column_name", NAME, some_texts(all.iter().map(|place| &place.column.name))),
        ("ordinal_position", Type::Integer, positions(&all)),
        ("data_type", NAME, some_texts(all.iter().map(|place| place.column.ty.to_string()))),
        ("column_default", Type::Varchar(4000), texts(all.iter().map(|place| place.column.default.as_ref()))),
        ("is_nullable", WORD, nullable(&all)),
        ("distkey", Type::Boolean, flags(catalog, is_dist_key)),
        ("sortkey", Type::Integer, numbers(sort_positions(catalog).into_iter().map(Some))),
    ])
}

/// `pg_table_def` shows the search path only, which is `public`.
fn table_definitions(catalog: &Catalog) -> SqlResult<Rows> {
    let mut shown = catalog.clone();
    shown.tables.retain(|name, _| name.schema == PUBLIC);
    let all = placed(&shown);
    relation(vec![
        ("schemaname", NAME, some_texts(all.iter().map(|place| place.schema))),
        ("tablename", NAME, some_texts(all.iter().map(|place| place.table))),
        ("column", NAME, some_texts(all.iter().map(|place| &place.column.name))),
        ("type", NAME, some_texts(all.iter().map(|place| place.column.ty.to_string()))),
        ("distkey", Type::Boolean, flags(&shown, is_dist_key)),
        ("sortkey", Type::Integer, numbers(sort_positions(&shown).into_iter().map(Some))),
        ("notnull", Type::Boolean, flags(&shown, |_, column| column.not_null)),
    ])
}

fn positions(all: &[Placed<'_>]) -> ArrayRef {
    numbers(all.iter().map(|place| Some(place.position)))
}

fn nullable(all: &[Placed<'_>]) -> ArrayRef {
    some_texts(all.iter().map(|place| if place.column.not_null { "NO" } else { "YES" }))
}

fn numbers(values: impl Iterator<Item = Option<i32>>) -> ArrayRef {
    Arc::new(values.collect::<Int32Array>())
}

/// A column of long numbers.
pub(crate) fn longs(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<Int64Array>())
}

fn flags(catalog: &Catalog, flag: impl Fn(&Table, &Column) -> bool) -> ArrayRef {
    let mut flags = Vec::new();
    for table in catalog.tables.values() {
        flags.extend(table.definition.columns.iter().map(|column| flag(table, column)));
    }
    Arc::new(arrow::array::BooleanArray::from(flags))
}

fn is_dist_key(table: &Table, column: &Column) -> bool {
    table.definition.dist_style == DistStyle::Key && table.definition.dist_key.as_ref() == Some(&column.name)
}

/// Where each column stands in its table's sort key, from 1; 0 is nowhere.
fn sort_positions(catalog: &Catalog) -> Vec<i32> {
    let mut positions = Vec::new();
    for table in catalog.tables.values() {
        for column in &table.definition.columns {
            let at = (1..).zip(&table.definition.sort_key).find(|(_, key)| **key == column.name);
            positions.push(at.map_or(0, |(at, _)| at));
        }
    }
    positions
}
