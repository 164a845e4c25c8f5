//! One Parquet file of a COPY: columns by position, physical types checked, values checked.

use arrow::array::{Array, ArrayRef};
use bytes::Bytes;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::basic::Compression;
use parquet::file::metadata::ParquetMetaData;

use super::physical::{check_target, is_compatible, schema_text, type_text};
use super::{Failure, Mapping, row};
use crate::assign::check_nulls;
use crate::cast::{cast, check_single_bytes, first_longer};
use crate::error::SqlError;
use crate::table::Column;
use crate::types::Type;

/// Endings by which Redshift takes the whole object for compressed.
const COMPRESSED: &[&str] = &[".gz", ".snappy", ".bz2"];

/// So many rows are checked at once. A batch's texts may have 2 GiB, and one of them 65,535 bytes.
const BATCH_ROWS: usize = 8192;

/// The file's columns, batch by batch, each in the form of its target's type.
pub(super) fn read(bytes: Bytes, url: &str, mapping: &Mapping) -> Result<Vec<Vec<ArrayRef>>, Failure> {
    if let Some(ending) = COMPRESSED.iter().find(|ending| url.ends_with(**ending)) {
        return Err(SqlError::unknown(format!("a whole object that is compressed, {ending}: {url}")).into());
    }
    let unreadable = |error: &dyn std::fmt::Display| {
        Failure::scan(15001, format!("File '{}' is not a readable Parquet file: {error}", https(url))).in_file(url)
    };
    // What a writer notes about its own types is nothing that Redshift reads.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(bytes, options);
    let builder = builder.map_err(|error| unreadable(&error))?;
    check_codec(builder.metadata(), url)?;
    let targets = check_columns(builder.metadata(), url, mapping)?;
    let may_be_too_large = row::may_be_too_large(mapping);
    let mut batches = Vec::new();
    for batch in builder.with_batch_size(BATCH_ROWS).build().map_err(|error| unreadable(&error))? {
        let batch = batch.map_err(|error| unreadable(&error))?;
        let values = batch.columns().iter().zip(&targets);
        let values = values
            .map(|(values, column)| loadable(values, column).map_err(|failure| failure.in_file(url).in_column(column)));
        let values: Vec<ArrayRef> = values.collect::<Result<_, _>>()?;
        if may_be_too_large {
            row::check(&values).map_err(|failure| failure.in_file(url))?;
        }
        batches.push(values);
    }
    Ok(batches)
}

/// How the scan names an object; `=` shows as `%3D`.
fn https(url: &str) -> String {
    format!("https://s3.amazonaws.com/{}", url.trim_start_matches("s3://").replace('=', "%3D"))
}

fn check_codec(metadata: &ParquetMetaData, url: &str) -> Result<(), Failure> {
    let chunks = metadata.row_groups().iter().flat_map(|group| group.columns());
    for chunk in chunks {
        match chunk.compression() {
            Compression::UNCOMPRESSED | Compression::SNAPPY => {}
            other => return Err(SqlError::unknown(format!("Parquet pages compressed by {other}: {url}")).into()),
        }
    }
    Ok(())
}

/// The table's column for each of the file's.
fn check_columns<'a>(metadata: &ParquetMetaData, url: &str, mapping: &'a Mapping) -> Result<Vec<&'a Column>, Failure> {
    let schema = metadata.file_metadata().schema_descr();
    let fields = schema.root_schema().get_fields();
    let (expected, found) = (mapping.targets.len(), fields.len());
    if found > expected || (found < expected && !mapping.fill_record) {
        return Err(Failure::scan(
            15007,
            format!(
                "Unmatched number of columns between table and file. Table columns: {expected}, Data columns: {found}, \
                 File name: {}",
                https(url)
            ),
        )
        .in_file(url));
    }
    if let Some(nested) = fields.iter().find(|field| !field.is_primitive()) {
        return Err(SqlError::unknown(format!("a nested column of a file, {}", nested.name())).into());
    }
    let mut names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| matches!(pair, [one, two] if one == two)) {
        return Err(Failure::scan(15007, format!("File '{}' has a field name twice", https(url))).in_file(url));
    }
    let columns: Vec<&Column> =
        mapping.targets.iter().filter_map(|target| mapping.definition.columns.get(*target)).collect();
    columns.iter().try_for_each(|column| check_target(column.ty))?;
    for (at, (leaf, column)) in schema.columns().iter().zip(&columns).enumerate() {
        if !is_compatible(leaf, column.ty) {
            let context = format!(
                "File '{}' has an incompatible Parquet schema for column '{url}.{}'. Column type: {}, Parquet schema:\n{}",
                https(url),
                leaf.name(),
                type_text(column.ty),
                schema_text(leaf, at)
            );
            return Err(Failure::scan(15007, context).in_file(url).in_column(column));
        }
    }
    Ok(columns)
}

/// The values in the column's form, when all of them fit.
fn loadable(values: &ArrayRef, column: &Column) -> Result<ArrayRef, Failure> {
    // Seen with a varchar; the other two are taken to be worded alike.
    if let Type::Char(most) | Type::Varchar(most) | Type::Varbyte(most) = column.ty
        && let Some(length) = first_longer(values, most)
    {
        let text = "is longer than the length defined in the table";
        let lengths = format!("Table: {most}, Data: {length}");
        return Err(Failure::scan(15007, format!("The length of the data column {} {text}. {lengths}", column.name)));
    }
    if let Type::Char(_) = column.ty {
        check_single_bytes(values).map_err(|text| Failure::scan(1220, text))?;
    }
    check_nulls(values, column)?;
    let plain = match values.data_type() {
        // Marked as UTC or not, the moment is the one that is written.
        arrow::datatypes::DataType::Timestamp(unit, Some(_)) => {
            arrow::compute::cast(values, &arrow::datatypes::DataType::Timestamp(*unit, None)).map_err(SqlError::from)?
        }
        _ => std::sync::Arc::clone(values),
    };
    Ok(cast(&plain, column.ty)?)
}
