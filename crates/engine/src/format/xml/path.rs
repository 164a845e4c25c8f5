//! Which elements are rows, and which of their elements and attributes are columns.
//!
//! A name matches by its local part; a prefix that a path writes must stand in the document as written. Names of columns
//! match without regard to case where no name is exactly theirs: each match has a rank, and the best rank counts.

use super::chars::is_whole_name;
use super::scope::split;

/// A path has at most this many names: its rank is a number of 64 bits, two for each.
pub const MAX_STEPS: usize = 32;

/// A name in a path.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Name {
    prefix: Option<String>,
    local: String,
    folded: String,
}

impl Name {
    fn parse(text: &str) -> Result<Self, String> {
        let (prefix, local) = split(text);
        let is_bad = |part: &str| part.contains(':') || !is_whole_name(part);
        if is_bad(local) || (text.contains(':') && is_bad(prefix)) {
            return Err(format!("`{text}` is not the name of an element or attribute"));
        }
        let prefix = text.contains(':').then(|| prefix.to_owned());
        Ok(Self { prefix, local: local.to_owned(), folded: local.to_lowercase() })
    }

    /// Whether a name of the document is exactly this one.
    fn is(&self, name: &str) -> bool {
        name.ends_with(&self.local) && self.rank(name).is_some_and(|rank| rank & OTHER_CASE == 0)
    }

    /// How well a name of the document matches: the lower the better.
    fn rank(&self, name: &str) -> Option<u64> {
        let (prefix, local) = split(name);
        let by_prefix = match &self.prefix {
            Some(own) if own == prefix => 0,
            Some(_) => return None,
            None if prefix.is_empty() => 0,
            None => UNASKED_PREFIX,
        };
        if local == self.local {
            return Some(by_prefix);
        }
        let is_alike = match local.is_ascii() && self.local.is_ascii() {
            true => local.eq_ignore_ascii_case(&self.local),
            false => local.to_lowercase() == self.folded,
        };
        is_alike.then_some(by_prefix | OTHER_CASE)
    }
}

/// The name has another case than the path's.
const OTHER_CASE: u64 = 2;

/// The name has a prefix, and the path asks for none.
const UNASKED_PREFIX: u64 = 1;

/// Which elements are rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowPath {
    text: String,
    names: Vec<Name>,
}

impl RowPath {
    /// `book`: elements of that name, at any depth. `catalog/book`: those at that place, from the root.
    pub fn parse(text: &str) -> Result<Self, String> {
        let names = text.strip_prefix('/').unwrap_or(text).split('/').map(Name::parse).collect::<Result<Vec<_>, _>>();
        let names = names.map_err(|why| format!("`xml.row: {text}`: {why}"))?;
        Ok(Self { text: text.to_owned(), names })
    }

    /// As written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is a place, and not only a name.
    pub fn is_place(&self) -> bool {
        self.names.len() > 1 || self.text.starts_with('/')
    }

    /// Whether an element is a row; `open` are the names of the elements around it, from the root.
    pub fn is_row<'a>(&self, open: impl ExactSizeIterator<Item = &'a str>, name: &str) -> bool {
        match self.names.split_last() {
            Some((last, parents)) if last.is(name) => !self.is_place() || are(parents, open),
            _ => false,
        }
    }

    /// Whether an element is where rows are expected: a place's last but one.
    pub fn is_parent<'a>(&self, open: impl ExactSizeIterator<Item = &'a str>) -> bool {
        self.is_place() && self.names.split_last().is_some_and(|(_, parents)| are(parents, open))
    }

    /// Whether an element would be a row, were its name in another case.
    pub fn is_almost(&self, name: &str) -> bool {
        self.names.last().and_then(|last| last.rank(name)).is_some_and(|rank| rank & OTHER_CASE != 0)
    }
}

fn are<'a>(names: &[Name], open: impl ExactSizeIterator<Item = &'a str>) -> bool {
    names.len() == open.len() && names.iter().zip(open).all(|(name, open)| name.is(open))
}

/// Where the columns of a row are: a tree of the names in their paths.
#[derive(Debug, Clone)]
pub struct Columns {
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, Default)]
struct Node {
    children: Vec<(Name, usize)>,
    attributes: Vec<(Name, usize)>,
    columns: Vec<usize>,
}

/// An element or attribute that a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// A node of the tree, or a column.
    pub target: usize,
    /// How well it matches, all names of its path together.
    pub rank: u64,
}

impl Columns {
    /// The row's own node.
    pub const ROW: usize = 0;

