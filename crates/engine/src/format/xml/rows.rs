//! The rows of a part of a document: which element is one, which of its elements and attributes are its fields.

use model::name::Identifier;

use super::fault::line_ends;
use super::known::{Known, Leaf, Met};
use super::path::{Columns, Hit, RowPath};
use super::scope::{is_declaration, split};
use super::slots::{Content, Slots};
use super::token::Lexed;
use super::walk::{Event, Walk};
use crate::reject::Reject;
use crate::text::{Origin, Record, Span};

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

impl Layout {
    pub fn is_super(&self, column: usize) -> bool {
        self.is_super.get(column).copied().unwrap_or_default()
    }

    /// What an element of a name is, inside of an element at a node.
    pub fn meet<'a>(&self, node: usize, name: &'a str) -> Met<'a> {
        let hits: Vec<Hit> = self.columns.children(node, name).collect();
        let leaf = match hits.as_slice() {
            [] => Leaf::Skip,
            [hit] => match self.columns.columns(hit.target) {
                [] => Leaf::Skip,
                [column] if !self.is_super(*column) => Leaf::Take { column: *column, rank: hit.rank },
                _ => Leaf::Look,
            },
            _ => Leaf::Look,
        };
        Met { name, prefix: split(name).0, hits, leaf }
    }
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
    levels: Vec<Level>,
    /// What the open elements of the row are to the columns, level by level.
    hits: Vec<Hit>,
    known: Vec<Known<'a>>,
    /// How much was met that makes the text of an element another than what stands in the file.
    marks: usize,
    slots: Slots<'a>,
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

impl<'a> Rows<'a> {
    pub fn new(layout: &'a Layout, text: &'a str, origin: Origin, walk: Walk<'a>) -> Self {
        Self {
            layout,
            text,
            origin,
            walk,
            levels: Vec::new(),
            hits: Vec::new(),
            known: vec![Known::default(); layout.columns.nodes()],
            marks: 0,
            slots: Slots::new(layout, text),
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
                self.found.made = self.slots.into_made();
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
    /// of most rows go. It has no attributes, so there is nothing else to see to.
    fn leaf(&mut self) -> Lexed<bool> {
        let hits = self.levels.last().map_or(&[][..], |level| self.hits.get(level.hits..).unwrap_or_default());
        let [parent] = hits else {
            return Ok(false);
        };
        let Some(known) = self.known.get_mut(parent.target) else {
            return Ok(false);
        };
        let Some(Met { name, prefix, leaf, .. }) = known.next() else {
            return Ok(false);
        };
        let leaf = *leaf;
        let content = match leaf {
            Leaf::Look => None,
            Leaf::Skip | Leaf::Take { .. } => self.walk.leaf(name, prefix),
        };
        let Some(content) = content else {
            return Ok(false);
        };
        known.advance();
        self.marks += 1;
        if let Leaf::Take { column, rank } = leaf {
            self.slots.plain(column, (parent.rank << 2) | rank, content)?;
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
            self.attributes(index)?;
        }
        Ok(())
    }

    /// Adds the hits of an element inside of an element that is a hit.
    fn enter(&mut self, parent: usize, name: &'a str) {
        let Some(parent) = self.hits.get(parent).copied() else {
            return;
        };
        if let Some(known) = self.known.get_mut(parent.target) {
            let hits = known.meet(self.layout, parent.target, name).iter();
            self.hits.extend(hits.map(|hit| Hit { target: hit.target, rank: (parent.rank << 2) | hit.rank }));
        }
    }

    /// The attributes of the element that has just begun, as far as they are columns.
    fn attributes(&mut self, hit: usize) -> Lexed<()> {
        let Some(hit) = self.hits.get(hit).copied() else {
            return Ok(());
        };
        if let Some(known) = self.known.get_mut(hit.target) {
            known.begin();
        }
        let columns = &self.layout.columns;
        if !columns.has_attributes(hit.target) {
            return Ok(());
        }
        for attribute in self.walk.attributes().iter().filter(|attribute| !is_declaration(attribute.name)) {
            for column in columns.attributes(hit.target, attribute.name) {
                self.slots.attribute(column.target, (hit.rank << 2) | column.rank, attribute)?;
            }
        }
        Ok(())
    }

    fn end(&mut self, content: Content) -> Lexed<()> {
        let Some(level) = self.levels.pop() else {
            return Ok(());
        };
        let is_plain = self.marks == level.marks;
        for hit in self.hits.drain(level.hits..) {
            for column in self.layout.columns.columns(hit.target).iter().copied() {
                if self.layout.is_super(column) {
                    let element = self.walk.between(level.start, self.walk.at());
                    self.slots.element(column, hit.rank, element, self.walk.scopes())?;
                } else if level.is_nil {
                    self.slots.null(column, hit.rank);
                } else if is_plain {
                    self.slots.plain(column, hit.rank, content)?;
                } else {
                    self.slots.content(column, hit.rank, content, hit.target == Columns::ROW)?;
                }
            }
        }
        match self.levels.is_empty() {
            true => self.finish(level.start),
            false => Ok(()),
        }
    }

    /// The row has ended that starts here.
    fn finish(&mut self, start: usize) -> Lexed<()> {
        let end = self.walk.at();
        let line = self.line_at(start);
        self.row = (start, line);
        self.found.read += 1;
        match self.slots.end(start)? {
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
                self.found.spans.extend(self.slots.spans());
                self.found.records.push(Record { start: short(start), end: short(end), line });
            }
        }
        self.slots.clear();
        Ok(())
    }

    /// The line of a byte behind the start of the last row.
    fn line_at(&self, at: usize) -> u32 {
        let (last, line) = self.row;
        let lines = line_ends(self.text.as_bytes().get(last..at).unwrap_or_default(), self.slots.has_returns());
        // A piece has far less than 4 GiB.
        line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX))
    }
}
