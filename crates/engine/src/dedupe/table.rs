//! A hash table for many million small entries that is never copied as a whole.
//!
//! ```text
//! key ─ upper 8 bits ─► shard    tags   [ 5e 11 c3 07 9a .. .. .. ] [ 07 d2 .. .. .. .. .. .. ] …   a byte a slot
//!     ├─ next bits, scaled ─► group       slots  [  k  k  k  k  k          ] [  k  k                   ] …
//!     └─ lowest 8 bits ─► tag
//! ```
//!
//! A group has eight slots that fill from the left, and a key stands in its own group or, where that is full, in the
//! first behind it that is not. A search compares eight tags at a time and looks at a slot only where the tag is the
//! key's, so that finding out that a key is new, the common case, reads a ninth of the table and writes one slot.
//!
//! A shard grows by half when 7 of 8 slots are taken, and the shards take turns, by starting with different sizes:
//! that is what keeps memory low. Groups are in the order of the keys' upper bits, so growing reads and writes memory
//! from its beginning to its end. Keys come mixed ([`Word::mixed`]) or as hashes, or else groups would not fill evenly.
//!
//! What takes the time is waiting for memory. Therefore a block of keys is first looked at (all its groups' tags are
//! read, which the processor does at once, not one after the other) and then inserted.

use std::hint::black_box;

use super::word::Word;

/// How many keys are to be looked at before the first of them is inserted.
pub(super) const BLOCK: usize = 32;

/// As many as a byte has values.
const SHARDS: usize = 256;

/// Slots of a group: one for each byte of [`Tags`].
const WIDTH: usize = 8;

/// Values by keys.
#[derive(Debug)]
pub(super) struct Table<K, V> {
    shards: Box<[Shard<K, V>; SHARDS]>,
    bytes: usize,
    peak_bytes: usize,
}

impl<K: Word, V: Copy + Default> Table<K, V> {
    pub fn new() -> Self {
        // The first sizes are spread over one step of growth, so that shards that fill evenly grow one by one.
        let shards = Box::new(std::array::from_fn(|number| Shard::new(16 + number * 8 / SHARDS)));
        let bytes = size_of_val(&*shards) + shards.iter().map(Shard::bytes).sum::<usize>();
        Self { shards, bytes, peak_bytes: bytes }
    }

    /// Bytes held now.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The most bytes that were ever held, those of a growing shard's two copies included.
    pub fn peak_bytes(&self) -> usize {
        self.peak_bytes
    }

    /// Has the tags of some keys brought near. Without it all is the same, only slower.
    pub fn look_at(&self, keys: &[K]) {
        for key in keys {
            let tags = self.shards.get(shard_of(*key)).map(|shard| shard.tags_at(shard.home(*key)));
            // Its value is asked for, or the compiler would leave the reading out.
            black_box(tags);
        }
    }

    /// The value of a key that is in the table already. If there is none, this one is it from now on.
    pub fn insert(&mut self, key: K, value: V) -> Option<&mut V> {
        let shard = self.shards.get_mut(shard_of(key))?;
        match shard.search(key) {
            Ok((group, slot)) => return shard.slots.get_mut(group)?.get_mut(slot).map(|(_, value)| value),
            Err(group) if shard.used < shard.limit => shard.put(group, key, value),
            Err(_) => {
                let before = shard.bytes();
                shard.grow();
                self.peak_bytes = self.peak_bytes.max(self.bytes + shard.bytes());
                self.bytes = self.bytes - before + shard.bytes();
                shard.add(key, value);
            }
        }
        None
    }

    /// All values, in no order that means anything. Memory is given back shard by shard as they are read.
    pub fn into_values(self) -> impl Iterator<Item = V> {
        let shards = *self.shards;
        shards.into_iter().flat_map(Shard::into_entries).map(|(_, value)| value)
    }
}

fn shard_of(key: impl Word) -> usize {
    let [upper, ..] = key.top().to_be_bytes();
    usize::from(upper)
}

#[derive(Debug)]
struct Shard<K, V> {
    /// Of each group.
    tags: Vec<Tags>,
    slots: Vec<[(K, V); WIDTH]>,
    used: usize,
    /// With this many entries the shard grows before it takes another; there is always a free slot, where searches end.
    limit: usize,
}