    /// Of the columns' paths, in their order: `title`, `@id`, `author/name`, `author/@id`, or `.` for the row itself.
    pub fn parse<'a>(paths: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut columns = Self { nodes: vec![Node::default()] };
        for (column, path) in paths.into_iter().enumerate() {
            columns.add(path, column).map_err(|why| format!("`from: {path}`: {why}"))?;
        }
        Ok(columns)
    }

    fn add(&mut self, path: &str, column: usize) -> Result<(), String> {
        let mut node = Self::ROW;
        let steps: Vec<&str> = if path == "." { Vec::new() } else { path.split('/').collect() };
        if steps.len() > MAX_STEPS {
            return Err(format!("a path has at most {MAX_STEPS} names"));
        }
        for (step, is_last) in steps.iter().zip((1..=steps.len()).map(|count| count == steps.len())) {
            match step.strip_prefix('@') {
                Some(name) if is_last => {
                    let name = Name::parse(name)?;
                    return self.with(node, |node| node.attributes.push((name, column)));
                }
                Some(_) => return Err("an attribute is the end of a path".to_owned()),
                None => node = self.child(node, Name::parse(step)?)?,
            }
        }
        self.with(node, |node| node.columns.push(column))
    }

    /// The child of that name; made, where there is none yet.
    fn child(&mut self, node: usize, name: Name) -> Result<usize, String> {
        let known = self.nodes.get(node).and_then(|node| node.children.iter().find(|(child, _)| *child == name));
        if let Some((_, child)) = known {
            return Ok(*child);
        }
        let child = self.nodes.len();
        self.nodes.push(Node::default());
        self.with(node, |node| node.children.push((name, child)))?;
        Ok(child)
    }

    fn with(&mut self, node: usize, change: impl FnOnce(&mut Node)) -> Result<(), String> {
        let node = self.nodes.get_mut(node).ok_or_else(|| "the path leads nowhere".to_owned())?;
        change(node);
        Ok(())
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// The columns that an element at a node is the value of.
    pub fn columns(&self, node: usize) -> &[usize] {
        self.nodes.get(node).map(|node| node.columns.as_slice()).unwrap_or_default()
    }

    /// Whether attributes of an element at a node are columns.
    pub fn has_attributes(&self, node: usize) -> bool {
        self.nodes.get(node).is_some_and(|node| !node.attributes.is_empty())
    }

    /// The nodes of an element inside of one at a node.
    pub fn children<'a>(&'a self, node: usize, name: &'a str) -> impl Iterator<Item = Hit> + 'a {
        let children = self.nodes.get(node).map(|node| node.children.as_slice()).unwrap_or_default();
        hits(children, name)
    }

    /// The columns of an attribute of an element at a node.
    pub fn attributes<'a>(&'a self, node: usize, name: &'a str) -> impl Iterator<Item = Hit> + 'a {
        let attributes = self.nodes.get(node).map(|node| node.attributes.as_slice()).unwrap_or_default();
        hits(attributes, name)
    }
}

fn hits<'a>(names: &'a [(Name, usize)], name: &'a str) -> impl Iterator<Item = Hit> + 'a {
    names.iter().filter_map(move |(own, target)| Some(Hit { target: *target, rank: own.rank(name)? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_row(path: &str, open: &[&str], name: &str) -> bool {
        RowPath::parse(path).unwrap().is_row(open.iter().copied(), name)
    }

    #[test]
    fn a_name_is_a_row_anywhere_and_a_place_only_there() {
        assert!(is_row("book", &[], "book") && is_row("book", &["a", "b"], "book") && is_row("book", &["a"], "x:book"));
        assert!(!is_row("book", &[], "books") && !is_row("book", &["a"], "Book"));
        assert!(is_row("a/book", &["a"], "book") && is_row("/book", &[], "book"));
        assert!(
            !is_row("a/book", &["b"], "book")
                && !is_row("a/book", &["a", "a"], "book")
                && !is_row("/book", &["a"], "book")
        );
        assert!(is_row("x:book", &["a"], "x:book"));
        assert!(!is_row("x:book", &["a"], "y:book") && !is_row("x:book", &["a"], "book"));
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for path in ["", "a/", "a//b", "1a", "a>", "<a>", "a b", "a:b:c", ":a", "a:", "a/@b"] {
            assert!(RowPath::parse(path).is_err(), "{path}");
        }
        for path in ["", "/a", "a/", "@a/b", "@", "a/@", "a/.", "a[1]", "text()", "@@a"] {
            assert!(Columns::parse([path]).is_err(), "{path}");
        }
        assert!(Columns::parse([vec!["a"; 33].join("/").as_str()]).is_err());
    }

    #[test]
    fn the_exact_name_ranks_before_one_with_a_prefix_and_both_before_another_case() {
        let columns = Columns::parse(["title", "x:title", "@Größe"]).unwrap();
        let ranks = |name: &str| columns.children(Columns::ROW, name).map(|hit| hit.rank).collect::<Vec<_>>();
        assert_eq!(ranks("title"), [0]);
        assert_eq!(ranks("y:title"), [1]);
        assert_eq!(ranks("TITLE"), [2]);
        assert_eq!(ranks("x:Title"), [3, 2]);
        assert_eq!(ranks("x:title"), [1, 0]);
        assert_eq!(ranks("titles"), [0_u64; 0]);
        assert_eq!(columns.attributes(Columns::ROW, "GRÖßE").map(|hit| hit.rank).collect::<Vec<_>>(), [2]);
    }
}
