//! Where rows and what lies between them end: a quick look at bytes, on the one thread that reads them in order.
//!
//! It is right for documents that are well-formed, and need not be for others: up to its first fault a document is cut
//! between rows, and the piece that holds the fault finds it. So it checks nothing.

use memchr::memmem::{self, Finder};
use memchr::{memchr, memchr2, memchr3};

use super::chars::is_space;
use super::doctype;

/// A part of a document outside of its rows, or a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit<'a> {
    /// Text up to the next `<`.
    Text,
    /// A comment, a processing instruction, a section.
    Aside,
    /// The document type.
    Doctype,
    /// A start tag, of an element that is no row.
    Open { name: &'a [u8] },
    /// An empty element that is no row.
    Empty { name: &'a [u8] },
    /// An end tag.
    Close,
    /// A whole row.
    Row,
}

/// Finds tags of one name.
#[derive(Debug)]
pub struct Tags {
    name: Vec<u8>,
    open: Finder<'static>,
    close: Finder<'static>,
}

impl Tags {
    fn of(name: &[u8]) -> Self {
        let finder = |parts: &[&[u8]]| Finder::new(&parts.concat()).into_owned();
        Self { name: name.to_owned(), open: finder(&[b"<", name]), close: finder(&[b"</", name, b">"]) }
    }

    /// Whether an element of the name begins here.
    fn is_open_in(&self, bytes: &[u8]) -> bool {
        let behind = |at: usize| bytes.get(at + 1 + self.name.len());
        self.open
            .find_iter(bytes)
            .any(|at| behind(at).is_none_or(|byte| is_space(*byte) || matches!(byte, b'>' | b'/')))
    }
}

/// The unit that the bytes begin with and its length, or none where its end is not among them. The tags are those of the
/// last row, whose name the next one mostly has.
pub fn unit<'a>(
    bytes: &'a [u8],
    tags: &mut Option<Tags>,
    is_row: impl FnOnce(&[u8]) -> bool,
) -> Option<(Unit<'a>, usize)> {
    match bytes {
        [b'<', b'/', ..] => Some((Unit::Close, memchr(b'>', bytes)? + 1)),
        [b'<', b'?', ..] => Some((Unit::Aside, aside_end(bytes)?)),
        [b'<', b'!', ..] => declaration(bytes),
        [b'<', ..] => {
            let tag = tag_end(bytes)?;
            let name = name(bytes);
            let is_empty = bytes.get(..tag).is_some_and(|tag| tag.ends_with(b"/>"));
            match (is_row(name), is_empty) {
                (true, true) => Some((Unit::Row, tag)),
                (true, false) => {
                    let known = tags.take_if(|tags| tags.name == name).unwrap_or_else(|| Tags::of(name));
                    Some((Unit::Row, row_end(bytes, tag, tags.insert(known))?))
                }
                (false, true) => Some((Unit::Empty { name }, tag)),
                (false, false) => Some((Unit::Open { name }, tag)),
            }
        }
        _ => Some((Unit::Text, memchr(b'<', bytes)?)),
    }
}

/// What begins with `<!`.
fn declaration(bytes: &[u8]) -> Option<(Unit<'static>, usize)> {
    // Nothing that begins so and is not one of these goes on for long in a document that is well-formed.
    if bytes.len() < b"<!DOCTYPE".len() && !bytes.contains(&b'>') {
        return None;
    }
    if bytes.starts_with(b"<!DOCTYPE") {
        return Some((Unit::Doctype, doctype::end(bytes)?));
    }
    Some((Unit::Aside, aside_end(bytes)?))
}

/// Where what begins with `<!` or `<?` inside the root ends.
fn aside_end(bytes: &[u8]) -> Option<usize> {
    let (skip, end): (usize, &[u8]) = match bytes {
        [b'<', b'!', b'-', b'-', ..] => (4, b"-->"),
        [b'<', b'!', b'[', ..] => (3, b"]]>"),
        [b'<', b'?', ..] => (2, b"?>"),
        _ => (2, b">"),
    };
    memmem::find(bytes.get(skip..)?, end).map(|found| skip + found + end.len())
}

/// The name of the tag that the bytes begin with.
fn name(bytes: &[u8]) -> &[u8] {
    let rest = bytes.get(1..).unwrap_or_default();
    let length = rest.iter().position(|byte| is_space(*byte) || matches!(byte, b'>' | b'/'));
    rest.get(..length.unwrap_or(rest.len())).unwrap_or_default()
}

