//! A column of a row group: its bytes, as they come, into pages.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use footer::Torn;

use super::page::{Content, Header, Leaf, RawPage};
use crate::typed::codec::Expand;

/// A header of a page has at most this many bytes: it may hold the least and the greatest of its values.
const MAX_HEADER_BYTES: usize = 1024 * 1024;

/// A column of a row group.
#[derive(Debug)]
pub struct Chunk {
    pub leaf: Arc<Leaf>,
    expand: Option<Expand>,
    /// The rows of its row group, and its values: more than rows where it is repeated.
    rows: u64,
    values: u64,
    /// The bytes of the object that are still to be made pages of.
    left: Range<u64>,
    /// Those of them that are here, by where they start.
    windows: BTreeMap<u64, Bytes>,
    pub dictionary: Option<Arc<RawPage>>,
    /// The pages of which not all rows are cut.
    pub pages: VecDeque<Placed>,
    rows_so_far: u64,
    values_so_far: u64,
    /// Why no more pages can be made. It is told when their rows are needed: what comes before is read first.
    pub fault: Option<String>,
}

/// A page of values, and which rows of the row group begin in it.
#[derive(Debug, Clone)]
pub struct Placed {
    pub page: Arc<RawPage>,
    pub first_row: u64,
    pub rows: u64,
    /// Whether it begins inside of the row before.
    pub is_inside: bool,
}

impl Placed {
    /// The row behind the last that begins in it.
    fn end(&self) -> u64 {
        self.first_row + self.rows
    }
}

impl Chunk {
    pub fn new(leaf: Arc<Leaf>, expand: Option<Expand>, rows: u64, values: u64, range: Range<u64>) -> Self {
        Self {
            leaf,
            expand,
            rows,
            values,
            left: range,
            windows: BTreeMap::new(),
            dictionary: None,
            pages: VecDeque::new(),
            rows_so_far: 0,
            values_so_far: 0,
            fault: None,
        }
    }

    /// The bytes that are to be fetched, or are not yet pages.
    pub fn range(&self) -> Range<u64> {
        self.left.clone()
    }

    /// Makes pages of bytes that start here; they may be more than the column's.
    pub fn take(&mut self, start: u64, bytes: &Bytes) {
        let place = |at: u64| usize::try_from(at.saturating_sub(start)).unwrap_or(usize::MAX).min(bytes.len());
        let (from, to) = (place(self.left.start), place(self.left.end));
        if from < to {
            self.windows.insert(start.max(self.left.start), bytes.slice(from..to));
        }
        if self.fault.is_none() {
            self.fault = self.advance().err();
        }
    }

    /// The memory that it holds.
    pub fn held_bytes(&self) -> u64 {
        let windows: usize = self.windows.values().map(Bytes::len).sum();
        let pages: usize = self.pages.iter().map(|placed| placed.page.bytes.len()).sum();
        (windows + pages) as u64
    }

    /// Makes pages of the bytes that are here.
    fn advance(&mut self) -> Result<(), String> {
        while !self.is_done() {
            let here = self.here();
            let Some((header, length)) = self.header(here)? else { return Ok(()) };
            let whole = length + header.length;
            if whole as u64 > self.left.end - self.left.start {
                return Err(self.fault(&format!("a page of {} bytes ends behind it", header.length)));
            }
            if whole > here {
                return Ok(());
            }
            let bytes = self.bytes(whole).slice(length..);
            let page = RawPage {
                header,
                bytes,
                byte_offset: self.left.start,
                leaf: Arc::clone(&self.leaf),
                expand: self.expand,
                page: OnceLock::new(),
            };
            self.add(page)?;
            self.go_behind(whole);
        }
        if self.rows_so_far != self.rows {
            let what = format!("it has {} rows, of {} of its row group", self.rows_so_far, self.rows);
            return Err(self.fault(&what));
        }
        self.windows.clear();
        Ok(())
    }

    /// Whether the rows up to this one are whole in the pages that are here.
    pub fn has_rows(&self, end: u64) -> bool {
        // The last row that begins in a page may go on in the next.
        self.fault.is_none() && self.is_done() || self.rows_so_far >= end + u64::from(self.leaf.max_repetition > 0)
    }

    /// The pages that hold rows, and how many rows begin in them before the first of these.
    pub fn pages_of(&self, rows: &Range<u64>) -> (Vec<Placed>, u64) {
        let holds =
            |placed: &&Placed| placed.first_row < rows.end || (placed.is_inside && placed.first_row == rows.end);
        let pages: Vec<Placed> = self.pages.iter().take_while(holds).cloned().collect();
        let before =
            pages.first().map_or(0, |first| rows.start.saturating_sub(first.first_row) + u64::from(first.is_inside));
        (pages, before)
    }

