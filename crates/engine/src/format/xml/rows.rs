//! The rows of a part of a document: which element is one, which of its elements and attributes are its fields.

use memchr::memchr;
use model::name::Identifier;

use super::chars::is_blank;
use super::content::{append_array, append_content};
use super::fault::{Fault, line_ends};
use super::json;
use super::path::{Columns, Hit, RowPath};
use super::reference::{append_text, append_value, is_plain_value};
use super::scope::is_declaration;
use super::token::{Attribute, Lexed};
use super::walk::{Event, Walk};
use crate::reject::{Fault as RowFault, Reason, Reject};
use crate::text::{Form, MAX_TEXT_BYTES, Origin, Record, Span};

/// What a dataset makes of elements.
#[derive(Debug)]
pub struct Layout {
    pub row: RowPath,
    pub columns: Columns,
    pub names: Vec<Identifier>,
    /// Which columns are super.
    pub is_super: Vec<bool>,
    /// A longer field makes its row a reject.
    pub field_bytes: usize,
}

/// What the rows became.
#[derive(Debug, Default)]
pub struct Found {
    pub made: String,
    pub spans: Vec<Span>,
    pub records: Vec<Record>,
    pub rejects: Vec<Reject>,
    pub read: u64,
    /// The line ends of the text.
    pub lines: u64,
}

/// Reads rows. Most elements of most rows are one text as it stands in the file: then all that is done for one is to
/// note where it stands. Everything else is looked at again, by itself, once its end is known.
#[derive(Debug)]
pub struct Rows<'a> {
    layout: &'a Layout,
    text: &'a str,
    origin: Origin,
    walk: Walk<'a>,
    has_returns: bool,
    levels: Vec<Level>,
    /// What the open elements of the row are to the columns, level by level.
    hits: Vec<Hit>,
    known: Vec<Known<'a>>,
    /// How much was met that makes the text of an element another than what stands in the file.
    marks: usize,
    slots: Vec<Slot>,
    /// Super values of the row in hand: column, rank and JSON.
    values: Vec<(usize, u64, String)>,
    /// The byte and the line of the last row.
    row: (usize, u32),
    found: Found,
}

/// An open element of the row in hand, the row first.
#[derive(Debug, Clone, Copy)]
struct Level {
    /// Where it starts, and where its hits do.
    start: usize,
    hits: usize,
    marks: usize,
    is_nil: bool,
}

/// A column's value in the row in hand.
#[derive(Debug, Clone, Copy)]
struct Slot {
    rank: u64,
    /// How many elements or attributes of this rank there were.
    count: usize,
    span: Span,
}

const NO_VALUE: Slot = Slot { rank: u64::MAX, count: 0, span: Span::NULL };

/// Names that were met inside elements of one node, and what they are to the columns: rows are alike, so the next name
/// is mostly the one that came next before.
#[derive(Debug, Clone, Default)]
struct Known<'a> {
    names: Vec<Met<'a>>,
    next: usize,
}

#[derive(Debug, Clone)]
struct Met<'a> {
    name: &'a str,
    hits: Vec<Hit>,
    leaf: Leaf,
}

/// What is to be done with an element of a name that holds plain text at most.
#[derive(Debug, Clone, Copy)]
enum Leaf {
    /// Nothing: it is no column.
    Skip,
    /// It is the one value of this column, with this rank.
    Take { column: usize, rank: u64 },
    /// It has to be looked at as others have.
    Look,
}

/// More names than this in one element are not kept.
const MAX_KNOWN: usize = 64;

impl Layout {
    /// What an element of a name is inside of an element at a node.
    fn met<'a>(&self, node: usize, name: &'a str) -> Met<'a> {
        let hits: Vec<Hit> = self.columns.children(node, name).collect();
        let leaf = match hits.as_slice() {
            _ if name.contains(':') => Leaf::Look,
            [] => Leaf::Skip,
            [hit] => match self.columns.columns(hit.target) {
                [] => Leaf::Skip,
                [column] if !self.is_super(*column) => Leaf::Take { column: *column, rank: hit.rank },
                _ => Leaf::Look,
            },
            _ => Leaf::Look,
        };
        Met { name, hits, leaf }
    }

    fn is_super(&self, column: usize) -> bool {
        self.is_super.get(column).copied().unwrap_or_default()
    }
}

