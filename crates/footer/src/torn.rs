//! Why binary values cannot be read.

use std::fmt;

/// Why a value cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Torn {
    /// Its bytes end too early; there may be more of them.
    End,
    /// Its bytes are none of such a value.
    Broken(String),
}

impl Torn {
    /// Bytes that are none of such a value, and why.
    pub fn broken(what: impl Into<String>) -> Self {
        Self::Broken(what.into())
    }
}

impl fmt::Display for Torn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::End => f.write_str("its bytes end inside of a value"),
            Self::Broken(what) => f.write_str(what),
        }
    }
}
