//! Settings from the environment: read once, raw; every fault is named at once.

use std::fmt::Display;
use std::str::FromStr;

use model::{Error, Kind, Result};

/// Reads settings by name and collects what is wrong with them.
///
/// ```
/// let get = |name: &str| (name == "SLUICE_LAKE_BUCKET").then(|| "lake".to_owned());
/// let mut settings = aws::Settings::new(get);
/// let lake: String = settings.required("SLUICE_LAKE_BUCKET");
/// let control: String = settings.required("SLUICE_CONTROL_BUCKET");
/// assert_eq!((lake.as_str(), control.as_str()), ("lake", ""));
/// assert!(settings.finish().is_err());
/// ```
pub struct Settings<G> {
    get: G,
    faults: Vec<String>,
}

impl<G: Fn(&str) -> Option<String>> Settings<G> {
    /// Settings that are looked up by this function: the environment, or a map in a test.
    pub fn new(get: G) -> Self {
        Self { get, faults: Vec::new() }
    }

    /// A setting that must be there. Where it is not, the fault is kept and a default stands in until [`finish`].
    ///
    /// [`finish`]: Self::finish
    pub fn required<T: FromStr<Err: Display> + Default>(&mut self, name: &str) -> T {
        match self.optional(name) {
            Some(value) => value,
            None => {
                if (self.get)(name).is_none_or(|text| text.is_empty()) {
                    self.fault(format!("{name} is not set"));
                }
                T::default()
            }
        }
    }

    /// A setting that may be absent; an empty one counts as absent.
    pub fn optional<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        let text = (self.get)(name).filter(|text| !text.is_empty())?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(format!("{name}={text}: {error}"));
                None
            }
        }
    }

    /// A fault that no single setting shows.
    pub fn fault(&mut self, what: String) {
        self.faults.push(what);
    }

    /// Fails with all faults, if there are any.
    pub fn finish(self) -> Result<()> {
        if self.faults.is_empty() {
            return Ok(());
        }
        Err(Error::new(Kind::Config, "read", "the settings").because(self.faults.join("; ")))
    }
}

/// The environment of this process. The one place that reads it.
pub fn environment(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "settings are read here and nowhere else")]
    std::env::var(name).ok()
}
