//! How the records of a file stand in it, told by its first bytes.
//!
//! Nothing is tried out: the first value is read as far as it goes, and what stands behind it tells the rest. Where a
//! file could be read in two ways that give the same rows, lines are chosen, since one bad line is then one reject.

use super::cursor::{Shape, plain_bytes};
use super::piece::is_space;
use super::syntax::Syntax;

/// How records stand in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One on each line.
    Lines,
    /// One behind the other.
    Values,
    /// In one array.
    Array,
}

/// Looks at the first bytes until they tell.
#[derive(Debug)]
pub struct Teller {
    /// Bytes before this one are looked at.
    at: usize,
    /// What the first value is, once it has begun.
    first: Option<Shape>,
    syntax: Syntax,
    is_whole: bool,
    /// Whether a line ended in the first value, or behind it.
    has_line_end: bool,
    /// Whether only white space stands before this place on its line.
    is_line_start: bool,
    /// Whether a record may be an array.
    has_arrays: bool,
    /// A first value that is longer than this is not looked at further.
    most: usize,
}

impl Teller {
    /// Before the first byte.
    pub fn new(has_arrays: bool, most: usize) -> Self {
        Self {
            at: 0,
            first: None,
            syntax: Syntax::new(),
            is_whole: false,
            has_line_end: false,
            is_line_start: true,
            has_arrays,
            most,
        }
    }

    /// What the bytes tell; `None` if more are needed. What it says of some bytes holds for more of them.
    pub fn tell(&mut self, bytes: &[u8], is_all: bool) -> Option<Form> {
        while let Some(byte) = bytes.get(self.at).copied() {
            if self.at >= self.most {
                return Some(self.unseen());
            }
            let told = match self.first {
                None => self.before(byte),
                Some(_) if !self.is_whole => self.inside(byte),
                Some(first) => self.behind(byte, first),
            };
            if told.is_some() {
                return told;
            }
            self.at += 1;
            if self.syntax.in_text() {
                let rest = bytes.get(self.at..self.most.min(bytes.len())).unwrap_or_default();
                self.at += plain_bytes(rest);
            }
        }
        is_all.then(|| self.unseen())
    }

    /// Where the bytes end, or are enough.
    fn unseen(&self) -> Form {
        match self.first {
            Some(Shape::Array) => Form::Array,
            Some(_) if !self.is_whole && (self.has_line_end || self.at >= self.most) => Form::Values,
            _ => Form::Lines,
        }
    }

    fn before(&mut self, byte: u8) -> Option<Form> {
        if is_space(byte) {
            return None;
        }
        let shape = Shape::of(Some(byte)).filter(|shape| matches!(shape, Shape::Object | Shape::Array));
        // Records that are neither are rejects, each on its line.
        let Some(shape) = shape else { return Some(Form::Lines) };
        if shape == Shape::Array && !self.has_arrays {
            return Some(Form::Array);
        }
        self.first = Some(shape);
        self.is_line_start = false;
        self.inside(byte)
    }

    fn inside(&mut self, byte: u8) -> Option<Form> {
        let is_object = self.first == Some(Shape::Object);
        if self.syntax.step(byte).is_err() {
            // A line that breaks off, and behind it a line that begins as lines do: the rest may well be good.
            let is_next = self.has_line_end && self.is_line_start && byte == b'{';
            return Some(match (is_object, !self.has_line_end || is_next) {
                (false, _) => Form::Array,
                (true, true) => Form::Lines,
                (true, false) => Form::Values,
            });
        }
        self.is_whole = self.syntax.is_done();
        if matches!(byte, b'\n' | b'\r') {
            (self.has_line_end, self.is_line_start) = (true, true);
        } else if !is_space(byte) {
            self.is_line_start = false;
        }
        match (is_object, self.has_line_end) {
            (true, true) if self.is_whole => Some(Form::Values),
            (false, true) => Some(Form::Array),
            _ => None,
        }
    }

    /// Behind a first value that stands on one line.
    fn behind(&mut self, byte: u8, first: Shape) -> Option<Form> {
        match (first, byte) {
            (Shape::Object, b'\n') => Some(Form::Lines),
            (_, b'\n') => {
                self.has_line_end = true;
                None
            }
            (_, b' ' | b'\t' | b'\r') => None,
            (Shape::Object, b'{' | b'[') => Some(Form::Values),
            (Shape::Object, _) => Some(Form::Lines),
            (_, b'{' | b'[') if self.has_line_end => Some(Form::Lines),
            _ => Some(Form::Array),
        }
    }
}
