//! What files become, row by row, however they are pushed and cut.

mod documents;
mod laws;
mod lines;
mod values;

use model::dataset::DatasetFile;

use super::*;
use crate::reject::{Fault, Reason};
use crate::text::{Field, Position, TextBatch};
use model::encoding::Encoding;

/// A dataset with these columns and this `json`, each as in a dataset file: `a: {type: bigint}`.
fn dataset(columns: &str, json: &str) -> Dataset {
    let json = if json.is_empty() { String::new() } else { format!("json: {{{json}}}, ") };
    let yaml = format!("{{dataset: x, landing: x/, format: json, {json}columns: {{{columns}}}}}");
    DatasetFile::parse(&yaml, "x.yaml").unwrap().dataset
}

/// Columns of text with these names, or names and paths: `a, b=x.y`.
fn texts(columns: &str, json: &str) -> Dataset {
    let column = |column: &str| match column.trim().split_once('=') {
        Some((name, from)) => format!("{name}: {{type: varchar(100), from: '{from}'}}"),
        None => format!("{}: {{type: varchar(100)}}", column.trim()),
    };
    dataset(&columns.split(',').map(column).collect::<Vec<_>>().join(", "), json)
}

/// All batches of an input that is pushed in such pieces and cut into such others.
fn read(dataset: &Dataset, input: &[u8], push: usize, piece: usize) -> Result<Vec<TextBatch>, String> {
    let origin = Origin { encoding: Encoding::Utf8, byte_offset: 0 };
    let mut reader = JsonReader::with_pieces(dataset, origin, piece).unwrap();
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
        let batch = piece.read().map_err(|error| tell(error, lines))?;
        lines += batch.lines;
        batches.push(batch);
    }
    ended.map_err(|error| tell(error, lines))?;
    Ok(batches)
}

fn tell(error: Unreadable, lines_before: u64) -> String {
    let column = error.column.map(|column| format!(" column {column}")).unwrap_or_default();
    format!("line {}{column}: {}", lines_before + error.line + 1, error.what)
}

/// The rows' texts and the rejects, each with its position in the file.
fn lines(batches: &[TextBatch]) -> Vec<(Position, String)> {
    let mut lines = Vec::new();
    let mut before = 1;
    for batch in batches {
        assert_eq!(batch.rows_read(), (batch.rows() + batch.rejects.len()) as u64);
        assert_eq!(batch.spans.len(), batch.rows() * batch.width);
        let at = |position: Position| Position { line: before + position.line, ..position };
        for row in 0..batch.rows() {
            let place = batch.reject(row, None, Fault::new(Reason::BadJson, "")).unwrap().position;
            lines.push((at(place), fields(batch, row)));
        }
        for reject in &batch.rejects {
            let column = reject.column.as_ref().map(|column| format!(" in {column}")).unwrap_or_default();
            let (code, message, text) = (reject.reason.code(), &reject.message, &reject.text);
            lines.push((at(reject.position), format!("{code}{column}: {message}: {text}")));
        }
        before += batch.lines;
    }
    lines.sort_by_key(|(position, _)| position.byte_offset);
    lines
}

/// A row's fields, null without quotes.
fn fields(batch: &TextBatch, row: usize) -> String {
    let text = |column| match batch.column(column).nth(row).unwrap() {
        Field::Text(text) => format!("{text:?}"),
        Field::Null => "null".to_owned(),
        Field::Torn => panic!("a field is torn"),
    };
    (0..batch.order.len()).map(text).collect::<Vec<_>>().join(" ")
}

/// Every row with its line, offset and length, every reject with its code. However the input is pushed and cut, it
/// reads the same.
fn show(dataset: &Dataset, input: impl AsRef<[u8]>) -> String {
    let input = input.as_ref();
    let whole = read(dataset, input, usize::MAX, 1 << 20).map(|batches| lines(&batches));
    for (push, piece) in [(1, 1), (3, 7), (7, 3), (100, 10), (1, 20), (usize::MAX, 1), (usize::MAX, 5)] {
        assert_eq!(read(dataset, input, push, piece).map(|batches| lines(&batches)), whole, "{push} {piece}");
    }
    let show = |(at, text): &(Position, String)| {
        format!("line {} at {}+{}: {text}\n", at.line, at.byte_offset, at.byte_length)
    };
    whole.map_or_else(|error| error + "\n", |lines| lines.iter().map(show).collect())
}
