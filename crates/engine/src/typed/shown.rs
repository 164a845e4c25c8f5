//! Batches as tests compare them.

use std::fmt::Write;

use crate::text::{Field, TextBatch};

/// The rows of a batch and its rejects, each with its number, of which so many come before.
pub(crate) fn show(batch: &TextBatch, lines: u64, shown: &mut String) {
    let columns: Vec<Vec<Field<'_>>> = (0..batch.width).map(|column| batch.column(column).collect()).collect();
    let mut lines: Vec<(u64, String)> = batch
        .rejects
        .iter()
        .map(|reject| {
            let position = reject.position;
            let place = format!("{} bytes from {}", position.byte_length, position.byte_offset);
            (lines + position.line, format!("rejected: {} ({place}) {}", reject.message, reject.text))
        })
        .chain(batch.records.iter().enumerate().map(|(row, record)| {
            let values = columns.iter().map(|column| match column[row] {
                Field::Text(text) => text.to_owned(),
                Field::Null => "-".to_owned(),
                Field::Torn => panic!("a field is torn"),
            });
            (lines + u64::from(record.line), values.collect::<Vec<_>>().join(" | "))
        }))
        .collect();
    lines.sort();
    for (row, line) in lines {
        writeln!(shown, "{} {line}", row + 1).unwrap();
    }
}
