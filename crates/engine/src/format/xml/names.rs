//! What a row calls its parts, for columns that are still to be found: paths as `path` reads them.
//!
//! ```text
//! <r id="1">note<a b="2">x</a><c><d/></c><e/><e/></r>     @id, a, a/@b, c (nested), e (nested), .
//! ```
//!
//! A child with elements in it, and one that stands there again, is nested: its value is JSON, not a text. Attributes of
//! the others are columns of their own. Names are local ones, but for two that differ by their prefix alone.

use indexmap::IndexMap;

use super::chars::is_blank;
use super::scope::{is_declaration, split};
use super::token::{Attribute, Lexer, Token};
use crate::format::{MAX_RECORD_NAMES, Name};

/// The parts of a row, which is well-formed, in their order; its own text is the last.
pub fn of(record: &str) -> Vec<Name> {
    let mut lexer = Lexer::new(record, 0);
    let mut parts = Parts::default();
    let mut depth = 0_usize;
    while let Ok(Some(token)) = lexer.next() {
        match token {
            Token::Start { name, is_empty } => {
                match depth {
                    0 => parts.attributes.extend(data(&lexer.attributes)),
                    1 => parts.child(name, &lexer.attributes),
                    _ => parts.is_nested(),
                }
                depth += usize::from(!is_empty);
            }
            Token::End { .. } => depth = depth.saturating_sub(1),
            Token::Text { text, .. } | Token::CData(text) if depth == 1 => parts.has_text |= !is_blank(text),
            _ => {}
        }
    }
    parts.names()
}

#[derive(Debug, Default)]
struct Parts<'a> {
    attributes: Vec<&'a str>,
    children: IndexMap<&'a str, Child<'a>>,
    last: usize,
    has_text: bool,
}

#[derive(Debug, Default)]
struct Child<'a> {
    times: usize,
    has_elements: bool,
    attributes: Vec<&'a str>,
}

/// The attributes that are data, and not notes to whoever reads them.
fn data<'a>(attributes: &[Attribute<'a>]) -> impl Iterator<Item = &'a str> {
    attributes.iter().map(|attribute| attribute.name).filter(|name| !is_declaration(name) && split(name).0 != "xsi")
}

impl<'a> Parts<'a> {
    fn child(&mut self, name: &'a str, attributes: &[Attribute<'a>]) {
        if self.children.len() == MAX_RECORD_NAMES && !self.children.contains_key(name) {
            self.last = usize::MAX;
            return;
        }
        let entry = self.children.entry(name);
        self.last = entry.index();
        let child = entry.or_default();
        child.times += 1;
        for attribute in data(attributes) {
            if !child.attributes.contains(&attribute) {
                child.attributes.push(attribute);
            }
        }
    }

    /// The last child has an element in it.
    fn is_nested(&mut self) {
        if let Some((_, child)) = self.children.get_index_mut(self.last) {
            child.has_elements = true;
        }
    }

    fn names(&self) -> Vec<Name> {
        let mut names: Vec<Name> = self
            .attributes
            .iter()
            .map(|name| Name::plain(format!("@{}", known_as(name, self.attributes.iter()))))
            .collect();
        for (name, child) in &self.children {
            let path = known_as(name, self.children.keys());
            let is_nested = child.has_elements || child.times > 1;
            names.push(Name { path: path.to_owned(), is_nested });
            // The attributes of an object are in it. Those of a text that is several in this row only are no text, either.
            if !child.has_elements {
                let of = |name: &&str| format!("{path}/@{}", known_as(name, child.attributes.iter()));
                names.extend(child.attributes.iter().map(|name| Name { path: of(name), is_nested }));
            }
        }
        names.extend(self.has_text.then(|| Name::plain(".".to_owned())));
        names
    }
}

/// A name without its prefix, unless another has the same one with another prefix.
fn known_as<'a, 'n: 'a>(name: &'n str, mut all: impl Iterator<Item = &'a &'n str>) -> &'n str {
    let local = split(name).1;
    if all.any(|other| *other != name && split(other).1 == local) { name } else { local }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(record: &str) -> String {
        let tell = |name: Name| name.path + if name.is_nested { " (nested)" } else { "" };
        of(record).into_iter().map(tell).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn parts_are_named_once_each_and_by_paths() {
        let row = r#"<x:row id="1" xmlns:x="u" x:kind="k"><a><b/></a><x:c/>text<d e="" xsi:nil="true">1</d></x:row>"#;
        assert_eq!(told(row), "@id, @kind, a (nested), c, d, d/@e, .");
        assert_eq!(
            told("<r id='1'>note<a b='2'>x</a><c><d/></c><e/><e/></r>"),
            "@id, a, a/@b, c (nested), e (nested), ."
        );
        assert_eq!(told("<r><t i='1'/><t/></r>"), "t (nested), t/@i (nested)");
        assert_eq!(told("<r> <!-- a --> </r>"), "");
    }

    #[test]
    fn a_prefix_stays_where_it_tells_two_names_apart() {
        assert_eq!(told("<r x:i='' i=''><x:a/><y:a/><x:b/></r>"), "@x:i, @i, x:a, y:a, b");
    }
}
