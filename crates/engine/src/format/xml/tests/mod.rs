//! Documents in, rows and faults out, however they are cut.

mod agree;
mod faults;
mod fields;
mod odd;
mod supers;

use expect_test::Expect;
use model::dataset::DatasetFile;

use super::*;
use crate::encoding::Encoding;
use crate::format::Unreadable;
use crate::reject::{Fault, Reason};
use crate::text::{Field, Position, TextBatch};

/// A dataset of these columns (`a`, `a: super`, `a from @id`, `a: super from b/c`) and this row, with more keys.
pub fn dataset(row: &str, columns: &str, more: &str) -> Dataset {
    let columns: Vec<_> = columns.split(", ").map(column).collect();
    let yaml = format!(
        "{{dataset: x, landing: x/, format: xml, xml: {{row: '{row}'}}, columns: {{{}}}{more}}}",
        columns.join(", ")
    );
    DatasetFile::parse(&yaml, "x.yaml").unwrap().dataset
}

fn column(column: &str) -> String {
    let (column, from) = column.split_once(" from ").unwrap_or((column, ""));
    let (name, kind) = column.split_once(": ").unwrap_or((column, "varchar(100)"));
    let from = if from.is_empty() { String::new() } else { format!(", from: '{from}'") };
    format!("{name}: {{type: {kind}{from}}}")
}

/// All batches of a document that is pushed in such parts and cut into such others.
pub fn read(
    dataset: &Dataset,
    origin: Origin,
    input: &[u8],
    push: usize,
    piece: usize,
) -> Result<Vec<TextBatch>, String> {
    let settings = settings(dataset).map_err(|error| model::error::chain(&error))?;
    let mut reader = XmlReader::new(Arc::new(settings), decoded(dataset, origin), origin);
    reader.cut_every(piece);
    let mut batches = Vec::new();
    let mut lines = 0;
    let mut ended = Ok(());
    for bytes in input.chunks(push).map(Some).chain([None]) {
        if ended.is_ok() {
            ended = match bytes {
                Some(bytes) => reader.push(bytes),
                None => reader.end(),
            };
        }
    }
    while let Some(piece) = reader.take() {
        let batch = piece.read().map_err(|error| tell(&error, lines))?;
        lines += batch.lines;
        batches.push(batch);
    }
    ended.map_err(|error| tell(&error, lines))?;
    Ok(batches)
}

fn tell(error: &Unreadable, lines_before: u64) -> String {
    let column = error.column.map_or_else(String::new, |column| format!(":{column}"));
    format!("{}{column}: {}", lines_before + error.line + 1, error.what)
}

/// The rows' texts and the rejects, each with its position in the file.
fn lines(batches: &[TextBatch]) -> Vec<(Position, String)> {
    let mut lines = Vec::new();
    let mut before = 1;
    for batch in batches {
        assert_eq!(batch.rows_read(), (batch.rows() + batch.rejects.len()) as u64);
        let at = |position: Position| Position { line: before + position.line, ..position };
        for row in 0..batch.rows() {
            let place = batch.reject(row, None, Fault::new(Reason::BadQuote, "")).unwrap().position;
            lines.push((at(place), format!("{:?}", texts(batch, row))));
        }
        for reject in &batch.rejects {
            let column = reject.column.as_ref().map(|column| format!(" in {column}")).unwrap_or_default();
            let (code, message, text) = (reject.reason.code(), &reject.message, &reject.text);
            lines.push((at(reject.position), format!("{code}{column}: {message}: {text:?}")));
        }
        before += batch.lines;
    }
    lines.sort_by_key(|(position, _)| position.byte_offset);
    lines
}

pub fn texts(batch: &TextBatch, row: usize) -> Vec<&str> {
    let text = |column| match batch.column(column).nth(row).unwrap() {
        Field::Text(text) => text,
        Field::Null => "(null)",
        Field::Torn => panic!("a field is torn"),
    };
    (0..batch.order.len()).map(text).collect()
}

pub const UTF8: Origin = Origin { encoding: Encoding::Utf8, byte_offset: 0 };

/// Every row with its line, offset and length, every reject with its code. However the document is pushed and cut, it
/// reads the same.
pub fn outcome(dataset: &Dataset, input: &[u8]) -> Result<Vec<(Position, String)>, String> {
    let whole = read(dataset, UTF8, input, usize::MAX, 1 << 20).map(|batches| lines(&batches));
    for (push, piece) in [(1, 1), (3, 7), (7, 30), (100, 10), (1, 100), (usize::MAX, 1), (usize::MAX, 50)] {
        let cut = read(dataset, UTF8, input, push, piece).map(|batches| lines(&batches));
        assert_eq!(cut, whole, "pushed by {push}, cut every {piece}: {:?}", String::from_utf8_lossy(input));
    }
    whole
}

pub fn show(dataset: &Dataset, input: &[u8]) -> String {
    let show = |(at, text): &(Position, String)| {
        format!("line {} at {}+{}: {text}\n", at.line, at.byte_offset, at.byte_length)
    };
    outcome(dataset, input).map_or_else(|error| error + "\n", |lines| lines.iter().map(show).collect())
}

#[track_caller]
pub fn check(row: &str, columns: &str, input: impl AsRef<[u8]>, expected: Expect) {
    expected.assert_eq(&show(&dataset(row, columns, ""), input.as_ref()));
}
