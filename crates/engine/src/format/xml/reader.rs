//! Cuts a document into parts that end between rows.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Settings;
use super::declaration::Decoded;
use super::fault::{Fault, characters_of_last_line};
use super::piece::{End, Part, XmlPiece, unreadable};
use super::scan::{Tags, Unit, unit};
use super::walk::{MAX_DEPTH, Place};
use crate::format::{Piece, Reader, Unreadable};
use crate::text::{Origin, PIECE_BYTES};

/// Bytes are looked at when at least this many more are here.
const STEP_BYTES: usize = 64 * 1024;

/// The start tags of the elements around the rows may have this many bytes: each piece holds them.
const MAX_OPEN_BYTES: usize = 1024 * 1024;

/// The reader of one document.
#[derive(Debug)]
pub struct XmlReader {
    settings: Arc<Settings>,
    origin: Origin,
    decoded: Option<Decoded>,
    piece_bytes: usize,
    /// What no piece has been made of.
    bytes: Vec<u8>,
    /// The units before this byte are known.
    at: usize,
    /// More is not looked at before there are this many bytes.
    wanted: usize,
    /// How many characters the line has before the bytes.
    column: u64,
    /// Where in the document the bytes start, and where the next unit does.
    start: Arc<Place>,
    place: Place,
    open_bytes: usize,
    seen: Seen,
    tags: Option<Tags>,
    pieces: VecDeque<XmlPiece>,
}

/// What was seen that says whether a document without rows is as it should be.
#[derive(Debug, Default)]
struct Seen {
    has_rows: bool,
    has_parent: bool,
    has_elements: bool,
    /// The name of an element that would be a row in another case.
    almost: Option<String>,
}

impl XmlReader {
    pub fn new(settings: Arc<Settings>, decoded: Decoded, origin: Origin) -> Self {
        Self {
            settings,
            origin,
            decoded: Some(decoded),
            piece_bytes: PIECE_BYTES,
            bytes: Vec::new(),
            at: 0,
            wanted: STEP_BYTES,
            column: 0,
            start: Arc::default(),
            place: Place::default(),
            open_bytes: 0,
            seen: Seen::default(),
            tags: None,
            pieces: VecDeque::new(),
        }
    }

    /// Cuts pieces of another length; what is read is the same.
    #[cfg(test)]
    pub fn cut_every(&mut self, piece_bytes: usize) {
        self.piece_bytes = piece_bytes;
        self.wanted = piece_bytes.min(STEP_BYTES);
    }

    /// Looks at what is here, unit by unit. Where it cannot go on, what comes before is a piece: it may hold the fault.
    fn scan(&mut self) -> Result<(), Unreadable> {
        let scanned = self.units();
        if scanned.is_err() && self.at > 0 {
            self.cut_part();
        }
        scanned.map_err(|what| unreadable(&Fault::new(0, what), &self.bytes, self.column, true))?;
        // A unit is looked at again when there is twice as much of it, so that a long one costs no more than twice.
        let pending = self.bytes.len() - self.at;
        self.wanted = self.bytes.len() + pending.max(STEP_BYTES);
        Ok(())
    }

