//! A record's values into its columns' fields: one walk over the record, along the tree of the columns' paths.
//!
//! A fault of a record (a key twice, a text no warehouse keeps) does not end the walk: where the record ends is still to
//! be found. Only what is no JSON does.

use std::ops::Range;

use memchr::memchr3;

use super::Layout;
use super::cursor::{Broken, Cursor, Flaw, Shape, Text, unescape};
use super::keys::{Claim, Keys, Known, NONE};
use super::tree::{JsonForm, Node, Place, Tree};
use crate::cast::whole_number;
use crate::reject::{Fault, Reason, shown};
use crate::text::{Form, Span};

/// Rows of one record may not take more fields than these in memory.
const MAX_RECORD_FIELDS: usize = 32 * 1024 * 1024;

/// A record of which more rows are at fault is one reject: each takes memory, and they most likely have one cause.
const MAX_ROW_FAULTS: usize = 64 * 1024;

/// What is wrong with one of the rows of a record.
#[derive(Debug)]
pub struct RowFault {
    /// The row, counted in the record.
    pub row: usize,
    /// The element that the row is made of.
    pub element: Range<usize>,
    pub fault: ColumnFault,
}

/// What is wrong, and the column it is wrong with, where it is one.
#[derive(Debug)]
pub struct ColumnFault {
    pub column: Option<usize>,
    pub fault: Fault,
}

/// Walks the records of one text, one after another.
#[derive(Debug)]
pub struct Walk<'a> {
    layout: &'a Layout,
    tree: &'a Tree,
    text: &'a str,
    cursor: Cursor<'a>,
    /// For each node of the tree.
    keys: Vec<Keys>,
    pub spans: Vec<Span>,
    pub made: String,
    /// What is wrong with the record in hand.
    pub fault: Option<ColumnFault>,
    /// What is wrong with its rows, in their order.
    pub row_faults: Vec<RowFault>,
    /// Where the record in hand starts.
    start: usize,
    /// The first span of the record in hand, and of its row in hand.
    pub record: usize,
    row: usize,
    /// The element in hand, where rows are made of an array, and where it starts.
    element: Option<(usize, usize)>,
}

impl<'a> Walk<'a> {
    pub fn new(layout: &'a Layout, text: &'a str) -> Self {
        let tree = &layout.tree;
        Self {
            layout,
            tree,
            text,
            cursor: Cursor::new(text.as_bytes(), 0),
            keys: (0..tree.len()).map(|_| Keys::default()).collect(),
            // A guess that spares the vector from growing often: few fields are shorter, with their keys.
            spans: Vec::with_capacity(text.len() / 16),
            made: String::new(),
            fault: None,
            row_faults: Vec::new(),
            start: 0,
            record: 0,
            row: 0,
            element: None,
        }
    }

    /// Walks the value that starts here, and ends before `end`; says where it ends. The spans from [`Walk::record`] on are
    /// its rows, good ones as far as no fault is known.
    #[inline]
    pub fn record(&mut self, start: usize, end: usize) -> Result<usize, Broken> {
        self.cursor = Cursor::new(self.text.as_bytes().get(..end).unwrap_or_default(), start);
        self.start = start;
        self.fault = None;
        self.row_faults.clear();
        self.element = None;
        self.record = self.spans.len();
        self.row = self.record;
        self.spans.resize(self.record + self.tree.names.len(), Span::NULL);
        let shape = self.cursor.shape()?;
        let Some(root) = self.tree.node(Tree::ROOT) else { return Ok(start) };
        match shape {
            Shape::Object if !root.keys.is_empty() => self.object(Tree::ROOT, root)?,
            Shape::Array if !root.indexes.is_empty() => self.array(root)?,
            // Before a file's columns are known, its records are wanted nevertheless.
            Shape::Object | Shape::Array if !root.is_inner() => self.cursor.skip(shape)?,
            _ => {
                self.cursor.skip(shape)?;
                let expected = if root.keys.is_empty() { "an array" } else { "an object" };
                let what = format!("a record is {expected}, this is {}", shape.name());
                self.fault(None, Fault::new(Reason::NotAnObject, what));
            }
        }
        Ok(self.cursor.at)
    }

