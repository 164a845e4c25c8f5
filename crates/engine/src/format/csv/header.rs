//! The header: which field of the file is which column of the dataset.

use std::sync::Arc;

use model::dataset::{Dataset, nearest};

use super::sift::undouble;
use crate::text::{Form, Span};

/// The names a header is to hold, in the order of the dataset's columns, in lower case.
#[derive(Debug)]
pub struct Expected {
    sources: Vec<String>,
}

impl Expected {
    pub fn of(dataset: &Dataset) -> Self {
        let columns = dataset.columns.iter();
        let source = columns.map(|(name, column)| column.from.as_deref().unwrap_or(name.as_str()));
        Self { sources: source.map(fold).collect() }
    }

    /// For each column its field. `raw` is the header's record, which starts at `start`; an error is all that is wrong.
    pub fn order(&self, raw: &[u8], start: usize, spans: &[Span], quote: u8) -> Result<Arc<[usize]>, String> {
        let text = |span: &Span| {
            let range = span.range();
            let bytes = raw.get(range.start - start..range.end - start).unwrap_or_default();
            let text = str::from_utf8(bytes).map_err(|_| "the header is not UTF-8".to_owned())?;
            let mut made = String::new();
            if span.form == Form::Doubled {
                undouble(text, char::from(quote), &mut made);
            }
            Ok(fold(if made.is_empty() { text } else { &made }))
        };
        let names = spans.iter().map(text).collect::<Result<Vec<_>, String>>()?;
        let faults = self.faults(&names);
        if !faults.is_empty() {
            return Err(faults.join("; "));
        }
        Ok(self.sources.iter().filter_map(|source| names.iter().position(|name| name == source)).collect())
    }

    fn faults(&self, names: &[String]) -> Vec<String> {
        let mut faults = Vec::new();
        let known: Vec<&str> = self.sources.iter().map(String::as_str).collect();
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
        for name in &free {
            faults.push(match nearest(name, &known) {
                Some(near) => format!("the dataset has no column `{name}`; the nearest is `{near}`"),
                None => format!("the dataset has no column `{name}`"),
            });
        }
        if names.len() == 1 && known.len() > 1 {
            faults.push("the header is one field: is `csv.delimiter` the file's?".to_owned());
        }
        faults
    }
}

/// Names are compared without regard to case and to white space around them.
fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}
