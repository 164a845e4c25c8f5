//! Numbers that keys and order values are held as: 64 bits, or 128.

use std::fmt::Debug;

/// A number that is held many million times: as wide as it must be, and in need of no padding beside others.
pub(super) trait Word: Copy + Ord + Debug {
    /// The least.
    const FIRST: Self;

    /// The upper 64 bits: of two words, the one with more here is the greater.
    fn top(self) -> u64;

    /// A one-to-one image of this word whose upper bits depend on all of its bits, so that any set of words, be they
    /// in sequence, multiples or sums, is spread evenly. It is no defence against keys made to meet.
    fn mixed(self) -> Self;
}

impl Word for u64 {
    const FIRST: Self = 0;

    fn top(self) -> u64 {
        self
    }

    fn mixed(self) -> Self {
        // The finalizer of SplitMix64. Each step can be undone: a shift-xor, and a product with an odd number.
        let mut word = self;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}

/// 128 bits that, unlike a `u128`, lie on any 8 bytes: an entry of a key, an order value and a row has no gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wide {
    // In this order, so that the derived order is the number's.
    high: u64,
    low: u64,
}

impl From<u128> for Wide {
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of the number")]
    fn from(number: u128) -> Self {
        Self { high: (number >> 64) as u64, low: number as u64 }
    }
}

impl Word for Wide {
    const FIRST: Self = Self { high: 0, low: 0 };

    fn top(self) -> u64 {
        self.high
    }

    fn mixed(self) -> Self {
        // One to one: the low half stays, and for each low half the high halves change places.
        Self { high: (self.high ^ self.low.mixed()).mixed(), low: self.low }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What undoes a shift-xor and a product is known, so that being one to one can be shown, not hoped for.
    fn unmixed(mut word: u64) -> u64 {
        word = word ^ (word >> 31) ^ (word >> 62);
        word = word.wrapping_mul(inverse(0x94d0_49bb_1331_11eb));
        word = word ^ (word >> 27) ^ (word >> 54);
        word = word.wrapping_mul(inverse(0xbf58_476d_1ce4_e5b9));
        word ^ (word >> 30) ^ (word >> 60)
    }

    /// Newton's iteration for the inverse of an odd number modulo 2⁶⁴.
    fn inverse(odd: u64) -> u64 {
        (0..6).fold(odd, |found, _| found.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(found))))
    }

    proptest! {
        #[test]
        fn mixing_is_one_to_one(word: u64, wide: u128) {
            prop_assert_eq!(unmixed(word.mixed()), word);
            let mixed = Wide::from(wide).mixed();
            let high = unmixed(mixed.high) ^ mixed.low.mixed();
            prop_assert_eq!((u128::from(high) << 64) | u128::from(mixed.low), wide);
        }

        #[test]
        fn wide_words_have_the_order_of_the_number(a: u128, b: u128) {
            prop_assert_eq!(Wide::from(a).cmp(&Wide::from(b)), a.cmp(&b));
        }
    }
}
