//! JSON as RFC 8259 has it, token by token, over bytes that are all there.
//!
//! A [`Cursor`] is pulled: its caller asks what stands next and says whether to enter, take or skip it. Nothing is
//! accepted that the RFC does not have: no comments, no trailing commas, no NaN. It builds no values and copies
//! nothing; numbers and texts are ranges of the bytes.

use std::ops::Range;

/// Values nested deeper than this are refused. Nobody writes such records, and the stack is not endless.
pub const MAX_DEPTH: u32 = 128;

/// Where bytes are not JSON, and what is wrong there. A place at the end of the bytes says that they end too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    pub at: usize,
    pub what: What,
}

/// What is wrong with bytes that are no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Value,
    Key,
    FirstKey,
    Colon,
    NextKey,
    NextElement,
    Digit,
    Escape,
    Hex,
    Word,
    Nothing,
    Control,
    OpenText,
    LeadingZero,
    TooDeep,
}

impl What {
    /// In words, given what stands there instead.
    pub fn told(self, found: Found) -> String {
        let expected = match self {
            Self::Value => "a value",
            Self::Key => "a key in double quotes",
            Self::FirstKey => "a key in double quotes or a }",
            Self::Colon => "a : behind the key",
            Self::NextKey => "a , or a }",
            Self::NextElement => "a , or a ]",
            Self::Digit => "a digit",
            Self::Escape => "an escape that JSON has",
            Self::Hex => "a hexadecimal digit",
            Self::Word => "true, false or null",
            Self::Nothing => "nothing more",
            Self::Control => return "a text may not hold a control character, such as a line end or a tab".to_owned(),
            Self::OpenText => return "a text is opened and never closed".to_owned(),
            Self::LeadingZero => return "a number may not begin with a zero and go on with digits".to_owned(),
            Self::TooDeep => return format!("values are nested deeper than {MAX_DEPTH} levels"),
        };
        match found {
            Found::End => format!("{expected} is expected, not the end"),
            Found::Character(found) => format!("{expected} is expected, not {found:?}"),
            Found::Hidden => format!("{expected} is expected, not what stands there"),
        }
    }
}

/// What stands where something else is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    End,
    Character(char),
    /// It may be a part of a value that nobody is to see.
    Hidden,
}

/// What a value is, as its first byte shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Object,
    Array,
    Text,
    Number,
    True,
    False,
    Null,
}

impl Shape {
    /// What a value that begins with this byte is.
    pub fn of(byte: Option<u8>) -> Option<Self> {
        Some(match byte? {
            b'{' => Self::Object,
            b'[' => Self::Array,
            b'"' => Self::Text,
            b'-' | b'0'..=b'9' => Self::Number,
            b't' => Self::True,
            b'f' => Self::False,
            b'n' => Self::Null,
            _ => return None,
        })
    }

    /// As messages call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::Array => "an array",
            Self::Text => "a text",
            Self::Number => "a number",
            Self::True | Self::False => "a boolean",
            Self::Null => "null",
        }
    }
}

/// A text: what stands between its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    pub start: usize,
    pub end: usize,
    pub has_escapes: bool,
}

impl Text {
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// What the grammar allows in a text and no warehouse keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// `\u0000`
    Nul,
    /// `\ud800` without its other half: no character.
    LoneSurrogate,
}

/// Where in the bytes one is.
#[derive(Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    pub at: usize,
    depth: u32,
    /// The last flaw in a text, and where it stands.
    pub flaw: Option<(usize, Flaw)>,
}

