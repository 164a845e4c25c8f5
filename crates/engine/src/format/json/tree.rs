//! The columns' paths as one tree, so that a record is walked once whatever its columns name.

use std::collections::HashMap;

use model::dataset::{Column, Dataset, Path, Segment};
use model::name::Identifier;
use model::types::Type;
use model::{Error, Kind, Result};

use super::cursor::MAX_DEPTH;

/// A place that a path leads to or through.
#[derive(Debug, Default)]
pub struct Node {
    /// The columns whose value this is.
    pub columns: Vec<Place>,
    /// The keys of the object that is to be here, each with its node.
    pub keys: Vec<(String, usize)>,
    exact: HashMap<String, usize>,
    /// By their lower case; `None` stands for several.
    alike: HashMap<String, Option<usize>>,
    /// The places in the array that is to be here, in their order, each with its node.
    pub indexes: Vec<(usize, usize)>,
    /// The node of each element, where the array that is to be here makes rows.
    pub element: Option<usize>,
    /// All columns of this node and those below.
    pub below: Vec<usize>,
    /// Whether rows are made here or below.
    pub explodes: bool,
}

/// A column, and how it takes its value.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub column: usize,
    pub form: JsonForm,
}

/// How a column takes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonForm {
    /// As text: a text's characters, anything else as it stands.
    Text,
    /// As JSON, a text with its quotes.
    Json,
    /// As text, and a number that is whole in digits alone: JSON tells no integers from other numbers.
    Whole,
}

impl JsonForm {
    fn of(kind: Type) -> Self {
        match kind {
            Type::Super => Self::Json,
            Type::Smallint | Type::Integer | Type::Bigint => Self::Whole,
            _ => Self::Text,
        }
    }
}

impl Node {
    /// Whether a path goes on from here.
    pub fn is_inner(&self) -> bool {
        !self.keys.is_empty() || !self.indexes.is_empty() || self.element.is_some()
    }

    /// The key's place among [`Node::keys`], and whether it is written the same. A key in another case stands for the one it
    /// is like, unless it is like several.
    pub fn find(&self, key: &str) -> Option<(usize, bool)> {
        match self.exact.get(key) {
            Some(place) => Some((*place, true)),
            None => self.alike.get(&key.to_lowercase()).copied().flatten().map(|place| (place, false)),
        }
    }

    /// Makes what is looked up in of what is listed.
    fn index(&mut self) {
        self.indexes.sort_unstable();
        for (place, (key, _)) in self.keys.iter().enumerate() {
            self.exact.insert(key.clone(), place);
            let alike = self.alike.entry(key.to_lowercase()).or_insert(Some(place));
            *alike = alike.filter(|first| *first == place);
        }
    }
}

/// All paths, from a record on.
#[derive(Debug)]
pub struct Tree {
    nodes: Vec<Node>,
    /// The columns that are read from the record; where `explode` makes rows of an array, the others are read from its
    /// elements.
    pub of_record: Vec<usize>,
    /// The columns' names.
    pub names: Vec<Identifier>,
}

impl Tree {
    pub const ROOT: usize = 0;

    /// The paths of a dataset's columns. Fails, as `Config`, where one is no path.
    pub fn of(dataset: &Dataset) -> Result<Self> {
        let names = dataset.columns.keys().cloned().collect();
        let mut tree = Self { nodes: vec![Node::default()], of_record: Vec::new(), names };
        let explode = dataset.json.explode.as_ref();
        explode.map_or(Ok(()), check)?;
        let exploded = explode.map(|path| {
            let array = tree.grow(Self::ROOT, path.segments());
            let element = tree.add();
            tree.change(array, |node| node.element = Some(element));
            (path.segments(), element)
        });
        for (column, (name, of_column)) in dataset.columns.iter().enumerate() {
            let path = path_of(name, of_column)?;
            let form = JsonForm::of(of_column.kind);
            let below = exploded.and_then(|(array, element)| Some((element, behind(path.segments(), array)?)));
            let (from, rest) = below.unwrap_or((Self::ROOT, path.segments()));
            if from == Self::ROOT {
                tree.of_record.push(column);
            }
            let node = tree.grow(from, rest);
            tree.change(node, |node| node.columns.push(Place { column, form }));
        }
        tree.sum(Self::ROOT);
        Ok(tree)
    }

    /// A node, by its number.
    pub fn node(&self, number: usize) -> Option<&Node> {
        self.nodes.get(number)
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    fn add(&mut self) -> usize {
        self.nodes.push(Node::default());
        self.nodes.len() - 1
    }

    fn change(&mut self, number: usize, change: impl FnOnce(&mut Node)) {
        if let Some(node) = self.nodes.get_mut(number) {
            change(node);
        }
    }

    /// The node at the end of a path, made where it is not there.
    fn grow(&mut self, from: usize, path: &[Segment]) -> usize {
        path.iter().fold(from, |number, segment| {
            let known = self.nodes.get(number).and_then(|node| match segment {
                Segment::Key(key) => node.keys.iter().find(|(known, _)| known == key).map(|(_, child)| *child),
                Segment::Index(index) => node.indexes.iter().find(|(known, _)| known == index).map(|(_, child)| *child),
            });
            known.unwrap_or_else(|| {
                let child = self.add();
                self.change(number, |node| match segment {
                    Segment::Key(key) => node.keys.push((key.clone(), child)),
                    Segment::Index(index) => node.indexes.push((*index, child)),
                });
                child
            })
        })
    }

    /// Fills in what follows from the paths, of a node and all below it, which are as deep as a path is long.
    fn sum(&mut self, number: usize) {
        let Some(node) = self.nodes.get(number) else { return };
        let mut below: Vec<usize> = node.columns.iter().map(|place| place.column).collect();
        let mut explodes = node.element.is_some();
        let keys = node.keys.iter().map(|(_, child)| *child);
        let children: Vec<usize> =
            keys.chain(node.indexes.iter().map(|(_, child)| *child)).chain(node.element).collect();
        for child in children {
            self.sum(child);
            if let Some(child) = self.nodes.get(child) {
                below.extend(&child.below);
                explodes |= child.explodes;
            }
        }
        self.change(number, |node| {
            (node.below, node.explodes) = (below, explodes);
            node.index();
        });
    }
}

/// Where a column's value is. A column that says nothing is read from the key of its name.
fn path_of(name: &Identifier, column: &Column) -> Result<Path> {
    let path = match &column.from {
        None => Path::of_key(name.as_str()),
        Some(from) => Path::parse(from)
            .map_err(|error| Error::new(Kind::Config, "read", format!("column {name}")).because(error))?,
    };
    check(&path).map(|()| path)
}

/// Refuses a path that leads deeper than values are read.
pub fn check(path: &Path) -> Result<()> {
    if path.segments().len() < MAX_DEPTH as usize {
        return Ok(());
    }
    let what = format!("a path has {} steps, values are read {MAX_DEPTH} levels deep", path.segments().len());
    Err(Error::new(Kind::Config, "read", "json").because(what))
}

/// What of a path lies behind another one, if it leads through its end.
fn behind<'a>(path: &'a [Segment], array: &[Segment]) -> Option<&'a [Segment]> {
    let (front, rest) = path.split_at_checked(array.len())?;
    let is_same = |(one, other): (&Segment, &Segment)| match (one, other) {
        (Segment::Key(one), Segment::Key(other)) => one.to_lowercase() == other.to_lowercase(),
        _ => one == other,
    };
    front.iter().zip(array).all(is_same).then_some(rest)
}
