//! The key that masks values: secret bytes, and a version that may be known.

use std::fmt;

use crate::error::{Error, Kind, Result};

/// A key of fewer bytes than this can be found by trying.
pub const LEAST_BYTES: usize = 16;

/// The key of `mask: sha256`. It is never written down: it is no document, and shows its version at most.
#[derive(Clone, PartialEq, Eq)]
pub struct MaskKey {
    bytes: Vec<u8>,
    version: String,
}

impl MaskKey {
    /// A key and its version, which a plan pins. `Config` where it has fewer than [`LEAST_BYTES`]; the error names the
    /// version and the number of bytes.
    pub fn new(bytes: Vec<u8>, version: String) -> Result<Self> {
        if bytes.len() < LEAST_BYTES {
            let what = format!("it has {} bytes, and at least {LEAST_BYTES} are safe", bytes.len());
            return Err(Error::new(Kind::Config, "take", format!("version {version} of the mask's key")).because(what));
        }
        Ok(Self { bytes, version })
    }

    /// The secret.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What tells it from other keys, and gives nothing of it away.
    pub fn version(&self) -> &str {
        &self.version
    }
}

impl fmt::Debug for MaskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MaskKey").field("version", &self.version).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::chain;

    #[test]
    fn a_key_shows_its_version_alone() {
        let key = MaskKey::new(b"a secret of 24 bytes ...".to_vec(), "v1".to_owned()).unwrap();
        assert_eq!(format!("{key:?}"), "MaskKey { version: \"v1\", .. }");
    }

    #[test]
    fn a_short_key_is_refused_and_not_shown() {
        let error = MaskKey::new(b"secret".to_vec(), "v1".to_owned()).unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        assert_eq!(chain(&error), "cannot take version v1 of the mask's key: it has 6 bytes, and at least 16 are safe");
        assert!(MaskKey::new(Vec::new(), "v1".to_owned()).is_err());
    }
}
