//! An element as JSON, for columns of type super.
//!
//! ```text
//! <tag>red</tag>                        "red"
//! <tag/>, <tag> </tag>, xsi:nil         null
//! <a id="1">x</a>                       {"@id":"1","#text":"x"}
//! <a><b>1</b><c/><b>2</b></a>           {"b":["1","2"],"c":null}
//! <a>x<b>y</b>z</a>                     {"#text":"xz","b":"y"}
//! ```
//!
//! - An element without attributes and elements is its text, a string; without text it is null. Numbers stay strings.
//! - Any other is an object: its attributes with `@` in front, in their order, `#text` where its own text is not white
//!   space only, then its elements, in the order in which their names first stand there. A name that stands there again makes
//!   an array. Names are as written, with their prefixes; declarations of namespaces are left out.

use std::borrow::Cow;
use std::collections::HashMap;

use super::chars::is_blank;
use super::reference::{append_cdata, append_text, attribute_value};
use super::scope::{Scopes, is_declaration};
use super::token::Lexed;
use super::walk::{Event, Walk};

/// A value with more elements is no value of a super column: its JSON would be longer than that takes, too.
pub const MAX_ELEMENTS: usize = 100_000;

/// Appends the element that is this text; says whether it has not too many elements. It was found to be well-formed,
/// where these namespaces are known.
pub fn append_element<'a>(element: &'a str, scopes: Scopes<'a>, out: &mut String) -> Lexed<bool> {
    let mut walk = Walk::inside(element, scopes);
    let mut tree = Tree::default();
    let mut open: Vec<usize> = Vec::new();
    while let Some(event) = walk.next()? {
        match event {
            Event::Start { .. } if tree.nodes.len() == MAX_ELEMENTS => return Ok(false),
            Event::Start { name, is_nil } => {
                let node = tree.add(name, is_nil, open.last().copied());
                for attribute in walk.attributes().iter().filter(|attribute| !is_declaration(attribute.name)) {
                    tree.attributes.push((attribute.name, attribute_value(attribute.value)));
                }
                tree.end_attributes(node);
                open.push(node);
            }
            Event::Text { text, .. } => tree.text_of(open.last()).into_iter().for_each(|out| append_text(text, out)),
            Event::CData(text) => tree.text_of(open.last()).into_iter().for_each(|out| append_cdata(text, out)),
            Event::End { .. } => drop(open.pop()),
            Event::Aside => {}
        }
    }
    tree.write(0, out);
    Ok(true)
}

/// Appends a JSON string.
pub fn append_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // XML has no other control characters.
            other => out.push(other),
        }
    }
    out.push('"');
}

#[derive(Debug, Default)]
struct Tree<'a> {
    nodes: Vec<Node<'a>>,
    attributes: Vec<(&'a str, Cow<'a, str>)>,
}

#[derive(Debug)]
struct Node<'a> {
    name: &'a str,
    is_nil: bool,
    attributes: (usize, usize),
    text: String,
    first_child: Option<usize>,
    last_child: Option<usize>,
    next: Option<usize>,
}

impl<'a> Tree<'a> {
    fn add(&mut self, name: &'a str, is_nil: bool, parent: Option<usize>) -> usize {
        let node = self.nodes.len();
        let from = self.attributes.len();
        let text = String::new();
        self.nodes.push(Node {
            name,
            is_nil,
            attributes: (from, from),
            text,
            first_child: None,
            last_child: None,
            next: None,
        });
        let elder = parent.and_then(|parent| self.nodes.get_mut(parent)).and_then(|parent| {
            parent.first_child.get_or_insert(node);
            parent.last_child.replace(node)
        });
        if let Some(elder) = elder.and_then(|elder| self.nodes.get_mut(elder)) {
            elder.next = Some(node);
        }
        node
    }

    fn end_attributes(&mut self, node: usize) {
        let end = self.attributes.len();
        if let Some(node) = self.nodes.get_mut(node) {
            node.attributes.1 = end;
        }
    }

    fn text_of(&mut self, node: Option<&usize>) -> Option<&mut String> {
        Some(&mut self.nodes.get_mut(*node?)?.text)
    }

