use model::Result;

use super::bug;
use super::key::{self, KeyColumns, Keys};
use super::order::{self, OrderColumn, Orders};
use super::table::{BLOCK, Table};
use super::word::{Wide, Word};

/// The newest row of each key that was seen. Null is older than any value, and of rows that are as new as each other
/// the later wins.
#[derive(Debug)]
pub struct Newest {
    seen: Seen,
    /// One more than the greatest row number.
    rows: u64,
}

/// One table for each pair of widths: a row whose key and order value are narrow shall not pay for the others.
#[derive(Debug)]
enum Seen {
    NarrowNarrow(Table<u64, Candidate<u64>>),
    NarrowWide(Table<u64, Candidate<Wide>>),
    WideNarrow(Table<Wide, Candidate<u64>>),
    WideWide(Table<Wide, Candidate<Wide>>),
}

impl Newest {
    /// No row is seen yet.
    pub fn new(keys: &KeyColumns, order: &OrderColumn) -> Self {
        let seen = match (keys.is_narrow(), order.is_narrow()) {
            (true, true) => Seen::NarrowNarrow(Table::new()),
            (true, false) => Seen::NarrowWide(Table::new()),
            (false, true) => Seen::WideNarrow(Table::new()),
            (false, false) => Seen::WideWide(Table::new()),
        };
        Self { seen, rows: 0 }
    }

    /// Takes in rows that are numbered from `first_row` on. Batches may come in any order: the numbers alone say which
    /// row is the later. Numbers are below 2⁶³; keys or values of other columns are a `Bug`.
    pub fn insert_all(&mut self, keys: &Keys, orders: &Orders, first_row: u64) -> Result<()> {
        let behind = first_row.checked_add(keys.len() as u64).filter(|behind| *behind < PRESENT);
        let (true, Some(behind)) = (keys.len() == orders.len(), behind) else {
            return Err(bug("there are not as many order values as keys, or more rows than can be numbered"));
        };
        let stamps = Stamps { orders, first_row };
        match (&mut self.seen, keys.words(), orders.words()) {
            (Seen::NarrowNarrow(table), key::Words::Narrow(keys), order::Words::Narrow(orders)) => {
                insert_all(table, keys, orders, &stamps);
            }
            (Seen::NarrowWide(table), key::Words::Narrow(keys), order::Words::Wide(orders)) => {
                insert_all(table, keys, orders, &stamps);
            }
            (Seen::WideNarrow(table), key::Words::Wide(keys), order::Words::Narrow(orders)) => {
                insert_all(table, keys, orders, &stamps);
            }
            (Seen::WideWide(table), key::Words::Wide(keys), order::Words::Wide(orders)) => {
                insert_all(table, keys, orders, &stamps);
            }
            _ => return Err(bug("keys or order values of one width meet those of another")),
        }
        self.rows = self.rows.max(behind);
        Ok(())
    }

    /// Bytes of memory held now.
    pub fn bytes(&self) -> usize {
        match &self.seen {
            Seen::NarrowNarrow(table) => table.bytes(),
            Seen::NarrowWide(table) => table.bytes(),
            Seen::WideNarrow(table) => table.bytes(),
            Seen::WideWide(table) => table.bytes(),
        }
    }

    /// The most bytes ever held at a time, while growing included, but for the bits that [`Self::finish`] makes.
    pub fn peak_bytes(&self) -> usize {
        match &self.seen {
            Seen::NarrowNarrow(table) => table.peak_bytes(),
            Seen::NarrowWide(table) => table.peak_bytes(),
            Seen::WideNarrow(table) => table.peak_bytes(),
            Seen::WideWide(table) => table.peak_bytes(),
        }
    }

    /// Which rows won, one for each key.
    pub fn finish(self) -> Result<Winners> {
        let words = usize::try_from(self.rows.div_ceil(64)).map_err(|_| bug("there are more rows than addresses"))?;
        let mut winners = Winners { words: vec![0; words] };
        match self.seen {
            Seen::NarrowNarrow(table) => winners.mark(table),
            Seen::NarrowWide(table) => winners.mark(table),
            Seen::WideNarrow(table) => winners.mark(table),
            Seen::WideWide(table) => winners.mark(table),
        }
        Ok(winners)
    }
}

fn insert_all<K: Word, O: Word>(table: &mut Table<K, Candidate<O>>, keys: &[K], orders: &[O], stamps: &Stamps<'_>) {
    let blocks = keys.chunks(BLOCK).zip(orders.chunks(BLOCK)).enumerate();
    for (block, (keys, orders)) in blocks {
        table.look_at(keys);
        for (index, (key, order)) in keys.iter().zip(orders).enumerate() {
            let candidate = Candidate::new(*order, stamps.of(block * BLOCK + index));
            if let Some(best) = table.insert(*key, candidate) {
                *best = candidate.max(*best);
            }
        }
    }
}

/// The newest row of a key so far. The greater of two is the newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate<O> {
    // In this order, so that the derived one is meant: a null's order value is the least, and of equal values, the row
    // whose value is there, and then the later row, wins.
    order: O,
    /// The row's number, and [`PRESENT`] where the order value is not null.
    stamp: u64,
}

const PRESENT: u64 = 1 << 63;

impl<O: Word> Candidate<O> {
    fn new(order: O, stamp: u64) -> Self {
        // Under a null may lie anything.
        Self { order: if stamp & PRESENT == 0 { O::FIRST } else { order }, stamp }
    }
}

impl<O: Word> Default for Candidate<O> {
    fn default() -> Self {
        Self { order: O::FIRST, stamp: 0 }
    }
}

struct Stamps<'a> {
    orders: &'a Orders,
    first_row: u64,
}

impl Stamps<'_> {
    fn of(&self, row: usize) -> u64 {
        let number = self.first_row + row as u64;
        if self.orders.is_null(row) { number } else { number | PRESENT }
    }
}

/// The rows that stay, a bit for each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Winners {
    words: Vec<u64>,
}

impl Winners {
    /// Says for rows that are numbered from `first_row` on whether they stay.
    pub fn keep(&self, first_row: u64, keep: &mut [bool]) {
        keep.iter_mut().zip(first_row..).for_each(|(keep, row)| *keep = self.wins(row));
    }

    /// Whether a row stays; one that was never taken in does not.
    pub fn wins(&self, row: u64) -> bool {
        let word = usize::try_from(row / 64).ok().and_then(|at| self.words.get(at));
        word.is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Bytes of memory held.
    pub fn bytes(&self) -> usize {
        self.words.capacity() * size_of::<u64>()
    }

    fn mark<K: Word, O: Word>(&mut self, table: Table<K, Candidate<O>>) {
        for winner in table.into_values() {
            let row = winner.stamp & !PRESENT;
            if let Some(word) = usize::try_from(row / 64).ok().and_then(|at| self.words.get_mut(at)) {
                *word |= 1 << (row % 64);
            }
        }
    }
}

#[cfg(test)]
#[path = "newest_tests.rs"]
mod tests;