    /// A value at a node of the tree.
    #[inline]
    fn value(&mut self, number: usize) -> Result<(), Broken> {
        let shape = self.cursor.shape()?;
        let Some(node) = self.tree.node(number) else { return self.cursor.skip(shape) };
        if shape == Shape::Text
            && let ([place], false) = (node.columns.as_slice(), node.is_inner())
        {
            return self.leaf_text(*place);
        }
        if shape == Shape::Null {
            return self.cursor.skip(shape);
        }
        let start = self.cursor.at;
        match shape {
            Shape::Object if !node.keys.is_empty() => self.object(number, node)?,
            Shape::Array if node.element.is_some() => self.rows(node)?,
            Shape::Array if !node.indexes.is_empty() => self.array(node)?,
            _ => {
                self.cursor.skip(shape)?;
                if node.is_inner() {
                    self.no_way(node, shape);
                }
            }
        }
        self.keep(&node.columns, shape, start..self.cursor.at);
        Ok(())
    }

    /// A text that is one column's value, and nothing else.
    #[inline]
    fn leaf_text(&mut self, place: Place) -> Result<(), Broken> {
        let start = self.cursor.at;
        self.cursor.at += 1;
        let text = self.cursor.text()?;
        if text.has_escapes || place.form == JsonForm::Json || text.range().len() > self.layout.field_bytes {
            self.keep(&[place], Shape::Text, start..self.cursor.at);
            return Ok(());
        }
        self.set(place.column, Span::new(text.range(), Form::Raw));
        Ok(())
    }

    /// Makes a value, of this shape and range, these columns' field.
    fn keep(&mut self, places: &[Place], shape: Shape, range: Range<usize>) {
        let Some(first) = places.first() else { return };
        // The last flaw: one before it that lies in the range would be no other fault.
        if let Some((at, flaw)) = self.cursor.flaw.filter(|(at, _)| range.contains(at)) {
            return self.flawed(first.column, at, flaw);
        }
        let json = Span::new(range.clone(), Form::Raw);
        let is_text = shape == Shape::Text;
        let range = if is_text { range.start + 1..range.end - 1 } else { range };
        if range.len() > self.layout.field_bytes {
            let (bytes, most) = (range.len(), self.layout.field_bytes);
            let what = format!("a field has {bytes} bytes, limits.field_bytes is {most}");
            return self.fault(Some(first.column), Fault::new(Reason::TooLong, what));
        }
        let raw = self.text.get(range.clone()).unwrap_or_default();
        let plain = if is_text && raw.contains('\\') && places.iter().any(|place| place.form != JsonForm::Json) {
            let start = self.made.len();
            unescape(raw, &mut self.made);
            Span::new(start..self.made.len(), Form::Made)
        } else {
            Span::new(range, Form::Raw)
        };
        for place in places {
            let span = match place.form {
                JsonForm::Json => json,
                JsonForm::Whole if shape == Shape::Number => self.whole_number(raw).unwrap_or(plain),
                JsonForm::Whole | JsonForm::Text => plain,
            };
            self.set(place.column, span);
        }
    }

    /// A whole number in digits alone that is written with a point or an exponent: `6.0`, `1e1`.
    #[inline]
    fn whole_number(&mut self, number: &str) -> Option<Span> {
        memchr3(b'.', b'e', b'E', number.as_bytes())?;
        let start = self.made.len();
        self.made.push_str(&whole_number(number)?.to_string());
        Some(Span::new(start..self.made.len(), Form::Made))
    }

    #[inline]
    fn set(&mut self, column: usize, span: Span) {
        if let Some(field) = self.spans.get_mut(self.row + column) {
            *field = span;
        }
    }

    fn object(&mut self, number: usize, node: &'a Node) -> Result<(), Broken> {
        self.cursor.enter()?;
        if let Some(keys) = self.keys.get_mut(number) {
            keys.begin();
        }
        let mut strangers = Vec::new();
        let mut before = NONE;
        let mut is_first = true;
        while self.cursor.next_key(is_first)? {
            is_first = false;
            let start = self.cursor.at;
            let known = match self.keys.get(number).and_then(|keys| keys.guess(before, self.cursor.rest())) {
                Some(known) => {
                    self.cursor.at += known.length;
                    Some(known)
                }
                None => self.other_key(number, node, before)?,
            };
            self.cursor.colon()?;
            before = known.map_or(NONE, |known| known.spelling);
            let claim = match known {
                Some(known) => self.claim(number, |keys| keys.claim(known.slot)),
                None => self.stranger(number, node, start, &mut strangers),
            };
            match claim {
                Claim::Key(key) => self.child(node, key)?,
                Claim::Nothing => self.ignored()?,
                Claim::Instead(key) => self.instead(node, key)?,
                Claim::Twice => {
                    self.twice(start);
                    self.ignored()?;
                }
            }
        }
        if !strangers.is_empty() {
            self.strangers_twice(strangers);
        }
        if let Some(key) = self.keys.get(number).and_then(Keys::ambiguous) {
            self.ambiguous(node, key);
        }
        Ok(())
    }

