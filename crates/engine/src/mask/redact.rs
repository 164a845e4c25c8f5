use model::Result;

use super::{MaskKey, MaskKind, Masker};

/// Three stars, whatever the value; fewer in a column that holds fewer.
#[derive(Debug)]
pub struct Redact;

impl MaskKind for Redact {
    fn name(&self) -> &'static str {
        "redact"
    }

    fn masker(&self, most_bytes: usize, _key: Option<&MaskKey>) -> Result<Box<dyn Masker>> {
        Ok(Box::new(Stars("*".repeat(most_bytes.min(3)))))
    }
}

#[derive(Debug)]
struct Stars(String);

impl Masker for Stars {
    fn mask(&self, _text: &str, masked: &mut String) {
        masked.push_str(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_the_same_stars() {
        for (most_bytes, text, expected) in [(9, "secret", "***"), (9, "x", "***"), (2, "ab", "**"), (1, "a", "*")] {
            let mut masked = String::new();
            Redact.masker(most_bytes, None).unwrap().mask(text, &mut masked);
            assert_eq!(masked, expected, "{text} in varchar({most_bytes})");
        }
    }
}
