//! What a record calls its parts, for columns that are still to be found: paths, as datasets name them.
//!
//! ```text
//! {"id": 1, "a.b": 2, "of": {"n": 3, "lines": [{"sku": 4}, {"sku": 5, "x": 6}]}}
//!     id, "a.b", of                                     where records are rows
//!     id, "a.b", of.n, of.lines.sku, of.lines.x         where the elements of `of.lines` are
//! ```
//!
//! Objects that the way to the rows leads through are parts, and not values. A value where the way cannot go on makes a
//! reject later, and has no name.

use indexmap::IndexSet;
use model::dataset::{Path, Segment};

use super::cursor::{Broken, Cursor, Shape};
use super::walk::key_text;
use crate::format::MAX_RECORD_NAMES;

/// The parts of a record, in their order. `explode` is the array whose elements are rows, if it is one's.
pub fn of(record: &str, explode: Option<&Path>) -> IndexSet<String> {
    let mut names = Names { record, cursor: Cursor::new(record.as_bytes(), 0), found: IndexSet::new() };
    let way = explode.map(Path::segments).unwrap_or_default();
    match names.root(way) {
        Ok(()) => names.found,
        Err(_) => IndexSet::new(),
    }
}

struct Names<'a> {
    record: &'a str,
    cursor: Cursor<'a>,
    found: IndexSet<String>,
}

impl Names<'_> {
    fn root(&mut self, way: &[Segment]) -> Result<(), Broken> {
        match self.cursor.shape()? {
            Shape::Object => self.object(None, way),
            _ => Ok(()),
        }
    }

    /// The parts of the object that stands here, which the way to the rows may go on through.
    fn object(&mut self, here: Option<&Path>, way: &[Segment]) -> Result<(), Broken> {
        let below = |key: &str| here.map_or_else(|| Path::of_key(key), |here| here.child(Segment::Key(key.to_owned())));
        let mut is_first = true;
        self.cursor.enter()?;
        while self.cursor.next_key(is_first)? {
            is_first = false;
            let text = self.cursor.text()?;
            let mut made = String::new();
            let key = key_text(self.record, text, &mut made);
            self.cursor.colon()?;
            match way {
                [Segment::Key(next), rest @ ..] if next.to_lowercase() == key.to_lowercase() => {
                    self.go_on(&below(next), rest)?;
                }
                _ => self.part(&below(key))?,
            }
        }
        Ok(())
    }

    /// The value that the way to the rows leads to; `rest` is how it goes on.
    fn go_on(&mut self, here: &Path, rest: &[Segment]) -> Result<(), Broken> {
        match (self.cursor.shape()?, rest) {
            (Shape::Object, [Segment::Key(_), ..]) => self.object(Some(here), rest),
            (Shape::Array, [Segment::Index(index), behind @ ..]) => {
                self.elements(|names, place| match place == *index {
                    true => names.go_on(&here.child(Segment::Index(place)), behind),
                    false => names.skip(),
                })
            }
            (Shape::Array, []) => self.elements(|names, _| match names.cursor.shape()? {
                Shape::Object => names.object(Some(here), &[]),
                Shape::Null => names.skip(),
                _ => names.part(here),
            }),
            _ => self.skip(),
        }
    }

    fn elements(&mut self, mut each: impl FnMut(&mut Self, usize) -> Result<(), Broken>) -> Result<(), Broken> {
        let mut place = 0;
        self.cursor.enter()?;
        while self.cursor.next_element(place == 0)? {
            each(self, place)?;
            place += 1;
        }
        Ok(())
    }

    fn part(&mut self, path: &Path) -> Result<(), Broken> {
        if self.found.len() < MAX_RECORD_NAMES {
            self.found.insert(path.to_string());
        }
        self.skip()
    }

    fn skip(&mut self) -> Result<(), Broken> {
        let shape = self.cursor.shape()?;
        self.cursor.skip(shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(record: &str, explode: &str) -> String {
        let explode = (!explode.is_empty()).then(|| Path::parse(explode).unwrap());
        of(record, explode.as_ref()).into_iter().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn keys_are_paths_that_lead_to_them() {
        assert_eq!(told(r#"{"b":1,"a.b":{"c":1},"\u00e4":[1],"b":2,"[0]":3," ":4}"#, ""), r#"b "a.b" ä "[0]"  "#);
        assert_eq!(told("[1]", ""), "");
        assert_eq!(told(r#"{"a":1"#, ""), "");
    }

    #[test]
    fn where_elements_are_rows_their_keys_are_parts() {
        let record = r#"{"id":1,"of":{"n":2,"lines":[{"sku":3,"x.y":4},{"sku":5,"deep":{"z":6}},null]},"last":7}"#;
        assert_eq!(told(record, "of.lines"), r#"id of.n of.lines.sku of.lines."x.y" of.lines.deep last"#);
        assert_eq!(told(record, "OF.Lines"), r#"id OF.n OF.Lines.sku OF.Lines."x.y" OF.Lines.deep last"#);
        assert_eq!(told(r#"{"a":[{"b":1},{"c":[{"d":2}]}],"e":3}"#, "a[1].c"), "a[1].c.d e");
    }

    #[test]
    fn elements_that_hold_no_others_are_named_by_their_array() {
        assert_eq!(told(r#"{"id":1,"tags":["x",2,null]}"#, "tags"), "id tags");
        assert_eq!(told(r#"{"id":1,"rows":[[1],[2]]}"#, "rows"), "id rows");
    }

    #[test]
    fn where_there_is_no_array_there_is_no_name() {
        for value in ["null", "[]", "5", "{\"a\":1}"] {
            assert_eq!(told(&format!(r#"{{"id":1,"lines":{value}}}"#), "lines"), "id");
            assert_eq!(told(&format!(r#"{{"id":1,"of":{value}}}"#), "of[0].lines"), "id");
        }
    }
}
