//! The header of an object container file: its schema, how its blocks are compressed, and the marker behind each block.

use std::collections::BTreeMap;

use super::schema::Schema;
use super::wire::Wire;
use crate::typed::Torn;
use crate::typed::codec::{self, Expand};

/// A header is no longer than this; schemas of thousands of fields have some hundred kilobytes.
const MAX_BYTES: usize = 16 * 1024 * 1024;

const MAGIC: &[u8] = b"Obj\x01";

/// The codecs of blocks. To add one: a function in [`codec`] and a line here.
const CODECS: &[(&str, Expand)] =
    &[("deflate", codec::deflate), ("snappy", codec::snappy_crc), ("zstandard", codec::zstd), ("bzip2", codec::bzip2)];

/// Bytes between blocks.
pub type Marker = [u8; 16];

/// A header.
#[derive(Debug)]
pub struct Header {
    pub schema: Schema,
    /// How a block is expanded, if it is compressed.
    pub expand: Option<Expand>,
    pub marker: Marker,
    /// Its own length.
    pub length: usize,
}

/// Whether bytes begin like a file; `None` if more of them are needed. A block does not begin so: it would have -40 rows.
pub fn is_file(bytes: &[u8]) -> Option<bool> {
    match bytes.get(..MAGIC.len()) {
        Some(mark) => Some(mark == MAGIC),
        None => (!MAGIC.starts_with(bytes)).then_some(false),
    }
}

impl Header {
    /// Reads the header of a file; `None` if more of its bytes are needed. An error says why it is none.
    pub fn read(bytes: &[u8]) -> Result<Option<Self>, String> {
        if !MAGIC.starts_with(bytes.get(..MAGIC.len()).unwrap_or(bytes)) {
            return Err(no_avro(bytes));
        }
        let mut wire = Wire::new(bytes);
        let entries = match entries(&mut wire) {
            Ok(entries) => entries,
            Err(Torn::End) if bytes.len() <= MAX_BYTES => return Ok(None),
            Err(Torn::End) => return Err(format!("the header has more than {MAX_BYTES} bytes")),
            Err(Torn::Broken(what)) => return Err(format!("the header is broken: {what}")),
        };
        let Ok(marker) = wire.array() else { return Ok(None) };
        let schema = entries.get(&b"avro.schema"[..]).ok_or("the header has no schema (avro.schema)")?;
        let schema = Schema::parse(schema).map_err(|what| format!("the schema cannot be read: {what}"))?;
        let expand = entries.get(&b"avro.codec"[..]).map_or(Ok(None), |name| find(name))?;
        Ok(Some(Self { schema, expand, marker, length: bytes.len() - wire.left() }))
    }
}

fn entries<'a>(wire: &mut Wire<'a>) -> Result<BTreeMap<&'a [u8], &'a [u8]>, Torn> {
    wire.take(MAGIC.len())?;
    let mut entries = BTreeMap::new();
    loop {
        let (count, _) = wire.part()?;
        if count == 0 {
            return Ok(entries);
        }
        for _ in 0..count {
            entries.insert(wire.bytes()?, wire.bytes()?);
        }
    }
}

fn find(name: &[u8]) -> Result<Option<Expand>, String> {
    if matches!(name, b"null" | b"") {
        return Ok(None);
    }
    let found = CODECS.iter().find(|(codec, _)| codec.as_bytes() == name);
    found.map(|(_, expand)| Some(*expand)).ok_or_else(|| {
        let known: Vec<_> = CODECS.iter().map(|(codec, _)| *codec).collect();
        let name = String::from_utf8_lossy(name);
        format!("its blocks are compressed by {name:?}, which is not read; write null, {}", known.join(", "))
    })
}

/// What a file is that has no header.
fn no_avro(bytes: &[u8]) -> String {
    let what = match bytes {
        [0, ..] => "is it a message of Kafka, with a schema's number before its value?",
        [b'{' | b'[', ..] => "is it a schema, or JSON?",
        _ => "Avro is read from object container files, which begin with `Obj` and a byte of 1",
    };
    format!("the file is no Avro: {what}")
}
