//! The values of the row in hand, column by column, and what is wrong with them.

use memchr::memchr;

use super::chars::is_blank;
use super::fault::Fault;
use super::json::{self, MAX_ELEMENTS};
use super::reference::{append_cdata, append_text, append_value, is_plain_value};
use super::rows::Layout;
use super::scope::Scopes;
use super::token::{Attribute, Lexed, Lexer, Token};
use crate::reject::{Fault as RowFault, Reason};
use crate::text::{Form, MAX_TEXT_BYTES, Span};

/// Where an element's content starts and ends.
pub type Content = (usize, usize);

/// The columns' values. Of several candidates for one the best rank counts; those of one rank are too many, but for a
/// super column.
#[derive(Debug)]
pub struct Slots<'a> {
    layout: &'a Layout,
    text: &'a str,
    has_returns: bool,
    /// Texts that do not stand in the file as they are meant, of all rows.
    made: String,
    slots: Vec<Slot>,
    /// Candidates for super columns, and their JSON.
    supers: Vec<Super>,
    json: String,
    /// The first super column with more elements than there may be.
    overfull: Option<usize>,
}

/// One column's value.
#[derive(Debug, Clone, Copy)]
struct Slot {
    rank: u64,
    /// How many candidates of this rank there were.
    count: usize,
    span: Span,
}

const NO_VALUE: Slot = Slot { rank: u64::MAX, count: 0, span: Span::NULL };

#[derive(Debug, Clone, Copy)]
struct Super {
    column: usize,
    rank: u64,
    start: usize,
    end: usize,
}

impl<'a> Slots<'a> {
    pub fn new(layout: &'a Layout, text: &'a str) -> Self {
        Self {
            layout,
            text,
            has_returns: memchr(b'\r', text.as_bytes()).is_some(),
            made: String::new(),
            slots: vec![NO_VALUE; layout.names.len()],
            supers: Vec::new(),
            json: String::new(),
            overfull: None,
        }
    }

    /// Whether the text has a CR anywhere.
    pub fn has_returns(&self) -> bool {
        self.has_returns
    }

    /// The texts that were made.
    pub fn into_made(self) -> String {
        self.made
    }

    /// An attribute is a candidate.
    pub fn attribute(&mut self, column: usize, rank: u64, attribute: &Attribute<'a>) -> Lexed<()> {
        let start = attribute.value_at;
        if self.layout.is_super(column) {
            let mut value = String::new();
            append_value(attribute.value, &mut value);
            return self.add_super(column, rank, |json| {
                match is_blank(&value) {
                    true => json.push_str("null"),
                    false => json::append_string(&value, json),
                }
                Ok(true)
            });
        }
        if !self.is_wanted(column, rank) {
            return Ok(());
        }
        let span = match is_plain_value(attribute.value.as_bytes()) {
            true => self.raw((start, start + attribute.value.len())),
            false => self.make(start, |made| {
                append_value(attribute.value, made);
                Ok(())
            })?,
        };
        self.take(column, rank, span);
        Ok(())
    }

    /// An element that is null is a candidate.
    pub fn null(&mut self, column: usize, rank: u64) {
        if self.is_wanted(column, rank) {
            self.take(column, rank, Span::NULL);
        }
    }

    /// An element is a candidate whose content is text without references.
    pub fn plain(&mut self, column: usize, rank: u64, content: Content) -> Lexed<()> {
        if !self.is_wanted(column, rank) {
            return Ok(());
        }
        let text = self.between(content);
        let span = match self.has_returns && memchr(b'\r', text.as_bytes()).is_some() {
            false => self.raw(content),
            true => self.make(content.0, |made| {
                append_text(text, made);
                Ok(())
            })?,
        };
        self.take(column, rank, span);
        Ok(())
    }

    /// An element is a candidate whose content is anything: all text in it, or only its own.
    pub fn content(&mut self, column: usize, rank: u64, content: Content, is_own: bool) -> Lexed<()> {
        if !self.is_wanted(column, rank) {
            return Ok(());
        }
        let text = self.between(content);
        let span = self.make(content.0, |made| append_content(text, is_own, made))?;
        self.take(column, rank, span);
        Ok(())
    }

    /// An element is a candidate for a super column.
    pub fn element(&mut self, column: usize, rank: u64, element: &'a str, scopes: &Scopes<'a>) -> Lexed<()> {
        self.add_super(column, rank, |json| json::append_element(element, scopes.clone(), json))
    }

