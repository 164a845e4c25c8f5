//! Fields as a column takes them, type by type.

mod numbers;
mod reference;
mod rows;
mod texts;
mod times;

use arrow::util::display::{ArrayFormatter, FormatOptions};
use expect_test::Expect;
use model::dataset::DatasetFile;

use super::*;
use crate::text::{Empty, Form, Origin, Record, Span};
use model::encoding::Encoding;

/// The dataset of some columns.
pub(crate) fn dataset(columns: &str) -> Dataset {
    let yaml = format!("{{dataset: x, landing: x/, format: csv, nulls: ['NULL'], columns: {{{columns}}}}}");
    DatasetFile::parse(&yaml, "x.yaml").unwrap_or_else(|error| panic!("{}", model::error::chain(&error))).dataset
}

/// Rows of texts as a decoder yields them; a row's line is its number.
pub(crate) fn batch(rows: &[Vec<&str>]) -> TextBatch {
    let columns = rows.first().map_or(1, Vec::len);
    let mut batch = TextBatch {
        raw: String::new(),
        made: String::new(),
        spans: Vec::new(),
        width: columns,
        order: (0..columns).collect(),
        records: Vec::new(),
        rejects: Vec::new(),
        read: rows.len() as u64,
        lines: rows.len() as u64,
        origin: Origin { encoding: Encoding::Utf8, byte_offset: 0 },
        blocks: None,
        empty: Empty::Null,
    };
    let short = |place| u32::try_from(place).unwrap();
    for (row, line) in rows.iter().zip(1..) {
        assert_eq!(row.len(), columns);
        let first = batch.raw.len();
        for text in row {
            let start = batch.raw.len();
            batch.raw += text;
            batch.spans.push(Span::new(start..batch.raw.len(), Form::Raw));
        }
        batch.records.push(Record { start: short(first), end: short(batch.raw.len()), line });
    }
    batch
}

fn key() -> MaskKey {
    MaskKey::new(b"a key of at least 16 bytes".to_vec(), "1".to_owned()).unwrap()
}

/// Types the batch, and holds the law of every one: a row is good or it is one reject.
pub(crate) fn cast(dataset: &Dataset, batch: &TextBatch) -> Typed {
    let typed = Caster::new(dataset, Some(&key()))
        .unwrap_or_else(|error| panic!("{}", model::error::chain(&error)))
        .cast(batch);
    let typed = typed.unwrap();
    assert_eq!(typed.columns.num_rows(), batch.rows());
    assert_eq!(typed.is_bad.len(), batch.rows());
    let bad = typed.is_bad.iter().zip(1..).filter(|(is_bad, _)| **is_bad).map(|(_, line)| line);
    assert!(bad.eq(typed.rejects.iter().map(|reject| reject.position.line)), "a bad row has one reject");
    typed
}

/// Types one text a row as the column says; a reject is shown with its code.
fn check(column: &str, texts: &[&str], expected: Expect) {
    let rows: Vec<_> = texts.iter().map(|text| vec![*text]).collect();
    let typed = cast(&dataset(&format!("c: {{{column}}}")), &batch(&rows));
    let options = FormatOptions::new().with_null("null");
    let stored = schema::stored(typed.columns.column(0)).unwrap();
    let shown = ArrayFormatter::try_new(&stored, &options).unwrap();
    let lines = texts.iter().enumerate().map(|(row, text)| {
        let reject = typed.rejects.iter().find(|reject| reject.position.line == row as u64 + 1);
        match reject {
            Some(reject) => format!("{text:?}: {}: {}\n", reject.reason.code(), reject.message),
            None => format!("{text:?} = {}\n", shown.value(row)),
        }
    });
    expected.assert_eq(&lines.collect::<String>());
}

/// What is wrong with a column, as an error of the dataset file.
fn fault(column: &str) -> String {
    let error = Caster::new(&dataset(&format!("c: {{{column}}}")), Some(&key())).unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
    let text = model::error::chain(&error);
    text.strip_prefix("cannot read column `c` of dataset x: ").unwrap_or_else(|| panic!("{text}")).to_owned()
}
