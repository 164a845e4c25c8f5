//! UTF-8, which is what the readers read.

use model::encoding::Encoding;

use super::{Codec, Decoded};

#[derive(Debug)]
pub struct Utf8;

impl Codec for Utf8 {
    fn encoding(&self) -> Encoding {
        Encoding::Utf8
    }

    fn mark(&self) -> &'static [u8] {
        &[0xef, 0xbb, 0xbf]
    }

    fn unit_bytes(&self) -> usize {
        1
    }

    /// The transcoder hands UTF-8 on without it; a copy is what it means all the same.
    fn decode(&self, bytes: &[u8], output: &mut [u8]) -> Decoded {
        let count = bytes.len().min(output.len());
        if let (Some(from), Some(to)) = (bytes.get(..count), output.get_mut(..count)) {
            to.copy_from_slice(from);
        }
        Decoded { taken: count, given: count }
    }

    fn source_bytes(&self, text: &[u8]) -> u64 {
        text.len() as u64
    }
}
