//! The way to the array of records inside a document, and what stands around it.
//!
//! Neither has to fit in memory: each byte is checked once and forgotten, but for the key in hand.

use model::dataset::{Path, Segment};

use super::cursor::{Shape, What, plain_bytes, unescape};
use super::syntax::{Event, Syntax};

/// A key that is longer is none that a path names.
const MAX_KEY_BYTES: usize = 64 * 1024;

/// Why there is no way, or no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoWay {
    /// The byte that is at fault.
    pub at: usize,
    pub what: Trouble,
}

/// What is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// It is no JSON.
    Syntax(What),
    /// It is, and has no array of records, or several.
    Records(String),
}

/// Goes along a path through a document.
#[derive(Debug)]
pub struct Way {
    path: Path,
    syntax: Syntax,
    /// The objects and arrays on the path that are open, and what is known of each.
    entered: Vec<Entered>,
    /// What of a key on the path is seen, where one is in hand.
    key: Option<Vec<u8>>,
    /// Whether the value that comes next is on the path.
    is_next: bool,
    is_found: bool,
}

#[derive(Debug, Clone, Copy)]
struct Entered {
    /// Elements seen of an array.
    elements: usize,
    /// Whether the key that the path names was seen.
    is_named: bool,
}

impl Way {
    /// To the array at this path.
    pub fn new(path: Path) -> Self {
        let syntax = Syntax::new();
        Self { path, syntax, entered: Vec::new(), key: None, is_next: true, is_found: false }
    }

    /// In an array that is the whole document.
    pub fn of_array() -> Self {
        let mut way = Self::new(Path::of_key(""));
        way.is_found = true;
        // A bracket is a value's first byte.
        let _ = way.syntax.step(b'[');
        way
    }

    /// The array of records has ended.
    pub fn leave(&mut self) {
        let _ = self.syntax.step(b']');
    }

    /// Goes on, over bytes that start at this place; says how far: to the array's first bracket, or to the end.
    pub fn go(&mut self, bytes: &[u8], start: usize) -> Result<(usize, bool), NoWay> {
        let mut at = start;
        while let Some(byte) = bytes.get(at - start).copied() {
            let event = self.syntax.step(byte).map_err(|what| NoWay { at, what: Trouble::Syntax(what) })?;
            if self.take(byte, event).map_err(|what| NoWay { at, what: Trouble::Records(what) })? {
                self.is_found = true;
                return Ok((at, true));
            }
            at += 1;
            if self.syntax.in_text() {
                let rest = bytes.get(at - start..).unwrap_or_default();
                let plain = rest.get(..plain_bytes(rest)).unwrap_or_default();
                self.spell(plain);
                at += plain.len();
            }
        }
        Ok((at, false))
    }

    /// The document has ended, here.
    pub fn end(&self, at: usize) -> Result<(), NoWay> {
        if self.syntax.is_done() {
            return Ok(());
        }
        let what = "the file ends before its JSON does; was its upload cut off?".to_owned();
        Err(NoWay { at, what: Trouble::Records(what) })
    }

    /// Says whether the array begins here.
    fn take(&mut self, byte: u8, event: Event) -> Result<bool, String> {
        let depth = self.syntax.depth() as usize;
        match event {
            Event::Inside => self.spell(&[byte]),
            Event::Key if depth == self.entered.len() && self.wants_key() => self.key = Some(Vec::new()),
            Event::Key => {}
            Event::KeyEnd => self.key_end()?,
            Event::Close => self.closed(depth)?,
            Event::Value(shape) => return self.value(shape, depth),
        }
        Ok(false)
    }

    fn wants_key(&self) -> bool {
        let step = self.entered.len().checked_sub(1).and_then(|level| self.path.segments().get(level));
        matches!(step, Some(Segment::Key(_)))
    }

    fn spell(&mut self, bytes: &[u8]) {
        if let Some(key) = self.key.as_mut().filter(|key| key.len() < MAX_KEY_BYTES) {
            key.extend_from_slice(bytes);
        }
    }

    fn key_end(&mut self) -> Result<(), String> {
        let Some(raw) = self.key.take() else { return Ok(()) };
        let level = self.entered.len() - 1;
        let Some(Segment::Key(wanted)) = self.path.segments().get(level) else { return Ok(()) };
        let mut key = String::new();
        unescape(&String::from_utf8_lossy(&raw), &mut key);
        self.is_next = key == *wanted || key.to_lowercase() == wanted.to_lowercase();
        if !self.is_next {
            return Ok(());
        }
        let first = self.entered.last_mut().map(|entered| std::mem::replace(&mut entered.is_named, true));
        match first {
            Some(true) => Err(format!("json.records: the key `{wanted}` stands in its object a second time")),
            _ => Ok(()),
        }
    }

    fn value(&mut self, shape: Shape, depth: usize) -> Result<bool, String> {
        // A bracket has made it one deeper.
        let outside = depth - usize::from(matches!(shape, Shape::Object | Shape::Array));
        if self.is_found || outside != self.entered.len() {
            return Ok(false);
        }
        let level = self.entered.len();
        let step = level.checked_sub(1).and_then(|level| self.path.segments().get(level));
        if let (Some(Segment::Index(index)), Some(entered)) = (step, self.entered.last_mut()) {
            self.is_next = entered.elements == *index;
            entered.elements += 1;
        }
        if !std::mem::take(&mut self.is_next) {
            return Ok(false);
        }
        let expected = match self.path.segments().get(level) {
            Some(Segment::Key(_)) => Shape::Object,
            Some(Segment::Index(_)) | None => Shape::Array,
        };
        if shape != expected {
            let (found, expected) = (shape.name(), expected.name());
            return Err(format!("json.records: {} is {found}, not {expected}", self.told(level)));
        }
        if level == self.path.segments().len() {
            return Ok(true);
        }
        self.entered.push(Entered { elements: 0, is_named: false });
        Ok(false)
    }

    fn closed(&mut self, depth: usize) -> Result<(), String> {
        if depth >= self.entered.len() {
            return Ok(());
        }
        self.entered.pop();
        if self.is_found {
            return Ok(());
        }
        Err(format!("json.records: there is no {}; what could hold it ends here", self.told(self.entered.len() + 1)))
    }

    /// So many steps of the path.
    fn told(&self, steps: usize) -> String {
        let mut told = String::new();
        for segment in self.path.segments().iter().take(steps) {
            match segment {
                Segment::Key(key) if told.is_empty() => told += key,
                Segment::Key(key) => told = format!("{told}.{key}"),
                Segment::Index(index) => told = format!("{told}[{index}]"),
            }
        }
        if told.is_empty() { "the document".to_owned() } else { format!("`{told}`") }
    }
}
