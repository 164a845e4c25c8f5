//! Where a value is inside a nested one: `user.address.city`, `items[0].sku`, `"a.b".c`.
//!
//! It says where to look and not what to do when there is nothing.

use std::fmt;
use std::iter::Peekable;
use std::str::CharIndices;

use serde::{Deserialize, Serialize};

use crate::name::{BadName, as_text};

/// A path of keys and places, never empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Path(Vec<Segment>);

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Segment {
    /// Into the object's value of this key.
    Key(String),
    /// Into the array's element at this place; the first is 0.
    Index(usize),
}

/// What a key may hold only in quotes.
const SPECIAL: &[char] = &['.', '[', ']', '"', '\\'];

impl Path {
    /// A path that is one key, whatever the key holds.
    pub fn of_key(key: &str) -> Self {
        Self(vec![Segment::Key(key.to_owned())])
    }

    /// The path that goes on from here.
    #[must_use]
    pub fn child(&self, segment: Segment) -> Self {
        Self(self.0.iter().cloned().chain([segment]).collect())
    }

    /// Reads `a.b`, `items[0].sku`, `"a.b".c`. In quotes, a quote and a backslash stand behind a backslash.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        let mut rest = Rest { text, characters: text.char_indices().peekable() };
        rest.path().map(Self).map_err(|fault| fault.told(text))
    }

    /// The steps, in order.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }
}

/// What is wrong, and at which byte.
struct Fault {
    at: usize,
    what: &'static str,
}

impl Fault {
    fn told(self, text: &str) -> BadName {
        let character = text.get(..self.at).unwrap_or(text).chars().count() + 1;
        BadName::new(text, format!("a path: at character {character}, {}", self.what))
    }
}

/// What of a path is not yet read.
struct Rest<'a> {
    text: &'a str,
    characters: Peekable<CharIndices<'a>>,
}

impl Rest<'_> {
    fn path(&mut self) -> Result<Vec<Segment>, Fault> {
        let mut segments = Vec::new();
        loop {
            match (self.peek(), segments.is_empty()) {
                (None, false) => return Ok(segments),
                (Some('['), _) => segments.push(self.index()?),
                (_, true) => segments.push(self.key()?),
                (Some('.'), false) => {
                    self.characters.next();
                    segments.push(self.key()?);
                }
                (Some(_), false) => return Err(self.fault("a dot or a [ is expected")),
            }
        }
    }

    /// `[0]`
    fn index(&mut self) -> Result<Segment, Fault> {
        self.characters.next();
        let start = self.at();
        while self.peek().is_some_and(|character| character.is_ascii_digit()) {
            self.characters.next();
        }
        let digits = self.text.get(start..self.at()).unwrap_or_default();
        let has_zeros = digits.len() > 1 && digits.starts_with('0');
        let index = digits.parse().ok().filter(|_| !has_zeros);
        let index = index.ok_or(Fault { at: start, what: "a place in an array is expected, such as 0" })?;
        match self.characters.next_if(|(_, character)| *character == ']') {
            Some(_) => Ok(Segment::Index(index)),
            None => Err(self.fault("a ] is expected")),
        }
    }

    fn key(&mut self) -> Result<Segment, Fault> {
        let start = self.at();
        if self.peek() == Some('"') {
            return self.quoted();
        }
        while self.peek().is_some_and(|character| !SPECIAL.contains(&character)) {
            self.characters.next();
        }
        match self.text.get(start..self.at()).unwrap_or_default() {
            "" => Err(self.fault("a key is expected; one with dots, brackets or quotes stands in quotes")),
            "$" => Err(Fault { at: start, what: "a path begins with its first key, without $" }),
            key => Ok(Segment::Key(key.to_owned())),
        }
    }

    /// `"a.b"`
    fn quoted(&mut self) -> Result<Segment, Fault> {
        let start = self.at();
        self.characters.next();
        let mut key = String::new();
        while let Some((_, character)) = self.characters.next() {
            match character {
                '"' => return Ok(Segment::Key(key)),
                '\\' => match self.characters.next_if(|(_, next)| matches!(next, '"' | '\\')) {
                    Some((_, escaped)) => key.push(escaped),
                    None => return Err(self.fault("a quote or a backslash is expected behind a backslash")),
                },
                other => key.push(other),
            }
        }
        Err(Fault { at: start, what: "a quote is opened and never closed" })
    }

    fn peek(&mut self) -> Option<char> {
        self.characters.peek().map(|(_, character)| *character)
    }

    /// The byte where the rest begins.
    fn at(&mut self) -> usize {
        self.characters.peek().map_or(self.text.len(), |(at, _)| *at)
    }

    fn fault(&mut self, what: &'static str) -> Fault {
        Fault { at: self.at(), what }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) => {
                    if number > 0 {
                        f.write_str(".")?;
                    }
                    write_key(key, f)?;
                }
            }
        }
        Ok(())
    }
}
as_text!(Path);

