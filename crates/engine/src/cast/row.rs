//! Rows that are longer than COPY takes: 4 MB (facts/redshift-copy.md, sizes), whatever each of their columns may hold.
//!
//! Nearly no dataset can have one, and no row of such is looked at.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;
use model::dataset::Dataset;

use super::faults::Faults;
use crate::reject::Reason;

/// A row is no longer. Whether its 4 MB are 4,000,000 bytes or 4 MiB is (U).
const MAX_BYTES: usize = 4_000_000;

/// What Redshift keeps of any value besides its text and bytes is no more than this, by far.
const VALUE_BYTES: usize = 32;

/// The columns of rows that may be too long, by their places in the dataset.
#[derive(Debug)]
pub struct LongRows {
    written: Vec<usize>,
}

impl LongRows {
    /// `None` where no row of the dataset is too long, however long its values are.
    pub fn of(dataset: &Dataset) -> Option<Self> {
        let columns = dataset.columns.values();
        let longest = columns.filter(|column| column.is_written()).map(|column| column.kind.max_bytes().unwrap_or(0));
        let (longest, count) = longest.fold((0, 0), |(bytes, count), column| (bytes + column, count + 1));
        let written = dataset.columns.values().enumerate().filter(|(_, column)| column.is_written());
        (longest + own_bytes(count) > MAX_BYTES).then(|| Self { written: written.map(|(place, _)| place).collect() })
    }

    /// Rejects rows that are too long, for the longest of their values.
    pub fn check(&self, columns: &[ArrayRef], rows: usize, faults: &mut Faults) {
        for row in 0..rows {
            let lengths = || self.written.iter().zip(columns).map(|(place, column)| (length(column, row), *place));
            let bytes = lengths().map(|(bytes, _)| bytes).sum::<usize>() + own_bytes(columns.len());
            if bytes <= MAX_BYTES {
                continue;
            }
            let longest = lengths().max_by_key(|(bytes, _)| *bytes).map_or(0, |(_, place)| place);
            let message = format!("the row has {bytes} bytes, COPY takes {MAX_BYTES} of a row");
            faults.at(longest, row).fault(0, Reason::TooLong, "", &|_| message.clone());
        }
    }
}

/// What is added to the texts and bytes of a row: of each value, of Sluice's two columns and of theirs.
fn own_bytes(columns: usize) -> usize {
    VALUE_BYTES * (columns + 2) + 144
}

fn length(column: &ArrayRef, row: usize) -> usize {
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row).len(),
        DataType::Binary => column.as_binary::<i32>().value(row).len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use model::dataset::DatasetFile;

    use super::*;

    fn may_be_too_long(columns: &str) -> bool {
        let yaml = format!("{{dataset: x, landing: x/, format: csv, columns: {{{columns}}}}}");
        LongRows::of(&DatasetFile::parse(&yaml, "x.yaml").unwrap().dataset).is_some()
    }

    #[test]
    fn rows_are_looked_at_where_their_columns_can_hold_too_much() {
        assert!(!may_be_too_long("a: {type: varchar(65535)}, b: {type: super}, c: {type: varbyte(1024000)}"));
        let wide = |columns: usize| (0..columns).map(|n| format!("c{n}: {{type: super}}, ")).collect::<String>();
        assert!(!may_be_too_long(&wide(61)));
        assert!(may_be_too_long(&wide(62)));
        let four = "a: {type: varbyte(1024000)}, b: {type: varbyte(1024000)}, c: {type: varbyte(1024000)}";
        assert!(!may_be_too_long(&format!("{four}, d: {{type: varbyte(1024000), mask: drop}}")));
        assert!(may_be_too_long(&format!("{four}, d: {{type: varbyte(1024000)}}")));
    }
}
