//! Where a piece ends: behind the last record that ends before [`PIECE_BYTES`], else behind the first.
//!
//! Lines are cut at their ends. A document is cut between its records, which takes an [`Outline`] of all its bytes; what
//! stands around an array of records goes along as pieces of nothing, so that lines and places are counted on.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;

use memchr::{memchr, memchr_iter, memrchr};
use model::Result;
use model::dataset::{Dataset, Path};

use super::Layout;
use super::cursor::{Broken, Cursor};
use super::outline::{Between, Mark, Outline};
use super::piece::{Content, End, JsonPiece, column_behind, is_space, line_ends};
use super::told::{Form, Teller};
use super::tree::{self, Tree};
use super::way::{NoWay, Trouble, Way};
use crate::format::buffer::{split_front, take_slice};
use crate::format::{Piece, Reader, Unreadable};
use crate::text::{Origin, PIECE_BYTES};

/// What the next bytes are.
#[derive(Debug)]
enum Stage {
    /// The first ones: they tell.
    Begin(Teller),
    Lines,
    Values(Seen),
    /// What stands before an array of records.
    Before(Way),
    /// Its elements.
    Elements {
        seen: Seen,
        is_first: bool,
        way: Way,
    },
    /// What stands behind it.
    Behind(Way),
    /// Nothing that matters: a piece will say why.
    Over,
}

/// What is known of records that end at no line's end.
#[derive(Debug)]
struct Seen {
    outline: Outline,
    /// The last end of a record.
    best: Option<usize>,
    records: usize,
}

impl Seen {
    fn new(between: Between) -> Self {
        Self { outline: Outline::new(between), best: None, records: 0 }
    }
}

/// Cuts one JSON object.
#[derive(Debug)]
pub struct JsonReader {
    stage: Stage,
    layout: Arc<Layout>,
    /// Of the buffer.
    origin: Origin,
    /// Characters before the buffer on its first line.
    column: u64,
    /// What no piece has been made of.
    buffer: Vec<u8>,
    /// Bytes of it that were looked at.
    at: usize,
    pieces: VecDeque<JsonPiece>,
    /// [`PIECE_BYTES`]; less where a test wants to see many pieces.
    piece_bytes: usize,
}

