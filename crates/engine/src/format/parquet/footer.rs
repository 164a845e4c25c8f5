//! The footer of a file: its schema, and where its row groups have their columns.

use std::panic::{AssertUnwindSafe, catch_unwind};

use footer::thrift::{I32, LIST, STRUCT, Thrift};
use footer::{END_BYTES, Torn};
use parquet::file::metadata::{
    ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataReader, ParquetStatisticsPolicy,
};

/// Row groups times columns: each takes some 500 bytes of memory.
const MAX_CHUNKS: usize = 1024 * 1024;

/// The crate numbers them in 16 bits.
const MAX_GROUPS: usize = 32 * 1024 - 1;

/// All values of all lists.
const MAX_VALUES: usize = 16 * 1024 * 1024;

/// Groups are nested this deep at most.
const MAX_DEPTH: usize = 64;

/// The footer of an object that ends with these bytes; or, if it is longer than they are, where it starts. An error says
/// why it is no file of Parquet.
pub fn find(end: &[u8], size_bytes: u64) -> Result<Result<ParquetMetaData, u64>, String> {
    let (before, tail) = end.split_at(end.len().saturating_sub(END_BYTES));
    let length = footer::length(tail, size_bytes)?;
    match usize::try_from(length).ok().and_then(|length| before.len().checked_sub(length)) {
        Some(start) => read(before.get(start..).unwrap_or_default()).map(Ok),
        None => Ok(Err(size_bytes - END_BYTES as u64 - length)),
    }
}

/// What a footer says, without its statistics. An error says what is wrong with it.
fn read(bytes: &[u8]) -> Result<ParquetMetaData, String> {
    let is_encrypted = check(bytes).map_err(|torn| format!("the footer is broken: {torn}"))?;
    if is_encrypted {
        return Err("columns of the file are encrypted; encrypted Parquet is not read".to_owned());
    }
    let none = ParquetStatisticsPolicy::SkipAll;
    let options = ParquetMetaDataOptions::new()
        .with_column_stats_policy(none.clone())
        .with_encoding_stats_policy(none.clone())
        .with_size_stats_policy(none);
    let read = guarded(|| ParquetMetaDataReader::decode_metadata_with_options(bytes, Some(&options)));
    read?.map_err(|error| format!("the footer is broken: {error}"))
}

/// What the parquet crate does, or that it stopped: it asserts much that a broken file breaks.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let what = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        format!("it is broken: {}", what.unwrap_or("its decoder stopped"))
    })
}

/// Holds the counts of a footer against what is there; says whether columns are encrypted.
fn check(bytes: &[u8]) -> Result<bool, Torn> {
    let mut leaves = 0;
    let mut is_encrypted = false;
    Thrift::new(bytes, MAX_VALUES).structure(|thrift, number, kind| match (number, kind) {
        (2, LIST) => {
            leaves = check_schema(thrift)?.max(leaves);
            Ok(true)
        }
        (4, LIST) => {
            let count = structures(thrift)?;
            if count > MAX_GROUPS || count.saturating_mul(leaves) > MAX_CHUNKS {
                let what = format!("it has {count} row groups of {leaves} columns, {MAX_GROUPS} are read at most");
                return Err(Torn::Broken(format!("{what}, and {MAX_CHUNKS} columns of all of them")));
            }
            for _ in 0..count {
                is_encrypted |= check_group(thrift)?;
            }
            Ok(true)
        }
        _ => Ok(false),
    })?;
    Ok(is_encrypted)
}

fn structures(thrift: &mut Thrift<'_>) -> Result<usize, Torn> {
    match thrift.list()? {
        (STRUCT, count) | (_, count @ 0) => Ok(count),
        (kind, _) => Err(Torn::broken(format!("a list of structures holds values of kind {kind}"))),
    }
}

/// The schema is a tree, written with the number of its children before each group; returns how many have none.
fn check_schema(thrift: &mut Thrift<'_>) -> Result<usize, Torn> {
    let count = structures(thrift)?;
    let mut leaves = 0;
    // For each group that is open, how many of its children are to come.
    let mut open: Vec<usize> = Vec::new();
    for index in 0..count {
        match open.last_mut() {
            Some(children) => *children -= 1,
            None if index > 0 => return Err(Torn::broken("its schema has more than one root")),
            None => {}
        }
        let mut children = 0;
        thrift.structure(|thrift, number, kind| {
            if (number, kind) == (5, I32) {
                children = usize::try_from(thrift.i32()?).map_err(|_| Torn::broken("a group has negative children"))?;
            }
            Ok((number, kind) == (5, I32))
        })?;
        if children > count {
            return Err(Torn::broken(format!("a group of its schema has {children} children, of {count} in all")));
        }
        leaves += usize::from(children == 0);
        open.push(children);
        if open.len() > MAX_DEPTH {
            return Err(Torn::broken(format!("its schema is nested more than {MAX_DEPTH} deep")));
        }
        while open.last() == Some(&0) {
            open.pop();
        }
    }
    if open.is_empty() { Ok(leaves) } else { Err(Torn::broken("its schema lacks children")) }
}

/// Says whether a column of a row group is encrypted.
fn check_group(thrift: &mut Thrift<'_>) -> Result<bool, Torn> {
    let mut is_encrypted = false;
    thrift.structure(|thrift, number, kind| {
        if (number, kind) != (1, LIST) {
            return Ok(false);
        }
        let count = structures(thrift)?;
        for _ in 0..count {
            thrift.structure(|_, number, _| {
                is_encrypted |= matches!(number, 8 | 9);
                Ok(false)
            })?;
        }
        Ok(true)
    })?;
    Ok(is_encrypted)
}
