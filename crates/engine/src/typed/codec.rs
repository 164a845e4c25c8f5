//! Compressed blocks and pages, expanded in bounded memory: a block says how large it is, and may lie.
//!
//! To add a codec: a function here, and its name where a format lists its codecs.

use std::io::Read;

use flate2::Crc;
use zstd_safe::{DCtx, InBuffer, OutBuffer};

/// The bytes of a block, `most` of them at most; the error says what is wrong with it.
pub(crate) type Expand = fn(block: &[u8], most: usize) -> Result<Vec<u8>, String>;

/// Deflate, bare. What follows its end is not looked at: avro's own library for Python leaves a checksum there.
pub(crate) fn deflate(block: &[u8], most: usize) -> Result<Vec<u8>, String> {
    read(flate2::read::DeflateDecoder::new(block), most)
}

/// One or more gzip members.
pub(crate) fn gzip(block: &[u8], most: usize) -> Result<Vec<u8>, String> {
    read(flate2::read::MultiGzDecoder::new(block), most)
}

/// One or more bzip2 streams.
pub(crate) fn bzip2(block: &[u8], most: usize) -> Result<Vec<u8>, String> {
    read(bzip2::read::MultiBzDecoder::new(block), most)
}

fn read(decoder: impl Read, most: usize) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    decoder.take(most as u64 + 1).read_to_end(&mut out).map_err(|error| error.to_string())?;
    checked(out, most)
}

fn checked(out: Vec<u8>, most: usize) -> Result<Vec<u8>, String> {
    if out.len() > most { Err(too_large(most)) } else { Ok(out) }
}

fn too_large(most: usize) -> String {
    format!("it expands to more than {most} bytes")
}

/// Snappy, bare.
pub(crate) fn snappy(block: &[u8], most: usize) -> Result<Vec<u8>, String> {
    let length = snap::raw::decompress_len(block).map_err(|error| error.to_string())?;
    if length > most {
        return Err(too_large(most));
    }
    snap::raw::Decoder::new().decompress_vec(block).map_err(|error| error.to_string())
}

/// Snappy, with the CRC-32 of what it expands to behind it, big-endian, as Avro has it.
pub(crate) fn snappy_crc(block: &[u8], most: usize) -> Result<Vec<u8>, String> {
    let (block, crc) = block.split_last_chunk::<4>().ok_or("it has no checksum")?;
    let out = snappy(block, most)?;
    if crc32(&out) != u32::from_be_bytes(*crc) {
        return Err("its checksum is another".to_owned());
    }
    Ok(out)
}

/// The CRC-32 of gzip, Avro and Parquet.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// One or more zstd frames.
pub(crate) fn zstd(block: &[u8], most: usize) -> Result<Vec<u8>, String> {
    const STEP_BYTES: usize = 256 * 1024;
    let mut context = DCtx::try_create().ok_or("there is no memory for it")?;
    let mut input = InBuffer::around(block);
    let mut out: Vec<u8> = Vec::new();
    let claimed = zstd_safe::get_frame_content_size(block).ok().flatten();
    let claimed = claimed.and_then(|bytes| usize::try_from(bytes).ok());
    out.reserve(claimed.unwrap_or(STEP_BYTES).min(most));
    loop {
        if out.len() == out.capacity() {
            out.reserve(STEP_BYTES.min(most.saturating_sub(out.len())).max(1));
        }
        let (before, taken) = (out.len(), input.pos());
        let mut output = OutBuffer::around_pos(&mut out, before);
        let left = context.decompress_stream(&mut output, &mut input);
        let left = left.map_err(|code| zstd_safe::get_error_name(code).to_owned())?;
        if out.len() > most {
            return Err(too_large(most));
        }
        let is_stuck = out.len() == before && input.pos() == taken;
        match (left, input.pos() == block.len()) {
            (0, true) => return Ok(out),
            (_, true) if is_stuck => return Err("its end is missing".to_owned()),
            _ => {}
        }
    }
}

/// LZ4, bare; `most` is what it expands to.
pub(crate) fn lz4(block: &[u8], most: usize) -> Result<Vec<u8>, String> {
    let mut out = vec![0; most];
    let length = lz4_flex::block::decompress_into(block, &mut out).map_err(|error| error.to_string())?;
    out.truncate(length);
    Ok(out)
}