fn write_key(key: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if !key.is_empty() && key != "$" && !key.contains(SPECIAL) {
        return f.write_str(key);
    }
    write!(f, "\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> Segment {
        Segment::Key(text.to_owned())
    }

    #[test]
    fn keys_places_and_quoted_keys_are_told_apart() {
        let segments = |text| Path::parse(text).unwrap().segments().to_vec();
        assert_eq!(segments("a"), [key("a")]);
        assert_eq!(segments("user.address.city"), [key("user"), key("address"), key("city")]);
        assert_eq!(segments("items[0].sku"), [key("items"), Segment::Index(0), key("sku")]);
        assert_eq!(segments("[3][0]"), [Segment::Index(3), Segment::Index(0)]);
        assert_eq!(segments(r#""a.b".c"#), [key("a.b"), key("c")]);
        assert_eq!(segments(r#""a\"\\"[1]"#), [key(r#"a"\"#), Segment::Index(1)]);
        assert_eq!(segments(r#""""#), [key("")], "an empty key is a key in JSON");
        assert_eq!(segments("Größe in cm.@id"), [key("Größe in cm"), key("@id")]);
        assert_eq!(segments("_id.$oid"), [key("_id"), key("$oid")]);
    }

    #[test]
    fn what_is_no_path_is_named_with_its_place() {
        for (text, message) in [
            (
                "",
                r#""" is not a path: at character 1, a key is expected; one with dots, brackets or quotes stands in quotes"#,
            ),
            (
                "é..b",
                r#""é..b" is not a path: at character 3, a key is expected; one with dots, brackets or quotes stands in quotes"#,
            ),
            (
                "a.",
                r#""a." is not a path: at character 3, a key is expected; one with dots, brackets or quotes stands in quotes"#,
            ),
            ("a[x]", r#""a[x]" is not a path: at character 3, a place in an array is expected, such as 0"#),
            ("a[*]", r#""a[*]" is not a path: at character 3, a place in an array is expected, such as 0"#),
            ("a[01]", r#""a[01]" is not a path: at character 3, a place in an array is expected, such as 0"#),
            ("a[1", r#""a[1" is not a path: at character 4, a ] is expected"#),
            ("a[1]b", r#""a[1]b" is not a path: at character 5, a dot or a [ is expected"#),
            ("a]b", r#""a]b" is not a path: at character 2, a dot or a [ is expected"#),
            ("\"a", r#""\"a" is not a path: at character 1, a quote is opened and never closed"#),
            (
                r#""a\n""#,
                r#""\"a\\n\"" is not a path: at character 4, a quote or a backslash is expected behind a backslash"#,
            ),
            ("$.a", r#""$.a" is not a path: at character 1, a path begins with its first key, without $"#),
        ] {
            assert_eq!(Path::parse(text).unwrap_err().to_string(), message);
        }
        assert!(Path::parse("a[99999999999999999999999]").is_err());
    }

    fn segments() -> impl Strategy<Value = Vec<Segment>> {
        let segment = prop_oneof![
            any::<usize>().prop_map(Segment::Index),
            "[a-z.\\[\\]\"\\\\$é ]{0,5}".prop_map(Segment::Key),
            any::<String>().prop_map(Segment::Key),
        ];
        prop::collection::vec(segment, 1..5)
    }

    proptest! {
        #[test]
        fn a_path_reads_back_as_shown(segments in segments()) {
            let path = Path(segments);
            prop_assert_eq!(Path::parse(&path.to_string()), Ok(path));
        }

        #[test]
        fn any_text_is_a_path_or_an_error(text in "[a0.\\[\\]\"\\\\é]{0,8}") {
            if let Ok(path) = Path::parse(&text) {
                prop_assert_eq!(Path::parse(&path.to_string()), Ok(path));
            }
        }
    }
}
