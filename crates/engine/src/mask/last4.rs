use model::Result;

use super::{MaskKey, MaskKind, Masker};

/// The last four characters; a star for each before them. Of four characters or fewer none is left: they would be the
/// value.
#[derive(Debug)]
pub struct Last4;

/// How many characters stay.
const SHOWN: usize = 4;

impl MaskKind for Last4 {
    fn name(&self) -> &'static str {
        "last4"
    }

    fn masker(&self, _most_bytes: usize, _key: Option<&MaskKey>) -> Result<Box<dyn Masker>> {
        Ok(Box::new(Self))
    }
}

impl Masker for Last4 {
    fn mask(&self, text: &str, masked: &mut String) {
        // A star is one byte and no character is less, so that what fitted still fits.
        let characters = text.chars().count();
        let hidden = if characters <= SHOWN { characters } else { characters - SHOWN };
        masked.extend(std::iter::repeat_n('*', hidden));
        masked.extend(text.chars().skip(hidden));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_the_last_four_characters_are_stars() {
        let cases = [
            ("4111111111111234", "************1234"),
            ("12345", "*2345"),
            ("1234", "****"),
            ("a", "*"),
            ("", ""),
            // Characters are counted, not bytes.
            ("Ünsal-Öz€", "*****-Öz€"),
        ];
        for (text, expected) in cases {
            let mut masked = String::new();
            Last4.mask(text, &mut masked);
            assert_eq!(masked, expected);
        }
    }
}
