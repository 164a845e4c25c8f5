//! Decompression by content: what an object's first bytes say it is, never what its name says.
//!
//! ```text
//! push(&[u8], sink) ─► first bytes ─┬─► known: Decoder ─► pieces of at most 256 KiB ─► sink
//!                     (COMPRESSIONS) └─► not: the bytes as they came, not copied ───► sink
//! ```
//!
//! What comes out, before an error too, and what the error says, depends on the bytes alone, never on how they were cut.
//! Memory is bounded: one piece, and what the compression itself needs (at most 128 MiB, for zstd). One compression is taken off, not two.
//!
//! To add a compression: a file here, and its word in [`COMPRESSIONS`]. Members, padding, limits, positions and the
//! cut-anywhere law come for free. This module does not know what the bytes mean; [`crate::recognise`] names what is
//! no text.

mod bzip2;
mod gzip;
mod zstd;

use std::fmt::{self, Debug};

use model::dataset::Limits;

/// The decompressed bytes that are handed on at once, at most. Small enough to stay in a core's cache.
const PIECE_BYTES: usize = 256 * 1024;

/// Compressed bytes are counted in steps of this many when the ratio is judged, the step at hand as a whole: so an object
/// may expand to some 64 MiB as it likes by the default ratio of 1,000, and the verdict does not depend on the cuts.
const STEP_BYTES: u64 = 64 * 1024;

/// No compression needs more bytes than these to be told by.
const MARK_BYTES: usize = 10;

/// Every compression.
pub static COMPRESSIONS: &[&dyn Compression] = &[&gzip::Gzip, &zstd::Zstd, &bzip2::Bzip2];

/// One compression.
pub trait Compression: Debug + Sync {
    /// Its name, in errors.
    fn name(&self) -> &'static str;

    /// What it calls the parts that stand one behind the other in a file, each whole in itself: member, frame, stream.
    fn member(&self) -> &'static str;

    /// Whether bytes are the beginning of a member. Ten bytes always tell.
    fn begins(&self, bytes: &[u8]) -> Begins;

    /// Whether zero bytes may follow the last member.
    fn is_padded(&self) -> bool {
        false
    }

    /// A decoder. Fails where there is none to be had; the text says why.
    fn decoder(&self) -> Result<Box<dyn Decoder>, String>;
}

/// Whether bytes are the beginning of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begins {
    /// They are.
    Yes,
    /// They are not.
    No,
    /// There are too few of them to tell.
    Unknown,
}

impl Begins {
    /// Whether bytes begin with a mark.
    fn with(mark: &[u8], bytes: &[u8]) -> Self {
        let shorter = mark.len().min(bytes.len());
        match (bytes.get(..shorter) == mark.get(..shorter), shorter == mark.len()) {
            (false, _) => Self::No,
            (true, true) => Self::Yes,
            (true, false) => Self::Unknown,
        }
    }
}

/// A decoder of members, one after the other.
pub trait Decoder: Debug + Send {
    /// The bytes that follow are those of the next member.
    fn begin(&mut self);

    /// Takes bytes of the member and gives what they expand to: all that can be told from them, if there is room.
    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, Damage>;
}

/// What one call of a decoder did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The bytes of the input that were taken.
    pub taken: usize,
    /// The bytes of the output that were given.
    pub given: usize,
    /// Whether the member has ended, its checksum included.
    pub is_end: bool,
}

/// What a decoder found wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Where, in bytes from the start of the member; `None` where the decoder reads ahead, by more or less as the bytes are
    /// cut, and cannot tell.
    pub at: Option<u64>,
    /// The bytes of the output that were given before.
    pub given: usize,
    /// What, and what to do where that helps.
    pub what: String,
}

/// Why an object cannot be unpacked: what is wrong, with which member, at which compressed byte, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotUnpacked {
    /// One line.
    pub what: String,
}

impl fmt::Display for NotUnpacked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for NotUnpacked {}

/// Unpacks one object. After an `Err` it is of no use.
///
/// Of the dataset's limits, two bind what is compressed: `expanded_bytes`, the bytes that one object may decompress to,
/// and `expansion_ratio`, how many times more than the compressed bytes they may be, at any place in the object.
#[derive(Debug)]
pub struct Unpacker {
    limits: Limits,
    content: Content,
    /// Bytes that are too few to tell what begins with them; at most [`MARK_BYTES`].
    held: Vec<u8>,
}

#[derive(Debug)]
enum Content {
    Unknown,
    Plain,
    Packed(Packed),
}

impl Unpacker {
    /// An unpacker of one object.
    pub fn new(limits: Limits) -> Self {
        Self { limits, content: Content::Unknown, held: Vec::new() }
    }