/// Where the start tag that the bytes begin with ends: a `>` in quotes does not end it.
fn tag_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        let rest = bytes.get(at..)?;
        let found = memchr3(b'>', b'"', b'\'', rest)?;
        let byte = *rest.get(found)?;
        at += found + 1;
        if byte == b'>' {
            return Some(at);
        }
        at += memchr(byte, bytes.get(at..)?)? + 1;
    }
}

/// Where the row ends whose start tag ends at a byte. Mostly that is the next end tag of its name, without white space;
/// where a row, a comment or a section may stand before that one, all tags are looked at.
fn row_end(bytes: &[u8], tag: usize, tags: &Tags) -> Option<usize> {
    let rest = bytes.get(tag..)?;
    let Some(close) = tags.close.find(rest) else {
        return element_end(bytes, tag);
    };
    let content = rest.get(..close)?;
    if memchr2(b'!', b'?', content).is_some() || tags.is_open_in(content) {
        return element_end(bytes, tag);
    }
    Some(tag + close + tags.close.needle().len())
}

/// Where the element ends whose start tag ends at a byte.
fn element_end(bytes: &[u8], tag: usize) -> Option<usize> {
    let mut at = tag;
    let mut depth = 1_usize;
    loop {
        at += memchr(b'<', bytes.get(at..)?)?;
        let rest = bytes.get(at..)?;
        match rest.get(1)? {
            b'/' => {
                at += memchr(b'>', rest)? + 1;
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            b'!' | b'?' => at += aside_end(rest.get(..4).map(|_| rest)?)?,
            _ => {
                let end = tag_end(rest)?;
                at += end;
                depth += usize::from(rest.get(end.checked_sub(2)?) != Some(&b'/'));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(mut text: &str) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut tags = None;
        while let Some((unit, length)) = unit(text.as_bytes(), &mut tags, |name| matches!(name, b"r" | b"x:r")) {
            let (part, rest) = text.split_at(length);
            let kind = format!("{unit:?}");
            found.push((kind.split(' ').next().unwrap_or_default().to_owned(), part.to_owned()));
            text = rest;
        }
        found.push(("rest".to_owned(), text.to_owned()));
        found
    }

    #[track_caller]
    fn check(parts: &[(&str, &str)]) {
        let text: String = parts.iter().map(|(_, part)| *part).collect();
        let expected: Vec<_> = parts.iter().map(|(kind, part)| ((*kind).to_owned(), (*part).to_owned())).collect();
        assert_eq!(units(&text), expected);
    }

    #[test]
    fn rows_are_whole_whatever_they_hold() {
        check(&[
            ("Aside", "<?xml version='1.0'?>"),
            ("Text", "\n"),
            ("Aside", "<!-- <r> -->"),
            ("Doctype", "<!DOCTYPE a [<!-- ' > --> <!ELEMENT r (#PCDATA)>]>"),
            ("Open", "<a b='>'>"),
            ("Row", "<r/>"),
            ("Row", "<r a='/>' b=\"'>\"/>"),
            ("Row", "<r a='</r>'><r><r/></r></r >"),
            ("Row", "<r><rr></rr><r a='>'/></r\n>"),
            ("Text", " x "),
            ("Row", "<r><![CDATA[</r>]]]]><!-- </r> --><?p </r>?><b c='>'/><rr></rr></r>"),
            ("Row", "<r>a! <b></b>?</r>"),
            ("Row", "<r a='</r>'></r>"),
            ("Row", "<x:r><r></r><x:rr></x:rr></x:r>"),
            ("Empty", "<rr/>"),
            ("Aside", "<![CDATA[<r>]]>"),
            ("Close", "</a\n>"),
            ("rest", "\n"),
        ]);
    }

    #[test]
    fn what_has_not_ended_is_left() {
        for text in [
            "",
            "<",
            "<r",
            "<r>",
            "<r a='>",
            "<r></r",
            "<r><b></b>",
            "<!",
            "<!-",
            "<!--",
            "<!-->",
            "<!-- --",
            "<![CDATA[ ]]",
            "<!DOCTYP",
            "<!DOCTYPE a [>",
            "<?",
            "<?>",
            "<? ?",
            "</",
            "</a",
            "x",
            "<r><!-- </r>",
            "<r><",
            "<r><!",
            "<r><b",
        ] {
            check(&[("rest", text)]);
        }
    }
}
