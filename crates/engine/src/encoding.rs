//! Encodings.
pub use model::encoding::Encoding;

/// How much of an object a text came from.
pub trait SourceBytes {
    /// The bytes of the object that became this text.
    fn source_bytes(self, text: &[u8]) -> u64;
}
impl SourceBytes for Encoding {
    fn source_bytes(self, text: &[u8]) -> u64 {
        text.len() as u64
    }
}
