//! Levels, which say where in nested values a value stands, and the headers of packed numbers: counted, not kept.

use parquet::basic::Encoding;

/// The bits of a level.
pub fn width(most: i16) -> u32 {
    i16::BITS - most.leading_zeros()
}

/// Splits bytes that have their length before them.
pub fn prefixed(bytes: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or("it is too short for its levels")?;
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    rest.split_at_checked(length).ok_or_else(|| "it is too short for its levels".to_owned())
}

/// How many of so many levels are 0, and whether the first is not. They are in runs, of which each is one level many times
/// or levels of some bits each.
pub fn count_zeros(mut bytes: &[u8], width: u32, levels: u64) -> Result<(u64, bool), String> {
    let short = || "its levels are fewer than its values".to_owned();
    let (mut left, mut zeros, mut first) = (levels, 0, None);
    while left > 0 {
        let header = varint(&mut bytes).ok_or_else(short)?;
        if header & 1 == 0 {
            let length = usize::try_from(width.div_ceil(8)).unwrap_or(1);
            let (level, rest) = bytes.split_at_checked(length).ok_or_else(short)?;
            let is_zero = level.iter().all(|byte| *byte == 0);
            let count = (header >> 1).min(left);
            if count > 0 {
                first.get_or_insert(is_zero);
            }
            zeros += if is_zero { count } else { 0 };
            (left, bytes) = (left - count, rest);
        } else {
            // Eight levels take as many bytes as a level has bits.
            let groups = usize::try_from(header >> 1).unwrap_or(usize::MAX);
            let length = groups.saturating_mul(width as usize).min(bytes.len());
            let (packed, rest) = bytes.split_at(length);
            let bits = packed.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1));
            let mut count = 0;
            let most = left.min((length as u64) * 8 / u64::from(width.max(1)));
            let mut level = (0, 0);
            for bit in bits {
                level = (level.0 | bit, level.1 + 1);
                if level.1 == width && count < most {
                    first.get_or_insert(level.0 == 0);
                    zeros += u64::from(level.0 == 0);
                    count += 1;
                    level = (0, 0);
                }
            }
            if count == 0 {
                return Err(short());
            }
            (left, bytes) = (left - count, rest);
        }
    }
    Ok((zeros, first == Some(false)))
}

/// Holds the count that packed numbers begin with against the values of their page: room is made for as many.
pub fn check_values(bytes: &[u8], encoding: Encoding, values: u32) -> Result<(), String> {
    let lists = match encoding {
        Encoding::DELTA_BINARY_PACKED | Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
        // The lengths of what is shared with the value before, then those of the rest.
        Encoding::DELTA_BYTE_ARRAY => 2,
        _ => 0,
    };
    let mut rest = bytes;
    // A page of nothing but nulls may have no bytes at all.
    for _ in 0..if bytes.is_empty() { 0 } else { lists } {
        let (count, length) = packed(rest).ok_or("its packed numbers end too early")?;
        if count > u64::from(values) {
            return Err(format!("it has {count} packed numbers, of {values} values"));
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(())
}

/// How many numbers are packed as differences, and in how many bytes.
fn packed(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut rest = bytes;
    let block = varint(&mut rest)?;
    let parts = usize::try_from(varint(&mut rest)?).ok()?;
    let count = varint(&mut rest)?;
    varint(&mut rest)?;
    let per_part = block.checked_div(u64::try_from(parts).ok()?)?;
    let mut left = count.saturating_sub(1);
    while left > 0 && block > 0 {
        varint(&mut rest)?;
        let (widths, behind) = rest.split_at_checked(parts)?;
        rest = behind;
        for width in widths {
            // Parts behind the last number are not there.
            if left > 0 {
                let length = per_part.checked_mul(u64::from(*width))? / 8;
                rest = rest.get(usize::try_from(length).ok()?..)?;
            }
            left = left.saturating_sub(per_part);
        }
    }
    Some((count, bytes.len() - rest.len()))
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
