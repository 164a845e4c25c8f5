//! The tokens of a document: tags, text, sections, each checked by itself for what XML 1.0 demands of it. What demands
//! a look at more than one token (tags that match, one root) is the business of `walk`.

use memchr::{memchr, memchr2, memchr3, memmem};

use super::chars::{self, MAX_NAME_BYTES, NameLength, is_space};
use super::doctype;
use super::fault::Fault;
use super::reference;

/// An element with more attributes is refused.
pub const MAX_ATTRIBUTES: usize = 1024;

pub type Lexed<T> = Result<T, Fault>;

/// One token. Attributes of a start tag are in `Lexer::attributes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// A start tag, or the tag of an empty element.
    Start { name: &'a str, is_empty: bool },
    /// An end tag.
    End { name: &'a str },
    /// Text up to the next `<`; plain where no reference is in it.
    Text { text: &'a str, is_plain: bool },
    /// What stands in a CDATA section.
    CData(&'a str),
    /// A comment, or a processing instruction.
    Aside,
    /// The document type.
    Doctype,
}

/// An attribute of the start tag in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// As written.
    pub name: &'a str,
    /// As written between its quotes.
    pub value: &'a str,
    /// Where its name and its value stand.
    pub at: usize,
    pub value_at: usize,
}

/// Reads tokens from a text, which is here as a whole.
#[derive(Debug)]
pub struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// Whether `]]>` stands anywhere: only then need each text be searched for it.
    has_section_end: bool,
    pub attributes: Vec<Attribute<'a>>,
}

impl<'a> Lexer<'a> {
    pub fn new(text: &'a str, at: usize) -> Self {
        let has_section_end = memmem::find(text.as_bytes(), b"]]>").is_some();
        Self { text, at, has_section_end, attributes: Vec::new() }
    }

    /// Where the next token starts.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The text from a byte to another.
    pub fn between(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// The next token, or none at the end of the text.
    pub fn next(&mut self) -> Lexed<Option<Token<'a>>> {
        match (self.byte(self.at), self.byte(self.at + 1)) {
            (None, _) => Ok(None),
            (Some(b'<'), Some(b'/')) => self.end_tag().map(Some),
            (Some(b'<'), Some(b'!')) => self.declaration().map(Some),
            (Some(b'<'), Some(b'?')) => self.instruction().map(Some),
            (Some(b'<'), _) => self.start_tag().map(Some),
            _ => self.character_data().map(Some),
        }
    }

    /// Takes an element of this name that is next but for white space, has no attributes and holds plain text at most;
    /// returns where its content starts and ends. It is what `next` would find in three tokens or one, looked at once.
    pub fn leaf(&mut self, name: &str) -> Option<(usize, usize)> {
        let start = self.skip_space(self.at);
        let tag = self.bytes_from(start).strip_prefix(b"<")?.strip_prefix(name.as_bytes())?;
        let content = start + 1 + name.len() + 1;
        if tag.starts_with(b"/>") {
            self.at = content + 1;
            return Some((content + 1, content + 1));
        }
        let rest = tag.strip_prefix(b">")?;
        let length = memchr2(b'<', b'&', rest)?;
        let (text, end) = rest.split_at_checked(length)?;
        end.strip_prefix(b"</")?.strip_prefix(name.as_bytes())?.strip_prefix(b">")?;
        if self.has_section_end && memmem::find(text, b"]]>").is_some() {
            return None;
        }
        self.at = content + length + 2 + name.len() + 1;
        Some((content, content + length))
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn bytes_from(&self, at: usize) -> &'a [u8] {
        self.text.as_bytes().get(at..).unwrap_or_default()
    }

    fn character_data(&mut self) -> Lexed<Token<'a>> {
        let start = self.at;
        let mut is_plain = true;
        loop {
            let rest = self.bytes_from(self.at);
            match memchr2(b'<', b'&', rest) {
                Some(found) if rest.get(found) == Some(&b'&') => {
                    let behind = self.at + found + 1;
                    let (_, length) = reference::resolve(self.text.get(behind..).unwrap_or_default(), behind - 1)?;
                    self.at = behind + length;
                    is_plain = false;
                }
                found => {
                    self.at += found.unwrap_or(rest.len());
                    break;
                }
            }
        }
        let text = self.between(start, self.at);
        if self.has_section_end
            && let Some(found) = memmem::find(text.as_bytes(), b"]]>")
        {
            return Err(Fault::new(start + found, "`]]>` stands in text; write `]]&gt;`"));
        }
        Ok(Token::Text { text, is_plain })
    }

    fn end_tag(&mut self) -> Lexed<Token<'a>> {
        let start = self.at;
        let name = self.name(start + 2, "an end tag")?;
        let end = self.skip_space(start + 2 + name.len());
        if self.byte(end) != Some(b'>') {
            return Err(self.unfinished(end, "the end tag of `{}` does not end in `>`").quoting(name));
        }
        self.at = end + 1;
        Ok(Token::End { name })
    }

    fn start_tag(&mut self) -> Lexed<Token<'a>> {
        let name = self.name(self.at + 1, "a tag")?;
        self.attributes.clear();
        let mut at = self.at + 1 + name.len();
        loop {
            let next = self.skip_space(at);
            match self.byte(next) {
                Some(b'>') => {
                    self.at = next + 1;
                    return Ok(Token::Start { name, is_empty: false });
                }
                Some(b'/') if self.byte(next + 1) == Some(b'>') => {
                    self.at = next + 2;
                    return Ok(Token::Start { name, is_empty: true });
                }
                Some(b'/') => return Err(self.unfinished(next + 1, "a `/` in a tag that is not followed by `>`")),
                None => return Err(self.unfinished(next, "")),
                Some(_) if next == at => {
                    let what = "no white space stands before this attribute, or the name of the tag holds a character that \
                                no name may hold";
                    return Err(Fault::new(next, what));
                }
                Some(_) => at = self.attribute(next)?,
            }
        }
    }

    /// Reads an attribute; returns where it ends.
    fn attribute(&mut self, at: usize) -> Lexed<usize> {
        let name = self.name(at, "an attribute")?;
        let equals = self.skip_space(at + name.len());
        if self.byte(equals) != Some(b'=') {
            return Err(self.unfinished(equals, "the attribute `{}` has no `=` and value").quoting(name));
        }
        let open = self.skip_space(equals + 1);
        let quote = match self.byte(open) {
            Some(quote @ (b'"' | b'\'')) => quote,
            _ => return Err(self.unfinished(open, "the value of the attribute `{}` is not quoted").quoting(name)),
        };
        let close = self.value_end(open + 1, quote, name)?;
        if self.attributes.len() == MAX_ATTRIBUTES {
            return Err(Fault::new(
                at,
                format!("the element has more than {MAX_ATTRIBUTES} attributes, which is the limit"),
            ));
        }
        let value = self.between(open + 1, close);
        self.attributes.push(Attribute { name, value, at, value_at: open + 1 });
        Ok(close + 1)
    }

    /// Where the value that starts here is closed by its quote.
    fn value_end(&self, start: usize, quote: u8, name: &str) -> Lexed<usize> {
        let mut at = start;
        loop {
            let rest = self.bytes_from(at);
            let found = memchr3(quote, b'<', b'&', rest);
            match found.and_then(|found| rest.get(found).map(|byte| (at + found, *byte))) {
                Some((found, byte)) if byte == quote => return Ok(found),
                Some((found, b'<')) => {
                    let what = "a `<` in the value of the attribute `{}`; write `&lt;`, or is a quote missing?";
                    return Err(Fault::new(found, what).quoting(name));
                }
                Some((found, _)) => {
                    let behind = self.text.get(found + 1..).unwrap_or_default();
                    at = found + 1 + reference::resolve(behind, found)?.1;
                }
                None => {
                    let what = "the value of the attribute `{}` is opened by a quote here and never closed";
                    return Err(Fault::new(start - 1, what).quoting(name));
                }
            }
        }
    }

    fn name(&self, at: usize, whose: &'static str) -> Lexed<&'a str> {
        let rest = self.text.get(at..).unwrap_or_default();
        let length = match chars::name_bytes_of(rest.as_bytes()) {
            NameLength::Ascii(length) => length,
            NameLength::Wide => chars::wide_name(rest),
        };
        if length == 0 {
            let what = match rest.is_empty() {
                true => format!("the document ends in {whose}"),
                false => {
                    format!("{whose} has no name here, or its name begins with a character that no name may begin with")
                }
            };
            let hint = if whose == "a tag" && !rest.is_empty() { "; a `<` in text is written `&lt;`" } else { "" };
            return Err(Fault::new(at, what + hint));
        }
        if length > MAX_NAME_BYTES {
            return Err(Fault::new(at, format!("a name has more than {MAX_NAME_BYTES} bytes, which is the limit")));
        }
        Ok(rest.get(..length).unwrap_or_default())
    }

    fn skip_space(&self, at: usize) -> usize {
        at + self.bytes_from(at).iter().take_while(|byte| is_space(**byte)).count()
    }

    /// What is wrong where a tag does not go on as it should: nothing but its end may be missing.
    fn unfinished(&self, at: usize, what: &'static str) -> Fault {
        match self.byte(at) {
            None => Fault::new(self.at, "the tag that begins here is not finished: the document ends in it"),
            Some(_) => Fault::new(at, what),
        }
    }

    /// What begins with `<!`.
    fn declaration(&mut self) -> Lexed<Token<'a>> {
        let start = self.at;
        let rest = self.bytes_from(start);
        if rest.starts_with(b"<!--") {
            self.at = comment_end(self.text, start)?;
            return Ok(Token::Aside);
        }
        if rest.starts_with(b"<![CDATA[") {
            let content = start + b"<![CDATA[".len();
            let Some(length) = memmem::find(self.bytes_from(content), b"]]>") else {
                return Err(Fault::new(start, "a CDATA section is opened here and never closed"));
            };
            self.at = content + length + 3;
            return Ok(Token::CData(self.between(content, content + length)));
        }
        if rest.starts_with(b"<!DOCTYPE") {
            self.at = doctype::check(self.text, start)?;
            return Ok(Token::Doctype);
        }
        if rest.starts_with(b"<!ENTITY") {
            return Err(Fault::new(start, doctype::ENTITIES));
        }
        Err(Fault::new(start, "`<!` begins no comment, no CDATA section and no document type"))
    }

    /// What begins with `<?`.
    fn instruction(&mut self) -> Lexed<Token<'a>> {
        self.at = instruction_end(self.text, self.at)?;
        Ok(Token::Aside)
    }
}

