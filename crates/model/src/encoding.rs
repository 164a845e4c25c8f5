//! The encodings a text file may be in.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::name::{BadName, as_text};

/// How a file's characters are written as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Encoding {
    /// UTF-8.
    Utf8,
    /// UTF-16, the low byte first.
    Utf16Le,
    /// UTF-16, the high byte first.
    Utf16Be,
    /// ISO 8859-1: each byte is the character of that number.
    Latin1,
    /// Windows code page 1252.
    Windows1252,
}

impl Encoding {
    /// Every encoding.
    pub const ALL: &[Self] = &[Self::Utf8, Self::Utf16Le, Self::Utf16Be, Self::Latin1, Self::Windows1252];

    /// The word in the dataset file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Latin1 => "latin-1",
            Self::Windows1252 => "windows-1252",
        }
    }

    /// Reads the word of the dataset file.
    pub fn parse(text: &str) -> Result<Self, BadName> {
        Self::ALL.iter().find(|encoding| encoding.name() == text).copied().ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|encoding| encoding.name()).collect();
            BadName::new(
                text,
                match crate::dataset::nearest(&text.to_lowercase(), &names) {
                    Some(near) => format!("an encoding; the nearest is {near}"),
                    None => format!("an encoding; there is {}", names.join(", ")),
                },
            )
        })
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
as_text!(Encoding);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_read_back_as_written() {
        for encoding in Encoding::ALL {
            assert_eq!(Encoding::parse(encoding.name()), Ok(*encoding));
        }
    }

    #[test]
    fn a_wrong_encoding_names_the_nearest() {
        let message = |text| Encoding::parse(text).unwrap_err().to_string();
        assert_eq!(message("UTF8"), r#""UTF8" is not an encoding; the nearest is utf-8"#);
        assert_eq!(message("latin1"), r#""latin1" is not an encoding; the nearest is latin-1"#);
        assert!(message("ebcdic").contains("there is utf-8, utf-16le"));
    }
}
