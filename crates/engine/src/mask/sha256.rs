use hmac::{Hmac, KeyInit, Mac};
use model::{Error, Kind, Result};

use super::{MaskKey, MaskKind, Masker};

/// The HMAC-SHA256 of the value, as 64 lower-case hex digits: equal values stay equal, and who has not the key cannot
/// find a value by trying all there are. Trailing blanks do not count, as they do not when the warehouse compares texts:
/// what was equal there, and a duplicate here, is equal still.
#[derive(Debug)]
pub struct Sha256;

impl MaskKind for Sha256 {
    fn name(&self) -> &'static str {
        "sha256"
    }

    fn masker(&self, _most_bytes: usize, key: Option<&MaskKey>) -> Result<Box<dyn Masker>> {
        let error = |kind, why: &str| Error::new(kind, "mask", "with `mask: sha256`").because(why);
        let key = key.ok_or_else(|| error(Kind::Config, "it needs a key, and none is given"))?;
        let keyed = Hmac::new_from_slice(key.bytes()).map_err(|why| error(Kind::Bug, &why.to_string()))?;
        Ok(Box::new(Keyed(keyed)))
    }
}

/// The hash with the key already in it.
#[derive(Debug)]
struct Keyed(Hmac<sha2::Sha256>);

impl Masker for Keyed {
    fn mask(&self, text: &str, masked: &mut String) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hmac = self.0.clone();
        hmac.update(text.trim_end_matches(' ').as_bytes());
        for byte in hmac.finalize().into_bytes() {
            for nibble in [byte >> 4, byte & 15] {
                masked.push(char::from(DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0')));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use model::error::chain;

    use super::*;

    fn masked(key: &[u8], text: &str) -> String {
        let key = MaskKey::new(key.to_vec(), "v1".to_owned()).unwrap();
        let mut masked = String::new();
        Sha256.masker(64, Some(&key)).unwrap().mask(text, &mut masked);
        masked
    }

    /// RFC 4231, test cases 1, 6 and 7: those whose key is long enough for us and whose data is text.
    #[test]
    fn it_is_the_hmac_of_rfc_4231() {
        let large = [0xaa; 131];
        let long_text = "This is a test using a larger than block-size key and a larger than block-size data. \
                         The key needs to be hashed before being used by the HMAC algorithm.";
        let cases = [
            (&[0x0b; 20][..], "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                &large,
                "Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (&large, long_text, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
        ];
        for (key, text, expected) in cases {
            assert_eq!(masked(key, text), expected, "{text}");
        }
    }

    #[test]
    fn another_key_is_another_hash() {
        assert_ne!(masked(&[1; 16], "a@b.example"), masked(&[2; 16], "a@b.example"));
    }

    #[test]
    fn trailing_blanks_do_not_count() {
        assert_eq!(masked(&[1; 16], "a  "), masked(&[1; 16], "a"));
        assert_ne!(masked(&[1; 16], " a"), masked(&[1; 16], "a"));
        assert_ne!(masked(&[1; 16], "a\t"), masked(&[1; 16], "a"));
    }

    #[test]
    fn neither_the_key_nor_its_absence_is_printed() {
        let key = MaskKey::new(b"secret secret secret".to_vec(), "v1".to_owned()).unwrap();
        let printed = format!("{:?}", Sha256.masker(64, Some(&key)).unwrap());
        assert!(!printed.contains("secret") && !printed.contains("115"), "{printed}");
        let error = Sha256.masker(64, None).unwrap_err();
        assert_eq!(chain(&error), "cannot mask with `mask: sha256`: it needs a key, and none is given");
    }
}
