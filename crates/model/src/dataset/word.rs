//! A key whose value is a word, or else keys of its own.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

/// What stood there.
pub(super) enum WordOr<T> {
    /// One of the words.
    Word(&'static str),
    /// Keys and values.
    Keys(T),
}

/// Reads one of the words, or keys and values. `expecting` says both, for the error about anything else.
pub(super) fn word_or<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
    words: &'static [&'static str],
    expecting: &'static str,
) -> Result<WordOr<T>, D::Error> {
    deserializer.deserialize_any(WordOrKeys { words, expecting, keys: PhantomData })
}

struct WordOrKeys<T> {
    words: &'static [&'static str],
    expecting: &'static str,
    keys: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for WordOrKeys<T> {
    type Value = WordOr<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<WordOr<T>, E> {
        match self.words.iter().find(|word| **word == text) {
            Some(word) => Ok(WordOr::Word(word)),
            None => Err(E::unknown_variant(text, self.words)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WordOr<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(WordOr::Keys)
    }
}
