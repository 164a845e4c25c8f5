//! One column: what its values are, and what is done to them on the way.
//!
//! Its keys stand in the order in which they are applied: null texts, `clean`, `replace`, the cast with `formats`, marks
//! and words, `default`, `required`, `allowed` and `range`, `mask`.

use serde::{Deserialize, Serialize};

use crate::types::Type;

/// One column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// smallint, integer, bigint, decimal(p,s), real, double, boolean, date, time, timestamp, timestamptz, char(n),
    /// varchar(n), super or varbyte(n) (n is bytes).
    #[serde(rename = "type")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub kind: Type,
    /// Whether null is a reject.
    #[serde(default)]
    pub required: bool,
    /// The name in the file, where it is another. In JSON it is a path: `user.address.city`, `items[0].sku`, `"a.b".c`; in XML
    /// too: author/name, author/@id, @id, or . for the row's own text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Texts that mean null in this column, besides the dataset's.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<super::schema::Scalar>"))]
    pub nulls: Vec<String>,
    /// Text rules, applied in this order before the cast.
    #[serde(default)]
    pub clean: Vec<TextRule>,
    /// Regular expressions and what takes the place of their matches, in this order, after `clean`.
    #[serde(default)]
    pub replace: Vec<Replace>,
    /// The text that is taken where the value is null; cast like any other.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<super::schema::Scalar>"))]
    pub default: Option<String>,
    /// For date, time, timestamp and timestamptz: the formats to try, in order, in strftime's letters. Default: ISO 8601.
    #[serde(default)]
    pub formats: Vec<String>,
    /// The zone of timestamps that name none: Europe/Berlin, or +01:00. What is written is UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// The character before the decimals, where it is not a point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal_mark: Option<char>,
    /// The character that may stand between the thousands of a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thousands: Option<char>,
    /// For boolean: the words for true, instead of the built-in ones.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<super::schema::Scalar>"))]
    pub true_words: Vec<String>,
    /// For boolean: the words for false, instead of the built-in ones.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<super::schema::Scalar>"))]
    pub false_words: Vec<String>,
    /// For decimal and whole numbers: how more digits than the type has are rounded. Without it they are a reject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round: Option<Round>,
    /// For char and varchar: whether a text that is too long is cut, at a character, and counted. Without it it is a
    /// reject.
    #[serde(default)]
    pub truncate: bool,
    /// The values that are allowed, written as in a file; any other is a reject.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<super::schema::Scalar>"))]
    pub allowed: Vec<String>,
    /// The least and the greatest value, both allowed; what lies outside is a reject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<Range>,
    /// A regular expression that the cleaned text matches; any other is a reject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// What hides the value. It never stands in a reject, a log or an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mask: Option<Mask>,
}

impl Column {
    /// A column of a type, read under its own name, to which nothing is done.
    pub fn new(kind: Type) -> Self {
        Self {
            kind,
            required: false,
            from: None,
            nulls: Vec::new(),
            clean: Vec::new(),
            replace: Vec::new(),
            default: None,
            formats: Vec::new(),
            zone: None,
            decimal_mark: None,
            thousands: None,
            true_words: Vec::new(),
            false_words: Vec::new(),
            round: None,
            truncate: false,
            allowed: Vec::new(),
            range: None,
            pattern: None,
            mask: None,
        }
    }

    /// Whether the column is in the lake and in the warehouse: all are, but those whose mask drops them.
    pub fn is_written(&self) -> bool {
        self.mask != Some(Mask::Drop)
    }
}

/// A rule that turns text into text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum TextRule {
    /// Takes white space off both ends.
    Trim,
    /// Lower case, by Unicode.
    Lower,
    /// Upper case, by Unicode.
    Upper,
    /// Makes one space of all white space between words.
    Squeeze,
}

impl TextRule {
    /// Every rule, for the tests that hold a list of implementations against it.
    pub const ALL: &[Self] = &[Self::Trim, Self::Lower, Self::Upper, Self::Squeeze];

    /// The word in the dataset file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trim => "trim",
            Self::Lower => "lower",
            Self::Upper => "upper",
            Self::Squeeze => "squeeze",
        }
    }
}

/// A regular expression and what takes the place of its matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Replace {
    /// The regular expression; every match is replaced.
    pub pattern: String,
    /// What takes its place; $1 is the first group, $$ a dollar.
    #[cfg_attr(feature = "schema", schemars(with = "super::schema::Scalar"))]
    pub with: String,
}

/// How a number with too many digits is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Round {
    /// To the nearest, and a half away from zero.
    HalfUp,
}

/// The least and the greatest value, written as in a file; one of them may be absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The least value.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<super::schema::Scalar>"))]
    pub min: Option<String>,
    /// The greatest value.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<super::schema::Scalar>"))]
    pub max: Option<String>,
}

/// What hides a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Mask {
    /// The 64 hex digits of its keyed SHA-256: equal values stay equal.
    Sha256,
    /// A fixed text in its place.
    Redact,
    /// Its last four characters.
    Last4,
    /// The column is read and checked, and not written.
    Drop,
}

impl Mask {
    /// Every mask, for the test that holds the engine's list against it.
    pub const ALL: &[Self] = &[Self::Sha256, Self::Redact, Self::Last4, Self::Drop];

    /// The word in the dataset file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Redact => "redact",
            Self::Last4 => "last4",
            Self::Drop => "drop",
        }
    }

    /// Whether what it makes of a value depends on a key.
    pub fn needs_key(self) -> bool {
        matches!(self, Self::Sha256)
    }
}

/// Whether values of this type are text.
pub(super) fn is_text(kind: Type) -> bool {
    text_bytes(kind).is_some()
}

/// How many bytes a text of this type may have.
pub(super) fn text_bytes(kind: Type) -> Option<u16> {
    match kind {
        Type::Char(bytes) | Type::Varchar(bytes) => Some(bytes),
        _ => None,
    }
}

/// Whether values of this type are days or times, so that formats say how they are written.
pub(super) fn is_temporal(kind: Type) -> bool {
    kind.is_temporal()
}

/// Whether values of this type are a day with a time, so that a zone makes them another.
pub(super) fn has_zone(kind: Type) -> bool {
    matches!(kind, Type::Timestamp | Type::Timestamptz)
}

/// Whether values of this type are numbers.
pub(super) fn is_number(kind: Type) -> bool {
    kind.is_number()
}

/// Whether values of this type are numbers with a fixed number of decimals.
pub(super) fn is_exact(kind: Type) -> bool {
    matches!(kind, Type::Smallint | Type::Integer | Type::Bigint | Type::Decimal { .. })
}