    /// The row has ended, which starts at a byte: why it is none, by the first of its columns.
    pub fn end(&mut self, at: usize) -> Lexed<Option<(usize, RowFault)>> {
        self.take_supers(at)?;
        let most = self.layout.field_bytes;
        let fault = self.slots.iter().enumerate().find_map(|(column, slot)| {
            let bytes = slot.span.range().len();
            let (reason, what) = if slot.count > 1 {
                let what = format!("the row has {} of it; only a super column takes more than one", slot.count);
                (Reason::RepeatedElement, what)
            } else if self.overfull == Some(column) {
                let what = format!("it has more than {MAX_ELEMENTS} elements, which is the limit of a super column");
                (Reason::TooLong, what)
            } else if bytes > most && slot.span.form() != Form::Null {
                (Reason::TooLong, format!("a field has {bytes} bytes, limits.field_bytes is {most}"))
            } else {
                return None;
            };
            Some((column, RowFault::new(reason, what)))
        });
        Ok(fault)
    }

    /// The values, column by column.
    pub fn spans(&self) -> impl Iterator<Item = Span> {
        self.slots.iter().map(|slot| slot.span)
    }

    /// Forgets the row.
    pub fn clear(&mut self) {
        self.slots.fill(NO_VALUE);
        self.supers.clear();
        self.json.clear();
        self.overfull = None;
    }

    /// Whether a candidate of this rank is not worse than what the column has.
    fn is_wanted(&self, column: usize, rank: u64) -> bool {
        self.slots.get(column).is_some_and(|slot| rank <= slot.rank)
    }

    fn take(&mut self, column: usize, rank: u64, span: Span) {
        if let Some(slot) = self.slots.get_mut(column) {
            let before = if rank == slot.rank { slot.count } else { 0 };
            *slot = Slot { rank, count: before + 1, span };
        }
    }

    fn between(&self, (start, end): Content) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// A text that stands in the file as it is meant.
    fn raw(&self, content: Content) -> Span {
        match is_blank(self.between(content)) {
            true => Span::NULL,
            false => Span::new(content.0..content.1, Form::Raw),
        }
    }

    /// A text that does not; `at` is where it stands.
    fn make(&mut self, at: usize, append: impl FnOnce(&mut String) -> Lexed<()>) -> Lexed<Span> {
        let start = self.made.len();
        append(&mut self.made)?;
        if self.made.len() > MAX_TEXT_BYTES {
            let what = "the texts of the rows around here have more than";
            return Err(Fault::new(at, format!("{what} {MAX_TEXT_BYTES} bytes once they are made")));
        }
        if is_blank(self.made.get(start..).unwrap_or_default()) {
            self.made.truncate(start);
            return Ok(Span::NULL);
        }
        Ok(Span::new(start..self.made.len(), Form::Made))
    }

    /// Adds a candidate for a super column, unless there are too many: then the row is none anyway.
    fn add_super(&mut self, column: usize, rank: u64, append: impl FnOnce(&mut String) -> Lexed<bool>) -> Lexed<()> {
        let start = self.json.len();
        if self.supers.len() == MAX_ELEMENTS || !append(&mut self.json)? {
            self.overfull.get_or_insert(column);
            return Ok(());
        }
        self.supers.push(Super { column, rank, start, end: self.json.len() });
        Ok(())
    }

    /// Makes the row's super values: one as it is, several an array, none or null no value.
    fn take_supers(&mut self, at: usize) -> Lexed<()> {
        let mut supers = std::mem::take(&mut self.supers);
        // Those of one column together, the best first, and as they stand in the row.
        supers.sort_by_key(|candidate| (candidate.column, candidate.rank));
        let json = std::mem::take(&mut self.json);
        for of_column in supers.chunk_by(|a, b| a.column == b.column) {
            let best = of_column.chunk_by(|a, b| a.rank == b.rank).next().unwrap_or_default();
            let mut texts = best.iter().filter_map(|candidate| json.get(candidate.start..candidate.end));
            let span = match best {
                [_] if texts.clone().eq(["null"]) => Span::NULL,
                [_] => self.make(at, |made| {
                    made.extend(texts);
                    Ok(())
                })?,
                _ => self.make(at, |made| {
                    made.push('[');
                    made.extend(texts.next());
                    texts.for_each(|text| made.extend([",", text]));
                    made.push(']');
                    Ok(())
                })?,
            };
            if let Some(candidate) = best.first() {
                self.take(candidate.column, candidate.rank, span);
            }
        }
        (self.supers, self.json) = (supers, json);
        Ok(())
    }
}

/// Appends the text of an element's content, which was found to be well-formed.
fn append_content(content: &str, is_own: bool, out: &mut String) -> Lexed<()> {
    let mut lexer = Lexer::new(content, 0);
    let mut depth = 0_usize;
    while let Some(token) = lexer.next()? {
        let is_wanted = !is_own || depth == 0;
        match token {
            Token::Start { is_empty, .. } => depth += usize::from(!is_empty),
            Token::End { .. } => depth = depth.saturating_sub(1),
            Token::Text { text, .. } if is_wanted => append_text(text, out),
            Token::CData(text) if is_wanted => append_cdata(text, out),
            _ => {}
        }
    }
    Ok(())
}
