//! Transcoding: text in any encoding that a dataset may name, into UTF-8.
//!
//! ```text
//! push(&[u8], sink) ─► first bytes ─► byte order mark (dropped), or `encoding`, or UTF-8
//!                          │
//!                          ├─► UTF-8: the bytes as they came, not copied, not checked ─► sink
//!                          └─► others: Codec (ENCODINGS) ─► pieces of UTF-8 ───────────► sink
//! ```
//!
//! What is no character in its encoding becomes the byte [`INVALID`], one for each unit: it is in no UTF-8, so that the
//! check of the reader, which UTF-8 input needs anyway, finds it and knows the place. [`SourceBytes`] turns a place in the
//! UTF-8 back into one in the object. What comes out depends on the bytes alone, never on how they were cut.
//!
//! To add an encoding: a variant of `model::encoding::Encoding`, which is the word a user writes, and an entry in
//! `ENCODINGS`. This module does not know records: a bad character is the reader's to reject.

mod single_byte;
mod utf16;
mod utf8;

use std::fmt::{self, Debug};

pub use model::encoding::Encoding;

use crate::recognise::{self, RECOGNISE_BYTES};

/// What stands in the output for a unit that is no character.
pub const INVALID: u8 = 0xff;

/// The transcoded bytes that are handed on at once, at most.
const PIECE_BYTES: usize = 64 * 1024;

/// A character of UTF-8 at its longest. A codec may write as many bytes where only some of them count.
const WIDEST: usize = 4;

/// Every encoding.
static ENCODINGS: &[&dyn Codec] = &[
    &utf8::Utf8,
    &utf16::Utf16::<{ utf16::LITTLE }>,
    &utf16::Utf16::<{ utf16::BIG }>,
    &single_byte::LATIN_1,
    &single_byte::WINDOWS_1252,
];

/// One encoding.
trait Codec: Debug + Sync {
    /// The word in the dataset file.
    fn encoding(&self) -> Encoding;

    /// Its byte order mark; empty where it has none.
    fn mark(&self) -> &'static [u8];

    /// The bytes of a unit: what [`INVALID`] stands for.
    fn unit_bytes(&self) -> usize;

    /// Turns units into UTF-8 as long as there are any, and room for a character. Takes nothing only where what is left
    /// is the beginning of a character (at most 3 bytes), or there is no room.
    fn decode(&self, bytes: &[u8], output: &mut [u8]) -> Decoded;

    /// See [`SourceBytes`].
    fn source_bytes(&self, text: &[u8]) -> u64;
}

/// What one call of a codec did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Decoded {
    /// The bytes of the input that were taken.
    taken: usize,
    /// The bytes of UTF-8 that were given.
    given: usize,
}

/// How much of an object a text came from.
pub trait SourceBytes {
    /// The bytes of the object that became this text. Adds up over parts, wherever they are cut. A place in the object is
    /// this and [`Transcoder::mark_bytes`].
    ///
    /// An odd byte at the very end of UTF-16 counts as a whole unit: no place in the object but its end is touched by
    /// that.
    fn source_bytes(self, text: &[u8]) -> u64;
}

impl SourceBytes for Encoding {
    fn source_bytes(self, text: &[u8]) -> u64 {
        codec(self).map_or(text.len() as u64, |codec| codec.source_bytes(text))
    }
}

fn codec(encoding: Encoding) -> Option<&'static dyn Codec> {
    ENCODINGS.iter().copied().find(|codec| codec.encoding() == encoding)
}

/// Why an object cannot be read as text: what it is, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotText {
    /// One line.
    pub what: String,
}

impl fmt::Display for NotText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for NotText {}

/// Transcodes one object. After an `Err` it is of no use.
#[derive(Debug)]
pub struct Transcoder {
    asked: Option<Encoding>,
    /// Known once the first bytes are there.
    codec: Option<&'static dyn Codec>,
    mark_bytes: u64,
    /// The first bytes, as long as they are too few to tell; then the beginning of a character.
    held: Vec<u8>,
    /// Empty for UTF-8.
    output: Vec<u8>,
}

impl Transcoder {
    /// A transcoder of one object, in the encoding that its dataset names.
    pub fn new(encoding: Option<Encoding>) -> Self {
        Self { asked: encoding, codec: None, mark_bytes: 0, held: Vec::new(), output: Vec::new() }
    }

    /// The encoding: known before the sink is given anything, and always at the end.
    pub fn encoding(&self) -> Option<Encoding> {
        self.codec.map(Codec::encoding)
    }

