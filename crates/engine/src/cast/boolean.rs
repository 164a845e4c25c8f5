//! Words into true and false, without regard to case.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::buffer::BooleanBuffer;
use model::Result;
use model::dataset::Column;

use super::faults::Site;
use super::primitive::Validity;
use super::{Sink, Typing};
use crate::reject::Reason;

/// The words that mean true, and those that mean false, where the column names none.
const TRUE: [&str; 5] = ["true", "t", "yes", "y", "1"];
const FALSE: [&str; 5] = ["false", "f", "no", "n", "0"];

/// Reads boolean.
#[derive(Debug)]
pub struct Boolean {
    trues: Words,
    falses: Words,
    /// All words, for the message.
    names: String,
}

/// Words for one of the two.
#[derive(Debug)]
enum Words {
    BuiltIn([&'static str; 5]),
    /// In lower case, by Unicode.
    Own(Vec<String>),
}

impl Boolean {
    /// The column's words; where it has none for one of the two, the built-in ones.
    pub fn new(column: &Column) -> Self {
        let trues = Words::new(&column.true_words, TRUE);
        let falses = Words::new(&column.false_words, FALSE);
        let names = match (&trues, &falses) {
            (Words::BuiltIn(_), Words::BuiltIn(_)) => "true, false, t, f, yes, no, y, n, 1 or 0".to_owned(),
            _ => [trues.list(), falses.list()].concat().join(", "),
        };
        Self { trues, falses, names }
    }

    fn read(&self, text: &str) -> Option<bool> {
        if self.trues.contains(text) { Some(true) } else { self.falses.contains(text).then_some(false) }
    }
}

impl Words {
    fn new(own: &[String], built_in: [&'static str; 5]) -> Self {
        match own {
            [] => Self::BuiltIn(built_in),
            own => Self::Own(own.iter().map(|word| word.to_lowercase()).collect()),
        }
    }

    fn contains(&self, text: &str) -> bool {
        match self {
            Self::BuiltIn(words) => words.iter().any(|word| word.eq_ignore_ascii_case(text)),
            Self::Own(words) if text.is_ascii() => words.iter().any(|word| word.eq_ignore_ascii_case(text)),
            Self::Own(words) => words.contains(&text.to_lowercase()),
        }
    }

    fn list(&self) -> Vec<&str> {
        match self {
            Self::BuiltIn(words) => words.to_vec(),
            Self::Own(words) => words.iter().map(String::as_str).collect(),
        }
    }
}

impl Typing for Boolean {
    fn sink(&self, rows: usize) -> Box<dyn Sink + '_> {
        Box::new(Values { words: self, values: Vec::with_capacity(rows), validity: Validity::with_capacity(rows) })
    }
}

struct Values<'a> {
    words: &'a Boolean,
    values: Vec<bool>,
    validity: Validity,
}

impl Sink for Values<'_> {
    fn push(&mut self, texts: &[Option<&str>], site: &mut Site<'_>) {
        let Self { words, values, validity } = self;
        validity.push(texts, |nth, text| {
            let value = text.and_then(|text| words.read(text));
            if let (None, Some(text)) = (value, text) {
                let message = |value: &str| format!("{value} is none of {}", words.names);
                site.fault(nth, Reason::NotABoolean, text, &message);
            }
            values.push(value.unwrap_or_default());
            value.is_some()
        });
    }

    fn finish(self: Box<Self>) -> Result<ArrayRef> {
        Ok(Arc::new(BooleanArray::new(BooleanBuffer::from(self.values), self.validity.finish())))
    }
}
