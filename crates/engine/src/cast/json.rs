//! Whether a text is a JSON value that Redshift makes a super of.
//!
//! One that it does not take would fail the publish of a whole batch; here it is one row's fault. Besides what is no
//! JSON, JSON_PARSE refuses an object that has an attribute twice (Developer Guide, parsing options for SUPER). It does
//! not say what becomes of a number that no double holds, nor of NUL or half a character in a text: they are refused,
//! as columns of numbers and of texts refuse them. It takes 1,000 levels, the reader of JSON fewer, and so does this.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::format::json::cursor::{Broken, Cursor, Flaw, Found, Shape, Text, What, unescape};
use crate::reject::{Fault, Reason};

/// What is wrong with a text, if anything is. The message shows nothing of it: it may be one that nobody is to see.
pub fn fault(text: &str) -> Option<Fault> {
    let mut check = Check { text, cursor: Cursor::new(text.as_bytes(), 0) };
    let wrong = check.whole().err()?;
    let (at, reason, what) = match wrong {
        Wrong::Broken(Broken { at, what }) => {
            let found = if at < text.len() { Found::Hidden } else { Found::End };
            (at, Reason::NotJson, what.told(found))
        }
        Wrong::Value(at, reason) => (at, reason, told(reason).to_owned()),
    };
    let character = text.get(..at).unwrap_or(text).chars().count() + 1;
    Some(Fault::new(reason, format!("character {character}: {what}")))
}

fn told(reason: Reason) -> &'static str {
    match reason {
        Reason::DuplicateKey => "a key stands there that its object had before",
        Reason::OutOfRange => "a number stands there that no double holds",
        Reason::NulByte => "an escape for NUL stands there",
        _ => "an escape for half a character stands there, the other is missing",
    }
}

/// What is wrong, and the byte where it is.
enum Wrong {
    Broken(Broken),
    /// It is JSON, and no super.
    Value(usize, Reason),
}

impl From<Broken> for Wrong {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

struct Check<'a> {
    text: &'a str,
    cursor: Cursor<'a>,
}

impl<'a> Check<'a> {
    /// One value, and nothing more.
    fn whole(&mut self) -> Result<(), Wrong> {
        self.value()?;
        self.cursor.space();
        match self.cursor.peek() {
            Some(_) => Err(Broken { at: self.cursor.at, what: What::Nothing }.into()),
            None => Ok(()),
        }
    }

    fn value(&mut self) -> Result<(), Wrong> {
        match self.cursor.shape()? {
            Shape::Object => self.object(),
            Shape::Array => self.array(),
            Shape::Number => self.number(),
            Shape::Text => {
                self.cursor.at += 1;
                self.characters().map(drop)
            }
            shape => Ok(self.cursor.skip(shape)?),
        }
    }

    fn object(&mut self) -> Result<(), Wrong> {
        let mut keys = BTreeSet::new();
        self.cursor.enter()?;
        while self.cursor.next_key(keys.is_empty())? {
            // The quote before it is the key's first character.
            let start = self.cursor.at - 1;
            let key = self.characters()?;
            if !keys.insert(self.meant(key)) {
                return Err(Wrong::Value(start, Reason::DuplicateKey));
            }
            self.cursor.colon()?;
            self.value()?;
        }
        Ok(())
    }

