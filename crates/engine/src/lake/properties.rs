//! How a file is written.

use arrow::array::AsArray;
use arrow::record_batch::RecordBatch;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::sample;
use crate::schema::SLUICE_COLUMNS;

/// A page's values stand in memory of their own until it is full. Pages of the usual 1 MiB have the allocator ask the
/// system for each of them, and give it back.
const PAGE_BYTES: usize = 256 * 1024;

/// So many values are encoded at a time.
const WRITE_ROWS: usize = 8 * 1024;

/// The properties of a file that begins with these rows. All that a file says of how it was written is fixed here: no
/// time, no random id, no version of a library.
///
/// - A dictionary of values that hardly repeat costs a hash table and saves nothing: such columns, as the first rows show
///   them, have none.
/// - Where texts come in no order, every page holds great ones and small ones: the least and the greatest of each spare no
///   reader a page, and are not looked for. Nor are those of Sluice's own columns, which are the same in every row.
pub fn of(first: Option<&RecordBatch>, row_group_bytes: usize) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_data_page_size_limit(PAGE_BYTES)
        .set_write_batch_size(WRITE_ROWS)
        .set_max_row_group_row_count(None)
        .set_max_row_group_bytes(Some(row_group_bytes))
        // `<who> version <version> (build <build>)` is the form that parquet-mr reads.
        .set_created_by(concat!("sluice version ", env!("CARGO_PKG_VERSION"), " (build 1)").to_owned());
    for name in SLUICE_COLUMNS {
        properties = properties.set_column_statistics_enabled(ColumnPath::from(name), EnabledStatistics::None);
    }
    let schema = first.map(RecordBatch::schema_ref);
    let fields = schema.map(|schema| schema.fields().iter()).into_iter().flatten();
    for (field, column) in fields.zip(first.map(RecordBatch::columns).unwrap_or_default()) {
        let path = || ColumnPath::from(field.name().as_str());
        if !sample::repeats(column) {
            properties = properties.set_column_dictionary_enabled(path(), false);
        }
        if column.as_string_opt::<i32>().is_some_and(|texts| !sample::ascends(texts)) {
            properties = properties.set_column_statistics_enabled(path(), EnabledStatistics::None);
        }
    }
    properties.build()
}
