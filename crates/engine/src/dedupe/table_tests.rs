use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::word::Wide;
use super::*;

/// The most bytes for each key, at any time once there are `from` keys.
fn most_bytes_a_key<K: Word, V: Copy + Default>(keys: impl Iterator<Item = K>, value: V, from: usize) -> usize {
    let mut table = Table::<K, V>::new();
    let mut most = 0;
    for (index, key) in keys.enumerate() {
        assert!(table.insert(key, value).is_none());
        if index >= from {
            most = most.max(table.peak_bytes() * 100 / index);
        }
    }
    let counted: usize = table.shards.iter().map(Shard::bytes).sum();
    assert_eq!(table.bytes(), counted + size_of_val(&*table.shards), "every growth is accounted for");
    most
}

#[test]
fn memory_is_bounded_for_each_key_while_growing() {
    let narrow = || (0..200_000u64).map(Word::mixed);
    let wide = || (0..200_000u128).map(|number| Wide::from(number).mixed());
    let found = [
        most_bytes_a_key(narrow(), (), 50_000),
        most_bytes_a_key(wide(), (), 50_000),
        most_bytes_a_key(narrow(), (0u64, 0u64), 50_000),
        most_bytes_a_key(wide(), (0u64, [0u64; 2]), 50_000),
    ];
    let allowed = [13_50, 25_00, 37_00, 60_50];
    assert!(
        found.iter().zip(allowed).all(|(found, allowed)| *found <= allowed),
        "hundredths of bytes: {found:?}, {allowed:?} at most"
    );
}

#[test]
fn keys_in_any_regular_order_are_spread_evenly() {
    let orders = [
        ("in sequence", (|number| number) as fn(u64) -> u64),
        ("multiples of 2^32", |number| number << 32),
        ("multiples of 2^44", |number| number << 44),
        ("backwards from the greatest", |number| u64::MAX - number),
        ("two numbers side by side", |number| (number << 32) | (number % 1_000)),
    ];
    for (name, of) in orders {
        let mut table = Table::<u64, ()>::new();
        (0..100_000).for_each(|number| assert!(table.insert(of(number).mixed(), ()).is_none(), "{name}"));
        let shards = table.shards.iter();
        let behind = shards.flat_map(|shard| {
            let groups = shard.slots.iter().zip(&shard.tags).enumerate();
            groups.flat_map(move |(at, (slots, tags))| {
                let keys = slots.iter().take(tags.used());
                keys.map(move |(key, ())| (at + shard.tags.len() - shard.home(*key)) % shard.tags.len())
            })
        });
        let behind: usize = behind.sum();
        assert!(behind < 30_000, "{name}: all keys together stand {behind} groups behind their own");
    }
}

#[test]
fn keys_made_to_meet_are_slow_and_nothing_else() {
    // All in one group of one shard, from which they spill over the others and around its end.
    let mut table = Table::<Wide, usize>::new();
    for number in 0..2_000usize {
        assert!(table.insert(Wide::from(u128::MAX - number as u128), number).is_none());
    }
    for number in 0..2_000usize {
        assert_eq!(table.insert(Wide::from(u128::MAX - number as u128), 0), Some(&mut { number }));
    }
    assert!(table.peak_bytes() < 2_000_000);
}

proptest! {
    #[test]
    fn it_holds_what_a_map_holds(keys in prop::collection::vec(0..400u64, 0..3_000), is_mixed: bool) {
        let mut table = Table::<u64, usize>::new();
        let mut model = BTreeMap::<u64, usize>::new();
        for (index, key) in keys.into_iter().enumerate() {
            // Unmixed, all lie in the first shard, and the greatest word is a key like others.
            let key = if is_mixed { key.mixed() } else { u64::MAX - key };
            let expected = model.get(&key).copied();
            model.entry(key).or_insert(index);
            prop_assert_eq!(table.insert(key, index).map(|value| *value), expected);
        }
        let mut values: Vec<_> = table.into_values().collect();
        values.sort_unstable();
        let mut expected: Vec<_> = model.into_values().collect();
        expected.sort_unstable();
        prop_assert_eq!(values, expected);
    }

    #[test]
    fn tags_compared_as_one_number_are_eight_bytes(bytes in prop::collection::vec(1..=255u8, 0..=WIDTH), tag in 1..=255u8) {
        let mut tags = Tags(0);
        for (index, byte) in bytes.iter().enumerate() {
            prop_assert_eq!(tags.used(), index);
            prop_assert!(!tags.is_full());
            tags.add(u64::from(*byte));
        }
        prop_assert_eq!(tags.is_full(), bytes.len() == WIDTH);
        let expected: Vec<_> = (0..bytes.len()).filter(|place| bytes[*place] == tag).collect();
        prop_assert_eq!(tags.places(u64::from(tag)).collect::<Vec<_>>(), expected);
    }
}
