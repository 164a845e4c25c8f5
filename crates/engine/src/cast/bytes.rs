//! Columns whose values are of any length: one buffer of all their bytes, and where each ends.

use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::types::ByteArrayType;
use arrow::array::{ArrayRef, GenericByteArray};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use model::{Error, Kind, Result};

use super::faults::Site;
use super::primitive::Validity;
use super::{Sink, Typing, bug};
use crate::reject::Reason;

/// Writes one value of a column's type.
pub(super) trait Write: Debug + Send + Sync {
    /// The type in arrow.
    type Arrow: ByteArrayType<Offset = i32>;

    /// Whether a NUL is no part of a value: no warehouse keeps one in text.
    const REFUSES_NUL: bool;

    /// Adds the bytes of a text's value, or says why it has none; what it has added then is taken back.
    fn write(&self, text: &str, bytes: &mut Vec<u8>) -> Result<Written, Reason>;

    /// Adds the values of a block, where that can be done at once because nothing is to be said of any; otherwise says
    /// `false`, and what it has added is taken back.
    fn write_block(&self, _texts: &[Option<&str>], _values: &mut Values) -> bool {
        false
    }

    /// The text as it would be written, for a message.
    fn named<'a>(&self, text: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(text)
    }

    /// The reason in a sentence; `value` is how it names the text.
    fn explain(&self, reason: Reason, value: &str, text: &str) -> String;
}

/// Whether a value is whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    Whole,
    Cut,
}

/// A type by its writer.
#[derive(Debug)]
pub(super) struct Bytes<W>(pub W);

/// A guess at the bytes of a value, so that the buffer seldom grows.
const USUAL_BYTES: usize = 16;

impl<W: Write> Typing for Bytes<W> {
    fn sink(&self, rows: usize) -> Box<dyn Sink + '_> {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        let bytes = Vec::with_capacity(rows * USUAL_BYTES);
        let values = Values { bytes, offsets, validity: Validity::with_capacity(rows) };
        Box::new(Writing { writer: &self.0, values })
    }
}

/// Values in the making.
#[derive(Debug)]
pub(super) struct Values {
    bytes: Vec<u8>,
    offsets: Vec<i32>,
    validity: Validity,
}

impl Values {
    /// Adds the bytes of each text as they are. Returns the length of the longest.
    pub fn extend(&mut self, texts: &[Option<&str>]) -> usize {
        let Self { bytes, offsets, validity } = self;
        let mut longest = 0;
        validity.push(texts, |_, text| {
            let added = text.unwrap_or_default();
            bytes.extend_from_slice(added.as_bytes());
            longest = longest.max(added.len());
            offsets.push(offset(bytes.len()));
            text.is_some()
        });
        longest
    }

    /// The bytes of the last values; where those begin, `len` has said.
    pub fn bytes_from(&mut self, start: usize) -> &mut [u8] {
        self.bytes.get_mut(start..).unwrap_or_default()
    }

    /// How many bytes there are.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }
}

/// More than fit are told when the column is finished.
#[inline]
fn offset(bytes: usize) -> i32 {
    i32::try_from(bytes).unwrap_or(i32::MAX)
}

struct Writing<'a, W> {
    writer: &'a W,
    values: Values,
}

impl<W: Write> Writing<'_, W> {
    fn write_each(&mut self, texts: &[Option<&str>], site: &mut Site<'_>) {
        let Self { writer, values: Values { bytes, offsets, validity } } = self;
        validity.push(texts, |nth, text| {
            let before = bytes.len();
            let written = text.map(|text| writer.write(text, bytes));
            match (written, text) {
                (Some(Err(reason)), Some(text)) => {
                    bytes.truncate(before);
                    let text = writer.named(text);
                    site.fault(nth, reason, &text, &|value| writer.explain(reason, value, &text));
                }
                (Some(Ok(Written::Cut)), _) => site.truncated(nth),
                _ => {}
            }
            offsets.push(offset(bytes.len()));
            matches!(written, Some(Ok(_)))
        });
    }
}

impl<W: Write> Sink for Writing<'_, W> {
    fn push(&mut self, texts: &[Option<&str>], site: &mut Site<'_>) {
        let (bytes, rows) = (self.values.bytes.len(), self.values.validity.len());
        if !self.writer.write_block(texts, &mut self.values) {
            self.values.bytes.truncate(bytes);
            self.values.offsets.truncate(rows + 1);
            self.values.validity.truncate(rows);
            self.write_each(texts, site);
        }
        if W::REFUSES_NUL && memchr::memchr(0, self.values.bytes_from(bytes)).is_some() {
            refuse_nul(texts, site);
        }
    }

    fn finish(self: Box<Self>) -> Result<ArrayRef> {
        let Values { bytes, offsets, validity } = self.values;
        if i32::try_from(bytes.len()).is_err() {
            let what = format!("its values have {} bytes in one batch, {} at the most", bytes.len(), i32::MAX);
            return Err(Error::new(Kind::Data, "type", "a column").because(what));
        }
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        let array = GenericByteArray::<W::Arrow>::try_new(offsets, Buffer::from_vec(bytes), validity.finish());
        Ok(Arc::new(array.map_err(bug)?))
    }
}

#[cold]
fn refuse_nul(texts: &[Option<&str>], site: &mut Site<'_>) {
    for (nth, text) in texts.iter().enumerate() {
        if let Some(text) = text.filter(|text| text.contains('\0')) {
            site.fault(nth, Reason::NulByte, text, &|value| format!("{value} holds a NUL byte"));
        }
    }
}
