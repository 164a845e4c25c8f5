//! The document type: skipped where that changes nothing, refused where it would.
//!
//! Its declarations are not applied. Those that would change a value are refused instead: entities (which are how a small
//! file becomes a large one, and how a file reads another), and attributes with a default. An external subset is not
//! read; an entity that only it declares is not known, then. Of other declarations, only where they end is looked at.

use memchr::{memchr, memmem};

use super::chars::{is_space, wide_name};
use super::fault::Fault;
use super::token::{Lexed, comment_end, instruction_end, literal_end};

/// Why entity declarations are refused.
pub const ENTITIES: &str = "entity declarations are refused: they make a small document large, and read other files; write \
                            the text itself in their place";

/// Checks the document type that starts here; returns where it ends.
pub fn check(text: &str, start: usize) -> Lexed<usize> {
    let mut cursor = Cursor { text, start, at: start + "<!DOCTYPE".len() };
    let has_space = cursor.skip_space();
    let name = wide_name(cursor.rest());
    if !has_space || name == 0 {
        return Err(cursor.fault("the document type has no name"));
    }
    cursor.at += name;
    if cursor.skip_space() {
        cursor.external_id()?;
        cursor.skip_space();
    }
    if cursor.take("[") {
        cursor.subset()?;
        cursor.skip_space();
    }
    match cursor.take(">") {
        true => Ok(cursor.at),
        false => Err(cursor.fault("the document type does not end in `>` here")),
    }
}

struct Cursor<'a> {
    text: &'a str,
    start: usize,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn fault(&self, what: &'static str) -> Fault {
        match self.rest().is_empty() {
            true => Fault::new(self.start, "a document type is opened here and never closed"),
            false => Fault::new(self.at, what),
        }
    }

    fn skip_space(&mut self) -> bool {
        let length = self.rest().bytes().take_while(|byte| is_space(*byte)).count();
        self.at += length;
        length > 0
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.rest().starts_with(word);
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn external_id(&mut self) -> Lexed<()> {
        let literals = match () {
            () if self.take("SYSTEM") => 1,
            () if self.take("PUBLIC") => 2,
            () => 0,
        };
        for _ in 0..literals {
            if !self.skip_space() {
                return Err(self.fault("white space is missing in the document type"));
            }
            self.literal()?;
        }
        Ok(())
    }

    fn literal(&mut self) -> Lexed<()> {
        match literal_end(self.text, self.at) {
            Some(end) => {
                self.at = end;
                Ok(())
            }
            None => Err(self.fault("a quoted literal of the document type is missing, or never closed")),
        }
    }

    /// The internal subset, behind its `[`, to its `]`.
    fn subset(&mut self) -> Lexed<()> {
        loop {
            self.skip_space();
            let rest = self.rest();
            if self.take("]") {
                return Ok(());
            }
            if rest.starts_with("<!--") {
                self.at = comment_end(self.text, self.at)?;
            } else if rest.starts_with("<?") {
                self.at = instruction_end(self.text, self.at)?;
            } else if rest.starts_with("<!ENTITY") || rest.starts_with('%') {
                return Err(self.fault(ENTITIES));
            } else if rest.starts_with("<!ATTLIST") {
                self.declaration(true)?;
            } else if rest.starts_with("<!ELEMENT") || rest.starts_with("<!NOTATION") {
                self.declaration(false)?;
            } else {
                return Err(self.fault("the document type holds something that is no declaration"));
            }
        }
    }

    /// A declaration, to its `>`. One of attributes may have no literal: it would be a default.
    fn declaration(&mut self, is_of_attributes: bool) -> Lexed<()> {
        self.at += "<!".len();
        loop {
            let found =
                self.rest().bytes().position(|byte| matches!(byte, b'>' | b'<' | b'"' | b'\'' | b'%' | b'[' | b']'));
            self.at += found.unwrap_or(self.rest().len());
            match self.rest().bytes().next() {
                Some(b'>') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'"' | b'\'') if is_of_attributes => {
                    return Err(self.fault(
                        "an attribute with a default in the document type is refused: the default would be lost",
                    ));
                }
                Some(b'"' | b'\'') => self.literal()?,
                Some(b'%') => return Err(self.fault(ENTITIES)),
                _ => return Err(self.fault("a declaration of the document type does not end in `>`")),
            }
        }
    }
}