    #[inline]
    fn claim(&mut self, number: usize, act: impl FnOnce(&mut Keys) -> Claim) -> Claim {
        self.keys.get_mut(number).map_or(Claim::Nothing, act)
    }

    #[inline]
    fn child(&mut self, node: &Node, key: usize) -> Result<(), Broken> {
        match node.keys.get(key) {
            Some((_, child)) => self.value(*child),
            None => self.ignored(),
        }
    }

    #[inline]
    fn ignored(&mut self) -> Result<(), Broken> {
        let shape = self.cursor.shape()?;
        self.cursor.skip(shape)
    }

    /// A key that is not the one that was guessed.
    #[cold]
    fn other_key(&mut self, number: usize, node: &Node, before: usize) -> Result<Option<Known>, Broken> {
        let text = self.cursor.text()?;
        let raw = self.text.as_bytes().get(text.start..text.end + 1).unwrap_or_default();
        let Some(keys) = self.keys.get_mut(number) else { return Ok(None) };
        if let Some(known) = keys.known(before, raw) {
            return Ok(Some(known));
        }
        let mut made = String::new();
        Ok(keys.learn(node, before, raw, key_text(self.text, text, &mut made)))
    }

    /// A key that is not remembered; it is among the strangers of the object.
    #[cold]
    fn stranger(&mut self, number: usize, node: &Node, start: usize, strangers: &mut Vec<Box<str>>) -> Claim {
        let Ok(text) = Cursor::new(self.text.as_bytes(), start).text() else { return Claim::Nothing };
        let mut made = String::new();
        let text = key_text(self.text, text, &mut made);
        strangers.push(text.into());
        let meaning = node.find(text);
        self.claim(number, |keys| keys.mean(meaning))
    }

    /// The elements of an array of which the columns name some.
    fn array(&mut self, node: &Node) -> Result<(), Broken> {
        self.cursor.enter()?;
        let mut named = node.indexes.iter().peekable();
        let mut place = 0;
        while self.cursor.next_element(place == 0)? {
            match named.next_if(|(index, _)| *index == place) {
                Some((_, child)) => self.value(*child)?,
                None => self.ignored()?,
            }
            place += 1;
        }
        Ok(())
    }

    /// The elements of an array of which each is a row.
    fn rows(&mut self, node: &Node) -> Result<(), Broken> {
        let Some(element) = node.element else { return Ok(()) };
        let width = self.tree.names.len();
        self.cursor.enter()?;
        let mut place = 0;
        while self.cursor.next_element(place == 0)? {
            self.row = self.record + place * width;
            if self.row >= MAX_RECORD_FIELDS + self.record {
                self.ignored()?;
                continue;
            }
            self.spans.resize(self.row + width, Span::NULL);
            self.cursor.space();
            let start = self.cursor.at;
            self.element = Some((place, start));
            self.value(element)?;
            if let Some(of_row) = self.row_faults.last_mut().filter(|of_row| of_row.row == place) {
                of_row.element = start..self.cursor.at;
            }
            place += 1;
        }
        self.element = None;
        if self.row >= MAX_RECORD_FIELDS + self.record {
            let what = format!("the array makes more than {place} rows of {width} columns: it is to be split");
            self.fault(None, Fault::new(Reason::TooLong, what));
        }
        self.row = self.record;
        Ok(())
    }

    /// A key that is named stands there after all, and another was taken for it: what that one set is undone.
    #[cold]
    fn instead(&mut self, node: &Node, key: usize) -> Result<(), Broken> {
        let child = node.keys.get(key).and_then(|(_, child)| self.tree.node(*child));
        if let Some(child) = child {
            child.below.iter().for_each(|column| self.set(*column, Span::NULL));
            if child.explodes {
                self.spans.truncate(self.record + self.tree.names.len());
                self.row_faults.clear();
            }
        }
        self.child(node, key)
    }

    // Faults. Only the first of a record, and of each row, is kept: counting characters costs time.

    fn fault(&mut self, column: Option<usize>, fault: Fault) {
        self.fault_at(column, |_| fault);
    }

