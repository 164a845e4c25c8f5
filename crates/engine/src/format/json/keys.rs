//! The keys of the objects at one node of the tree, remembered from object to object.
//!
//! Records mostly have the same keys in the same order, so the key that followed last time is tried first, as it stands
//! in the file; only a key that comes anew is looked up. What is remembered never decides what a key means, only how
//! fast that is known.

use std::collections::HashMap;

use super::tree::Node;

/// A key that no column names is remembered only as long as there are no more than these: some files use identifiers as
/// keys.
const MAX_KEYS: usize = 1024;

/// No key, and the place before the first one.
pub const NONE: usize = usize::MAX;

/// A key, as it stands in a file. The same key may be written in several ways, with escapes.
#[derive(Debug)]
struct Spelling {
    /// With the quote behind it.
    raw: Box<[u8]>,
    /// The same in a number, and a mask of its bytes, where it is short: compared at once.
    word: u128,
    mask: u128,
    slot: usize,
    /// The spelling that followed last time.
    next: usize,
}

impl Spelling {
    fn new(raw: &[u8], slot: usize) -> Self {
        let mut bytes = [0; 16];
        let mut mask = [0; 16];
        if raw.len() <= bytes.len() {
            for ((byte, mask), raw) in bytes.iter_mut().zip(&mut mask).zip(raw) {
                (*byte, *mask) = (*raw, u8::MAX);
            }
        }
        let (word, mask) = (u128::from_le_bytes(bytes), u128::from_le_bytes(mask));
        Self { raw: raw.into(), word, mask, slot, next: NONE }
    }

    #[inline]
    fn is_at(&self, rest: &[u8]) -> bool {
        match rest.first_chunk::<16>() {
            Some(chunk) if self.mask != 0 => u128::from_le_bytes(*chunk) & self.mask == self.word,
            _ => rest.starts_with(&self.raw),
        }
    }
}

/// A key, whatever its spelling.
#[derive(Debug)]
struct Slot {
    /// Its place among the node's keys, and whether it is written the same.
    meaning: Option<(usize, bool)>,
    /// The object it was last seen in.
    seen_in: u32,
}

/// How a key of the node was found in the object in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Exact,
    /// In another case.
    Alike,
    /// In several other cases.
    Ambiguous,
}

/// What a key means in the object in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Nothing: no column names it, or another key is more like the one that is named.
    Nothing,
    /// It is the node's key of this place.
    Key(usize),
    /// It is, and what was taken for it before is not.
    Instead(usize),
    /// It was there before.
    Twice,
}

/// A key that is remembered.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    pub spelling: usize,
    pub slot: usize,
    /// The bytes it has in the file, with the quote behind it.
    pub length: usize,
}

/// The keys of one node.
#[derive(Debug, Default)]
pub struct Keys {
    spellings: Vec<Spelling>,
    by_raw: HashMap<Box<[u8]>, usize>,
    slots: Vec<Slot>,
    by_text: HashMap<Box<str>, usize>,
    /// How each of the node's keys was found, and in which object.
    found: Vec<(Found, u32)>,
    /// The number of the object in hand.
    object: u32,
    first: usize,
    ambiguous: usize,
}

impl Keys {
    /// A new object.
    #[inline]
    pub fn begin(&mut self) {
        self.object += 1;
        self.ambiguous = 0;
    }

    /// The spelling that followed this one last time, if it stands here.
    #[inline]
    pub fn guess(&self, before: usize, rest: &[u8]) -> Option<Known> {
        let number = self.spellings.get(before).map_or(self.first, |spelling| spelling.next);
        let spelling = self.spellings.get(number)?;
        let known = Known { spelling: number, slot: spelling.slot, length: spelling.raw.len() };
        spelling.is_at(rest).then_some(known)
    }

    /// The spelling that is written so, with the quote behind it.
    pub fn known(&mut self, before: usize, raw: &[u8]) -> Option<Known> {
        let number = *self.by_raw.get(raw)?;
        self.follow(before, number);
        let slot = self.spellings.get(number)?.slot;
        Some(Known { spelling: number, slot, length: raw.len() })
    }

    /// The slot of this text, remembered with its spelling; `None` if it is not worth it.
    pub fn learn(&mut self, node: &Node, before: usize, raw: &[u8], text: &str) -> Option<Known> {
        let slot = match self.by_text.get(text) {
            Some(slot) => *slot,
            None => {
                let meaning = node.find(text);
                let is_named = meaning.is_some_and(|(_, is_exact)| is_exact);
                if self.slots.len() >= MAX_KEYS && !is_named {
                    return None;
                }
                self.slots.push(Slot { meaning, seen_in: 0 });
                self.by_text.insert(text.into(), self.slots.len() - 1);
                self.slots.len() - 1
            }
        };
        let mut spelling = NONE;
        // With escapes, one key has more spellings than a file has bytes.
        if self.spellings.len() < 2 * MAX_KEYS {
            spelling = self.spellings.len();
            self.spellings.push(Spelling::new(raw, slot));
            self.by_raw.insert(raw.into(), spelling);
            self.follow(before, spelling);
        }
        Some(Known { spelling, slot, length: raw.len() })
    }

    fn follow(&mut self, before: usize, spelling: usize) {
        match self.spellings.get_mut(before) {
            Some(before) => before.next = spelling,
            None => self.first = spelling,
        }
    }

    /// What the key of this slot means in the object in hand.
    #[inline]
    pub fn claim(&mut self, slot: usize) -> Claim {
        let Some(slot) = self.slots.get_mut(slot) else { return Claim::Nothing };
        if slot.seen_in == self.object {
            return Claim::Twice;
        }
        slot.seen_in = self.object;
        let meaning = slot.meaning;
        self.mean(meaning)
    }

    /// What a key that is not remembered, and was not there before, means in the object in hand.
    #[inline]
    pub fn mean(&mut self, meaning: Option<(usize, bool)>) -> Claim {
        let Some((key, is_exact)) = meaning else { return Claim::Nothing };
        if self.found.len() <= key {
            self.found.resize(key + 1, (Found::Exact, 0));
        }
        let Some((found, seen_in)) = self.found.get_mut(key) else { return Claim::Nothing };
        let before = (*seen_in == self.object).then_some(*found);
        *seen_in = self.object;
        let (now, claim) = match (before, is_exact) {
            (None, true) => (Found::Exact, Claim::Key(key)),
            (None, false) => (Found::Alike, Claim::Key(key)),
            (Some(Found::Exact), _) => (Found::Exact, Claim::Nothing),
            (Some(Found::Alike | Found::Ambiguous), true) => (Found::Exact, Claim::Instead(key)),
            (Some(Found::Alike | Found::Ambiguous), false) => (Found::Ambiguous, Claim::Nothing),
        };
        *found = now;
        match (before == Some(Found::Ambiguous), now == Found::Ambiguous) {
            (false, true) => self.ambiguous += 1,
            (true, false) => self.ambiguous -= 1,
            _ => {}
        }
        claim
    }

    /// A key of the node that stands there in several cases, and in none as it is named.
    pub fn ambiguous(&self) -> Option<usize> {
        if self.ambiguous == 0 {
            return None;
        }
        self.found.iter().position(|(found, seen_in)| *found == Found::Ambiguous && *seen_in == self.object)
    }
}
