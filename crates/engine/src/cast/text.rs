//! Text into text: char, varchar, and super, which is JSON. Lengths are bytes.

use std::borrow::Cow;

use arrow::array::types::Utf8Type;

use super::bytes::{Values, Write, Written};
use super::json;
use crate::reject::Reason;
use crate::rule::Case;

/// Writes varchar(n).
#[derive(Debug)]
pub struct Varchar {
    pub most: usize,
    pub truncates: bool,
    /// The case that texts are put in as they are written.
    pub case: Option<Case>,
}

impl Write for Varchar {
    type Arrow = Utf8Type;
    const REFUSES_NUL: bool = true;

    fn write(&self, text: &str, bytes: &mut Vec<u8>) -> Result<Written, Reason> {
        let start = bytes.len();
        match self.case {
            None => bytes.extend_from_slice(text.as_bytes()),
            Some(case) => case.append(text, bytes),
        }
        if bytes.len() - start <= self.most {
            return Ok(Written::Whole);
        }
        bytes.truncate(start);
        cut(&self.named(text), self.most, self.truncates, bytes)
    }

    /// Nearly all texts fit, and keep their length when their case is changed.
    fn write_block(&self, texts: &[Option<&str>], values: &mut Values) -> bool {
        let start = values.len();
        let longest = values.extend(texts);
        longest <= self.most && self.case.is_none_or(|case| case.change(values.bytes_from(start)))
    }

    fn named<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.case.map_or(Cow::Borrowed(text), |case| Cow::Owned(case.of(text)))
    }

    fn explain(&self, _: Reason, value: &str, text: &str) -> String {
        too_long("varchar", self.most, value, text)
    }
}

/// Writes char(n): ASCII, because Redshift takes no other character into one (facts/redshift-copy.md), and without the
/// blanks at its end, which Redshift puts there itself and sees in no comparison.
#[derive(Debug)]
pub struct Char {
    pub most: usize,
    pub truncates: bool,
}

impl Write for Char {
    type Arrow = Utf8Type;
    const REFUSES_NUL: bool = true;

    fn write(&self, text: &str, bytes: &mut Vec<u8>) -> Result<Written, Reason> {
        if !text.is_ascii() {
            return Err(Reason::NotAscii);
        }
        let text = text.trim_end_matches(' ');
        if text.len() <= self.most {
            bytes.extend_from_slice(text.as_bytes());
            return Ok(Written::Whole);
        }
        let before = bytes.len();
        let written = cut(text, self.most, self.truncates, bytes)?;
        let blanks = bytes.iter().skip(before).rev().take_while(|byte| **byte == b' ').count();
        bytes.truncate(bytes.len() - blanks);
        Ok(written)
    }

    fn explain(&self, reason: Reason, value: &str, text: &str) -> String {
        match reason {
            Reason::NotAscii => format!("{value} has characters that are not ASCII, which a char does not hold"),
            _ => too_long("char", self.most, value, text.trim_end_matches(' ')),
        }
    }
}

/// Writes super: the JSON text as it stands.
#[derive(Debug)]
pub struct Super {
    pub most: usize,
}

impl Write for Super {
    type Arrow = Utf8Type;
    const REFUSES_NUL: bool = true;

    fn write(&self, text: &str, bytes: &mut Vec<u8>) -> Result<Written, Reason> {
        if text.len() > self.most {
            return Err(Reason::TooLong);
        }
        json::fault(text).map_or(Ok(()), |fault| Err(fault.reason))?;
        bytes.extend_from_slice(text.as_bytes());
        Ok(Written::Whole)
    }

    fn explain(&self, reason: Reason, value: &str, text: &str) -> String {
        match (reason, json::fault(text)) {
            (Reason::NotJson, Some(fault)) => format!("{value} is not JSON: {}", fault.message),
            (_, Some(fault)) if reason == fault.reason => format!("{value} is no super: {}", fault.message),
            _ => format!("{value} has {} bytes, super holds {}", text.len(), self.most),
        }
    }
}

#[cold]
fn cut(text: &str, most: usize, truncates: bool, bytes: &mut Vec<u8>) -> Result<Written, Reason> {
    if !truncates {
        return Err(Reason::TooLong);
    }
    let kept = text.get(..text.floor_char_boundary(most)).unwrap_or_default();
    bytes.extend_from_slice(kept.as_bytes());
    Ok(Written::Cut)
}

fn too_long(kind: &str, most: usize, value: &str, text: &str) -> String {
    format!("{value} has {} bytes, {kind}({most}) holds {most}", text.len())
}
