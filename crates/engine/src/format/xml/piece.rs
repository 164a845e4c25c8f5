//! A part of a document that ends between rows, read and checked by any thread.

use std::sync::Arc;

use super::Settings;
use super::chars::first_forbidden;
use super::declaration::{self, Decoded};
use super::fault::{Fault, characters_of_last_line, line_ends};
use super::rows::{Found, Rows};
use super::token::Lexed;
use super::walk::{Place, Walk};
use crate::format::{Piece, Unreadable};
use crate::text::{Empty, Origin, TextBatch};

/// A part of a document, and its bytes.
#[derive(Debug)]
pub struct XmlPiece {
    pub bytes: Vec<u8>,
    pub part: Part,
}

/// What is to be known of a part of a document.
#[derive(Debug)]
pub struct Part {
    pub settings: Arc<Settings>,
    pub origin: Origin,
    /// Where in the document it starts.
    pub place: Arc<Place>,
    /// How many characters its first line has before it.
    pub column: u64,
    /// How its bytes became text, where it is the document's first part: then a declaration may say otherwise.
    pub declared: Option<Decoded>,
    pub end: End,
}

/// What stands behind a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The next part, inside of this many elements.
    Part { depth: usize },
    /// Nothing. Where rows were expected and there are none, a message says so; its words of the document are apart.
    Document { without_rows: Option<(String, String)> },
}

impl Piece for XmlPiece {
    fn read(self: Box<Self>) -> Result<TextBatch, Unreadable> {
        let Self { bytes, part } = *self;
        let (faults, bytes) = match String::from_utf8(bytes) {
            Ok(text) => match (part.rows(&text), forbidden(&text)) {
                (Ok(found), None) => return Ok(part.batch(text, found)),
                (found, forbidden) => ([found.err(), forbidden, None], text.into_bytes()),
            },
            Err(error) => {
                let what = format!(
                    "bytes that are no {}; a document is read whole or not at all",
                    part.origin.encoding.name()
                );
                let text = String::from_utf8_lossy(error.as_bytes());
                let invalid = Fault::new(error.utf8_error().valid_up_to(), what);
                ([part.rows(&text).err(), forbidden(&text), Some(invalid)], error.into_bytes())
            }
        };
        // The first is told, so that it makes no difference where the document was cut.
        let first = faults.into_iter().flatten().min_by_key(|fault| fault.at);
        let first = first.unwrap_or_else(|| Fault::new(0, "the document cannot be read; this is a fault of Sluice"));
        Err(unreadable(&first, &bytes, part.column, part.settings.may_quote))
    }
}

impl Part {
    fn rows(&self, text: &str) -> Lexed<Found> {
        let start = self.declared.map_or(Ok(0), |decoded| declaration::check(text, decoded))?;
        let walk = Walk::new(text, start, &self.place)?;
        let (found, walk) = Rows::new(&self.settings.layout, text, self.origin, walk).read()?;
        match &self.end {
            End::Part { depth } if walk.open().len() != *depth => {
                Err(Fault::new(text.len(), "markup before here was not closed where its rows end"))
            }
            End::Part { .. } => Ok(found),
            End::Document { without_rows } => {
                walk.finish()?;
                match without_rows {
                    Some((what, words)) => Err(Fault::new(text.len(), what.clone()).quoting(words)),
                    None => Ok(found),
                }
            }
        }
    }

    fn batch(self, text: String, found: Found) -> TextBatch {
        let Found { made, spans, records, rejects, read, lines } = found;
        TextBatch {
            raw: text,
            made,
            spans,
            width: self.settings.order.len(),
            order: Arc::clone(&self.settings.order),
            records,
            rejects,
            read,
            lines,
            origin: self.origin,
            blocks: None,
            empty: Empty::Null,
        }
    }
}

fn forbidden(text: &str) -> Option<Fault> {
    let (at, character) = first_forbidden(text)?;
    Some(Fault::new(at, format!("the character U+{:04X}, which XML does not have", u32::from(character))))
}

/// A fault of a text whose first line has so many characters before it.
pub fn unreadable(fault: &Fault, text: &[u8], column: u64, may_quote: bool) -> Unreadable {
    let before = text.get(..fault.at).unwrap_or(text);
    let (characters, has_line_end) = characters_of_last_line(before);
    let column = if has_line_end { characters } else { column + characters };
    Unreadable { line: line_ends(before, true), column: Some(column + 1), what: fault.message(may_quote) }
}