/// Checks the comment that starts here; returns where it ends.
pub fn comment_end(text: &str, start: usize) -> Lexed<usize> {
    let content = start + 4;
    let rest = text.as_bytes().get(content..).unwrap_or_default();
    let Some(dashes) = memmem::find(rest, b"--") else {
        return Err(Fault::new(start, "a comment is opened here and never closed"));
    };
    match rest.get(dashes + 2) {
        Some(b'>') => Ok(content + dashes + 3),
        _ => Err(Fault::new(content + dashes, "`--` stands in a comment, which may not hold it")),
    }
}

/// Checks the processing instruction that starts here; returns where it ends.
pub fn instruction_end(text: &str, start: usize) -> Lexed<usize> {
    let rest = text.get(start + 2..).unwrap_or_default();
    let target = rest.get(..chars::wide_name(rest)).unwrap_or_default();
    if target.is_empty() || target.contains(':') {
        return Err(Fault::new(
            start,
            "a processing instruction has no target, or its target is not a name without a colon",
        ));
    }
    if target.eq_ignore_ascii_case("xml") {
        return Err(Fault::new(start, "an XML declaration stands elsewhere than at the very start of the document"));
    }
    let behind = rest.get(target.len()..).unwrap_or_default();
    let Some(length) = memmem::find(behind.as_bytes(), b"?>") else {
        return Err(Fault::new(start, "a processing instruction is opened here and never closed"));
    };
    if length > 0 && !behind.bytes().next().is_some_and(is_space) {
        return Err(Fault::new(start, "the target of a processing instruction is not a name"));
    }
    Ok(start + 2 + target.len() + length + 2)
}

/// Where a quoted literal that opens here ends: behind its closing quote.
pub fn literal_end(text: &str, open: usize) -> Option<usize> {
    let rest = text.as_bytes().get(open..)?;
    let quote = *rest.first().filter(|byte| matches!(byte, b'"' | b'\''))?;
    memchr(quote, rest.get(1..)?).map(|length| open + 1 + length + 1)
}
