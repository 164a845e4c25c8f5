//! Where records end in JSON that has no lines: quotes, brackets and commas, and nothing else.
//!
//! This is the part of reading that no second thread can share, so it does not check the JSON: a piece does that, and
//! whatever an outline takes for an end, the pieces are JSON only if the whole is. It looks at 64 bytes at a time and
//! makes a bit of each; a block that cannot hold an end of a record costs no more than that.

use std::ops::ControlFlow;

use wide::u8x16;

const BLOCK: usize = 64;
const LANES: usize = 16;

/// What ends a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Between {
    /// The comma behind an array's element.
    Commas,
    /// The bracket that closes a value.
    Nothing,
}

/// Something that stands outside of all records, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A record, with the comma behind it, ends before this byte.
    End(usize),
    /// A bracket stands here that no bracket in the records opened.
    Close(usize),
}

/// What is known at the end of the bytes that were seen.
#[derive(Debug)]
pub struct Outline {
    between: Between,
    /// The brackets that are open.
    depth: usize,
    in_text: bool,
    /// The next byte stands behind a backslash.
    is_escaped: bool,
}

impl Outline {
    /// Before the first record.
    pub fn new(between: Between) -> Self {
        Self { between, depth: 0, in_text: false, is_escaped: false }
    }

    /// Shows each mark in the bytes, which start at this place, and says where it stopped looking: at their end, or
    /// behind the mark that was enough.
    pub fn scan(&mut self, bytes: &[u8], start: usize, mut show: impl FnMut(Mark) -> ControlFlow<()>) -> usize {
        let mut at = start;
        let (blocks, last) = bytes.as_chunks::<BLOCK>();
        let mut padded = [b' '; BLOCK];
        let (tail, _) = padded.split_at_mut(last.len());
        tail.copy_from_slice(last);
        let whole = blocks.iter().map(|block| (block, BLOCK));
        for (block, length) in whole.chain((!last.is_empty()).then_some((&padded, last.len()))) {
            if let Some(stopped) = self.block(block, length, |place| show(moved(place, at))) {
                return at + stopped;
            }
            at += length;
        }
        at
    }

    /// Shows the marks of one block; says behind which byte it stopped, if it did.
    #[inline]
    fn block(
        &mut self,
        block: &[u8; BLOCK],
        length: usize,
        show: impl FnMut(Mark) -> ControlFlow<()>,
    ) -> Option<usize> {
        let mut quotes = bits(block, |lanes| are(lanes, b'"'));
        if self.is_escaped || bits(block, |lanes| are(lanes, b'\\')) != 0 {
            quotes &= !self.escaped(block, length);
        }
        // From each quote on, all bits change: they are set between quotes.
        let mut text = quotes;
        for shift in [1, 2, 4, 8, 16, 32] {
            text ^= text << shift;
        }
        if self.in_text {
            text = !text;
        }
        let opens = bits(block, |lanes| are_alike(lanes, b'{')) & !text;
        let closes = bits(block, |lanes| are_alike(lanes, b'}')) & !text;
        let ends = text >> (BLOCK - 1) == 1;
        if self.depth > closes.count_ones() as usize {
            self.depth = self.depth + opens.count_ones() as usize - closes.count_ones() as usize;
            self.in_text = ends;
            return None;
        }
        let stopped = self.marks(block, [opens, closes, text], show);
        // Marks stand outside of texts, so behind one where it stopped nothing is open.
        self.in_text = ends && stopped.is_none();
        self.is_escaped &= stopped.is_none();
        stopped
    }

    /// Which bytes stand behind a backslash that counts.
    #[cold]
    fn escaped(&mut self, block: &[u8; BLOCK], length: usize) -> u64 {
        let mut escaped = 0;
        for (place, byte) in block.iter().enumerate().take(length) {
            if self.is_escaped {
                escaped |= 1 << place;
                self.is_escaped = false;
            } else {
                self.is_escaped = *byte == b'\\';
            }
        }
        escaped
    }

    fn marks(
        &mut self,
        block: &[u8; BLOCK],
        [opens, closes, text]: [u64; 3],
        mut show: impl FnMut(Mark) -> ControlFlow<()>,
    ) -> Option<usize> {
        let commas = match self.between {
            Between::Commas => bits(block, |lanes| are(lanes, b',')) & !text,
            Between::Nothing => 0,
        };
        let brackets = opens | closes;
        let mut left = u64::MAX;
        loop {
            // Inside a record commas are none of ours.
            let next = left & if self.depth == 0 { brackets | commas } else { brackets };
            if next == 0 {
                return None;
            }
            let place = next.trailing_zeros() as usize;
            let bit = 1 << place;
            left = u64::MAX << place << 1;
            let mark = if opens & bit != 0 {
                self.depth += 1;
                continue;
            } else if closes & bit != 0 {
                match (self.depth.checked_sub(1), self.between) {
                    (None, _) => Mark::Close(place),
                    (Some(0), Between::Nothing) => {
                        self.depth = 0;
                        Mark::End(place + 1)
                    }
                    (Some(depth), _) => {
                        self.depth = depth;
                        continue;
                    }
                }
            } else {
                Mark::End(place + 1)
            };
            if show(mark).is_break() {
                return Some(place + 1);
            }
        }
    }
}

fn moved(mark: Mark, by: usize) -> Mark {
    match mark {
        Mark::End(at) => Mark::End(at + by),
        Mark::Close(at) => Mark::Close(at + by),
    }
}

/// A bit for each byte of a kind, the first byte's lowest.
#[inline(always)]
fn bits(block: &[u8; BLOCK], is: impl Fn(u8x16) -> u8x16) -> u64 {
    let (lanes, _) = block.as_chunks::<LANES>();
    lanes.iter().rev().fold(0, |bits, lanes| bits << LANES | u64::from(is(u8x16::new(*lanes)).to_bitmask()))
}

/// Which bytes are this one.
#[inline(always)]
fn are(lanes: u8x16, byte: u8) -> u8x16 {
    lanes.simd_eq(u8x16::splat(byte))
}

/// Which bytes are this one, but for a bit: in ASCII, `[` and `{` differ by it alone, and so do `]` and `}`.
#[inline(always)]
fn are_alike(lanes: u8x16, byte: u8) -> u8x16 {
    are(lanes | u8x16::splat(0x20), byte)
}
