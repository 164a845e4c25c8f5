//! Columns whose values are all of one size: a plain vector of them, and the bits of nulls beside it.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::{ArrayRef, ArrowPrimitiveType, PrimitiveArray};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow::datatypes::DataType;
use model::Result;

use super::faults::Site;
use super::{Sink, Typing, bug};
use crate::reject::Reason;

/// Reads one value of a column's type.
pub(super) trait Parse: Debug + Send + Sync {
    /// The type in arrow.
    type Arrow: ArrowPrimitiveType;
    /// What one batch's values may share.
    type Scratch: Default;

    /// The value of a text, or why it is none.
    fn parse(&self, text: &str, scratch: &mut Self::Scratch) -> Result<Native<Self>, Reason>;

    /// The reason in a sentence; `value` is how it names the text.
    fn explain(&self, reason: Reason, value: &str) -> String;

    /// The type in arrow where it has parameters.
    fn data_type(&self) -> DataType {
        Self::Arrow::DATA_TYPE
    }
}

/// What a parser yields.
pub(super) type Native<P> = <<P as Parse>::Arrow as ArrowPrimitiveType>::Native;

/// A type by its parser.
#[derive(Debug)]
pub(super) struct Primitive<P>(pub P);

impl<P: Parse> Typing for Primitive<P> {
    fn sink(&self, rows: usize) -> Box<dyn Sink + '_> {
        let (values, validity) = (Vec::with_capacity(rows), Validity::with_capacity(rows));
        Box::new(Values { parser: &self.0, scratch: P::Scratch::default(), values, validity })
    }
}

struct Values<'a, P: Parse> {
    parser: &'a P,
    scratch: P::Scratch,
    values: Vec<Native<P>>,
    validity: Validity,
}

impl<P: Parse> Sink for Values<'_, P> {
    fn push(&mut self, texts: &[Option<&str>], site: &mut Site<'_>) {
        let Self { parser, scratch, values, validity } = self;
        let start = values.len();
        values.resize(start + texts.len(), Default::default());
        let mut slots = values.get_mut(start..).unwrap_or_default().iter_mut();
        validity.push(texts, |nth, text| {
            let (Some(text), Some(slot)) = (text, slots.next()) else { return false };
            match parser.parse(text, scratch) {
                Ok(value) => {
                    *slot = value;
                    true
                }
                Err(reason) => {
                    site.fault(nth, reason, text, &|value| parser.explain(reason, value));
                    false
                }
            }
        });
    }

    fn finish(self: Box<Self>) -> Result<ArrayRef> {
        let nulls = self.validity.finish();
        let values = self.values.into();
        let array = PrimitiveArray::<P::Arrow>::try_new(values, nulls).map_err(bug)?;
        Ok(Arc::new(array.with_data_type(self.parser.data_type())))
    }
}

/// Which values of a column are there: a bit for each.
#[derive(Debug)]
pub(super) struct Validity {
    words: Vec<u64>,
    bits: usize,
    nulls: usize,
}

impl Validity {
    const WORD: usize = 64;

    pub fn with_capacity(rows: usize) -> Self {
        Self { words: Vec::with_capacity(rows.div_ceil(Self::WORD)), bits: 0, nulls: 0 }
    }

    /// A bit for each text, as `is_there` says. A word is begun anew for each call: all but a column's last are of whole
    /// words.
    #[inline]
    pub fn push<'a>(&mut self, texts: &[Option<&'a str>], mut is_there: impl FnMut(usize, Option<&'a str>) -> bool) {
        let mut nth = 0;
        for chunk in texts.chunks(Self::WORD) {
            let mut word = 0;
            for (text, bit) in chunk.iter().zip(0u32..) {
                word |= u64::from(is_there(nth, *text)) << bit;
                nth += 1;
            }
            self.words.push(word);
            self.bits += chunk.len();
            self.nulls += chunk.len() - word.count_ones() as usize;
        }
    }

    /// How many bits there are.
    pub fn len(&self) -> usize {
        self.bits
    }

    /// The bits of the first blocks only.
    pub fn truncate(&mut self, bits: usize) {
        self.words.truncate(bits.div_ceil(Self::WORD));
        self.bits = self.bits.min(bits);
        let there: u32 = self.words.iter().map(|word| word.count_ones()).sum();
        self.nulls = self.bits - there as usize;
    }

    /// The nulls, if there are any.
    pub fn finish(self) -> Option<NullBuffer> {
        let (bits, nulls) = (self.bits, self.nulls);
        (nulls > 0).then(|| NullBuffer::new(self.into_bits(bits)))
    }

    /// The bits themselves, for a column of booleans.
    pub fn into_bits(self, bits: usize) -> BooleanBuffer {
        BooleanBuffer::new(Buffer::from_vec(self.words), 0, bits)
    }
}
