//! gzip, by RFC 1952.

use flate2::{Decompress, FlushDecompress, Status};

use super::{Begins, Compression, Damage, Decoder, Progress};

/// The largest window that deflate knows, 32 KiB.
const WINDOW_BITS: u8 = 15;

#[derive(Debug)]
pub struct Gzip;

impl Compression for Gzip {
    fn name(&self) -> &'static str {
        "gzip"
    }

    fn member(&self) -> &'static str {
        "member"
    }

    fn begins(&self, bytes: &[u8]) -> Begins {
        Begins::with(&[0x1f, 0x8b], bytes)
    }

    /// Tapes and block devices pad with zeros, and gzip takes no offence at it.
    fn is_padded(&self) -> bool {
        true
    }

    fn decoder(&self) -> Result<Box<dyn Decoder>, String> {
        Ok(Box::new(Members(Decompress::new_gzip(WINDOW_BITS))))
    }
}

#[derive(Debug)]
struct Members(Decompress);

impl Decoder for Members {
    fn begin(&mut self) {
        // `true` keeps the header as it was asked for, which is gzip's.
        self.0.reset(true);
    }

    fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Result<Progress, Damage> {
        let (taken_before, given_before) = (self.0.total_in(), self.0.total_out());
        let status = self.0.decompress(input, output, FlushDecompress::None);
        let since = |now: u64, before: u64| usize::try_from(now.saturating_sub(before)).unwrap_or(usize::MAX);
        let given = since(self.0.total_out(), given_before);
        let status = status.map_err(|error| Damage {
            at: Some(self.0.total_in()),
            given,
            what: explain(error.message()).to_owned(),
        })?;
        Ok(Progress { taken: since(self.0.total_in(), taken_before), given, is_end: status == Status::StreamEnd })
    }
}

/// What is wrong, in our words: which words the library has for bad data depends on how they were cut.
fn explain(message: Option<&str>) -> &'static str {
    match message {
        Some("incorrect data check") => "its checksum is another",
        Some("incorrect length check") => "its length is another",
        Some("unknown compression method") => "it is compressed by another method than deflate",
        Some("unknown header flags set" | "header crc mismatch") => "its header is invalid",
        _ => "its data are invalid",
    }
}
