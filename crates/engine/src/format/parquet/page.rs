//! Pages: parts of a column of a row group, each with a header before it.
//!
//! A header is held against its page, and a page against what its values may take, before the crate sees either: it makes
//! room for as many values as they claim.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use footer::Torn;
use footer::thrift::{FALSE, I32, STRUCT, TRUE, Thrift};
use parquet::basic::{Encoding, Type as Physical};
use parquet::column::page::Page;

use super::levels;
use crate::typed::codec::{self, Expand};

/// A page has at most this many bytes, as it stands in the file and expanded. Most writers end them at 1 MiB; some write
/// one for each column of a row group.
pub const MAX_BYTES: usize = 256 * 1024 * 1024;

/// A page of a repeated column has at most this many values: they are held one by one, a row of them at once.
const MAX_REPEATED: usize = 16 * 1024 * 1024;

/// What a page is read by: that of its column.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaf {
    /// Its path, as errors say it.
    pub name: String,
    pub physical: Physical,
    /// The bytes of a value, where all have the same.
    pub fixed_bytes: usize,
    pub max_definition: i16,
    pub max_repetition: i16,
}

/// The header of a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// The bytes of the page, as it stands in the file and expanded.
    pub length: usize,
    pub expanded: usize,
    crc: Option<u32>,
    pub content: Content,
}

/// What a page holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    Dictionary {
        values: u32,
        encoding: Encoding,
    },
    V1 {
        values: u32,
        encoding: Encoding,
        definition: Encoding,
        repetition: Encoding,
    },
    V2 {
        values: u32,
        nulls: u32,
        rows: u32,
        encoding: Encoding,
        levels: [u32; 2],
        is_compressed: bool,
    },
    /// Nothing that is read.
    Other,
}

impl Content {
    /// Whether its values are places in a dictionary.
    pub fn needs_dictionary(&self) -> bool {
        matches!(
            self,
            Self::V1 { encoding: Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY, .. }
                | Self::V2 { encoding: Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY, .. }
        )
    }
}

