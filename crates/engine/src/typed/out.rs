//! Where the text of one value goes, and what is wrong with it if anything is.
//!
//! Once something is wrong nothing more is written, but the value can be read to its end all the same: in Avro the next
//! one starts there.

use super::scalar::{Kind, Scalar};
use super::{Target, json};
use crate::reject::{Fault, Reason};

/// The text of one value in the making.
#[derive(Debug)]
pub(crate) struct Out<'a> {
    text: &'a mut String,
    start: usize,
    most: usize,
    target: Target,
    fault: Option<Fault>,
}

impl<'a> Out<'a> {
    pub fn new(text: &'a mut String, target: Target, most: usize) -> Self {
        let start = text.len();
        Self { text, start, most, target, fault: None }
    }

    /// The whole value of a column, where it is not nested.
    pub fn scalar(&mut self, kind: Kind, value: Scalar<'_>) {
        match (self.target, kind, value) {
            (Target::Hex, Kind::Binary, Scalar::Bytes(bytes)) => self.hex(bytes),
            (_, Kind::Text | Kind::Binary, Scalar::Bytes(bytes)) => self.utf8(bytes),
            (Target::Json, ..) => self.json_scalar(kind, value),
            (Target::Text | Target::Hex, ..) => self.plain(kind, value),
        }
    }

    /// A value inside of a nested one.
    pub fn json_scalar(&mut self, kind: Kind, value: Scalar<'_>) {
        if kind.is_json(value) {
            return self.plain(kind, value);
        }
        match (kind, value) {
            (Kind::Text, Scalar::Bytes(bytes)) => match str::from_utf8(bytes) {
                Ok(text) => self.json_text(text),
                Err(error) => self.no_utf8(error.valid_up_to()),
            },
            (Kind::Binary, Scalar::Bytes(bytes)) => {
                self.push("\"");
                self.hex(bytes);
                self.push("\"");
            }
            _ => {
                self.push("\"");
                self.plain(kind, value);
                self.push("\"");
            }
        }
    }

    /// A JSON string.
    pub fn json_text(&mut self, text: &str) {
        if self.has_room(text.len()) {
            json::string(self.text, text);
        }
    }

    /// A word, a bracket, a comma of JSON.
    pub fn push(&mut self, text: &str) {
        if self.has_room(text.len()) {
            self.text.push_str(text);
        }
    }

    /// What is wrong with the value.
    pub fn into_fault(mut self) -> Option<Fault> {
        // A number is written without asking first.
        self.has_room(0);
        self.fault
    }

    fn plain(&mut self, kind: Kind, value: Scalar<'_>) {
        if self.has_room(0) {
            kind.write(value, self.text);
        }
    }

    fn utf8(&mut self, bytes: &[u8]) {
        match str::from_utf8(bytes) {
            Ok(text) => match memchr::memchr(0, bytes) {
                None => self.push(text),
                Some(at) => {
                    self.fault(Reason::NulByte, || format!("byte {} of the value is NUL", at + 1));
                }
            },
            Err(error) => self.no_utf8(error.valid_up_to()),
        }
    }

    fn no_utf8(&mut self, at: usize) {
        self.fault(Reason::InvalidEncoding, || format!("byte {} of the value is no UTF-8", at + 1));
    }

    fn hex(&mut self, bytes: &[u8]) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        if self.has_room(bytes.len() * 2) {
            let digit = |index: u8| DIGITS.get(usize::from(index)).copied().map_or('0', char::from);
            self.text.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
        }
    }

    /// Whether nothing is wrong yet, and so many bytes more are not too many.
    fn has_room(&mut self, bytes: usize) -> bool {
        let length = self.text.len() - self.start + bytes;
        let most = self.most;
        if length > most {
            self.fault(Reason::TooLong, || format!("the value is longer than limits.field_bytes, {most} bytes"));
        }
        self.fault.is_none()
    }

    fn fault(&mut self, reason: Reason, message: impl FnOnce() -> String) {
        self.fault.get_or_insert_with(|| Fault::new(reason, message()));
    }
}
