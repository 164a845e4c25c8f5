//! Masks: what stands in the place of a value that nobody is to see.
//!
//! A mask takes the value's text after all cleaning and checking, and writes what is kept of it. It never fails for a
//! value, so that no error can quote one. Null stays null: there is nothing to hide.
//!
//! To add one: a file here, its word in [`MASKS`], and a variant of `model::dataset::Mask`, which is the word a user
//! writes. The tests below hold every mask to the laws: its name is known, what it writes fits into the column, and
//! equal values stay equal. `drop` is no mask of this list: it leaves no text, and the column is not written.

mod last4;
mod redact;
mod sha256;

use std::fmt::Debug;

use model::dataset::Mask;
pub use model::mask_key::MaskKey;
use model::{Error, Kind, Result};

/// One kind of mask.
pub trait MaskKind: Debug + Sync {
    /// The word in the dataset file.
    fn name(&self) -> &'static str;

    /// The mask for a column that holds texts of at most `most_bytes`. Fails, as `Config`, where it needs a key and
    /// there is none.
    fn masker(&self, most_bytes: usize, key: Option<&MaskKey>) -> Result<Box<dyn Masker>>;
}

/// A mask that is ready for the values of one column.
pub trait Masker: Debug + Send + Sync {
    /// Writes what stands for the text behind what the buffer holds.
    fn mask(&self, text: &str, masked: &mut String);
}

/// Every kind of mask that leaves a text.
pub static MASKS: &[&dyn MaskKind] = &[&sha256::Sha256, &redact::Redact, &last4::Last4];

/// The mask of a column that holds texts of at most `most_bytes`; `None` where the column is not written at all.
pub fn find(mask: Mask, most_bytes: usize, key: Option<&MaskKey>) -> Result<Option<Box<dyn Masker>>> {
    if mask == Mask::Drop {
        return Ok(None);
    }
    let found = MASKS.iter().find(|candidate| candidate.name() == mask.name());
    let found = found.ok_or_else(|| Error::new(Kind::Bug, "find mask", mask.name()))?;
    found.masker(most_bytes, key).map(Some)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn key(bytes: &[u8]) -> MaskKey {
        MaskKey::new(bytes.to_vec(), "v1".to_owned()).unwrap()
    }

    fn masked(mask: &dyn MaskKind, most_bytes: usize, text: &str) -> String {
        let masker = mask.masker(most_bytes, Some(&key(b"0123456789abcdef"))).unwrap();
        let mut masked = "before ".to_owned();
        masker.mask(text, &mut masked);
        masked.strip_prefix("before ").unwrap().to_owned()
    }

    #[test]
    fn masks_are_those_a_user_may_write_and_drop() {
        let names: Vec<_> = MASKS.iter().map(|mask| mask.name()).chain(["drop"]).collect();
        assert_eq!(names, Mask::ALL.iter().map(|mask| mask.name()).collect::<Vec<_>>());
        let key = key(b"0123456789abcdef");
        for mask in Mask::ALL {
            assert_eq!(find(*mask, 64, Some(&key)).unwrap().is_none(), *mask == Mask::Drop);
            assert_eq!(find(*mask, 64, None).is_err(), mask.needs_key(), "{}", mask.name());
        }
    }

    proptest! {
        #[test]
        fn what_a_mask_writes_fits_where_the_value_did(text in "\\PC{1,40}", more in 0..9usize) {
            for mask in MASKS {
                // The dataset file is held to this: a hash is 64 characters.
                let most_bytes = if mask.name() == "sha256" { 64 } else { text.len() + more };
                let masked = masked(*mask, most_bytes, &text);
                prop_assert!(!masked.is_empty() && masked.len() <= most_bytes, "{}: {masked}", mask.name());
            }
        }

        #[test]
        fn equal_values_stay_equal(texts in prop::collection::vec("[ab]{0,6}", 2..20)) {
            for mask in MASKS {
                let mut seen = HashMap::new();
                for text in &texts {
                    let masked = masked(*mask, 64, text);
                    prop_assert_eq!(seen.entry(text).or_insert_with(|| masked.clone()), &masked);
                }
            }
        }

        #[test]
        fn a_value_is_never_seen_whole(text in "[g-z]{1,40}") {
            for mask in MASKS {
                prop_assert!(!masked(*mask, 64, &text).contains(&text), "{}", mask.name());
            }
        }
    }
}