impl<'a> Cursor<'a> {
    /// At this place of the bytes.
    pub fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at, depth: 0, flaw: None }
    }

    #[inline]
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// What is not yet behind the cursor.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Goes to the next byte that is no white space.
    #[inline]
    pub fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn broken<T>(&self, what: What) -> Result<T, Broken> {
        Err(Broken { at: self.at, what })
    }

    /// Goes to the next value and says what it is.
    #[inline]
    pub fn shape(&mut self) -> Result<Shape, Broken> {
        self.space();
        match Shape::of(self.peek()) {
            Some(shape) => Ok(shape),
            None => self.broken(What::Value),
        }
    }

    /// Goes behind the value that stands here, and is of this shape.
    pub fn skip(&mut self, shape: Shape) -> Result<(), Broken> {
        match shape {
            Shape::Text => {
                self.at += 1;
                self.text().map(drop)
            }
            Shape::Number => self.number(),
            Shape::True => self.word(b"true"),
            Shape::False => self.word(b"false"),
            Shape::Null => self.word(b"null"),
            Shape::Object => {
                self.enter()?;
                let mut is_first = true;
                while self.next_key(is_first)? {
                    is_first = false;
                    self.text()?;
                    self.colon()?;
                    let shape = self.shape()?;
                    self.skip(shape)?;
                }
                Ok(())
            }
            Shape::Array => {
                self.enter()?;
                let mut is_first = true;
                while self.next_element(is_first)? {
                    is_first = false;
                    let shape = self.shape()?;
                    self.skip(shape)?;
                }
                Ok(())
            }
        }
    }

    /// Goes into the object or array that stands here. Then its keys, or elements, are to be asked for until there is
    /// no more.
    #[inline]
    pub fn enter(&mut self) -> Result<(), Broken> {
        if self.depth == MAX_DEPTH {
            return self.broken(What::TooDeep);
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    /// Goes behind the quote of the object's next key; without one, behind the object.
    #[inline]
    pub fn next_key(&mut self, is_first: bool) -> Result<bool, Broken> {
        self.space();
        match self.peek() {
            Some(b',') if !is_first => {
                self.at += 1;
                self.space();
                if self.peek() != Some(b'"') {
                    return self.broken(What::Key);
                }
            }
            Some(b'"') if is_first => {}
            Some(b'}') => {
                self.at += 1;
                self.depth -= 1;
                return Ok(false);
            }
            _ => return self.broken(if is_first { What::FirstKey } else { What::NextKey }),
        }
        self.at += 1;
        Ok(true)
    }

    /// Goes behind the colon that follows a key.
    #[inline]
    pub fn colon(&mut self) -> Result<(), Broken> {
        if self.peek() != Some(b':') {
            self.space();
            if self.peek() != Some(b':') {
                return self.broken(What::Colon);
            }
        }
        self.at += 1;
        Ok(())
    }

    /// Goes to the array's next element; without one, behind the array.
    #[inline]
    pub fn next_element(&mut self, is_first: bool) -> Result<bool, Broken> {
        self.space();
        match self.peek() {
            Some(b']') => {
                self.at += 1;
                self.depth -= 1;
                return Ok(false);
            }
            Some(b',') if !is_first => self.at += 1,
            _ if is_first => {}
            _ => return self.broken(What::NextElement),
        }
        Ok(true)
    }

    /// From behind a text's first quote to behind its last.
    #[inline]
    pub fn text(&mut self) -> Result<Text, Broken> {
        let start = self.at;
        let mut has_escapes = false;
        loop {
            self.at += plain_bytes(self.rest());
            match self.peek() {
                Some(b'"') => {
                    let end = self.at;
                    self.at += 1;
                    return Ok(Text { start, end, has_escapes });
                }
                Some(b'\\') => {
                    has_escapes = true;
                    self.escape()?;
                }
                Some(_) => return self.broken(What::Control),
                None => return self.broken(What::OpenText),
            }
        }
    }

    /// From an escape's backslash to behind it.
    fn escape(&mut self) -> Result<(), Broken> {
        let start = self.at;
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                let unit = self.hex()?;
                let flaw = match unit {
                    0 => Some(Flaw::Nul),
                    0xD800..=0xDBFF => {
                        let low = self.rest().strip_prefix(b"\\u").and_then(hex4);
                        let is_pair = low.is_some_and(|low| (0xDC00..=0xDFFF).contains(&low));
                        self.at += if is_pair { 6 } else { 0 };
                        (!is_pair).then_some(Flaw::LoneSurrogate)
                    }
                    0xDC00..=0xDFFF => Some(Flaw::LoneSurrogate),
                    _ => None,
                };
                self.flaw = flaw.map(|flaw| (start, flaw)).or(self.flaw);
            }
            _ => return self.broken(What::Escape),
        }
        Ok(())
    }

    fn hex(&mut self) -> Result<u16, Broken> {
        if let Some(unit) = hex4(self.rest()) {
            self.at += 4;
            return Ok(unit);
        }
        self.at += self.rest().iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        self.broken(What::Hex)
    }

    #[inline]
    pub fn number(&mut self) -> Result<(), Broken> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
            if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                return self.broken(What::LeadingZero);
            }
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    /// At least one digit.
    #[inline]
    fn digits(&mut self) -> Result<(), Broken> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { self.broken(What::Digit) } else { Ok(()) }
    }

    #[inline]
    fn word(&mut self, word: &[u8]) -> Result<(), Broken> {
        let rest = self.rest();
        if rest.starts_with(word) {
            self.at += word.len();
            return Ok(());
        }
        self.at += rest.iter().zip(word).take_while(|(byte, of_word)| byte == of_word).count();
        self.broken(What::Word)
    }
}

