//! Names that were met, and what they are to the columns.
//!
//! Rows are alike: the element that comes next is mostly the one that came next in the row before.

use super::path::Hit;
use super::rows::Layout;

/// More names than this inside of one element are not kept.
const MAX_KNOWN: usize = 64;

/// Names that were met inside of elements at one node.
#[derive(Debug, Clone, Default)]
pub struct Known<'a> {
    names: Vec<Met<'a>>,
    next: usize,
    /// What a name is that is not kept.
    other: Vec<Hit>,
}

/// A name.
#[derive(Debug, Clone)]
pub struct Met<'a> {
    pub name: &'a str,
    /// Its prefix; empty where it has none.
    pub prefix: &'a str,
    /// The nodes that an element of that name is at.
    pub hits: Vec<Hit>,
    pub leaf: Leaf,
}

/// What is to be done with an element of a name that holds plain text at most.
#[derive(Debug, Clone, Copy)]
pub enum Leaf {
    /// Nothing: it is no column.
    Skip,
    /// It is the one value of this column, with this rank.
    Take { column: usize, rank: u64 },
    /// It has to be looked at as others have.
    Look,
}

impl<'a> Known<'a> {
    /// An element at the node begins: the first of its elements is next.
    pub fn begin(&mut self) {
        self.next = 0;
    }

    /// The name that came next before.
    pub fn next(&self) -> Option<&Met<'a>> {
        self.names.get(self.next)
    }

    /// It was next again.
    pub fn advance(&mut self) {
        self.next += 1;
    }

    /// Meets a name inside of an element at a node: the nodes that an element of that name is at.
    pub fn meet(&mut self, layout: &Layout, node: usize, name: &'a str) -> &[Hit] {
        let place = match self.next() {
            Some(met) if met.name == name => Some(self.next),
            _ => self.names.iter().position(|met| met.name == name),
        };
        let place = place.unwrap_or_else(|| {
            let met = layout.meet(node, name);
            if self.names.len() < MAX_KNOWN {
                self.names.push(met);
                self.names.len() - 1
            } else {
                self.other = met.hits;
                MAX_KNOWN
            }
        });
        self.next = place + 1;
        self.names.get(place).map_or(&self.other, |met| &met.hits)
    }
}
