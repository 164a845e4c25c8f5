use model::Result;

use super::bug;
use super::key::{KeyColumns, Keys, Words};
use super::table::{BLOCK, Table};
use super::word::{Wide, Word};

/// The keys that were seen: of several rows with one key, the first stays.
#[derive(Debug)]
pub struct First(Seen);

#[derive(Debug)]
enum Seen {
    Narrow(Table<u64, ()>),
    Wide(Table<Wide, ()>),
}

impl First {
    /// No key is seen yet.
    pub fn new(columns: &KeyColumns) -> Self {
        Self(match columns.is_narrow() {
            true => Seen::Narrow(Table::new()),
            false => Seen::Wide(Table::new()),
        })
    }

    /// Says for each key, in the order of the file, whether it is new, and takes it in. There are as many `keep` as
    /// keys, and what they held is of no use to anyone. Anything else, or keys of other columns, is a `Bug`.
    pub fn insert_all(&mut self, keys: &Keys, keep: &mut [bool]) -> Result<()> {
        if keep.len() != keys.len() {
            return Err(bug("there are not as many answers as keys"));
        }
        match (&mut self.0, keys.words()) {
            (Seen::Narrow(table), Words::Narrow(keys)) => insert_all(table, keys, keep),
            (Seen::Wide(table), Words::Wide(keys)) => insert_all(table, keys, keep),
            _ => return Err(bug("keys of one width meet those of another")),
        }
        Ok(())
    }

    /// Bytes of memory held now.
    pub fn bytes(&self) -> usize {
        match &self.0 {
            Seen::Narrow(table) => table.bytes(),
            Seen::Wide(table) => table.bytes(),
        }
    }

    /// The most bytes ever held at a time, while growing included.
    pub fn peak_bytes(&self) -> usize {
        match &self.0 {
            Seen::Narrow(table) => table.peak_bytes(),
            Seen::Wide(table) => table.peak_bytes(),
        }
    }
}

fn insert_all<K: Word>(table: &mut Table<K, ()>, keys: &[K], keep: &mut [bool]) {
    for (keys, keep) in keys.chunks(BLOCK).zip(keep.chunks_mut(BLOCK)) {
        table.look_at(keys);
        for (key, keep) in keys.iter().zip(keep) {
            *keep = table.insert(*key, ()).is_none();
        }
    }
}

#[cfg(test)]
#[path = "first_tests.rs"]
mod tests;
