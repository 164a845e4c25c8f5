//! Namespaces: which prefix stands for which name, element by element.

use std::borrow::Cow;

use super::chars::is_whole_name;
use super::fault::Fault;
use super::reference::attribute_value;
use super::token::{Attribute, Lexed};

const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// A name as prefix and local part; no prefix is an empty one.
pub fn split(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap_or(("", name))
}

/// Whether an attribute declares a namespace, rather than being one of the element's.
pub fn is_declaration(name: &str) -> bool {
    name == "xmlns" || name.starts_with("xmlns:")
}

/// What the prefixes mean where the reader stands.
#[derive(Debug, Clone, Default)]
pub struct Scopes<'a> {
    bound: Vec<(&'a str, Cow<'a, str>)>,
}

impl<'a> Scopes<'a> {
    /// How many there are; `close` goes back to it.
    pub fn depth(&self) -> usize {
        self.bound.len()
    }

    /// Forgets what was declared since.
    pub fn close(&mut self, depth: usize) {
        self.bound.truncate(depth);
    }

    /// Takes a start tag: its declarations, then whether its names have a meaning. Says whether the element is nil.
    /// `at` is where the tag stands. Tags without attributes or prefix need not be brought here.
    pub fn open(&mut self, name: &'a str, attributes: &[Attribute<'a>], at: usize) -> Lexed<bool> {
        for attribute in attributes {
            if is_declaration(attribute.name) {
                self.declare(attribute)?;
            }
        }
        self.check_prefix(name, at + 1)?;
        let mut is_nil = false;
        let mut prefixed = Vec::new();
        for attribute in attributes {
            if attribute.name.contains(':') && !is_declaration(attribute.name) {
                let (uri, local) = self.check_prefix(attribute.name, attribute.at)?;
                is_nil |= uri == INSTANCE && local == "nil" && matches!(attribute.value.trim(), "true" | "1");
                prefixed.push((local, uri, attribute.at));
            }
        }
        prefixed.sort_unstable();
        let same = prefixed.array_windows().find(|[a, b]| (a.0, a.1) == (b.0, b.1));
        match same {
            Some([_, (local, _, at)]) => {
                let what = "two attributes are `{}` in one namespace, under two prefixes";
                Err(Fault::new(*at, what).quoting(local))
            }
            None => Ok(is_nil),
        }
    }

    /// Whether a prefix has a meaning here.
    pub fn is_declared(&self, prefix: &str) -> bool {
        prefix == "xml" || self.bound.iter().any(|(bound, _)| *bound == prefix)
    }

    fn declare(&mut self, attribute: &Attribute<'a>) -> Lexed<()> {
        let prefix = attribute.name.strip_prefix("xmlns:").unwrap_or_default();
        let uri = attribute_value(attribute.value);
        let is_prefix = attribute.name.starts_with("xmlns:");
        let what = match (prefix, uri.as_ref()) {
            ("xmlns", _) => "the prefix `xmlns` may not be declared",
            ("xml", uri) if uri != XML => "the prefix `xml` means one namespace always, and this is another",
            (prefix, XML) if prefix != "xml" => "the namespace of the prefix `xml` may have no other prefix",
            (_, XMLNS) => "the namespace of the prefix `xmlns` may not be declared",
            (_, "") if is_prefix => "a prefix is declared to mean no namespace",
            (prefix, _) if is_prefix && (prefix.contains(':') || !is_whole_name(prefix)) => {
                "a prefix is declared that is not a name without a colon"
            }
            _ => {
                self.bound.push((prefix, uri));
                return Ok(());
            }
        };
        Err(Fault::new(attribute.at, what))
    }

    /// The namespace of a name's prefix, and its local part.
    fn check_prefix<'n>(&self, name: &'n str, at: usize) -> Lexed<(&str, &'n str)> {
        let Some((prefix, local)) = name.split_once(':') else {
            return Ok(("", name));
        };
        if prefix.is_empty() || local.contains(':') || !is_whole_name(local) {
            let what = "the name `{}` has a colon that does not stand between a prefix and a local name";
            return Err(Fault::new(at, what).quoting(name));
        }
        if prefix == "xml" {
            return Ok((XML, local));
        }
        match self.bound.iter().rev().find(|(bound, _)| *bound == prefix) {
            Some((_, uri)) => Ok((uri, local)),
            None => Err(Fault::new(at, "the prefix `{}` is not declared by an `xmlns` attribute").quoting(prefix)),
        }
    }
}
