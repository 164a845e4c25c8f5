//! INSERT and DELETE: new versions of a table.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanBufferBuilder, RecordBatch};
use arrow::datatypes::Int64Type;
use datafusion::sql::sqlparser::ast::{Expr, Ident, Query, SelectItem, SetExpr, Value};

use crate::assign::{Origin, assign, default};
use crate::error::{SqlError, SqlResult};
use crate::query::ResultSet;
use crate::statement::{Delete, Insert, Statement, tokens};
use crate::table::Table;

/// The column that numbers the rows of a table whose rows are to be deleted.
pub(crate) const ROW: &str = "__row";

/// Whether each column of a query is an untyped literal, for the columns of which that can be told.
pub(crate) fn origins(query: &Query) -> Vec<Origin> {
    let origin = |literal: bool| if literal { Origin::Literal } else { Origin::Expression };
    match query.body.as_ref() {
        SetExpr::Select(select) => {
            let literal = |item: &SelectItem| match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(is_untyped(expr)),
                _ => None,
            };
            // After a `*` nothing is at the position that it has in the list.
            select.projection.iter().map_while(literal).map(origin).collect()
        }
        SetExpr::Values(values) => {
            let width = values.rows.first().map_or(0, |row| row.content.len());
            let column = |at| values.rows.iter().all(|row| row.content.get(at).is_some_and(is_untyped));
            (0..width).map(column).map(origin).collect()
        }
        _ => Vec::new(),
    }
}

fn is_untyped(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_) | Value::Null))
}

/// The rows that an INSERT adds, in the table's form.
pub(crate) fn inserted(
    insert: &Insert,
    table: &Table,
    result: &ResultSet,
    origins: &[Origin],
) -> SqlResult<Vec<RecordBatch>> {
    let definition = &table.definition;
    let targets = definition.targets(insert.columns.as_deref(), &insert.table.name)?;
    let given = result.columns.len();
    if given > targets.len() {
        return Err(SqlError::new("INSERT has more expressions than target columns"));
    }
    if given < targets.len() && insert.columns.is_some() {
        return Err(SqlError::new("INSERT has more target columns than expressions"));
    }
    let batch = |batch: &RecordBatch| {
        let column = |(at, column): (usize, &crate::table::Column)| {
            let from = targets.iter().position(|target| *target == at).filter(|from| *from < given);
            match from.and_then(|from| Some((batch.column(from), result.columns.get(from)?.ty, origins.get(from)))) {
                Some((values, ty, origin)) => assign(values, ty, column, origin.copied().unwrap_or(Origin::Expression)),
                None => default(column, batch.num_rows()),
            }
        };
        let columns = definition.columns.iter().enumerate().map(column).collect::<SqlResult<Vec<ArrayRef>>>()?;
        Ok(RecordBatch::try_new(Arc::clone(&table.schema), columns)?)
    };
    result.batches.iter().filter(|batch| batch.num_rows() > 0).map(batch).collect()
}

/// `SELECT DISTINCT t.__row FROM t, using… WHERE condition`: which rows a DELETE takes.
pub(crate) fn doomed(delete: &Delete) -> SqlResult<Query> {
    let quoted = |name: &str| Ident::with_quote('"', name).to_string();
    let (schema, name) = (quoted(&delete.table.schema), quoted(&delete.table.name));
    let sql = format!("SELECT DISTINCT {name}.{} FROM {schema}.{name}", quoted(ROW));
    let Statement::Select(mut query) = Statement::parse(tokens(&sql)?)? else {
        return Err(SqlError::internal(sql));
    };
    if let SetExpr::Select(select) = query.body.as_mut() {
        select.from.extend(delete.using.iter().cloned());
        select.selection.clone_from(&delete.condition);
    }
    Ok(*query)
}

/// The table without the rows of these numbers, and how many they were.
pub(crate) fn without(table: &Table, rows: &ResultSet, next_id: &mut dyn FnMut() -> u64) -> SqlResult<(Table, usize)> {
    let mut doomed = BooleanBufferBuilder::new(table.numbers());
    doomed.append_n(table.numbers(), false);
    for batch in &rows.batches {
        for row in batch.column(0).as_primitive::<Int64Type>().values() {
            let row = usize::try_from(*row).map_err(SqlError::internal)?;
            if row >= table.numbers() {
                return Err(SqlError::internal("a row that the table has not"));
            }
            doomed.set_bit(row, true);
        }
    }
    let doomed = doomed.finish();
    let gone = doomed.count_set_bits();
    Ok((table.without(&doomed, next_id)?, gone))
}