impl<'a> Rows<'a> {
    pub fn new(layout: &'a Layout, text: &'a str, origin: Origin, walk: Walk<'a>) -> Self {
        Self {
            layout,
            text,
            origin,
            walk,
            has_returns: memchr(b'\r', text.as_bytes()).is_some(),
            levels: Vec::new(),
            hits: Vec::new(),
            known: vec![Known::default(); layout.columns.nodes()],
            marks: 0,
            slots: vec![NO_VALUE; layout.names.len()],
            values: Vec::new(),
            row: (0, 0),
            found: Found::default(),
        }
    }

    /// Reads to the end of the text; hands back the walk, which knows what is open there.
    pub fn read(mut self) -> Lexed<(Found, Walk<'a>)> {
        loop {
            while self.leaf()? {}
            let at = self.walk.at();
            let Some(event) = self.walk.next()? else {
                self.found.lines = u64::from(self.line_at(self.text.len()));
                return Ok((self.found, self.walk));
            };
            match event {
                Event::Start { name, is_nil } => self.start(name, is_nil, at)?,
                Event::End { content } => self.end(content)?,
                Event::Text { is_plain: true, .. } => {}
                Event::Text { .. } | Event::CData(_) | Event::Aside => self.marks += 1,
            }
        }
    }

    /// Takes the element that came next in the rows before, if it is next and plain: the short way that most elements
    /// of most rows go. It has no attributes and no prefix, so there is nothing else to see to.
    fn leaf(&mut self) -> Lexed<bool> {
        let Some(level) = self.levels.last() else {
            return Ok(false);
        };
        let [parent] = self.hits.get(level.hits..).unwrap_or_default() else {
            return Ok(false);
        };
        let parent = *parent;
        let Some(known) = self.known.get_mut(parent.target) else {
            return Ok(false);
        };
        let Some(Met { name, leaf, .. }) = known.names.get(known.next) else {
            return Ok(false);
        };
        if matches!(leaf, Leaf::Look) {
            return Ok(false);
        }
        let Some(content) = self.walk.leaf(name) else {
            return Ok(false);
        };
        known.next += 1;
        self.marks += 1;
        if let Leaf::Take { column, rank } = *leaf {
            let rank = (parent.rank << 2) | rank;
            if self.is_wanted(column, rank) {
                let span = self.plain(content)?;
                self.take(column, rank, span);
            }
        }
        Ok(true)
    }

    fn start(&mut self, name: &'a str, is_nil: bool, at: usize) -> Lexed<()> {
        self.marks += 1;
        let hits = self.hits.len();
        match self.levels.last() {
            Some(parent) => {
                for index in parent.hits..hits {
                    self.enter(index, name);
                }
            }
            None => {
                let parents = self.walk.open().len().saturating_sub(1);
                if !self.layout.row.is_row(self.walk.open().take(parents), name) {
                    return Ok(());
                }
                self.hits.push(Hit { target: Columns::ROW, rank: 0 });
            }
        }
        self.levels.push(Level { start: at, hits, marks: self.marks, is_nil });
        for index in hits..self.hits.len() {
            if let Some(known) = self.hits.get(index).and_then(|hit| self.known.get_mut(hit.target)) {
                known.next = 0;
            }
            self.attributes(index)?;
        }
        Ok(())
    }

    /// Adds the hits of an element inside of an element that is a hit.
    fn enter(&mut self, parent: usize, name: &'a str) {
        let Some((parent, known)) = self.hits.get(parent).and_then(|hit| Some((*hit, self.known.get_mut(hit.target)?)))
        else {
            return;
        };
        let place = match known.names.get(known.next) {
            Some(next) if next.name == name => Some(known.next),
            _ => known.names.iter().position(|met| met.name == name),
        };
        let fresh: Met<'a>;
        let met = match place.and_then(|place| known.names.get(place)) {
            Some(met) => {
                known.next = place.map_or(0, |place| place + 1);
                met
            }
            None => {
                fresh = self.layout.met(parent.target, name);
                if known.names.len() < MAX_KNOWN {
                    known.names.push(fresh.clone());
                    known.next = known.names.len();
                }
                &fresh
            }
        };
        self.hits.extend(met.hits.iter().map(|hit| Hit { target: hit.target, rank: (parent.rank << 2) | hit.rank }));
    }

