//! One error for every edge: what was tried, on what, why it failed, and whether trying again can help.

use std::error::Error as StdError;
use std::fmt;

/// A result whose error is [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of trouble it is. The state machine retries [`Kind::Transient`] only, by this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Trying again can help: throttling, a dropped connection, a conflict.
    Transient,
    /// What the producer delivered is wrong; the same delivery fails the same way.
    Data,
    /// What the operator set up is wrong: a dataset file, a right, a size, a missing resource.
    Config,
    /// An assumption of ours does not hold.
    Bug,
}

impl Kind {
    /// The name by which the state machine and the logs know this kind.
    pub fn name(self) -> &'static str {
        match self {
            Self::Transient => "Transient",
            Self::Data => "Data",
            Self::Config => "Config",
            Self::Bug => "Bug",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A failed operation. `Display` is one lower-case line without the source; [`chain`] prints the causes too.
#[derive(Debug, thiserror::Error)]
#[error("cannot {operation} {subject}")]
pub struct Error {
    kind: Kind,
    operation: &'static str,
    subject: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// `cannot <operation> <subject>`: `Error::new(Kind::Data, "read", "s3://landing/a.csv line 7")`.
    pub fn new(kind: Kind, operation: &'static str, subject: impl fmt::Display) -> Self {
        Self { kind, operation, subject: subject.to_string(), source: None }
    }

    /// Adds the cause: another error, or a text that says why and what to do.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of trouble it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether trying again can help.
    pub fn is_transient(&self) -> bool {
        self.kind == Kind::Transient
    }
}

/// The error and all its causes on one line, each said once.
pub fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chain_names_every_cause_once() {
        let inner = Error::new(Kind::Data, "parse", "line 7").because("a quote is never closed");
        let outer = Error::new(Kind::Data, "read", "s3://b/k").because(inner);
        assert_eq!(outer.to_string(), "cannot read s3://b/k");
        assert_eq!(chain(&outer), "cannot read s3://b/k: cannot parse line 7: a quote is never closed");
    }
}