    /// Forgets the pages all of whose rows come before this one.
    pub fn forget(&mut self, row: u64) {
        while self.pages.front().is_some_and(|placed| placed.end() <= row) {
            self.pages.pop_front();
        }
    }

    /// How many bytes a row has, by the first page; `None` if it is not here yet.
    pub fn row_bytes(&self) -> Option<u64> {
        let first = self.pages.front()?;
        let page = first.page.header.expanded as u64 / first.rows.max(1);
        let dictionary = self.dictionary.as_ref().map_or(0, |dictionary| match dictionary.header.content {
            Content::Dictionary { values, .. } => dictionary.header.expanded as u64 / u64::from(values.max(1)),
            _ => 0,
        });
        Some(page.max(dictionary) + 1)
    }

    /// What is wrong with it.
    fn fault(&self, what: &str) -> String {
        format!("column `{}`, at byte {}: {what}", self.leaf.name, self.left.start)
    }

    fn is_done(&self) -> bool {
        self.values_so_far >= self.values || self.left.is_empty()
    }

    /// How many bytes are here without a gap.
    fn here(&self) -> usize {
        let mut end = self.left.start;
        for (start, bytes) in &self.windows {
            if *start > end {
                break;
            }
            end = end.max(start + bytes.len() as u64);
        }
        usize::try_from(end - self.left.start).unwrap_or(usize::MAX)
    }

    /// The first bytes that are here.
    fn bytes(&self, length: usize) -> Bytes {
        let start = self.left.start;
        let part = |(at, bytes): (&u64, &Bytes)| {
            let skip = usize::try_from(start.saturating_sub(*at)).unwrap_or(usize::MAX).min(bytes.len());
            bytes.slice(skip..)
        };
        let first = self.windows.iter().next().map(part).unwrap_or_default();
        if first.len() >= length {
            return first.slice(..length);
        }
        let mut all = Vec::with_capacity(length);
        for part in self.windows.iter().map(part) {
            all.extend_from_slice(part.get(..length - all.len()).unwrap_or(&part));
        }
        all.into()
    }

    /// The header of the next page, if it is here.
    fn header(&self, here: usize) -> Result<Option<(Header, usize)>, String> {
        let mut length = here.min(256);
        loop {
            match Header::read(&self.bytes(length)) {
                Ok(read) => return Ok(Some(read)),
                Err(Torn::End) if length < here.min(MAX_HEADER_BYTES) => length = (length * 8).min(here),
                Err(Torn::End) if here as u64 == self.left.end - self.left.start || here >= MAX_HEADER_BYTES => {
                    return Err(self.fault("the header of a page has no end"));
                }
                Err(Torn::End) => return Ok(None),
                Err(Torn::Broken(what)) => return Err(self.fault(&what)),
            }
        }
    }

    fn add(&mut self, page: RawPage) -> Result<(), String> {
        let (values, rows) = match page.header.content {
            Content::Other => return Ok(()),
            Content::Dictionary { .. } if self.dictionary.is_some() || self.values_so_far > 0 => {
                return Err(page.fault("it is a dictionary that does not come first"));
            }
            Content::Dictionary { .. } => {
                self.dictionary = Some(Arc::new(page));
                return Ok(());
            }
            // No values are no rows, and the crate takes them for the end.
            Content::V1 { values: 0, .. } | Content::V2 { values: 0, .. } => return Ok(()),
            Content::V1 { values, .. } if self.leaf.max_repetition == 0 => (values, (values.into(), false)),
            Content::V1 { values, .. } => (values, page.rows()?),
            Content::V2 { values, rows, .. } if self.leaf.max_repetition > 0 => (values, (rows.into(), false)),
            Content::V2 { values, .. } => (values, (values.into(), false)),
        };
        if page.header.content.needs_dictionary() && self.dictionary.is_none() {
            return Err(page.fault("its dictionary does not come before it"));
        }
        let (rows, is_inside) = rows;
        let first_row = self.rows_so_far;
        self.values_so_far += u64::from(values);
        self.rows_so_far += rows;
        if self.rows_so_far > self.rows || (is_inside && first_row == 0) {
            return Err(page.fault(&format!("it has more rows than its row group, {}", self.rows)));
        }
        self.pages.push_back(Placed { page: Arc::new(page), first_row, rows, is_inside });
        Ok(())
    }

    fn go_behind(&mut self, length: usize) {
        self.left.start += length as u64;
        let start = self.left.start;
        while let Some(first) = self.windows.first_entry() {
            if first.key() + first.get().len() as u64 > start {
                break;
            }
            first.remove();
        }
    }
}
