//! Result sets on the wire.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::ApiError;
use crate::error::{SqlError, SqlResult};
use crate::query::{ResultColumn, ResultSet};
use crate::text::shown;
use crate::types::Type;

/// Rows in one answer of `GetStatementResult`; the real size of a page is unverified.
const PAGE_ROWS: usize = 1000;

/// A row of more is too large.
const MAX_ROW_BYTES: usize = 64 * 1024;
/// A result of more is too large.
const MAX_RESULT_BYTES: usize = 500 * 1024 * 1024;

/// A result set as it is kept on disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredResult {
    columns: Vec<Value>,
    records: Vec<Value>,
}

impl StoredResult {
    pub fn of(result: &ResultSet) -> SqlResult<Self> {
        let mut records = Vec::with_capacity(result.rows());
        let mut total = 0;
        for batch in &result.batches {
            for row in 0..batch.num_rows() {
                let columns = result.columns.iter().zip(batch.columns());
                let record = columns.map(|(column, values)| field(values, column.ty, row));
                let record = record.collect::<SqlResult<Vec<_>>>()?;
                let record = Value::Array(record);
                let bytes = size(&record);
                total += bytes;
                check_size(bytes, total)?;
                records.push(record);
            }
        }
        Ok(Self { columns: result.columns.iter().map(metadata).collect(), records })
    }

    /// One page; the token is the number of the first row.
    pub fn page(&self, token: Option<&str>) -> Result<Value, ApiError> {
        let invalid = || ApiError::validation("NextToken is not one that was given");
        let start = match token {
            Some(token) => token.parse().ok().filter(|start| *start < self.records.len()).ok_or_else(invalid)?,
            None => 0,
        };
        let records: Vec<&Value> = self.records.iter().skip(start).take(PAGE_ROWS).collect();
        let end = start + records.len();
        let mut page = json!({
            "ColumnMetadata": self.columns,
            "Records": records,
            "TotalNumRows": self.records.len(),
        });
        if let (Some(page), true) = (page.as_object_mut(), end < self.records.len()) {
            page.insert("NextToken".to_owned(), json!(end.to_string()));
        }
        Ok(page)
    }
}

/// Where the limits count from is unverified; here it is the values' own bytes.
fn size(record: &Value) -> usize {
    match record {
        Value::Array(fields) => fields.iter().map(size).sum(),
        Value::Object(field) => field.values().map(size).sum(),
        Value::String(text) => text.len(),
        _ => size_of::<i64>(),
    }
}

/// Fails where a row or the rows so far are larger than the API takes.
fn check_size(row: usize, total: usize) -> SqlResult<()> {
    match (row > MAX_ROW_BYTES, total > MAX_RESULT_BYTES) {
        (true, _) => Err(SqlError::new(format!("packet for query is too large ({row} > {MAX_ROW_BYTES})"))),
        // That it fails is documented, its text is not.
        (_, true) => Err(SqlError::new(format!("the result is larger than {MAX_RESULT_BYTES} bytes"))),
        _ => Ok(()),
    }
}

/// A value as a union of exactly one member.
fn field(column: &ArrayRef, ty: Type, row: usize) -> SqlResult<Value> {
    if column.is_null(row) {
        return Ok(json!({"isNull": true}));
    }
    Ok(match column.data_type() {
        DataType::Int16 => json!({"longValue": column.as_primitive::<Int16Type>().value(row)}),
        DataType::Int32 => json!({"longValue": column.as_primitive::<Int32Type>().value(row)}),
        DataType::Int64 => json!({"longValue": column.as_primitive::<Int64Type>().value(row)}),
        DataType::Float32 => double(column.as_primitive::<Float32Type>().value(row).into()),
        DataType::Float64 => double(column.as_primitive::<Float64Type>().value(row)),
        DataType::Boolean => json!({"booleanValue": column.as_boolean().value(row)}),
        // A varbyte too, by its hexadecimal digits: whether AWS answers it as a blobValue is unverified.
        _ => json!({"stringValue": shown(column, ty, row)?}),
    })
}

/// JSON has no number for these; AWS's protocols write them as texts.
fn double(value: f64) -> Value {
    match value {
        value if value.is_finite() => json!({"doubleValue": value}),
        value if value.is_nan() => json!({"doubleValue": "NaN"}),
        value if value > 0.0 => json!({"doubleValue": "Infinity"}),
        _ => json!({"doubleValue": "-Infinity"}),
    }
}

fn metadata(column: &ResultColumn) -> Value {
    let (precision, scale) = match column.ty {
        Type::SmallInt => (5, 0),
        Type::Integer => (10, 0),
        Type::BigInt => (19, 0),
        Type::Decimal(precision, scale) => (u32::from(precision), i32::from(scale)),
        Type::Real => (8, 8),
        Type::Double => (17, 17),
        Type::Boolean => (1, 0),
        Type::Char(bytes) | Type::Varchar(bytes) => (bytes, 0),
        Type::Date => (13, 0),
        Type::Time => (15, 6),
        Type::Timestamp => (29, 6),
        Type::Timestamptz => (35, 6),
        // What AWS says here is unverified.
        Type::Super => (0, 0),
        Type::Varbyte(bytes) => (bytes, 0),
    };
    let is_text = matches!(column.ty, Type::Char(_) | Type::Varchar(_));
    let is_number = column.ty.is_number();
    json!({
        "name": column.name,
        "label": column.name,
        "typeName": column.ty.wire_name(),
        "nullable": 1,
        "precision": precision,
        "scale": scale,
        "length": 0,
        "isSigned": is_number,
        "isCurrency": false,
        "isCaseSensitive": is_text,
        "schemaName": "",
        "tableName": "",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_at_most_64_kb_and_a_result_500_mb() {
        assert!(check_size(MAX_ROW_BYTES, MAX_RESULT_BYTES).is_ok());
        let error = check_size(MAX_ROW_BYTES + 1, MAX_ROW_BYTES + 1).unwrap_err().to_string();
        assert!(error.starts_with("ERROR: packet for query is too large"), "{error}");
        assert!(check_size(1, MAX_RESULT_BYTES + 1).unwrap_err().to_string().contains("524288000 bytes"));
    }
}