    /// As deep as the document, which has a limit.
    fn write(&self, node: usize, out: &mut String) {
        let Some(node) = self.nodes.get(node).filter(|node| !node.is_nil) else {
            return out.push_str("null");
        };
        let attributes = self.attributes.get(node.attributes.0..node.attributes.1).unwrap_or_default();
        if attributes.is_empty() && node.first_child.is_none() {
            return match is_blank(&node.text) {
                true => out.push_str("null"),
                false => append_string(&node.text, out),
            };
        }
        out.push('{');
        for (name, value) in attributes {
            append_key("@", name, out);
            append_string(value, out);
        }
        if !is_blank(&node.text) {
            append_key("#", "text", out);
            append_string(&node.text, out);
        }
        for (name, nodes) in self.children(node) {
            append_key("", name, out);
            match nodes.as_slice() {
                [single] => self.write(*single, out),
                several => {
                    out.push('[');
                    for (count, node) in several.iter().enumerate() {
                        out.push_str(if count == 0 { "" } else { "," });
                        self.write(*node, out);
                    }
                    out.push(']');
                }
            }
        }
        out.push('}');
    }

    /// The elements of an element by their names, in the order in which these first stand there.
    fn children(&self, node: &Node<'a>) -> Vec<(&'a str, Vec<usize>)> {
        let mut groups: Vec<(&str, Vec<usize>)> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut next = node.first_child;
        while let Some((place, child)) = next.and_then(|place| Some((place, self.nodes.get(place)?))) {
            let group = *places.entry(child.name).or_insert(groups.len());
            match groups.get_mut(group) {
                Some((_, nodes)) => nodes.push(place),
                None => groups.push((child.name, vec![place])),
            }
            next = child.next;
        }
        groups
    }
}

/// Appends a key and, before it, the comma that it may need.
fn append_key(mark: &str, name: &str, out: &mut String) {
    if !out.ends_with('{') {
        out.push(',');
    }
    out.push('"');
    out.push_str(mark);
    // Names of XML hold nothing that JSON escapes.
    out.push_str(name);
    out.push_str("\":");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(element: &str) -> String {
        let out = unread(element);
        serde_json::from_str::<serde_json::Value>(&out).unwrap();
        out
    }

    fn unread(element: &str) -> String {
        let mut out = String::new();
        assert!(append_element(element, Scopes::default(), &mut out).unwrap());
        out
    }

    #[test]
    fn elements_become_what_the_mapping_says() {
        assert_eq!(json("<tag>red</tag>"), r#""red""#);
        assert_eq!(json("<tag/>"), "null");
        assert_eq!(json("<tag> \n</tag>"), "null");
        assert_eq!(json("<tag> a </tag>"), r#"" a ""#);
        assert_eq!(json("<a id='1' b=' x&#10;\ty'>x</a>"), r##"{"@id":"1","@b":" x\n y","#text":"x"}"##);
        assert_eq!(json("<a id=''/>"), r#"{"@id":""}"#);
        assert_eq!(json("<a><b>1</b><c/><b>2</b></a>"), r#"{"b":["1","2"],"c":null}"#);
        assert_eq!(json("<a>\n <b><c>1</c></b>\n</a>"), r#"{"b":{"c":"1"}}"#);
        assert_eq!(json("<a>x<b>y</b>z<!-- - --></a>"), r##"{"#text":"xz","b":"y"}"##);
        assert_eq!(json("<a>x <b/> z</a>"), r##"{"#text":"x  z","b":null}"##);
    }

    #[test]
    fn text_is_decoded_and_escaped_again() {
        assert_eq!(json("<a>&quot;\\&#9;é\r\n&lt;<![CDATA[<&\"]]></a>"), r#""\"\\\té\n<<&\"""#);
        assert_eq!(json("<a>1<!-- 2 -->3<?p 4?>5</a>"), r#""135""#);
    }

    #[test]
    fn prefixes_stay_and_nil_is_null() {
        let xsi = "xmlns:i='http://www.w3.org/2001/XMLSchema-instance'";
        assert_eq!(
            json(&format!("<a {xsi}><b i:nil='true' c='d'/><e i:type='f'>g</e></a>")),
            r##"{"b":null,"e":{"@i:type":"f","#text":"g"}}"##
        );
        assert_eq!(json("<a xmlns:x='u'><x:b/><b/></a>"), r#"{"x:b":null,"b":null}"#);
    }

    #[test]
    fn many_names_and_deep_nesting_are_linear() {
        let many: String = (0..MAX_ELEMENTS - 1).map(|n| format!("<n{n}/>")).collect();
        assert_eq!(
            json(&format!("<a>{many}</a>")).len(),
            2 + (MAX_ELEMENTS - 2) + (0..MAX_ELEMENTS - 1).map(|n| format!("\"n{n}\":null").len()).sum::<usize>()
        );
        let deep = format!("{}{}", "<a>".repeat(256), "</a>".repeat(256));
        assert_eq!(unread(&deep), format!("{}null{}", "{\"a\":".repeat(255), "}".repeat(255)));
    }
}