    fn units(&mut self) -> Result<(), String> {
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let row = &self.settings.layout.row;
            let open = || self.place.open.iter().map(|tag| tag_name(tag));
            let is_row = |name: &[u8]| str::from_utf8(name).is_ok_and(|name| row.is_row(open(), name));
            let Some((unit, length)) = unit(rest, &mut self.tags, is_row) else {
                return self.check_length(rest.len());
            };
            self.check_length(length)?;
            match unit {
                Unit::Row => {
                    self.place.has_root = true;
                    self.seen.has_rows = true;
                }
                Unit::Text | Unit::Aside => {}
                Unit::Doctype => self.place.has_doctype = true,
                Unit::Close => {
                    let closed = self.place.open.pop();
                    self.open_bytes -= closed.map_or(0, |tag| tag.len());
                }
                Unit::Empty { name } | Unit::Open { name } => {
                    let name = String::from_utf8_lossy(name);
                    self.seen.look(row, &self.place.open, &name);
                    if matches!(unit, Unit::Open { .. }) {
                        let tag = String::from_utf8_lossy(rest.get(..length).unwrap_or_default()).into_owned();
                        self.open(tag)?;
                    }
                    self.place.has_root = true;
                }
            }
            self.at += length;
            if self.at >= self.piece_bytes {
                self.cut_part();
            }
        }
    }

    /// An element begins that is no row.
    fn open(&mut self, tag: String) -> Result<(), String> {
        if self.place.open.len() == MAX_DEPTH {
            return Err(format!("elements are nested deeper than {MAX_DEPTH}, which is the limit"));
        }
        if self.open_bytes + tag.len() > MAX_OPEN_BYTES {
            let what = "the start tags of the elements that are open here have more than";
            return Err(format!("{what} {MAX_OPEN_BYTES} bytes, which is the limit"));
        }
        self.open_bytes += tag.len();
        self.place.open.push(tag);
        Ok(())
    }

    fn check_length(&self, length: usize) -> Result<(), String> {
        let most = self.settings.record_bytes;
        if length <= most {
            return Ok(());
        }
        let what = "the row, or the text, comment or tag between rows, that starts here has more than";
        Err(format!("{what} {most} bytes (limits.record_bytes); is it closed?"))
    }

    fn cut_part(&mut self) {
        self.cut(End::Part { depth: self.place.open.len() });
    }

    /// Makes a piece of the units that are known.
    fn cut(&mut self, end: End) {
        let mut rest = Vec::with_capacity(self.piece_bytes + self.piece_bytes / 4);
        rest.extend_from_slice(self.bytes.get(self.at..).unwrap_or_default());
        let mut bytes = std::mem::replace(&mut self.bytes, rest);
        bytes.truncate(self.at);
        let origin = self.origin;
        let column = self.column;
        self.origin = origin.behind(&bytes);
        let (characters, has_line_end) = characters_of_last_line(&bytes);
        self.column = if has_line_end { characters } else { column + characters };
        self.wanted = self.wanted.saturating_sub(self.at);
        self.at = 0;
        let place = Arc::clone(&self.start);
        if *self.start != self.place {
            self.start = Arc::new(self.place.clone());
        }
        let settings = Arc::clone(&self.settings);
        let declared = self.decoded.take();
        self.pieces.push_back(XmlPiece { bytes, part: Part { settings, origin, place, column, declared, end } });
    }
}

impl Reader for XmlReader {
    fn push(&mut self, bytes: &[u8]) -> Result<(), Unreadable> {
        for step in bytes.chunks(STEP_BYTES) {
            self.bytes.extend_from_slice(step);
            if self.bytes.len() >= self.wanted {
                self.scan()?;
            }
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Unreadable> {
        self.scan()?;
        self.at = self.bytes.len();
        let without_rows =
            self.seen.why_no_rows(self.settings.layout.row.as_str(), self.settings.layout.row.is_place());
        self.cut(End::Document { without_rows });
        Ok(())
    }

    fn take(&mut self) -> Option<Box<dyn Piece>> {
        self.pieces.pop_front().map(|piece| Box::new(piece) as Box<dyn Piece>)
    }
}

impl Seen {
    fn look(&mut self, row: &super::path::RowPath, open: &[String], name: &str) {
        self.has_elements |= !open.is_empty();
        if self.has_rows {
            return;
        }
        if self.almost.is_none() && row.is_almost(name) {
            self.almost = Some(name.to_owned());
        }
        let path: Vec<&str> = open.iter().map(|tag| tag_name(tag)).chain([name]).collect();
        self.has_parent |= row.is_parent(path.into_iter());
    }

    /// Why a document without rows is refused; the words of the document are apart.
    fn why_no_rows(&self, row: &str, is_place: bool) -> Option<(String, String)> {
        let none = if is_place { format!("no element stands at `{row}`") } else { format!("no element is a `{row}`") };
        match &self.almost {
            _ if self.has_rows || self.has_parent => None,
            Some(almost) => Some((
                format!("{none}; there is `{{}}`, and the name of a row matches as it is written"),
                almost.clone(),
            )),
            None if is_place => {
                Some((format!("{none}, nor is there what should be around it; is `xml.row` right?"), String::new()))
            }
            None if self.has_elements => {
                let what =
                    "is `xml.row` right? Where a document may have no row, write its path from the root (catalog/book)";
                Some((format!("{none}; {what}"), String::new()))
            }
            None => None,
        }
    }
}

/// The name in a start tag.
fn tag_name(tag: &str) -> &str {
    let name = tag.trim_start_matches('<');
    let end = name.find([' ', '\t', '\n', '\r', '>', '/']);
    name.get(..end.unwrap_or(name.len())).unwrap_or_default()
}