impl<K: Word, V: Copy + Default> Shard<K, V> {
    fn new(groups: usize) -> Self {
        let free = [(K::FIRST, V::default()); WIDTH];
        Self { tags: vec![Tags(0); groups], slots: vec![free; groups], used: 0, limit: groups * WIDTH * 7 / 8 }
    }

    fn bytes(&self) -> usize {
        self.tags.capacity() * size_of::<Tags>() + self.slots.capacity() * size_of::<[(K, V); WIDTH]>()
    }

    /// The group of a key.
    fn home(&self, key: K) -> usize {
        let fraction = u128::from(key.top() << SHARDS.ilog2());
        let group = (fraction * self.tags.len() as u128) >> u64::BITS;
        usize::try_from(group).unwrap_or(usize::MAX)
    }

    fn tags_at(&self, group: usize) -> Tags {
        self.tags.get(group).copied().unwrap_or(Tags(0))
    }

    /// The group that is looked at when this one is full.
    fn behind(&self, group: usize) -> usize {
        if group + 1 < self.tags.len() { group + 1 } else { 0 }
    }

    /// The group and the slot of a key, or else the group that it should be put into.
    fn search(&self, key: K) -> Result<(usize, usize), usize> {
        let tag = Tags::tag(key);
        let mut group = self.home(key);
        loop {
            let tags = self.tags_at(group);
            for slot in tags.places(tag) {
                let found = self.slots.get(group).and_then(|slots| slots.get(slot));
                if found.is_some_and(|(found, _)| *found == key) {
                    return Ok((group, slot));
                }
            }
            if !tags.is_full() {
                return Err(group);
            }
            group = self.behind(group);
        }
    }

    /// Puts an entry into a group that is not full.
    fn put(&mut self, group: usize, key: K, value: V) {
        let (Some(tags), Some(slots)) = (self.tags.get_mut(group), self.slots.get_mut(group)) else { return };
        if let Some(slot) = slots.get_mut(tags.used()) {
            *slot = (key, value);
            tags.add(Tags::tag(key));
            self.used += 1;
        }
    }

    /// Puts an entry where it belongs; its key is not there yet.
    fn add(&mut self, key: K, value: V) {
        let mut group = self.home(key);
        while self.tags_at(group).is_full() {
            group = self.behind(group);
        }
        self.put(group, key, value);
    }

    /// Half as many groups more. The old ones and the new ones are both there while it lasts.
    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let mut grown = Self::new(self.tags.len() * 3 / 2);
        for (tags, slots) in self.tags.iter().zip(&self.slots) {
            for (key, value) in slots.iter().take(tags.used()) {
                grown.add(*key, *value);
            }
        }
        *self = grown;
    }

    fn into_entries(self) -> impl Iterator<Item = (K, V)> {
        let groups = self.tags.into_iter().zip(self.slots);
        groups.flat_map(|(tags, slots)| slots.into_iter().take(tags.used()))
    }
}

/// A byte for each slot of a group, the first in the lowest: 0 where the slot is free. The eight are compared as one
/// number, too clever for its own good but the same on every processor; the test holds it against eight bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tags(u64);

impl Tags {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;

    /// From bits that say nothing about the group. Not 0, which means free.
    fn tag(key: impl Word) -> u64 {
        (key.top() & 0xff).max(1)
    }

    fn is_full(self) -> bool {
        self.0 >> 56 != 0
    }

    fn used(self) -> usize {
        WIDTH - (self.0.leading_zeros() / 8) as usize
    }

    fn add(&mut self, tag: u64) {
        self.0 |= tag << (8 * self.used());
    }

    /// The slots that have this tag.
    fn places(self, tag: u64) -> impl Iterator<Item = usize> {
        // A byte of this is 0 where the tag is.
        let other = self.0 ^ (tag * Self::ONES);
        // Adding 7f to seven bits sets the eighth unless they are 0, and never carries into the next byte.
        let other = ((other & !Self::HIGH) + !Self::HIGH) | other;
        let mut places = !other & Self::HIGH;
        std::iter::from_fn(move || {
            let place = (places.trailing_zeros() / 8) as usize;
            places &= places.wrapping_sub(1);
            (place < WIDTH).then_some(place)
        })
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