fn hex4(bytes: &[u8]) -> Option<u16> {
    let digits = bytes.first_chunk::<4>()?;
    digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | u16::try_from(char::from(*digit).to_digit(16)?).ok()?))
}

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// How many bytes come before a quote, a backslash, a control character or the end. Eight at a time: what to mind is
/// that a borrow may mark a byte behind the first one wrongly, never one before it, and only the first one counts.
#[inline]
pub fn plain_bytes(bytes: &[u8]) -> usize {
    let (words, last) = bytes.as_chunks::<8>();
    for (number, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let marked = marked(word);
        if marked != 0 {
            return number * 8 + marked.trailing_zeros() as usize / 8;
        }
    }
    let is_plain = |byte: &&u8| !matches!(byte, b'"' | b'\\' | 0..=0x1F);
    words.len() * 8 + last.iter().take_while(is_plain).count()
}

/// The high bit of the first byte that ends a run of plain ones, and perhaps of some behind it.
#[inline]
fn marked(word: u64) -> u64 {
    let zero = |word: u64| word.wrapping_sub(LOW) & !word;
    let control = word.wrapping_sub(LOW * 0x20) & !word;
    (control | zero(word ^ (LOW * b'"' as u64)) | zero(word ^ (LOW * b'\\' as u64))) & HIGH
}

/// Appends a text's characters. `raw` is what stood between its quotes, checked by a [`Cursor`]; a lone surrogate, which
/// is a [`Flaw`], becomes U+FFFD.
pub fn unescape(raw: &str, made: &mut String) {
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        let (plain, escape) = rest.split_at(at);
        made.push_str(plain);
        let (character, length) = unescaped(escape.as_bytes());
        made.push(character);
        rest = escape.get(length..).unwrap_or_default();
    }
    made.push_str(rest);
}

/// The character that an escape at the start of these bytes stands for, and the escape's length.
fn unescaped(escape: &[u8]) -> (char, usize) {
    let unit = |at: usize| escape.get(at..).and_then(|rest| rest.strip_prefix(b"\\u")).and_then(hex4).map(u32::from);
    let of_two = match escape.get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{C}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            return match (unit(0), unit(6)) {
                (Some(high @ 0xD800..=0xDBFF), Some(low @ 0xDC00..=0xDFFF)) => {
                    let code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                    (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
                }
                (unit, _) => (unit.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER), 6),
            };
        }
        other => other.map_or(char::REPLACEMENT_CHARACTER, |byte| char::from(*byte)),
    };
    (of_two, 2)
}
