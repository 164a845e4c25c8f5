//! The header: which field of the file is which column of the dataset.

use std::sync::Arc;

use model::dataset::{Contract, Dataset, fold, nearest};

use super::dialect::Dialect;
use crate::text::{Form, Span};

/// The names a header is to hold, in lower case: the columns', in the order of the dataset, then those that are known and
/// not read.
#[derive(Debug)]
pub struct Expected {
    sources: Vec<String>,
    dropped: Vec<String>,
    /// Whether other names are left out, rather than a fault of the file.
    leaves_out: bool,
    /// Whether a column is masked. A file without its header has values where names are expected: none is shown.
    hides_values: bool,
}

/// What a header says.
#[derive(Debug, PartialEq, Eq)]
pub struct Named {
    /// For each column its field.
    pub order: Arc<[usize]>,
    /// The fields of a record.
    pub width: usize,
    /// Whether the header ends with a delimiter behind which nothing is named: so may the records.
    pub is_trailed: bool,
    /// The names that are left out.
    pub left_out: Vec<String>,
}

impl Expected {
    pub fn of(dataset: &Dataset) -> Self {
        let columns = dataset.columns.iter();
        let source = columns.map(|(name, column)| column.from.as_deref().unwrap_or(name.as_str()));
        Self {
            sources: source.map(fold).collect(),
            dropped: dataset.drop.iter().map(|name| fold(name)).collect(),
            leaves_out: dataset.contract_of_data() == Contract::Freeze,
            hides_values: dataset.columns.values().any(|column| column.mask.is_some()),
        }
    }

    /// Whether a name is known and not read.
    pub fn is_dropped(&self, name: &str) -> bool {
        self.dropped.contains(&fold(name))
    }

    /// The names of the columns.
    pub fn sources(&self) -> &[String] {
        &self.sources
    }

    /// What a header says. `raw` is its record, which starts at `start`; an error is all that is wrong.
    pub fn order(&self, raw: &[u8], start: usize, spans: &[Span], dialect: &Dialect) -> Result<Named, String> {
        let mut names = names(raw, start, spans, dialect)?;
        let names_last = names.len() > 1 && names.last().is_some_and(String::is_empty);
        // A last column without a name is none, unless the dataset reads or drops it.
        let is_trailed =
            names_last && ![&self.sources, &self.dropped].iter().any(|known| known.contains(&String::new()));
        if is_trailed {
            names.pop();
        }
        let faults = self.faults(&names, dialect);
        if !faults.is_empty() {
            return Err(faults.join("; "));
        }
        let order = self.sources.iter().filter_map(|source| names.iter().position(|name| name == source)).collect();
        let width = names.len();
        names.retain(|name| self.is_unknown(name));
        Ok(Named { order, width, is_trailed, left_out: names })
    }

    fn is_unknown(&self, name: &String) -> bool {
        !self.sources.contains(name) && !self.dropped.contains(name)
    }

    fn faults(&self, names: &[String], dialect: &Dialect) -> Vec<String> {
        let mut faults = Vec::new();
        let known: Vec<&str> = self.sources.iter().map(String::as_str).collect();
        // A line with all names is a header, whatever else it names.
        let is_header = self.leaves_out && self.sources.iter().all(|source| names.contains(source));
        if self.hides_values && !is_header && names.iter().any(|name| self.is_unknown(name)) {
            let missing: Vec<_> = known.iter().filter(|source| !names.iter().any(|name| name == *source)).collect();
            faults.push(format!(
                "the header has names that the dataset does not know, and lacks {missing:?}; names are not shown, since a \
                 column is masked; has the file a header?"
            ));
            return faults;
        }
        let free: Vec<&str> = names.iter().map(String::as_str).filter(|name| !known.contains(name)).collect();
        for source in &known {
            match names.iter().filter(|name| name == source).count() {
                0 => faults.push(match nearest(source, &free) {
                    Some(near) => format!("the header has no column `{source}`; the nearest is `{near}`"),
                    None => format!("the header has no column `{source}`"),
                }),
                1 => {}
                times => faults.push(format!("the header names the column `{source}` {times} times")),
            }
        }
        let unknown = free.iter().filter(|name| !self.dropped.iter().any(|dropped| dropped == *name));
        for name in unknown.filter(|_| !self.leaves_out) {
            faults.push(match nearest(name, &known) {
                Some(near) => format!("the dataset has no column `{name}`; the nearest is `{near}`"),
                None => format!("the dataset has no column `{name}`; `drop` names what is known and not read"),
            });
        }
        if names.len() == 1 && known.len() > 1 {
            let delimiter = String::from_utf8_lossy(&dialect.delimiter).into_owned();
            faults.push(format!("the header is one field: is {delimiter:?} (`csv.delimiter`) the file's delimiter?"));
        }
        faults
    }
}

/// The names of a header, as they are compared.
pub fn names(raw: &[u8], start: usize, spans: &[Span], dialect: &Dialect) -> Result<Vec<String>, String> {
    Ok(texts(raw, start, spans, dialect)?.iter().map(|name| fold(name)).collect())
}

/// The names of a header, as they are written.
pub fn texts(raw: &[u8], start: usize, spans: &[Span], dialect: &Dialect) -> Result<Vec<String>, String> {
    let text = |span: &Span| {
        let range = span.range();
        let bytes = raw.get(range.start - start..range.end - start).unwrap_or_default();
        let text = str::from_utf8(bytes).map_err(|_| "the header is not UTF-8; is `encoding` another?".to_owned())?;
        if text.contains('\0') {
            return Err("the header has NUL bytes, as UTF-16 does; is `encoding` utf-16le or utf-16be?".to_owned());
        }
        let mut made = String::new();
        if span.form() == Form::Escaped {
            dialect.unescape(text, &mut made);
        }
        Ok(if made.is_empty() { text.trim().to_owned() } else { made.trim().to_owned() })
    };
    spans.iter().map(text).collect()
}