    /// The name of the compression; `None` for bytes that pass as they are, and as long as too few came to tell.
    pub fn compression(&self) -> Option<&'static str> {
        match &self.content {
            Content::Packed(packed) => Some(packed.compression.name()),
            Content::Unknown | Content::Plain => None,
        }
    }

    /// The next bytes, cut anywhere. The sink is given what they expand to, a piece at a time; its errors come back.
    pub fn push<E: From<NotUnpacked>>(
        &mut self,
        mut bytes: &[u8],
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        while !bytes.is_empty() {
            if self.held.is_empty() {
                return self.take(bytes, sink);
            }
            let more = MARK_BYTES.saturating_sub(self.held.len()).clamp(1, bytes.len());
            let (now, later) = bytes.split_at(more);
            let mut held = std::mem::take(&mut self.held);
            held.extend_from_slice(now);
            self.take(&held, sink)?;
            bytes = later;
        }
        Ok(())
    }

    /// There are no more bytes. Fails where the object ends inside a member.
    pub fn end<E: From<NotUnpacked>>(&mut self, sink: &mut impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        let held = std::mem::take(&mut self.held);
        match &self.content {
            Content::Packed(packed) => packed.end(&held).map_err(E::from),
            // Too few to be a compressed file: whoever reads them knows better what they are.
            Content::Unknown | Content::Plain if held.is_empty() => Ok(()),
            Content::Unknown | Content::Plain => sink(&held),
        }
    }

    /// Takes all bytes, but for the few at their end that do not tell what begins with them.
    fn take<E: From<NotUnpacked>>(
        &mut self,
        bytes: &[u8],
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        if matches!(self.content, Content::Unknown) {
            match tell(bytes) {
                (Begins::Unknown, _) => {
                    self.held.extend_from_slice(bytes);
                    return Ok(());
                }
                (Begins::Yes, Some(compression)) => {
                    self.content = Content::Packed(Packed::new(compression, self.limits)?);
                }
                _ => self.content = Content::Plain,
            }
        }
        match &mut self.content {
            Content::Packed(packed) => {
                let rest = packed.take(bytes, sink)?;
                self.held.extend_from_slice(rest);
                Ok(())
            }
            Content::Unknown | Content::Plain => sink(bytes),
        }
    }
}

/// Which compression an object's first bytes are.
fn tell(bytes: &[u8]) -> (Begins, Option<&'static dyn Compression>) {
    let begins = |wanted| COMPRESSIONS.iter().copied().find(move |candidate| candidate.begins(bytes) == wanted);
    match (begins(Begins::Yes), begins(Begins::Unknown)) {
        (Some(compression), _) => (Begins::Yes, Some(compression)),
        (None, Some(_)) => (Begins::Unknown, None),
        (None, None) => (Begins::No, None),
    }
}

/// A compressed object on the way.
#[derive(Debug)]
struct Packed {
    compression: &'static dyn Compression,
    decoder: Box<dyn Decoder>,
    limits: Limits,
    place: Place,
    /// The number of the member at hand, from 1, and the compressed byte it begins at.
    member: u64,
    member_start: u64,
    /// Compressed bytes taken, and decompressed bytes given.
    taken: u64,
    given: u64,
    output: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Inside,
    Between,
    Padding,
}

impl Packed {
    fn new(compression: &'static dyn Compression, limits: Limits) -> Result<Self, NotUnpacked> {
        Ok(Self {
            compression,
            decoder: compression.decoder().map_err(|what| NotUnpacked { what })?,
            limits,
            place: Place::Between,
            member: 0,
            member_start: 0,
            taken: 0,
            given: 0,
            output: vec![0; PIECE_BYTES],
        })
    }

