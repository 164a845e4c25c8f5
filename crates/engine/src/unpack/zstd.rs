//! Zstandard, by RFC 8878: frames, and skippable frames among them.

use zstd_safe::zstd_sys::ZSTD_ErrorCode as Code;
use zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer, ResetDirective, get_error_name};

use super::{Begins, Compression, Damage, Decoder, Progress};

/// 128 MiB: what `zstd --ultra -22` asks for, and what zstd itself takes without being told to take more.
const WINDOW_LOG_MAX: u32 = 27;

const FRAME: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// The first byte of a skippable frame is any of 16.
const SKIPPABLE: &[u8] = &[0x2a, 0x4d, 0x18];

/// The bytes at the start of a frame that zstd must see to say how many more it wants.
const HEADER_BYTES: usize = 5;

/// The bytes before a block. zstd asks for them together with the block before.
const BLOCK_HEADER_BYTES: usize = 3;

#[derive(Debug)]
pub struct Zstd;

impl Compression for Zstd {
    fn name(&self) -> &'static str {
        "zstd"
    }

    fn member(&self) -> &'static str {
        "frame"
    }

    fn begins(&self, bytes: &[u8]) -> Begins {
        match bytes.split_first() {
            Some((0x50..=0x5f, rest)) => Begins::with(SKIPPABLE, rest),
            _ => Begins::with(FRAME, bytes),
        }
    }

    fn decoder(&self) -> Result<Box<dyn Decoder>, String> {
        let mut context = DCtx::try_create().ok_or("there is no memory to read zstd")?;
        context.set_parameter(DParameter::WindowLogMax(WINDOW_LOG_MAX)).map_err(|code| explain(code).to_owned())?;
        Ok(Box::new(Frames { context, wanted: HEADER_BYTES, block_start: 0, taken: 0 }))
    }
}

/// Fed block by block, each and its header apart. Thus zstd never takes the short way for a frame that happens to be there
/// as a whole, which judges windows otherwise; and where a frame is damaged, and what it gave before, is known to the
/// block, whatever the cuts.
struct Frames {
    context: DCtx<'static>,
    /// How many more bytes belong to the block or header at hand.
    wanted: usize,
    /// Where it begins, and how many bytes of the frame have been taken.
    block_start: u64,
    taken: u64,
}

impl std::fmt::Debug for Frames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Frames").field("taken", &self.taken).finish_non_exhaustive()
    }
}

impl Decoder for Frames {
    fn begin(&mut self) {
        // A reset of the session cannot fail, and keeps the largest window; after a whole frame it has nothing to do.
        let _done = self.context.reset(ResetDirective::SessionOnly);
        (self.wanted, self.block_start, self.taken) = (HEADER_BYTES, 0, 0);
    }

    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, Damage> {
        let (mut taken, mut given) = (0, 0);
        loop {
            let rest = input.get(taken..).unwrap_or_default();
            let mut block = InBuffer::around(rest.get(..self.wanted).unwrap_or(rest));
            let (room, fed) = (output.len() - given, block.src.len());
            let mut free = OutBuffer::around(output.get_mut(given..).unwrap_or_default());
            let hint = self.context.decompress_stream(&mut free, &mut block);
            let hint =
                hint.map_err(|code| Damage { at: Some(self.block_start), given, what: explain(code).to_owned() })?;
            (taken, given) = (taken + block.pos(), given + free.pos());
            self.taken += block.pos() as u64;
            self.wanted = self.wanted.saturating_sub(block.pos());
            if hint == 0 {
                return Ok(Progress { taken, given, is_end: true });
            }
            if self.wanted == 0 {
                self.wanted = hint.checked_sub(BLOCK_HEADER_BYTES).filter(|block| *block > 0).unwrap_or(hint);
                self.block_start = self.taken;
            }
            let is_stuck = block.pos() == 0 && free.pos() == 0;
            if is_stuck || free.pos() == room || (fed == block.pos() && taken == input.len()) {
                return Ok(Progress { taken, given, is_end: false });
            }
        }
    }
}

/// What zstd says, with what to do where that helps.
fn explain(code: usize) -> &'static str {
    let is = |known: Code| code == (known as usize).wrapping_neg();
    if is(Code::ZSTD_error_frameParameter_windowTooLarge) {
        "its window is larger than 128 MiB; compress it with --long=27 or less"
    } else if is(Code::ZSTD_error_dictionary_wrong) {
        "it needs a dictionary; compress it without one"
    } else {
        get_error_name(code)
    }
}
