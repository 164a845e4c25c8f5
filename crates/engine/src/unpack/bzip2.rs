//! bzip2: `BZh`, the size of the blocks, then a block's mark or, where the file is empty, the mark of the end.

use ::bzip2::{Decompress, Status};

use super::{Begins, Compression, Damage, Decoder, Progress};

const FILE: &[u8] = b"BZh";
const BLOCK: &[u8] = &[0x31, 0x41, 0x59, 0x26, 0x53, 0x59];
const END: &[u8] = &[0x17, 0x72, 0x45, 0x38, 0x50, 0x90];

#[derive(Debug)]
pub struct Bzip2;

impl Compression for Bzip2 {
    fn name(&self) -> &'static str {
        "bzip2"
    }

    fn member(&self) -> &'static str {
        "stream"
    }

    /// All ten bytes are looked at: the first four are printable, and a text may well begin with them.
    fn begins(&self, bytes: &[u8]) -> Begins {
        match Begins::with(FILE, bytes) {
            Begins::Yes => {}
            other => return other,
        }
        match bytes.get(FILE.len()..).and_then(<[u8]>::split_first) {
            None => Begins::Unknown,
            Some((b'1'..=b'9', rest)) => match (Begins::with(BLOCK, rest), Begins::with(END, rest)) {
                (Begins::No, other) | (other, Begins::No) => other,
                (one, _) => one,
            },
            Some(_) => Begins::No,
        }
    }

    fn decoder(&self) -> Result<Box<dyn Decoder>, String> {
        Ok(Box::new(Streams(fresh())))
    }
}

fn fresh() -> Decompress {
    let in_less_memory_but_slowly = false;
    Decompress::new(in_less_memory_but_slowly)
}

struct Streams(Decompress);

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streams").finish_non_exhaustive()
    }
}

impl Decoder for Streams {
    fn begin(&mut self) {
        self.0 = fresh();
    }

    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, Damage> {
        let (taken_before, given_before) = (self.0.total_in(), self.0.total_out());
        let status = self.0.decompress(input, output);
        let since = |now: u64, before: u64| usize::try_from(now.saturating_sub(before)).unwrap_or(usize::MAX);
        let given = since(self.0.total_out(), given_before);
        let what = match status {
            Ok(status @ (Status::Ok | Status::StreamEnd)) => {
                let is_end = status == Status::StreamEnd;
                return Ok(Progress { taken: since(self.0.total_in(), taken_before), given, is_end });
            }
            Ok(Status::MemNeeded) => "there is no memory for its blocks",
            _ => "its data are invalid, or their checksum is another",
        };
        Err(Damage { at: None, given, what: what.to_owned() })
    }
}