    fn array(&mut self) -> Result<(), Wrong> {
        let mut is_first = true;
        self.cursor.enter()?;
        while self.cursor.next_element(is_first)? {
            is_first = false;
            self.value()?;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Wrong> {
        let start = self.cursor.at;
        self.cursor.number()?;
        let number = self.text.get(start..self.cursor.at).and_then(|number| number.parse::<f64>().ok());
        match number.is_some_and(f64::is_finite) {
            true => Ok(()),
            false => Err(Wrong::Value(start, Reason::OutOfRange)),
        }
    }

    /// A key or a text, from behind its first quote.
    fn characters(&mut self) -> Result<Text, Wrong> {
        let text = self.cursor.text()?;
        match self.cursor.flaw {
            None => Ok(text),
            Some((at, Flaw::Nul)) => Err(Wrong::Value(at, Reason::NulByte)),
            Some((at, Flaw::LoneSurrogate)) => Err(Wrong::Value(at, Reason::LoneSurrogate)),
        }
    }

    /// What a text's characters and escapes stand for.
    fn meant(&self, text: Text) -> Cow<'a, str> {
        let raw = self.text.get(text.range()).unwrap_or_default();
        if !text.has_escapes {
            return Cow::Borrowed(raw);
        }
        let mut meant = String::new();
        unescape(raw, &mut meant);
        Cow::Owned(meant)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn any_json_value_is_taken() {
        for text in [
            "null",
            " {} ",
            "\"\"",
            "-0.0e-0",
            "1e308",
            "1e-400",
            "12345678901234567890123456789012345678901234567890",
            r#"{"a": {"a": 1}, "b": [{"a": 2}, {"a": 3}], "A": "\ud83d\ude00 \u00e4"}"#,
        ] {
            assert_eq!(fault(text), None, "{text}");
        }
        assert_eq!(fault(&format!("{}{}", "[".repeat(128), "]".repeat(128))), None);
    }

    #[test]
    fn what_is_no_super_is_refused_with_its_place() {
        let deep = format!("{}{}", "[".repeat(129), "]".repeat(129));
        let texts = [
            "",
            "{\"a\":",
            "[1,]",
            "{a: 1}",
            "'é'",
            "01",
            "[NaN]",
            "[1] [2]",
            "\"\t\"",
            deep.as_str(),
            "[\"é\", 1e400]",
            r#"[1e400, "\u0041"]"#,
            r#""é\ud800""#,
            r#"{"\udc00": 1}"#,
            r#""\u0000""#,
            r#"{"a": 1, "a": 1}"#,
            r#"[{"b": {"x": 0, "ä": 1, "\u00e4": 2}}]"#,
        ];
        let told = texts.map(|text| {
            let fault = fault(text).unwrap();
            format!("{}: {}\n", fault.reason.code(), fault.message)
        });
        expect![[r#"
            not_json: character 1: a value is expected, not the end
            not_json: character 6: a value is expected, not the end
            not_json: character 4: a value is expected, not what stands there
            not_json: character 2: a key in double quotes or a } is expected, not what stands there
            not_json: character 1: a value is expected, not what stands there
            not_json: character 2: a number may not begin with a zero and go on with digits
            not_json: character 2: a value is expected, not what stands there
            not_json: character 5: nothing more is expected, not what stands there
            not_json: character 2: a text may not hold a control character, such as a line end or a tab
            not_json: character 129: values are nested deeper than 128 levels
            out_of_range: character 7: a number stands there that no double holds
            out_of_range: character 2: a number stands there that no double holds
            lone_surrogate: character 3: an escape for half a character stands there, the other is missing
            lone_surrogate: character 3: an escape for half a character stands there, the other is missing
            nul_byte: character 2: an escape for NUL stands there
            duplicate_key: character 10: a key stands there that its object had before
            duplicate_key: character 25: a key stands there that its object had before
        "#]]
        .assert_eq(&told.concat());
    }

    /// JSON, and what is nearly JSON; no key twice.
    fn nearly_json() -> impl Strategy<Value = String> {
        let leaf = prop::sample::select(vec![
            "null",
            "true",
            "fals",
            "0",
            "-1.5e3",
            "1.",
            "01",
            "1e400",
            "\"a\"",
            "\"\\n\"",
            "\"\\x\"",
            "\"\\ud83d\"",
            "\"\\ud83d\\ude00\"",
            "\"",
            "",
        ]);
        let value = leaf.prop_map(str::to_owned).prop_recursive(4, 24, 4, |inner| {
            let array = (prop::collection::vec(inner.clone(), 0..4), prop::sample::select(vec![",", " , ", ""]));
            let object = prop::collection::vec(inner, 0..4);
            prop_oneof![
                array.prop_map(|(values, comma)| format!("[{}]", values.join(comma))),
                object.prop_map(|values| {
                    let pairs = values.iter().enumerate().map(|(place, value)| format!("\"k{place}\" : {value}"));
                    format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
                }),
            ]
        });
        (value, prop::sample::select(vec!["", " ", "\n", "x", ","])).prop_map(|(value, end)| value + end)
    }

    proptest! {
        #[test]
        fn what_another_parser_reads_is_taken_and_nothing_else(text in nearly_json()) {
            let read = serde_json::from_str::<serde_json::Value>(&text);
            prop_assert_eq!(fault(&text).is_none(), read.is_ok(), "{:?} {:?}", text, read);
        }
    }
}