    fn fault_at(&mut self, column: Option<usize>, fault: impl FnOnce(&dyn Fn(usize) -> usize) -> Fault) {
        if self.fault.is_some() {
            return;
        }
        let text = self.text;
        let from = self.element.map_or(self.start, |(_, start)| start);
        let character = |at: usize| text.get(from..at).unwrap_or_default().chars().count() + 1;
        match self.element {
            None => self.fault = Some(ColumnFault { column, fault: fault(&character) }),
            Some((row, start)) if self.row_faults.last().is_none_or(|last| last.row != row) => {
                let fault = ColumnFault { column, fault: fault(&character) };
                if self.row_faults.len() == MAX_ROW_FAULTS {
                    let what = format!(
                        "more than {MAX_ROW_FAULTS} of its rows are at fault, the last: {}",
                        fault.fault.message
                    );
                    self.fault = Some(ColumnFault { column, fault: Fault::new(fault.fault.reason, what) });
                    return;
                }
                self.row_faults.push(RowFault { row, element: start..start, fault });
            }
            Some(_) => {}
        }
    }

    #[cold]
    fn flawed(&mut self, column: usize, at: usize, flaw: Flaw) {
        self.fault_at(Some(column), |character| {
            let at = character(at);
            match flaw {
                Flaw::Nul => Fault::new(Reason::NulByte, format!("character {at} is an escape for NUL")),
                Flaw::LoneSurrogate => {
                    let what = format!("character {at} is an escape for half a character, the other is missing");
                    Fault::new(Reason::LoneSurrogate, what)
                }
            }
        });
    }

    /// The key that starts here was there before.
    #[cold]
    fn twice(&mut self, start: usize) {
        let Ok(text) = Cursor::new(self.text.as_bytes(), start).text() else { return };
        let mut made = String::new();
        let key = self.shown_key(key_text(self.text, text, &mut made));
        self.fault_at(None, |character| {
            // The quote before it is the key's first character.
            let at = character(start) - 1;
            Fault::new(Reason::DuplicateKey, format!("{key} stands there again at character {at}"))
        });
    }

    fn shown_key(&self, key: &str) -> String {
        if self.layout.hides_values { "a key".to_owned() } else { format!("the key {}", shown(key)) }
    }

    /// Whether a key that is not remembered stands there twice.
    #[cold]
    fn strangers_twice(&mut self, mut strangers: Vec<Box<str>>) {
        strangers.sort_unstable();
        let twice = strangers.iter().zip(strangers.iter().skip(1)).find(|(one, next)| one == next);
        if let Some((key, _)) = twice {
            self.fault(None, Fault::new(Reason::DuplicateKey, format!("{} stands there twice", self.shown_key(key))));
        }
    }

    #[cold]
    fn ambiguous(&mut self, node: &Node, key: usize) {
        let Some((name, child)) = node.keys.get(key) else { return };
        let column = self.tree.node(*child).and_then(|child| child.below.first()).copied();
        let what = format!("several keys are {} but for their case, and none is the same", shown(name));
        self.fault(column, Fault::new(Reason::AmbiguousKey, what));
    }

    /// A path goes on where there is nothing to go into.
    #[cold]
    fn no_way(&mut self, node: &Node, shape: Shape) {
        let at = self.cursor.at;
        // Its own columns come first in what is below, and have their value.
        let column = node.below.get(node.columns.len()).copied();
        let found = shape.name();
        if node.element.is_some() {
            let what = format!("json.explode names an array, this is {found}");
            return self.fault(None, Fault::new(Reason::NotAnArray, what));
        }
        let expected = if node.keys.is_empty() { "an array" } else { "an object" };
        self.fault_at(column, |character| {
            let at = character(at) - 1;
            let what = format!("the path leads through {expected}, this is {found} that ends at character {at}");
            Fault::new(Reason::PathThroughScalar, what)
        });
    }
}

/// A key's text; with an escape that stands for no character, as it is written.
pub fn key_text<'a>(whole: &'a str, text: Text, made: &'a mut String) -> &'a str {
    let raw = whole.get(text.range()).unwrap_or_default();
    let mut again = Cursor::new(whole.as_bytes(), text.start);
    if !text.has_escapes || again.text().is_err() || again.flaw.is_some_and(|(_, flaw)| flaw == Flaw::LoneSurrogate) {
        return raw;
    }
    unescape(raw, made);
    made
}
