//! How delimited text is written.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::word::{WordOr, word_or};

/// The most bytes that a delimiter or the start of a comment may have.
const MARK_CHARACTERS: usize = 8;
const NONE: &str = "none";
const BACKSLASH: &str = "\\";

/// How the CSV is written: found out, or said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Csv {
    /// Told by the first bytes of the first file.
    Detect,
    /// As said.
    Dialect(Dialect),
}

impl Csv {
    pub(super) const DETECT: &str = "detect";

    pub(super) fn faults(&self) -> Vec<String> {
        match self {
            Self::Detect => Vec::new(),
            Self::Dialect(dialect) => dialect.faults(),
        }
    }
}

impl Default for Csv {
    fn default() -> Self {
        Self::Dialect(Dialect::default())
    }
}

impl<'de> Deserialize<'de> for Csv {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match word_or(deserializer, &[Self::DETECT], "`detect` or keys such as header and delimiter")? {
            WordOr::Word(_) => Self::Detect,
            WordOr::Keys(dialect) => Self::Dialect(dialect),
        })
    }
}

impl Serialize for Csv {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Detect => serializer.serialize_str(Self::DETECT),
            Self::Dialect(dialect) => dialect.serialize(serializer),
        }
    }
}

/// How delimited text is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(deny_unknown_fields, default))]
pub struct Dialect {
    /// Whether the first line names the columns, or how many lines the header has: of several, the last one names them.
    /// Without a header, columns are taken in the order of the dataset file.
    pub header: Header,
    /// The characters between fields, 1 to 8 of them.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 8)))]
    pub delimiter: String,
    /// One ASCII character around fields that hold a delimiter, a quote or a line end; or none.
    #[serde(serialize_with = "quote_as_text")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub quote: Option<u8>,
    /// How a quote stands inside a quoted field: the quote (it is doubled), a backslash (before it, and before any other
    /// character that is meant as it stands), or none. Default: the quote, where there is one.
    #[serde(skip_serializing_if = "Escape::is_doubled")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub escape: Escape,
    /// Lines that begin with this are no records.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 8)))]
    pub comment: Option<String>,
    /// How many lines before the header are dropped.
    pub skip_lines: u32,
    /// What becomes of a row with too few fields.
    pub short_rows: ShortRows,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            header: Header(1),
            delimiter: ",".to_owned(),
            quote: Some(b'"'),
            escape: Escape::Doubled,
            comment: None,
            skip_lines: 0,
            short_rows: ShortRows::Reject,
        }
    }
}

/// A dialect as it stands in the file: which escape is meant depends on the quote.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    header: Header,
    delimiter: String,
    #[serde(deserialize_with = "quote_of_text")]
    quote: Option<u8>,
    escape: Option<String>,
    comment: Option<String>,
    skip_lines: u32,
    short_rows: ShortRows,
}

impl Default for Written {
    fn default() -> Self {
        let Dialect { header, delimiter, quote, escape: _, comment, skip_lines, short_rows } = Dialect::default();
        Self { header, delimiter, quote, escape: None, comment, skip_lines, short_rows }
    }
}

impl<'de> Deserialize<'de> for Dialect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        let Written { header, delimiter, quote, escape, comment, skip_lines, short_rows } = written;
        let escape = Escape::of(escape.as_deref(), quote).map_err(D::Error::custom)?;
        Ok(Self { header, delimiter, quote, escape, comment, skip_lines, short_rows })
    }
}

impl Dialect {
    /// Contradictions between the marks.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let marks = [("delimiter", Some(&self.delimiter)), ("comment", self.comment.as_ref())];
        for (name, mark) in marks.into_iter().filter_map(|(name, mark)| Some((name, mark?))) {
            if mark.is_empty() || mark.chars().count() > MARK_CHARACTERS {
                faults.push(format!("`csv.{name}` is 1 to {MARK_CHARACTERS} characters"));
            }
            if mark.contains(['\n', '\r', '\0']) {
                faults.push(format!("`csv.{name}` holds no line end and no NUL"));
            }
            let quote = self.quote.map(char::from);
            if quote.is_some_and(|quote| mark.chars().eq([quote])) {
                faults.push(format!("`csv.{name}` and `csv.quote` are the same character"));
            } else if quote.is_some_and(|quote| mark.contains(quote)) {
                faults.push(format!("`csv.{name}` holds the character of `csv.quote`"));
            }
            if self.escape == Escape::Backslash && mark.contains(BACKSLASH) {
                faults.push(format!("`csv.{name}` holds a backslash, which is `csv.escape`"));
            }
        }
        if self.comment.as_ref().is_some_and(|comment| comment.starts_with(&self.delimiter)) {
            faults.push(
                "`csv.comment` begins with the delimiter: rows with an empty first field would be lost".to_owned(),
            );
        }
        faults
    }
}

/// How many lines the header has. `true` is one, `false` is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header(pub u32);

impl Header {
    /// Whether there is a line that names the columns.
    pub fn names_columns(self) -> bool {
        self.0 > 0
    }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(HeaderLines)
    }
}

impl Serialize for Header {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            0 => serializer.serialize_bool(false),
            1 => serializer.serialize_bool(true),
            lines => serializer.serialize_u32(lines),
        }
    }
}

struct HeaderLines;

impl Visitor<'_> for HeaderLines {
    type Value = Header;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false or a number of header lines")
    }

    fn visit_bool<E>(self, is_there: bool) -> Result<Header, E> {
        Ok(Header(u32::from(is_there)))
    }

    fn visit_u64<E: Error>(self, lines: u64) -> Result<Header, E> {
        u32::try_from(lines).map(Header).map_err(|_| E::custom(format!("{lines} header lines are too many")))
    }
}

/// How a quote stands inside a quoted field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// Twice.
    Doubled,
    /// Behind a backslash, as may any other character; also outside of quotes.
    Backslash,
    /// Not at all.
    None,
}

impl Escape {
    fn of(text: Option<&str>, quote: Option<u8>) -> Result<Self, &'static str> {
        match (text, quote) {
            (None, Some(_)) => Ok(Self::Doubled),
            (None, None) | (Some(NONE), _) => Ok(Self::None),
            // A backslash that is the quote too is doubled as any other.
            (Some(text), Some(quote)) if text.as_bytes() == [quote] => Ok(Self::Doubled),
            (Some(BACKSLASH), _) => Ok(Self::Backslash),
            _ => Err("`csv.escape` is the quote, a backslash (\"\\\\\") or the word none"),
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out a reference")]
    fn is_doubled(&self) -> bool {
        *self == Self::Doubled
    }
}

impl Serialize for Escape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(match self {
            Self::Doubled => "\"",
            Self::Backslash => BACKSLASH,
            Self::None => NONE,
        })
    }
}

fn quote_of_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match text.as_bytes() {
        _ if text == NONE => Ok(None),
        [byte] if byte.is_ascii() && !matches!(byte, b'\n' | b'\r' | b'\0') => Ok(Some(*byte)),
        _ => Err(D::Error::custom("`csv.quote` is one ASCII character, or the word none")),
    }
}

#[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde hands out a reference")]
fn quote_as_text<S: Serializer>(quote: &Option<u8>, serializer: S) -> Result<S::Ok, S::Error> {
    match quote {
        Some(byte) => serializer.serialize_char(char::from(*byte)),
        None => serializer.serialize_str(NONE),
    }
}

/// What becomes of a row with too few fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ShortRows {
    /// It is a reject.
    Reject,
    /// What is missing is null. The word needs no quotes.
    Null,
}
