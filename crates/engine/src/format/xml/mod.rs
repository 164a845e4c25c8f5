//! XML 1.0 with namespaces: each element of one name is a record.
//!
//! ```text
//! bytes ─► Scanner: where rows end ─► XmlPiece: tokens ─► Walk (well-formed?) ─► Rows (which fields?) ─► TextBatch
//! ```
//!
//! - `row: book` are the elements of that name at any depth; a row inside of a row is a part of the outer one.
//!   `row: catalog/book` are those at that place, from the root. Names of rows match as they are written.
//! - A column is a child element of its name, or what its `from` says: `author/name`, `@id`, `author/@id`, or `.`, the
//!   row's own text. A name matches in another case where none is exactly the same. Prefixes are ignored, but a prefix
//!   that is written must stand in the file; a name without one comes before one with one.
//! - A field is all text and all CDATA in its element, those of elements inside of it too, with references resolved and
//!   line ends made LF; `.` leaves out what stands inside of the row's elements. Of white space only, `xsi:nil`, or
//!   missing, it is null.
//! - An element or attribute that stands there again is a reject (`repeated_element`), but in a super column, where all
//!   of them are an array. `json` says what an element is in a super column.
//! - A document that is not well-formed is not read: none of its rows is loaded. Entity declarations are refused, other
//!   declarations of a document type are skipped.
//! - Limits: elements 256 deep, 1,024 attributes to an element, 1,024 bytes to a name, `limits.record_bytes` to a row or to
//!   what stands between two rows and cannot be cut, 100,000 elements to a super value, 1 MiB to the start tags of the
//!   elements that are open around a row.
//! - A document without rows is fine where it says so: its root has no elements, or the row's path leads to an element
//!   that is there. Otherwise the row's name may be wrong, and it is refused.

mod chars;
mod declaration;
mod doctype;
mod fault;
mod json;
mod known;
mod names;
mod path;
mod piece;
mod reader;
mod reference;
mod rows;
mod scan;
mod scope;
mod slots;
#[cfg(test)]
mod tests;
mod token;
mod walk;

use std::sync::Arc;

use model::dataset::Dataset;
use model::types::Type;
use model::{Error, Kind, Result};

use self::declaration::Decoded;
use self::path::{Columns, RowPath};
use self::reader::XmlReader;
use self::rows::Layout;
use super::{Format, Name, Reader};
use crate::text::Origin;

/// The format.
#[derive(Debug)]
pub struct Xml;

impl Format for Xml {
    fn name(&self) -> &'static str {
        "xml"
    }

    fn reader(&self, dataset: &Dataset, origin: Origin) -> Result<Box<dyn Reader>> {
        Ok(Box::new(XmlReader::new(Arc::new(settings(dataset)?), decoded(dataset, origin), origin)))
    }

    fn names_of(&self, _: &Dataset, record: &str) -> Vec<Name> {
        names::of(record)
    }
}

/// What a dataset says of its XML.
#[derive(Debug)]
struct Settings {
    layout: Layout,
    order: Arc<[usize]>,
    record_bytes: usize,
    /// Whether messages may hold words of the document: not where a column is masked.
    may_quote: bool,
}

fn settings(dataset: &Dataset) -> Result<Settings> {
    let fault = |what: String| Error::new(Kind::Config, "read dataset", dataset.dataset.as_str()).because(what);
    let row = dataset.xml.as_ref().map(|xml| xml.row.as_str());
    let row = row.ok_or_else(|| fault("`xml` is missing: xml: {row: …} names the element that is a row".to_owned()))?;
    let paths = dataset.columns.iter().map(|(name, column)| column.from.as_deref().unwrap_or(name.as_str()));
    let limit = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    Ok(Settings {
        layout: Layout {
            row: RowPath::parse(row).map_err(fault)?,
            columns: Columns::parse(paths).map_err(fault)?,
            names: dataset.columns.keys().cloned().collect(),
            is_super: dataset.columns.values().map(|column| column.kind == Type::Super).collect(),
            field_bytes: limit(dataset.limits.field_bytes),
        },
        order: (0..dataset.columns.len()).collect(),
        record_bytes: limit(dataset.limits.record_bytes),
        may_quote: dataset.columns.values().all(|column| column.mask.is_none()),
    })
}

fn decoded(dataset: &Dataset, origin: Origin) -> Decoded {
    Decoded { encoding: origin.encoding, is_told: dataset.encoding.is_some() }
}