impl Header {
    /// Reads the header at the start of bytes; returns its own length, too.
    pub fn read(bytes: &[u8]) -> Result<(Self, usize), Torn> {
        let mut thrift = Thrift::new(bytes, 1024);
        let (mut kind, mut length, mut expanded, mut crc) = (None, None, None, None);
        let mut parts: [Part; 3] = Default::default();
        thrift.structure(|thrift, number, field| {
            match (number, field) {
                (1, I32) => kind = Some(thrift.i32()?),
                (2, I32) => expanded = Some(thrift.i32()?),
                (3, I32) => length = Some(thrift.i32()?),
                (4, I32) => crc = Some(thrift.i32()?.cast_unsigned()),
                (5, STRUCT) => parts[0] = Part::read(thrift)?,
                (7, STRUCT) => parts[1] = Part::read(thrift)?,
                (8, STRUCT) => parts[2] = Part::read(thrift)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        let [v1, dictionary, v2] = parts;
        let content = match kind {
            Some(0) => Content::V1 {
                values: v1.count(1)?,
                encoding: v1.encoding(2)?,
                definition: v1.encoding(3)?,
                repetition: v1.encoding(4)?,
            },
            Some(2) => Content::Dictionary { values: dictionary.count(1)?, encoding: dictionary.encoding(2)? },
            Some(3) => Content::V2 {
                values: v2.count(1)?,
                nulls: v2.count(2)?,
                rows: v2.count(3)?,
                encoding: v2.encoding(4)?,
                levels: [v2.count(6)?, v2.count(5)?],
                is_compressed: v2.flag.unwrap_or(true),
            },
            _ => Content::Other,
        };
        let size = |bytes: Option<i32>| match bytes.map(|bytes| (bytes, usize::try_from(bytes))) {
            Some((_, Ok(bytes))) if bytes <= MAX_BYTES => Ok(bytes),
            Some((bytes, _)) => Err(Torn::broken(format!("a page has {bytes} bytes, 0 to {MAX_BYTES} are read"))),
            None => Err(Torn::broken("the header of a page lacks its length")),
        };
        let header = Self { length: size(length)?, expanded: size(expanded)?, crc, content };
        Ok((header, bytes.len() - thrift.left()))
    }
}

/// The part of a header that goes with its kind: numbers by their fields.
#[derive(Debug, Default)]
struct Part {
    numbers: [Option<i32>; 7],
    flag: Option<bool>,
}

impl Part {
    fn read(thrift: &mut Thrift<'_>) -> Result<Self, Torn> {
        let mut part = Self::default();
        thrift.structure(|thrift, number, kind| {
            let place = usize::try_from(number).ok().and_then(|number| part.numbers.get_mut(number));
            match (kind, place) {
                (I32, Some(place)) => *place = Some(thrift.i32()?),
                (TRUE | FALSE, _) => part.flag = Some(kind == TRUE),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(part)
    }

    fn number(&self, field: usize) -> Result<i32, Torn> {
        let number = self.numbers.get(field).copied().flatten();
        number.ok_or_else(|| Torn::broken("the header of a page lacks a number"))
    }

    fn count(&self, field: usize) -> Result<u32, Torn> {
        let number = self.number(field)?;
        u32::try_from(number).map_err(|_| Torn::broken(format!("the header of a page counts {number}")))
    }

    fn encoding(&self, field: usize) -> Result<Encoding, Torn> {
        #[expect(deprecated, reason = "old files have it")]
        let bit_packed = Encoding::BIT_PACKED;
        Ok(match self.number(field)? {
            0 => Encoding::PLAIN,
            2 => Encoding::PLAIN_DICTIONARY,
            3 => Encoding::RLE,
            4 => bit_packed,
            5 => Encoding::DELTA_BINARY_PACKED,
            6 => Encoding::DELTA_LENGTH_BYTE_ARRAY,
            7 => Encoding::DELTA_BYTE_ARRAY,
            8 => Encoding::RLE_DICTIONARY,
            9 => Encoding::BYTE_STREAM_SPLIT,
            other => return Err(Torn::broken(format!("a page has the encoding {other}, which is not known"))),
        })
    }
}

/// A page as it stands in the file; expanded once, by whoever reads it first.
#[derive(Debug)]
pub struct RawPage {
    pub header: Header,
    pub bytes: Bytes,
    /// The byte of the object where its header starts.
    pub byte_offset: u64,
    pub leaf: Arc<Leaf>,
    /// How it is expanded, if it is compressed.
    pub expand: Option<Expand>,
    pub page: OnceLock<Result<Page, String>>,
}

impl RawPage {
    /// The page, expanded.
    pub fn load(&self) -> Result<&Page, String> {
        let page = self.page.get_or_init(|| self.expanded().and_then(|bytes| self.made(bytes)));
        page.as_ref().map_err(|what| self.fault(what))
    }

    /// What is wrong with it.
    pub fn fault(&self, what: &str) -> String {
        format!("the page at byte {} of column `{}`: {what}", self.byte_offset, self.leaf.name)
    }

    fn expanded(&self) -> Result<Bytes, String> {
        if self.header.crc.is_some_and(|crc| crc != codec::crc32(&self.bytes)) {
            return Err("its checksum is another".to_owned());
        }
        let (levels, is_compressed) = match self.header.content {
            Content::V2 { levels: [repetition, definition], is_compressed, .. } => {
                (u64::from(repetition) + u64::from(definition), is_compressed)
            }
            _ => (0, true),
        };
        let Some(expand) = self.expand.filter(|_| is_compressed) else { return Ok(self.bytes.clone()) };
        let levels = usize::try_from(levels).ok().and_then(|levels| self.bytes.split_at_checked(levels));
        let (levels, values) = levels.ok_or("it is too short for its levels")?;
        let most = self.header.expanded.saturating_sub(levels.len());
        // A page of nothing but nulls has no values, not even compressed ones.
        let values = if most == 0 { Vec::new() } else { expand(values, most)? };
        match levels.len() + values.len() == self.header.expanded {
            true if levels.is_empty() => Ok(values.into()),
            true => Ok([levels, &values].concat().into()),
            false => Err(format!("it expands to {} bytes, and should to {most}", values.len())),
        }
    }

    /// The page as the crate takes it, once it is certain that the crate can.
    fn made(&self, buf: Bytes) -> Result<Page, String> {
        Ok(match self.header.content {
            Content::Dictionary { values, encoding } => {
                let least = usize::try_from(values).unwrap_or(usize::MAX).saturating_mul(self.leaf.least_bytes());
                if least > buf.len() {
                    return Err(format!("its {} bytes are too few for {values} values", buf.len()));
                }
                Page::DictionaryPage { buf, num_values: values, encoding, is_sorted: false }
            }
            Content::V1 { values, encoding, definition, repetition } => {
                self.leaf.check_count(values)?;
                let rest = self.leaf.behind_levels(&buf, values, [repetition, definition])?;
                levels::check_values(rest, encoding, values)?;
                Page::DataPage {
                    buf,
                    num_values: values,
                    encoding,
                    def_level_encoding: definition,
                    rep_level_encoding: repetition,
                    statistics: None,
                }
            }
            Content::V2 { values, nulls, rows, encoding, levels: [repetition, definition], is_compressed } => {
                self.leaf.check_count(values)?;
                let levels = usize::try_from(u64::from(repetition) + u64::from(definition)).unwrap_or(usize::MAX);
                let rest = buf.get(levels..).ok_or("it is too short for its levels")?;
                levels::check_values(rest, encoding, values)?;
                Page::DataPageV2 {
                    buf,
                    num_values: values,
                    encoding,
                    num_nulls: nulls,
                    num_rows: rows,
                    def_levels_byte_len: definition,
                    rep_levels_byte_len: repetition,
                    is_compressed,
                    statistics: None,
                }
            }
            Content::Other => return Err("it is no page of values".to_owned()),
        })
    }

    /// The rows that begin in the page of a repeated column, and whether it begins inside of one. The expanded page is not
    /// kept: it will be long until it is read, and there are many.
    pub fn rows(&self) -> Result<(u64, bool), String> {
        let Content::V1 { values, repetition, .. } = self.header.content else {
            return Err(self.fault("it is no page of values"));
        };
        let width = levels::width(self.leaf.max_repetition);
        let counted = self.expanded().and_then(|bytes| match repetition {
            Encoding::RLE => levels::count_zeros(levels::prefixed(&bytes)?.0, width, values.into()),
            other => Err(format!("the encoding {other} of the levels of lists is not read")),
        });
        counted.map_err(|what| self.fault(&what))
    }
}

impl Leaf {
    /// How many bytes a value of a dictionary has at least.
    fn least_bytes(&self) -> usize {
        match self.physical {
            Physical::BOOLEAN => 1,
            Physical::INT32 | Physical::FLOAT | Physical::BYTE_ARRAY => 4,
            Physical::INT64 | Physical::DOUBLE => 8,
            Physical::INT96 => 12,
            Physical::FIXED_LEN_BYTE_ARRAY => self.fixed_bytes.max(1),
        }
    }

    fn check_count(&self, values: u32) -> Result<(), String> {
        match usize::try_from(values) {
            Ok(values) if self.max_repetition == 0 || values <= MAX_REPEATED => Ok(()),
            _ => Err(format!("it has {values} values of lists, {MAX_REPEATED} are read at once")),
        }
    }

    /// The values of a page of the first version, behind its levels.
    fn behind_levels<'a>(&self, buf: &'a [u8], values: u32, encodings: [Encoding; 2]) -> Result<&'a [u8], String> {
        let mut rest = buf;
        for (most, encoding) in [self.max_repetition, self.max_definition].into_iter().zip(encodings) {
            if most > 0 {
                rest = match encoding {
                    Encoding::RLE => levels::prefixed(rest)?.1,
                    _ => {
                        let bits = u64::from(values) * u64::from(levels::width(most));
                        let bytes = usize::try_from(bits.div_ceil(8)).unwrap_or(usize::MAX);
                        rest.get(bytes..).ok_or("it is too short for its levels")?
                    }
                };
            }
        }
        Ok(rest)
    }
}
