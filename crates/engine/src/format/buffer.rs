//! The bytes of an object that no piece has been made of yet, for readers that keep them one behind the other.

/// Bytes are taken in slices of this size, so that what is left behind a piece is short.
const SLICE_BYTES: usize = 64 * 1024;

/// Moves the next bytes to the end of a buffer: as many as make it a piece and a slice, or a slice where it is more.
pub fn take_slice(buffer: &mut Vec<u8>, bytes: &mut &[u8], piece_bytes: usize) {
    let room = SLICE_BYTES.max((piece_bytes + SLICE_BYTES).saturating_sub(buffer.len()));
    let (slice, later) = bytes.split_at(bytes.len().min(room));
    buffer.extend_from_slice(slice);
    *bytes = later;
}

/// Parts the first bytes of a buffer from the others, which stay.
pub fn split_front(buffer: &mut Vec<u8>, length: usize, piece_bytes: usize) -> Vec<u8> {
    let rest = buffer.split_off(length);
    let front = std::mem::replace(buffer, rest);
    // The rest of the next piece will come: room for it is made once.
    buffer.reserve((piece_bytes + 2 * SLICE_BYTES).saturating_sub(buffer.len()));
    front
}