    /// The bytes of the byte order mark, which was dropped. Known with the encoding.
    pub fn mark_bytes(&self) -> u64 {
        self.mark_bytes
    }

    /// The next bytes, cut anywhere. The sink is given UTF-8, a piece at a time; its errors come back. Fails where the
    /// first bytes are those of another encoding than the dataset names, or of no text at all.
    pub fn push<E: From<NotText>>(
        &mut self,
        bytes: &[u8],
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if let Some(codec) = self.codec {
            return self.transcode(codec, bytes, sink);
        }
        if self.held.is_empty() && bytes.len() >= RECOGNISE_BYTES {
            return self.begin(bytes, sink);
        }
        let (first, rest) = bytes.split_at(bytes.len().min(RECOGNISE_BYTES.saturating_sub(self.held.len())));
        self.held.extend_from_slice(first);
        if self.held.len() < RECOGNISE_BYTES {
            return Ok(());
        }
        let first = std::mem::take(&mut self.held);
        self.begin(&first, sink)?;
        self.push(rest, sink)
    }

    /// There are no more bytes. What is left is no character.
    pub fn end<E: From<NotText>>(&mut self, sink: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        if self.codec.is_none() {
            let first = std::mem::take(&mut self.held);
            self.begin(&first, sink)?;
        }
        let unit_bytes = self.codec.map_or(1, Codec::unit_bytes);
        let invalid = vec![INVALID; self.held.len().div_ceil(unit_bytes)];
        self.held.clear();
        if invalid.is_empty() { Ok(()) } else { sink(&invalid) }
    }

    /// The first bytes: as many as tell, or all there are.
    fn begin<E: From<NotText>>(
        &mut self,
        first: &[u8],
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let (codec, mark_bytes) = self.tell(first)?;
        self.codec = Some(codec);
        self.mark_bytes = mark_bytes as u64;
        if codec.encoding() != Encoding::Utf8 {
            self.output = vec![0; PIECE_BYTES];
        }
        self.transcode(codec, first.get(mark_bytes..).unwrap_or_default(), sink)
    }

    /// The encoding, and the length of its mark.
    fn tell(&self, first: &[u8]) -> Result<(&'static dyn Codec, usize), NotText> {
        let marked =
            ENCODINGS.iter().copied().find(|codec| !codec.mark().is_empty() && first.starts_with(codec.mark()));
        let named = self.asked.and_then(codec);
        let is_wide = marked.or(named).is_some_and(|codec| codec.unit_bytes() > 1);
        let kind = if is_wide { recognise::kind(first) } else { recognise::recognise(first) };
        if let Some(kind) = kind {
            return Err(NotText { what: format!("the object is no text but {kind}") });
        }
        match (marked, named) {
            (Some(marked), Some(named)) if marked.encoding() != named.encoding() => {
                let (marked, named) = (marked.encoding().name(), named.encoding().name());
                let what = format!(
                    "the object begins with the byte order mark of {marked}, and the dataset says `encoding: {named}`; \
                     leave `encoding` out, or deliver {named}"
                );
                Err(NotText { what })
            }
            (Some(marked), _) => Ok((marked, marked.mark().len())),
            (None, Some(named)) => Ok((named, 0)),
            (None, None) => Ok((&utf8::Utf8, 0)),
        }
    }

    fn transcode<E>(
        &mut self,
        codec: &dyn Codec,
        mut bytes: &[u8],
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if codec.encoding() == Encoding::Utf8 {
            return if bytes.is_empty() { Ok(()) } else { sink(bytes) };
        }
        // A character that was cut: byte by byte, until it is whole.
        while let (false, Some((byte, rest))) = (self.held.is_empty(), bytes.split_first()) {
            self.held.push(*byte);
            bytes = rest;
            let held = std::mem::take(&mut self.held);
            self.decode(codec, &held, sink)?;
        }
        self.decode(codec, bytes, sink)
    }

    /// Decodes all whole characters and holds the rest.
    fn decode<E>(
        &mut self,
        codec: &dyn Codec,
        mut bytes: &[u8],
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        loop {
            let decoded = codec.decode(bytes, &mut self.output);
            if decoded.taken == 0 {
                self.held.extend_from_slice(bytes);
                return Ok(());
            }
            sink(self.output.get(..decoded.given).unwrap_or_default())?;
            bytes = bytes.get(decoded.taken..).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests;
