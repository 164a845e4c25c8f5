//! A document, or a part of one, as elements: what `token` yields, checked for what XML 1.0 and its namespaces demand of
//! several tokens together.

use super::chars::is_blank;
use super::fault::Fault;
use super::scope::Scopes;
use super::token::{Attribute, Lexed, Lexer, Token};

/// Elements may be nested this deep.
pub const MAX_DEPTH: usize = 256;

/// Where in its document a part starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The start tags of the elements that are open there, as they stand in the document.
    pub open: Vec<String>,
    /// Whether the root has begun.
    pub has_root: bool,
    /// Whether the document type has been.
    pub has_doctype: bool,
}

/// What the walk comes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// An element begins. Its attributes are those of the walk. It is nil where `xsi:nil` says so.
    Start { name: &'a str, is_nil: bool },
    /// The innermost open element ends; its content began and ends at these bytes.
    End { content: (usize, usize) },
    /// Text of the innermost open element; plain where no reference is in it.
    Text { text: &'a str, is_plain: bool },
    /// A CDATA section of it.
    CData(&'a str),
    /// What is no content: a comment, a processing instruction, the document type, white space around the root.
    Aside,
}

#[derive(Debug, Clone, Copy)]
struct Open<'a> {
    name: &'a str,
    content: usize,
    scopes: usize,
}

/// Walks through a text.
#[derive(Debug)]
pub struct Walk<'a> {
    lexer: Lexer<'a>,
    open: Vec<Open<'a>>,
    scopes: Scopes<'a>,
    has_root: bool,
    has_doctype: bool,
    /// The tag in hand is an empty element's: its end is next, without a token.
    is_empty: bool,
    names: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    /// From a byte of the text, which lies at a place of the document.
    pub fn new(text: &'a str, at: usize, place: &'a Place) -> Lexed<Self> {
        let mut walk = Self::inside(text, Scopes::default());
        for tag in &place.open {
            let mut lexer = Lexer::new(tag, 0);
            if let Some(Token::Start { name, .. }) = lexer.next()? {
                std::mem::swap(&mut walk.lexer, &mut lexer);
                walk.begin(name, 0)?;
            }
        }
        walk.lexer = Lexer::new(text, at);
        walk.has_root = place.has_root;
        walk.has_doctype = place.has_doctype;
        Ok(walk)
    }

    /// Through one element, where these namespaces are known.
    pub fn inside(text: &'a str, scopes: Scopes<'a>) -> Self {
        Self {
            lexer: Lexer::new(text, 0),
            open: Vec::new(),
            scopes,
            has_root: false,
            has_doctype: false,
            is_empty: false,
            names: Vec::new(),
        }
    }

    /// Where the next event begins.
    pub fn at(&self) -> usize {
        self.lexer.at()
    }

    /// The names of the open elements, from the root.
    pub fn open(&self) -> impl ExactSizeIterator<Item = &'a str> {
        self.open.iter().map(|open| open.name)
    }

    /// The attributes of the element that has just begun.
    pub fn attributes(&self) -> &[Attribute<'a>] {
        &self.lexer.attributes
    }

    /// What the prefixes mean here.
    pub fn scopes(&self) -> &Scopes<'a> {
        &self.scopes
    }

    /// The text from a byte to another.
    pub fn between(&self, start: usize, end: usize) -> &'a str {
        self.lexer.between(start, end)
    }

    /// The next event, or none at the end of the text.
    pub fn next(&mut self) -> Lexed<Option<Event<'a>>> {
        if self.is_empty {
            self.is_empty = false;
            let at = self.lexer.at();
            return Ok(self.close().map(|_| Event::End { content: (at, at) }));
        }
        let at = self.lexer.at();
        let Some(token) = self.lexer.next()? else {
            return Ok(None);
        };
        Ok(Some(match token {
            Token::Start { name, is_empty } => {
                self.is_empty = is_empty;
                self.begin(name, at)?
            }
            Token::End { name } => self.end(name, at)?,
            Token::Text { text, is_plain } if !self.open.is_empty() => Event::Text { text, is_plain },
            Token::Text { text, .. } => self.outside(text, at)?,
            Token::CData(_) if self.open.is_empty() => {
                return Err(Fault::new(at, "a CDATA section stands outside of the root element"));
            }
            Token::CData(text) => Event::CData(text),
            Token::Aside => Event::Aside,
            Token::Doctype => self.doctype(at)?,
        }))
    }

    /// As `Lexer::leaf`, inside of an element, for a name that was found to be one before.
    pub fn leaf(&mut self, name: &str, prefix: &str) -> Option<(usize, usize)> {
        let is_declared = prefix.is_empty() || self.scopes.is_declared(prefix);
        match self.is_empty || self.open.len() >= MAX_DEPTH || !is_declared {
            true => None,
            false => self.lexer.leaf(name),
        }
    }

    /// The text has ended: so must the document.
    pub fn finish(&self) -> Lexed<()> {
        let at = self.lexer.at();
        match self.open.last() {
            Some(open) => {
                let what = "the document ends and the element `{}` is not closed; was its upload cut off?";
                Err(Fault::new(at, what).quoting(open.name))
            }
            None if !self.has_root => Err(Fault::new(at, "the document ends and has no root element")),
            None => Ok(()),
        }
    }

    fn begin(&mut self, name: &'a str, at: usize) -> Lexed<Event<'a>> {
        if self.open.is_empty() && self.has_root {
            return Err(Fault::new(at, "a second root element, `{}`, begins here; a document has one").quoting(name));
        }
        if self.open.len() == MAX_DEPTH {
            return Err(Fault::new(at, format!("elements are nested deeper than {MAX_DEPTH}, which is the limit")));
        }
        let scopes = self.scopes.depth();
        let attributes = &self.lexer.attributes;
        let mut is_nil = false;
        if !attributes.is_empty() || name.contains(':') {
            check_names(attributes, &mut self.names)?;
            is_nil = self.scopes.open(name, attributes, at)?;
        }
        self.has_root = true;
        self.open.push(Open { name, content: self.lexer.at(), scopes });
        Ok(Event::Start { name, is_nil })
    }

    fn end(&mut self, name: &str, at: usize) -> Lexed<Event<'a>> {
        match self.close() {
            Some(open) if open.name == name => Ok(Event::End { content: (open.content, at) }),
            Some(open) => {
                let what = "the element `{}` is closed by `</{}>`";
                Err(Fault::new(at, what).quoting(open.name).quoting(name))
            }
            None => Err(Fault::new(at, "`</{}>` closes no element").quoting(name)),
        }
    }

    fn close(&mut self) -> Option<Open<'a>> {
        let open = self.open.pop()?;
        self.scopes.close(open.scopes);
        Some(open)
    }

    /// Text outside of the root: white space, and not even that by reference.
    fn outside(&self, text: &str, at: usize) -> Lexed<Event<'a>> {
        if is_blank(text) {
            return Ok(Event::Aside);
        }
        let before = text.len() - text.trim_start_matches([' ', '\t', '\r', '\n']).len();
        Err(Fault::new(
            at + before,
            match self.has_root {
                true => "text stands behind the root element, where only comments may",
                false => "text stands before the root element; is it XML?",
            },
        ))
    }

    fn doctype(&mut self, at: usize) -> Lexed<Event<'a>> {
        if self.has_root || self.has_doctype {
            return Err(Fault::new(at, "a document type stands once, and before the root element"));
        }
        self.has_doctype = true;
        Ok(Event::Aside)
    }
}

/// Whether no name stands twice.
fn check_names<'a>(attributes: &[Attribute<'a>], names: &mut Vec<&'a str>) -> Lexed<()> {
    let twice = |name: &str| {
        let mut same = attributes.iter().filter(|attribute| attribute.name == name);
        let at = same.nth(1).map_or(0, |attribute| attribute.at);
        Err(Fault::new(at, "the element has two attributes `{}`").quoting(name))
    };
    if attributes.len() < 2 {
        return Ok(());
    }
    names.clear();
    names.extend(attributes.iter().map(|attribute| attribute.name));
    names.sort_unstable();
    match names.array_windows().find(|[a, b]| a == b) {
        Some([name, _]) => twice(name),
        None => Ok(()),
    }
}