    /// Takes bytes as far as it is clear what they are; returns the rest.
    fn take<'a, E: From<NotUnpacked>>(
        &mut self,
        mut bytes: &'a [u8],
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<&'a [u8], E> {
        while !bytes.is_empty() {
            match (self.place, self.compression.begins(bytes)) {
                (Place::Inside, _) => bytes = self.take_step(bytes, sink)?,
                (Place::Between, Begins::Yes) => {
                    self.place = Place::Inside;
                    self.member += 1;
                    self.member_start = self.taken;
                    self.decoder.begin();
                }
                (Place::Between, Begins::Unknown) => break,
                (Place::Between, Begins::No) if self.compression.is_padded() && bytes.starts_with(&[0]) => {
                    self.place = Place::Padding;
                }
                (Place::Between, Begins::No) => return Err(self.garbage().into()),
                (Place::Padding, _) => {
                    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
                    self.taken += zeros as u64;
                    bytes = bytes.get(zeros..).unwrap_or_default();
                    if !bytes.is_empty() {
                        return Err(self.garbage().into());
                    }
                }
            }
        }
        Ok(bytes)
    }

    /// Takes bytes of the member: to the end of the step, of the bytes, or of the member, whichever comes first.
    ///
    /// Steps end at fixed places of the object, and all that a step expands to is given before the next is begun. So
    /// which step a decompressed byte comes from does not depend on the cuts, and the ratio may be judged by it.
    fn take_step<'a, E: From<NotUnpacked>>(
        &mut self,
        bytes: &'a [u8],
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<&'a [u8], E> {
        let step_end = (self.taken / STEP_BYTES + 1) * STEP_BYTES;
        let room = usize::try_from(step_end - self.taken).unwrap_or(usize::MAX);
        let mut rest = bytes;
        let mut input = bytes.get(..room).unwrap_or(bytes);
        loop {
            let progress = match self.decoder.decode(input, &mut self.output) {
                Ok(progress) => progress,
                Err(damage) => {
                    self.give(damage.given, step_end, sink)?;
                    return Err(self.damaged(&damage, step_end).into());
                }
            };
            self.taken += progress.taken as u64;
            self.give(progress.given, step_end, sink)?;
            input = input.get(progress.taken..).unwrap_or_default();
            rest = rest.get(progress.taken..).unwrap_or_default();
            if progress.is_end {
                self.place = Place::Between;
                return Ok(rest);
            }
            if progress.given < self.output.len() && input.is_empty() {
                return Ok(rest);
            }
            if progress.taken == 0 && progress.given == 0 {
                let damage = Damage { at: None, given: 0, what: "the decoder makes nothing of it".to_owned() };
                return Err(self.damaged(&damage, step_end).into());
            }
        }
    }

    /// Hands on what the decoder gave, as far as the limits allow: up to the same byte however much it gave at once.
    fn give<E: From<NotUnpacked>>(
        &mut self,
        given: usize,
        step_end: u64,
        sink: &mut impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let Limits { expansion_ratio, expanded_bytes, .. } = self.limits;
        let limit = expanded_bytes.min(step_end.saturating_mul(expansion_ratio));
        let room = usize::try_from(limit.saturating_sub(self.given)).unwrap_or(usize::MAX);
        self.given += given as u64;
        let piece = self.output.get(..given.min(room)).unwrap_or_default();
        if !piece.is_empty() {
            sink(piece)?;
        }
        if given > room { Err(self.beyond(step_end).into()) } else { Ok(()) }
    }

    fn beyond(&self, step_end: u64) -> NotUnpacked {
        let Limits { expansion_ratio, expanded_bytes, .. } = self.limits;
        let (times, limit) = if expanded_bytes <= step_end.saturating_mul(expansion_ratio) {
            (format!("{expanded_bytes} bytes"), "expanded_bytes")
        } else {
            (format!("{expansion_ratio} times its size"), "expansion_ratio")
        };
        let here = self.here();
        let what = format!(
            "{here} brings the object to more than {times}, by compressed byte {step_end} at the latest; raise \
             `limits.{limit}` if that is meant"
        );
        NotUnpacked { what }
    }

    /// The object has ended, with bytes that may have been the beginning of a member.
    fn end(&self, held: &[u8]) -> Result<(), NotUnpacked> {
        match self.place {
            Place::Inside => Err(NotUnpacked {
                what: format!(
                    "{} is cut off: the object ends inside it, at compressed byte {}; deliver it again",
                    self.here(),
                    self.taken
                ),
            }),
            Place::Between if !held.is_empty() => Err(self.garbage()),
            Place::Between | Place::Padding => Ok(()),
        }
    }

    fn garbage(&self) -> NotUnpacked {
        let (name, member) = (self.compression.name(), self.compression.member());
        let what = format!(
            "what follows {name} {member} {}, at compressed byte {}, is no {name} {member}",
            self.member, self.taken
        );
        NotUnpacked { what }
    }

    fn damaged(&self, damage: &Damage, step_end: u64) -> NotUnpacked {
        let place = match damage.at {
            Some(at) => format!("at compressed byte {}", self.member_start + at),
            None => format!("between compressed bytes {} and {step_end}", step_end - STEP_BYTES),
        };
        NotUnpacked { what: format!("{} is damaged {place}: {}", self.here(), damage.what) }
    }

    /// The member at hand.
    fn here(&self) -> String {
        let (name, member) = (self.compression.name(), self.compression.member());
        format!("{name} {member} {} (from compressed byte {})", self.member, self.member_start)
    }
}

#[cfg(test)]
mod tests;