impl Reader for JsonReader {
    fn push(&mut self, mut bytes: &[u8]) -> Result<(), Unreadable> {
        while !bytes.is_empty() {
            take_slice(&mut self.buffer, &mut bytes, self.piece_bytes);
            self.advance(false)?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Unreadable> {
        self.advance(true)
    }

    fn take(&mut self) -> Option<Box<dyn Piece>> {
        self.pieces.pop_front().map(|piece| Box::new(piece) as Box<dyn Piece>)
    }
}

impl JsonReader {
    /// Before the first byte of an object's text.
    pub fn new(dataset: &Dataset, origin: Origin) -> Result<Self> {
        Self::with_pieces(dataset, origin, PIECE_BYTES)
    }

    pub(super) fn with_pieces(dataset: &Dataset, origin: Origin, piece_bytes: usize) -> Result<Self> {
        let layout = Layout::of(dataset)?;
        let records: Option<&Path> = dataset.json.records.as_ref();
        records.map_or(Ok(()), tree::check)?;
        let has_arrays = layout.tree.node(Tree::ROOT).is_some_and(|root| !root.indexes.is_empty());
        Ok(Self {
            stage: match records {
                Some(path) => Stage::Before(Way::new(path.clone())),
                None => Stage::Begin(Teller::new(has_arrays, PIECE_BYTES)),
            },
            layout: Arc::new(layout),
            origin,
            column: 0,
            buffer: Vec::new(),
            at: 0,
            pieces: VecDeque::new(),
            piece_bytes,
        })
    }

    /// Goes as far as the bytes allow.
    fn advance(&mut self, is_all: bool) -> Result<(), Unreadable> {
        loop {
            let stage = std::mem::replace(&mut self.stage, Stage::Over);
            let (next, has_moved) = match stage {
                Stage::Begin(teller) => self.begin(teller, is_all),
                Stage::Lines => (Stage::Lines, self.lines(is_all)?),
                Stage::Values(seen) => self.values(seen, is_all)?,
                Stage::Before(way) => self.before(way, is_all)?,
                Stage::Elements { seen, is_first, way } => self.elements(seen, is_first, way, is_all)?,
                Stage::Behind(way) => self.behind(way, is_all)?,
                Stage::Over => {
                    self.buffer.clear();
                    (Stage::Over, false)
                }
            };
            self.stage = next;
            if !has_moved {
                return Ok(());
            }
        }
    }

    fn begin(&mut self, mut teller: Teller, is_all: bool) -> (Stage, bool) {
        match teller.tell(&self.buffer, is_all) {
            None => (Stage::Begin(teller), false),
            Some(Form::Lines) => (Stage::Lines, true),
            Some(Form::Values) => (Stage::Values(Seen::new(Between::Nothing)), true),
            Some(Form::Array) => {
                // Behind its bracket, and what white space stands before it.
                let length = memchr(b'[', &self.buffer).map_or(0, |at| at + 1);
                self.cut(length, Content::Nothing);
                let seen = Seen::new(Between::Commas);
                (Stage::Elements { seen, is_first: true, way: Way::of_array() }, true)
            }
        }
    }

    fn lines(&mut self, is_all: bool) -> Result<bool, Unreadable> {
        let length = self.buffer.len();
        if length < self.piece_bytes && !is_all {
            return Ok(false);
        }
        let is_last = is_all && length <= self.piece_bytes;
        let near = self.buffer.get(..self.piece_bytes.min(length)).unwrap_or_default();
        let end = match memrchr(b'\n', near) {
            _ if is_last => Some(self.few(near)).filter(|end| *end > 0),
            Some(last) => Some(self.few(near.get(..=last).unwrap_or_default())),
            None => {
                let from = self.at.max(near.len());
                self.at = length;
                let end = memchr(b'\n', self.buffer.get(from..).unwrap_or_default()).map(|at| from + at + 1);
                end.or(is_all.then_some(length))
            }
        };
        if end.unwrap_or(length) > self.most_bytes() {
            return Err(self.layout.too_long(0));
        }
        end.inspect(|end| self.cut(*end, Content::Lines));
        Ok(end.is_some())
    }

    /// The length of so many lines that their rows take no more memory than they may.
    fn few(&self, lines: &[u8]) -> usize {
        let most = self.layout.piece_rows;
        memchr_iter(b'\n', lines).nth(most - 1).map_or(lines.len(), |at| at + 1)
    }

    /// The bytes without an end of a record that are too many.
    fn most_bytes(&self) -> usize {
        self.layout.record_bytes.max(self.piece_bytes)
    }

    fn values(&mut self, mut seen: Seen, is_all: bool) -> Result<(Stage, bool), Unreadable> {
        if let Some(found) = self.look(&mut seen)? {
            let (Found::End(end) | Found::Close(end)) = found;
            self.cut(end, Content::Values);
            // A bracket that nothing opened is where the piece will fail.
            let next = if matches!(found, Found::Close(_)) { Stage::Over } else { Stage::Values(seen) };
            return Ok((next, true));
        }
        if is_all && !self.buffer.is_empty() {
            self.cut(self.buffer.len(), Content::Values);
        }
        Ok((Stage::Values(seen), false))
    }

    fn elements(
        &mut self,
        mut seen: Seen,
        is_first: bool,
        mut way: Way,
        is_all: bool,
    ) -> Result<(Stage, bool), Unreadable> {
        match self.look(&mut seen)? {
            Some(Found::End(end)) => {
                self.cut(end, Content::Elements { is_first, end: End::Elements });
                Ok((Stage::Elements { seen, is_first: false, way }, true))
            }
            Some(Found::Close(end)) if self.buffer.get(end - 1) == Some(&b']') => {
                self.cut(end - 1, Content::Elements { is_first, end: End::Bracket });
                way.leave();
                self.cut(1, Content::Nothing);
                Ok((Stage::Behind(way), true))
            }
            Some(Found::Close(end)) => {
                // The piece fails at the other bracket, if not before.
                self.cut(end, Content::Elements { is_first, end: End::Bracket });
                Ok((Stage::Over, true))
            }
            None if is_all => {
                self.cut(self.buffer.len(), Content::Elements { is_first, end: End::File });
                Ok((Stage::Over, true))
            }
            None => Ok((Stage::Elements { seen, is_first, way }, false)),
        }
    }

    /// Looks for the end of a piece.
    fn look(&mut self, seen: &mut Seen) -> Result<Option<Found>, Unreadable> {
        let (piece_bytes, most_rows) = (self.piece_bytes, self.layout.piece_rows);
        loop {
            // Without an end so far, one more byte than may be is enough to know.
            let most = if seen.best.is_some() { piece_bytes } else { piece_bytes.max(self.most_bytes() + 1) };
            let stop = if self.at < piece_bytes { piece_bytes } else { most }.min(self.buffer.len());
            let bytes = self.buffer.get(self.at..stop).unwrap_or_default();
            let mut close = None;
            self.at = seen.outline.scan(bytes, self.at, |mark| match mark {
                Mark::End(end) => {
                    seen.best = Some(end);
                    seen.records += 1;
                    let is_enough = seen.records >= most_rows || end > piece_bytes;
                    if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                }
                Mark::Close(at) => {
                    close = Some(at + 1);
                    ControlFlow::Break(())
                }
            });
            if let Some(end) = close {
                return Ok(Some(Found::Close(end)));
            }
            let is_enough = self.at >= piece_bytes || seen.records >= most_rows;
            if let Some(end) = seen.best.take_if(|_| is_enough) {
                seen.records = 0;
                return Ok(Some(Found::End(end)));
            }
            if self.at > self.most_bytes() {
                return Err(self.too_long());
            }
            if self.at >= self.buffer.len() {
                return Ok(None);
            }
        }
    }

    /// Why a record does not end: a quote or a bracket may be missing in it.
    fn too_long(&self) -> Unreadable {
        let bytes = self.buffer.get(..self.most_bytes() + 1).unwrap_or_default();
        let mut cursor = Cursor::new(bytes, 0);
        match cursor.shape().and_then(|shape| cursor.skip(shape)) {
            Err(Broken { at, what }) if at < bytes.len() => self.no_way(NoWay { at, what: Trouble::Syntax(what) }),
            _ => {
                let start = bytes.iter().position(|byte| !is_space(*byte)).unwrap_or(0);
                self.layout.too_long(line_ends(bytes.get(..start).unwrap_or_default()))
            }
        }
    }

    fn before(&mut self, mut way: Way, is_all: bool) -> Result<(Stage, bool), Unreadable> {
        if !self.go(&mut way, is_all)? {
            return Ok((Stage::Before(way), false));
        }
        self.cut(self.at + 1, Content::Nothing);
        Ok((Stage::Elements { seen: Seen::new(Between::Commas), is_first: true, way }, true))
    }

    fn behind(&mut self, mut way: Way, is_all: bool) -> Result<(Stage, bool), Unreadable> {
        self.go(&mut way, is_all)?;
        Ok((Stage::Behind(way), false))
    }

    /// Goes along a way as far as the bytes allow; says whether it has come to an array, which is at the bytes' end.
    fn go(&mut self, way: &mut Way, is_all: bool) -> Result<bool, Unreadable> {
        let bytes = self.buffer.get(self.at..).unwrap_or_default();
        let (at, is_there) = way.go(bytes, self.at).map_err(|no_way| self.no_way(no_way))?;
        self.at = at;
        if is_there {
            return Ok(true);
        }
        if is_all {
            way.end(at).map_err(|no_way| self.no_way(no_way))?;
        } else if at < self.piece_bytes {
            return Ok(false);
        }
        // An LF that belongs to the CR at the end would be counted as another line end.
        let is_pair = !is_all && self.buffer.last() == Some(&b'\r');
        self.cut(at - usize::from(is_pair), Content::Nothing);
        Ok(false)
    }

    fn no_way(&self, NoWay { at, what }: NoWay) -> Unreadable {
        let before = self.buffer.get(..at).unwrap_or_default();
        // The rest of a longer character may not be here yet.
        let of_byte = |byte: &u8| if byte.is_ascii() { char::from(*byte) } else { char::REPLACEMENT_CHARACTER };
        let what = match what {
            Trouble::Syntax(what) => what.told(self.layout.found(self.buffer.get(at).map(of_byte))),
            Trouble::Records(what) => what,
        };
        let column = column_behind(self.column, before) + 1;
        Unreadable { line: line_ends(before).into(), column: Some(column), what }
    }

    /// Makes a piece of the buffer's first bytes.
    fn cut(&mut self, length: usize, content: Content) {
        let bytes = split_front(&mut self.buffer, length, self.piece_bytes);
        self.at = self.at.saturating_sub(length);
        let (origin, column) = (self.origin, self.column);
        self.origin = origin.behind(&bytes);
        self.column = if content == Content::Lines { 0 } else { column_behind(column, &bytes) };
        self.pieces.push_back(JsonPiece { bytes, content, layout: Arc::clone(&self.layout), origin, column });
    }
}

/// Where a piece may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// Behind a record, and the comma behind it.
    End(usize),
    /// Behind a bracket that nothing in the records opened.
    Close(usize),
}
