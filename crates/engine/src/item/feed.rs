//! From an input's bytes to its reader: they are unpacked, and transcoded where they are text; what is read by ranges is
//! neither.

use model::{Error, Kind, Result};

use super::{Item, Trouble};
use crate::encoding::{NotText, Transcoder};
use crate::format::{self, Access, Piece, Reader};
use crate::recognise::RECOGNISE_BYTES;
use crate::text::Origin;

impl Item {
    pub(super) fn push_unpacked(&mut self, mut bytes: &[u8]) -> Result<(), Trouble> {
        if !self.dataset.format.is_text() {
            return self.push_text(bytes);
        }
        let mut transcoder = self.input()?.transcoder.take().ok_or_else(|| self.bug("an input has failed before"))?;
        if self.input()?.reader.is_none() {
            // The first bytes tell the encoding, and only then is there a reader.
            let (first, rest) = bytes.split_at(bytes.len().min(RECOGNISE_BYTES));
            let mut text = Vec::new();
            transcoder.push::<NotText>(first, &mut |piece| {
                text.extend_from_slice(piece);
                Ok(())
            })?;
            self.begin_text(&transcoder, &text)?;
            bytes = rest;
        }
        transcoder.push(bytes, &mut |text| self.push_text(text))?;
        self.input()?.transcoder = Some(transcoder);
        Ok(())
    }

    /// Begins reading, if the encoding is known.
    fn begin_text(&mut self, transcoder: &Transcoder, text: &[u8]) -> Result<(), Trouble> {
        let Some(encoding) = transcoder.encoding() else { return Ok(()) };
        let origin = Origin { encoding, byte_offset: transcoder.mark_bytes() };
        let Access::Stream(format) = format::find(self.dataset.format)? else {
            return Err(self.bug("the input is read by ranges").into());
        };
        let reader = format.reader(&self.dataset, origin)?;
        self.input()?.reader = Some(reader);
        self.push_text(text)
    }

    fn push_text(&mut self, text: &[u8]) -> Result<(), Trouble> {
        let pushed = self.reader()?.push(text);
        self.read_pieces(pushed)
    }

    pub(super) fn end_bytes(&mut self) -> Result<(), Trouble> {
        if let Some(ranged) = &self.input()?.ranged {
            return match ranged.wants().is_empty() {
                true => self.read_pieces(Ok(())),
                false => Err(self.bug("ranges of the input are missing").into()),
            };
        }
        let unpacker = self.input()?.unpacker.take();
        let mut unpacker = unpacker.ok_or_else(|| self.bug("an input has failed before"))?;
        unpacker.end(&mut |unpacked| self.push_unpacked(unpacked))?;
        if self.dataset.format.is_text() {
            self.end_text()?;
        }
        let ended = self.reader()?.end();
        self.read_pieces(ended)
    }

    fn end_text(&mut self) -> Result<(), Trouble> {
        let transcoder = self.input()?.transcoder.take();
        let mut transcoder = transcoder.ok_or_else(|| self.bug("an input has failed before"))?;
        let mut text = Vec::new();
        transcoder.end::<NotText>(&mut |piece| {
            text.extend_from_slice(piece);
            Ok(())
        })?;
        match self.input()?.reader {
            Some(_) => self.push_text(&text),
            None => self.begin_text(&transcoder, &text),
        }
    }

    pub(super) fn next_piece(&mut self) -> Result<Option<Box<dyn Piece>>> {
        match &mut self.input()?.ranged {
            Some(ranged) => Ok(ranged.take()),
            None => Ok(self.reader()?.take()),
        }
    }

    fn reader(&mut self) -> Result<&mut Box<dyn Reader>> {
        let name = &self.name;
        let reader = self.input.as_mut().and_then(|input| input.reader.as_mut());
        reader.ok_or_else(|| Error::new(Kind::Bug, "read", name).because("an input has no reader"))
    }
}