/// LZ4 as Hadoop frames it: before each part the sizes of what it expands to and of the part. Older writers of Parquet
/// left the frame away under the same name.
pub(crate) fn lz4_hadoop(block: &[u8], most: usize) -> Result<Vec<u8>, String> {
    framed(block, most).map_or_else(|| lz4(block, most), Ok)
}

fn framed(block: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = block;
    while !rest.is_empty() {
        let (sizes, behind) = rest.split_at_checked(8)?;
        let (expanded, length) = sizes.split_at(4);
        let size = |bytes: &[u8]| usize::try_from(u32::from_be_bytes(bytes.try_into().ok()?)).ok();
        let (part, behind) = behind.split_at_checked(size(length)?)?;
        let expanded = size(expanded)?;
        if out.len() + expanded > most {
            return None;
        }
        let part = lz4(part, expanded).ok().filter(|part| part.len() == expanded)?;
        out.extend_from_slice(&part);
        rest = behind;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn all() -> Vec<(&'static str, Expand, Vec<u8>)> {
        let text = b"a block, a block, a block".repeat(1000);
        let mut deflated = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        deflated.write_all(&text).unwrap();
        let mut gzipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzipped.write_all(&text).unwrap();
        let mut bzipped = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::default());
        bzipped.write_all(&text).unwrap();
        let snapped = snap::raw::Encoder::new().compress_vec(&text).unwrap();
        let snapped_crc = [&snapped[..], &crc32(&text).to_be_bytes()].concat();
        let mut zstandard = vec![0; 10_000];
        let length = zstd_safe::compress(&mut zstandard[..], &text, 1).unwrap();
        zstandard.truncate(length);
        let bare = lz4_flex::block::compress(&text);
        let sizes = [text.len(), bare.len()].map(|size| u32::try_from(size).unwrap().to_be_bytes()).concat();
        vec![
            ("deflate", deflate, deflated.finish().unwrap()),
            ("gzip", gzip, gzipped.finish().unwrap()),
            ("bzip2", bzip2, bzipped.finish().unwrap()),
            ("snappy", snappy, snapped),
            ("snappy_crc", snappy_crc, snapped_crc),
            ("zstd", zstd, zstandard),
            ("lz4", lz4, bare.clone()),
            ("lz4_hadoop", lz4_hadoop, [sizes, bare.clone()].concat()),
            ("lz4_hadoop without a frame", lz4_hadoop, bare),
        ]
    }

    #[test]
    fn a_block_expands_to_what_it_was_and_to_no_more_than_it_may() {
        let text = b"a block, a block, a block".repeat(1000);
        for (name, expand, block) in all() {
            assert_eq!(expand(&block, text.len()).as_ref(), Ok(&text), "{name}");
            assert!(expand(&block, text.len() - 1).is_err(), "{name} is held to its size");
        }
    }

    #[test]
    fn a_block_that_was_cut_off_or_changed_is_an_error_or_another_text() {
        let text = b"a block, a block, a block".repeat(1000);
        for (name, expand, block) in all() {
            assert_ne!(expand(&block[..block.len() - 5], text.len()).as_ref(), Ok(&text), "{name}");
            for at in 0..block.len() {
                let mut changed = block.clone();
                changed[at] ^= 0x41;
                assert!(
                    expand(&changed, 100_000).is_ok_and(|out| out.len() <= 100_000)
                        || expand(&changed, 100_000).is_err()
                );
            }
        }
    }

    #[test]
    fn frames_and_members_may_follow_each_other() {
        let text = b"a block, a block, a block".repeat(1000);
        for (name, expand, block) in all().into_iter().filter(|(name, ..)| ["gzip", "bzip2", "zstd"].contains(name)) {
            let twice = [&block[..], &block[..]].concat();
            assert_eq!(expand(&twice, 2 * text.len()), Ok(text.repeat(2)), "{name}");
        }
    }

    #[test]
    fn a_checksum_that_is_another_is_told() {
        let (_, expand, mut block) = all().into_iter().find(|(name, ..)| *name == "snappy_crc").unwrap();
        *block.last_mut().unwrap() ^= 1;
        assert_eq!(expand(&block, 100_000), Err("its checksum is another".to_owned()));
        assert_eq!(snappy_crc(b"abc", 100), Err("it has no checksum".to_owned()));
    }
}
