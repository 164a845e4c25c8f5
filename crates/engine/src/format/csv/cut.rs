//! Where a piece ends: behind the last record that ends before the wanted length, else behind the first.
//!
//! This is the one part of reading that no second thread can share, so it looks at as little as it can: from quote to
//! quote, and at line ends only between them. Whether a quote opens a field shows in the byte before it. A dialect in
//! which that is not so (longer delimiters, escapes outside of quotes, comments) is scanned in full, here and again by
//! the piece.

use memchr::{memchr, memchr2, memrchr2};

use super::dialect::{Dialect, Escape};
use super::scan::scan;

/// Finds the end of one piece as its bytes come in.
#[derive(Debug, Default)]
pub struct Cutter {
    piece_bytes: usize,
    /// Bytes before this one are looked at.
    at: usize,
    is_quoted: bool,
    /// The end of the last record that ends before the wanted length.
    best: Option<usize>,
    /// A full scan is not tried again on fewer bytes.
    tried: usize,
}

impl Cutter {
    /// The length of the piece at the start of the bytes; `None` if more bytes are needed. What it says of some bytes
    /// holds for more of them. With all bytes there, the last piece takes what is left.
    pub fn cut(&mut self, bytes: &[u8], is_all: bool, piece_bytes: usize, dialect: &Dialect) -> Option<usize> {
        if is_all && bytes.len() <= piece_bytes {
            return Some(bytes.len()).filter(|length| *length > 0);
        }
        // Behind a CR may stand its LF, behind a quote its second: the last byte is not judged before the next is here.
        let known = if is_all { bytes.len() } else { bytes.len().saturating_sub(1) };
        if known < piece_bytes {
            return None;
        }
        self.piece_bytes = piece_bytes;
        let end = if dialect.is_plain() { self.hop(bytes, known, dialect) } else { self.scan(bytes, known, dialect) };
        end.or_else(|| is_all.then_some(bytes.len()))
    }

    fn hop(&mut self, bytes: &[u8], known: usize, dialect: &Dialect) -> Option<usize> {
        loop {
            if self.at >= self.piece_bytes && self.best.is_some() {
                return self.best;
            }
            if self.at >= known {
                return None;
            }
            match dialect.quote {
                Some(quote) if self.is_quoted => self.close(bytes, known, quote, dialect.escape),
                quote => {
                    if let Some(end) = self.between(bytes, known, quote, dialect) {
                        return Some(end);
                    }
                }
            }
        }
    }

    /// Goes behind the quote that closes a field, or as far as there are bytes.
    fn close(&mut self, bytes: &[u8], known: usize, quote: u8, escape: Escape) {
        let Some(at) = memchr(quote, bytes.get(self.at..known).unwrap_or_default()).map(|at| self.at + at) else {
            self.at = known;
            return;
        };
        self.is_quoted = escape == Escape::Doubled && bytes.get(at + 1) == Some(&quote);
        self.at = at + 1 + usize::from(self.is_quoted);
    }

    /// Looks at line ends up to the next quote; says where the piece ends if that is behind the wanted length.
    fn between(&mut self, bytes: &[u8], known: usize, quote: Option<u8>, dialect: &Dialect) -> Option<usize> {
        let stop = if self.best.is_some() { known.min(self.piece_bytes) } else { known };
        let region = bytes.get(self.at..stop).unwrap_or_default();
        let quote_at = quote.and_then(|quote| memchr(quote, region));
        let region = region.get(..quote_at.unwrap_or(region.len())).unwrap_or_default();
        let near = region.get(..self.piece_bytes.saturating_sub(self.at).min(region.len())).unwrap_or_default();
        if let Some(at) = memrchr2(b'\n', b'\r', near) {
            self.best = Some(line_end(bytes, self.at + at));
        } else if self.best.is_none()
            && let Some(at) = memchr2(b'\n', b'\r', region)
        {
            return Some(line_end(bytes, self.at + at));
        }
        self.at += region.len();
        if quote_at.is_some() {
            let before = self.at.checked_sub(1).and_then(|before| bytes.get(before));
            self.is_quoted =
                before.is_none_or(|before| matches!(before, b'\n' | b'\r') || dialect.delimiter == [*before]);
            self.at += 1;
        }
        None
    }

    fn scan(&mut self, bytes: &[u8], known: usize, dialect: &Dialect) -> Option<usize> {
        if bytes.len() < self.tried * 2 {
            return None;
        }
        self.tried = bytes.len();
        let piece_bytes = self.piece_bytes;
        let (mut last, mut first) = (None, None);
        // The record that ends with these bytes may go on in the next ones.
        scan(bytes.get(..known).unwrap_or_default(), dialect, &mut Vec::new(), |scanned, spans| {
            spans.clear();
            if scanned.end < piece_bytes {
                last = Some(scanned.end);
            } else if scanned.end < known {
                first.get_or_insert(scanned.end);
            }
        });
        last.or(first)
    }
}

/// The byte behind the line end that stands here.
fn line_end(bytes: &[u8], at: usize) -> usize {
    let is_pair = bytes.get(at..at + 2) == Some(b"\r\n");
    at + 1 + usize::from(is_pair)
}