    /// The attributes of the element that has just begun, as far as they are columns.
    fn attributes(&mut self, hit: usize) -> Lexed<()> {
        let Some(hit) = self.hits.get(hit).copied() else {
            return Ok(());
        };
        let columns = &self.layout.columns;
        if !columns.has_attributes(hit.target) {
            return Ok(());
        }
        for index in 0..self.walk.attributes().len() {
            let Some(attribute) = self.walk.attributes().get(index).copied() else {
                continue;
            };
            if is_declaration(attribute.name) {
                continue;
            }
            for column in columns.attributes(hit.target, attribute.name) {
                let rank = (hit.rank << 2) | column.rank;
                self.attribute(column.target, rank, attribute)?;
            }
        }
        Ok(())
    }

    fn attribute(&mut self, column: usize, rank: u64, attribute: Attribute<'a>) -> Lexed<()> {
        if self.layout.is_super(column) {
            let mut value = String::new();
            append_value(attribute.value, &mut value);
            let mut json = String::new();
            match is_blank(&value) {
                true => json.push_str("null"),
                false => json::append_string(&value, &mut json),
            }
            self.values.push((column, rank, json));
            return Ok(());
        }
        if !self.is_wanted(column, rank) {
            return Ok(());
        }
        let start = attribute.value_at;
        let span = match is_plain_value(attribute.value.as_bytes()) {
            true => self.raw(start, start + attribute.value.len()),
            false => self.made(start, |out| {
                append_value(attribute.value, out);
                Ok(())
            })?,
        };
        self.take(column, rank, span);
        Ok(())
    }

    fn end(&mut self, content: (usize, usize)) -> Lexed<()> {
        let Some(level) = self.levels.pop() else {
            self.marks += 1;
            return Ok(());
        };
        let is_plain = self.marks == level.marks;
        for index in level.hits..self.hits.len() {
            let Some(hit) = self.hits.get(index).copied() else {
                continue;
            };
            for column in self.layout.columns.columns(hit.target) {
                self.element(*column, hit, level, content, is_plain)?;
            }
        }
        self.hits.truncate(level.hits);
        if self.levels.is_empty() {
            self.finish(level.start)?;
        }
        Ok(())
    }

    /// The value of an element that has ended, and is a column.
    fn element(&mut self, column: usize, hit: Hit, level: Level, content: (usize, usize), is_plain: bool) -> Lexed<()> {
        if self.layout.is_super(column) {
            let element = self.walk.between(level.start, self.walk.at());
            let mut json = String::new();
            json::append_element(element, self.walk.scopes().clone(), &mut json)?;
            self.values.push((column, hit.rank, json));
            return Ok(());
        }
        if !self.is_wanted(column, hit.rank) {
            return Ok(());
        }
        let (start, end) = content;
        let text = self.walk.between(start, end);
        let span = if level.is_nil {
            Span::NULL
        } else if is_plain {
            self.plain(content)?
        } else {
            let is_row = hit.target == Columns::ROW;
            self.made(start, |out| append_content(text, is_row, out))?
        };
        self.take(column, hit.rank, span);
        Ok(())
    }

    /// Whether a value of this rank is not worse than what the column has.
    fn is_wanted(&self, column: usize, rank: u64) -> bool {
        self.slots.get(column).is_some_and(|slot| rank <= slot.rank)
    }

    fn take(&mut self, column: usize, rank: u64, span: Span) {
        if let Some(slot) = self.slots.get_mut(column) {
            let before = if rank == slot.rank { slot.count } else { 0 };
            *slot = Slot { rank, count: before + 1, span };
        }
    }

    /// Text without references.
    fn plain(&mut self, (start, end): (usize, usize)) -> Lexed<Span> {
        let text = self.walk.between(start, end);
        if !(self.has_returns && text.contains('\r')) {
            return Ok(self.raw(start, end));
        }
        self.made(start, |out| {
            append_text(text, out);
            Ok(())
        })
    }

