//! Objects as they come into being: a run of chunks, each ready to be a part of a multipart upload.

use std::io;

use bytes::Bytes;

/// An object that an item makes, by its key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Object {
    /// A Parquet file, in the lake bucket.
    Parquet(String),
    /// The item's rejects, in the control bucket.
    Rejects(String),
}

impl Object {
    /// Its key.
    pub fn key(&self) -> &str {
        match self {
            Self::Parquet(key) | Self::Rejects(key) => key,
        }
    }
}

/// Bytes of an object. The chunks of one object come in order, those of several objects mixed; all chunks of an object
/// but the last have the same size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The object.
    pub object: Object,
    /// Which of its chunks, from 1.
    pub number: u32,
    /// Whether the object is whole with this one.
    pub is_last: bool,
    /// The bytes, at least one.
    pub bytes: Bytes,
}

/// Cuts an object into chunks of a fixed size as it is written.
#[derive(Debug)]
pub(crate) struct Chunks {
    object: Object,
    chunk_bytes: usize,
    /// Grows with the object's first chunk: most objects have no other, and there may be thousands. From the second on
    /// it has its whole size at once.
    open: Vec<u8>,
    full: Vec<Chunk>,
    number: u32,
    size_bytes: u64,
}

impl Chunks {
    pub fn new(object: Object, chunk_bytes: usize) -> Self {
        Self { object, chunk_bytes, open: Vec::new(), full: Vec::new(), number: 0, size_bytes: 0 }
    }

    pub fn object(&self) -> &Object {
        &self.object
    }

    /// All bytes so far.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    pub fn append(&mut self, mut bytes: &[u8]) {
        self.size_bytes += bytes.len() as u64;
        while !bytes.is_empty() {
            // A full chunk waits for the next byte: only then is it certain not to be the last.
            if self.open.len() >= self.chunk_bytes {
                let next = Vec::with_capacity(self.chunk_bytes);
                let chunk = self.cut(next, false);
                self.full.push(chunk);
            }
            let room = self.chunk_bytes - self.open.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.open.extend_from_slice(now);
            bytes = later;
        }
    }

    /// The chunks that are full and not the last.
    pub fn take(&mut self) -> Vec<Chunk> {
        std::mem::take(&mut self.full)
    }

    /// The last chunk, to be taken after all others; `None` if nothing was ever written.
    pub fn finish(&mut self) -> Option<Chunk> {
        (self.size_bytes > 0).then(|| self.cut(Vec::new(), true))
    }

    fn cut(&mut self, next: Vec<u8>, is_last: bool) -> Chunk {
        self.number += 1;
        let bytes = Bytes::from(std::mem::replace(&mut self.open, next));
        Chunk { object: self.object.clone(), number: self.number, is_last, bytes }
    }
}

impl io::Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.append(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(writes: &[&[u8]]) -> Vec<(u32, bool, Vec<u8>)> {
        let mut chunks = Chunks::new(Object::Rejects("x".to_owned()), 4);
        writes.iter().for_each(|bytes| chunks.append(bytes));
        let mut all = chunks.take();
        all.extend(chunks.finish());
        all.into_iter().map(|chunk| (chunk.number, chunk.is_last, chunk.bytes.to_vec())).collect()
    }

    #[test]
    fn chunks_are_equal_and_the_last_is_never_empty() {
        assert_eq!(chunks(&[]), []);
        assert_eq!(chunks(&[b"abcd"]), [(1, true, b"abcd".to_vec())]);
        assert_eq!(chunks(&[b"ab", b"cde"]), [(1, false, b"abcd".to_vec()), (2, true, b"e".to_vec())]);
        assert_eq!(chunks(&[b"abcdefghi"]), chunks(&[b"a", b"bcdefgh", b"i"]));
    }

    #[test]
    fn a_chunk_has_its_whole_room_at_once_from_the_second_on() {
        const CHUNK_BYTES: usize = 1024 * 1024;
        let mut chunks = Chunks::new(Object::Rejects("x".to_owned()), CHUNK_BYTES);
        assert_eq!(chunks.open.capacity(), 0);
        chunks.append(&[0; 100]);
        assert!(chunks.open.capacity() < 1024, "a small object holds little");
        chunks.append(&vec![0; CHUNK_BYTES]);
        let (start, room) = (chunks.open.as_ptr(), chunks.open.capacity());
        assert!(room >= CHUNK_BYTES);
        chunks.append(&vec![0; CHUNK_BYTES - 100]);
        assert_eq!((chunks.open.len(), chunks.open.as_ptr(), chunks.open.capacity()), (CHUNK_BYTES, start, room));
        chunks.finish();
        assert_eq!(chunks.open.capacity(), 0, "a finished object holds none");
    }
}