/// Where a document type that starts here ends, or none where its end is not here yet. Good for one that `check` takes.
pub fn end(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    let mut is_in_subset = false;
    loop {
        let rest = bytes.get(at..)?;
        let found = rest.iter().position(|byte| matches!(byte, b'>' | b'"' | b'\'' | b'[' | b']' | b'<'))?;
        let special = rest.get(found..)?;
        at += found + 1;
        at += match special {
            [b'>', ..] if !is_in_subset => return Some(at),
            [b'<', b'!', b'-', b'-', comment @ ..] => 3 + memmem::find(comment, b"-->")? + 3,
            [b'<', b'?', instruction @ ..] => 1 + memmem::find(instruction, b"?>")? + 2,
            [quote @ (b'"' | b'\''), literal @ ..] => memchr(*quote, literal)? + 1,
            [b'[', ..] => {
                is_in_subset = true;
                0
            }
            [b']', ..] => {
                is_in_subset = false;
                0
            }
            _ => 0,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_all(text: &str) -> Result<(), String> {
        let length = check(text, 0).map_err(|fault| fault.message(true))?;
        assert_eq!(length, text.len(), "{text}");
        assert_eq!(end(text.as_bytes()), Some(text.len()), "{text}");
        Ok(())
    }

    #[test]
    fn document_types_without_entities_stand() {
        for text in [
            "<!DOCTYPE a>",
            "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0//EN\" 'http://a/b.dtd' >",
            "<!DOCTYPE a SYSTEM 'b>c[.dtd'>",
            "<!DOCTYPE a [ <!ELEMENT a (b|c)*> <!-- it's ]> \" --> <?p ]>'?> <!ATTLIST a b CDATA #IMPLIED> ] >",
            "<!DOCTYPE a SYSTEM \"b\" [<!NOTATION n SYSTEM 'a>]'>]>",
            "<!DOCTYPE a\n[\n]>",
            "<!DOCTYPE a [<!-->]>--><?p >]>?>]>",
        ] {
            check_all(text).unwrap();
        }
    }

    #[test]
    fn entities_and_defaults_are_refused_by_name() {
        for text in [
            "<!DOCTYPE a [<!ENTITY lol 'lol'>]>",
            "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>",
            "<!DOCTYPE a [<!ENTITY % x 'y'>%x;]>",
            "<!DOCTYPE a [ %x; ]>",
        ] {
            assert!(check_all(text).unwrap_err().starts_with("entity declarations are refused"), "{text}");
        }
        let text = "<!DOCTYPE a [<!ATTLIST a b CDATA 'c'>]>";
        assert!(check_all(text).unwrap_err().starts_with("an attribute with a default"));
    }

    #[test]
    fn broken_document_types_are_refused() {
        for text in [
            "<!DOCTYPE>",
            "<!DOCTYPEa>",
            "<!DOCTYPE a SYSTEM>",
            "<!DOCTYPE a SYSTEM b>",
            "<!DOCTYPE a PUBLIC 'b'>",
            "<!DOCTYPE a 'b'>",
            "<!DOCTYPE a [ x ]>",
            "<!DOCTYPE a [",
            "<!DOCTYPE a ['",
            "<!DOCTYPE a [<!ELEMENT a <!ELEMENT b>]>",
            "<!DOCTYPE a [<!-- -- -->]>",
            "<!DOCTYPE a",
            "<!DOCTYPE a []x>",
            "<!DOCTYPE a [<!ELEMENT a ANY]>",
        ] {
            assert!(check(text, 0).is_err(), "{text}");
        }
    }
}
