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

    /// Adds the bytes of a text's value, or says why it has none; what it has added then is taken back.
    fn write(&self, text: &str, bytes: &mut Vec<u8>) -> Result<Written, Reason>;

    /// The text as it is written, for a message.
    fn named<'a>(&self, text: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(text)
    }

    /// Does to the bytes of many values what can be done at once.
    fn end_block(&self, _bytes: &mut [u8]) {}

    /// The reason in a sentence; `value` is how it names the text.
    fn explain(&self, reason: Reason, value: &str, text: &str) -> String;

    /// Whether a NUL is no part of a value: no warehouse keeps one in text.
    const REFUSES_NUL: bool;
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
        Box::new(Values { writer: &self.0, bytes, offsets, validity: Validity::with_capacity(rows) })
    }
}

struct Values<'a, W> {
    writer: &'a W,
    bytes: Vec<u8>,
    offsets: Vec<i32>,
    validity: Validity,
}

impl<W: Write> Sink for Values<'_, W> {
    fn push(&mut self, texts: &[Option<&str>], site: &mut Site<'_>) {
        let Self { writer, bytes, offsets, validity } = self;
        let start = bytes.len();
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
            // More than fit are told when the column is finished.
            offsets.push(i32::try_from(bytes.len()).unwrap_or(i32::MAX));
            matches!(written, Some(Ok(_)))
        });
        writer.end_block(bytes.get_mut(start..).unwrap_or_default());
        if W::REFUSES_NUL && memchr::memchr(0, bytes.get(start..).unwrap_or_default()).is_some() {
            refuse_nul(texts, site);
        }
    }

    fn finish(self: Box<Self>) -> Result<ArrayRef> {
        if i32::try_from(self.bytes.len()).is_err() {
            let what = format!("its values have {} bytes in one batch, {} at the most", self.bytes.len(), i32::MAX);
            return Err(Error::new(Kind::Data, "type", "a column").because(what));
        }
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets));
        let nulls = self.validity.finish();
        let array = GenericByteArray::<W::Arrow>::try_new(offsets, Buffer::from_vec(self.bytes), nulls);
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
