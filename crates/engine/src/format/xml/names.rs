//! What a row calls its parts: its attributes, then its child elements.

use super::token::{Lexer, Token};

/// The names of a row, which is well-formed: attributes as `@name`, elements by their local names. Declarations of
/// namespaces are no data.
pub fn of(record: &str) -> Vec<String> {
    let local = |name: &str| name.rsplit(':').next().unwrap_or(name).to_owned();
    let mut names = Vec::new();
    let mut lexer = Lexer::new(record, 0);
    let mut depth = 0usize;
    while let Ok(Some(token)) = lexer.next() {
        match token {
            Token::Start { name, is_empty } => {
                if depth == 0 {
                    let attributes = lexer.attributes.iter().map(|attribute| attribute.name);
                    let data = attributes.filter(|name| *name != "xmlns" && !name.starts_with("xmlns:"));
                    names.extend(data.map(|name| format!("@{}", local(name))));
                }
                if depth == 1 {
                    names.push(local(name));
                }
                depth += usize::from(!is_empty);
            }
            Token::End { .. } => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn attributes_and_children_are_named_once_each_and_nothing_below() {
        let row = r#"<x:row id="1" xmlns:x="u" x:kind="k"><a><b/></a><x:c/>text<d>1</d></x:row>"#;
        assert_eq!(of(row), ["@id", "@kind", "a", "c", "d"]);
    }
}