    fn raw(&self, start: usize, end: usize) -> Span {
        match is_blank(self.text.get(start..end).unwrap_or_default()) {
            true => Span::NULL,
            false => Span::new(start..end, Form::Raw),
        }
    }

    /// A text that does not stand in the file as it is meant; `at` is where it stands.
    fn made(&mut self, at: usize, append: impl FnOnce(&mut String) -> Lexed<()>) -> Lexed<Span> {
        let made = &mut self.found.made;
        let start = made.len();
        append(made)?;
        if made.len() > MAX_TEXT_BYTES {
            let what =
                format!("the texts of the rows around here have more than {MAX_TEXT_BYTES} bytes once they are made");
            return Err(Fault::new(at, what));
        }
        if is_blank(made.get(start..).unwrap_or_default()) {
            made.truncate(start);
            return Ok(Span::NULL);
        }
        Ok(Span::new(start..made.len(), Form::Made))
    }

    /// The row has ended.
    fn finish(&mut self, start: usize) -> Lexed<()> {
        let end = self.walk.at();
        let line = self.line_at(start);
        self.row = (start, line);
        self.found.read += 1;
        self.supers(start)?;
        match self.fault() {
            Some((column, fault)) => {
                let bytes = self.text.as_bytes();
                let record = bytes.get(start..end).unwrap_or_default();
                let position = self.origin.position(line.into(), bytes.get(..start).unwrap_or_default(), record);
                let name = self.layout.names.get(column).cloned();
                self.found.rejects.push(Reject::new(position, name, fault, record));
            }
            None => {
                // A piece has far less than 4 GiB.
                let short = |place: usize| u32::try_from(place).unwrap_or(u32::MAX);
                self.found.spans.extend(self.slots.iter().map(|slot| slot.span));
                self.found.records.push(Record { start: short(start), end: short(end), line });
            }
        }
        self.slots.fill(NO_VALUE);
        Ok(())
    }

    /// The line of a byte behind the start of the last row.
    fn line_at(&self, at: usize) -> u32 {
        let (last, line) = self.row;
        let lines = line_ends(self.text.as_bytes().get(last..at).unwrap_or_default(), self.has_returns);
        // A piece has far less than 4 GiB.
        line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX))
    }

    /// Makes the row's super values: one as it is, several an array, none or null no value.
    fn supers(&mut self, at: usize) -> Lexed<()> {
        let values = std::mem::take(&mut self.values);
        for (column, best) in best_ranks(&values) {
            let texts: Vec<&str> = values
                .iter()
                .filter(|value| (value.0, value.1) == (column, best))
                .map(|(_, _, json)| json.as_str())
                .collect();
            let span = match texts.as_slice() {
                ["null"] => Span::NULL,
                texts => self.made(at, |out| {
                    append_array(texts, out);
                    Ok(())
                })?,
            };
            self.take(column, 0, span);
        }
        self.values = values;
        self.values.clear();
        Ok(())
    }

    /// Why the row is none, by the first of its columns.
    fn fault(&self) -> Option<(usize, RowFault)> {
        let most = self.layout.field_bytes;
        self.slots.iter().enumerate().find_map(|(column, slot)| {
            let bytes = slot.span.range().len();
            if slot.count > 1 {
                let what = format!("the row has {} of it; only a super column takes more than one", slot.count);
                return Some((column, RowFault::new(Reason::RepeatedElement, what)));
            }
            let is_null = slot.span.form() == Form::Null;
            (bytes > most && !is_null).then(|| {
                (
                    column,
                    RowFault::new(Reason::TooLong, format!("a field has {bytes} bytes, limits.field_bytes is {most}")),
                )
            })
        })
    }
}

/// The columns that have values, and the best rank of each.
fn best_ranks(values: &[(usize, u64, String)]) -> Vec<(usize, u64)> {
    let mut ranks: Vec<(usize, u64)> = values.iter().map(|(column, rank, _)| (*column, *rank)).collect();
    ranks.sort_unstable();
    ranks.dedup_by_key(|(column, _)| *column);
    ranks
}
