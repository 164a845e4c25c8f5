//! Which column of the dataset is which value of the file.
//!
//! A name is looked for as it is written, then without regard to case and white space around it; a dot in it is a step
//! into a nested value where no column has the whole name. Each column must be found. What the file has besides is not
//! read, and named where the contract watches for it.

use model::dataset::{Dataset, Path, Segment, fold, nearest};

use crate::contract::Watch;

/// The schema of a file, as a tree of fields.
pub(crate) trait Tree {
    /// A place in it.
    type At: Copy;

    /// The record of the rows.
    fn root(&self) -> Self::At;

    /// The fields at a place; none where it is no record.
    fn fields(&self, at: Self::At) -> Vec<(&str, Self::At)>;
}

/// For each column of the dataset the way from the root: the numbers of the fields. An error is all that is wrong.
pub(crate) fn paths<T: Tree>(dataset: &Dataset, tree: &T) -> Result<Vec<Vec<usize>>, String> {
    let mut paths = Vec::new();
    let mut faults = Vec::new();
    for (name, column) in &dataset.columns {
        match path(tree, column.from.as_deref().unwrap_or(name.as_str())) {
            Ok(path) => paths.push(path),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(paths) } else { Err(faults.join("; ")) }
}

/// The columns of a file that the dataset has not, where its contract watches for them.
pub(crate) fn unread<T: Tree>(dataset: &Dataset, tree: &T) -> Result<Vec<String>, String> {
    let watch = Watch::of(dataset).map_err(|error| model::error::chain(&error))?;
    let fields = tree.fields(tree.root());
    Ok(watch.map(|watch| watch.in_schema(fields.iter().map(|(name, _)| *name))).unwrap_or_default())
}

fn path<T: Tree>(tree: &T, source: &str) -> Result<Vec<usize>, String> {
    let fields = tree.fields(tree.root());
    if let Some(index) = find(&fields, source, source)? {
        return Ok(vec![index]);
    }
    let steps = Path::parse(source).map(|path| path.segments().to_vec()).unwrap_or_default();
    match steps.as_slice() {
        [] => return Err(missing(source, source, &fields)),
        [Segment::Key(key)] if key == source => return Err(missing(source, source, &fields)),
        _ => {}
    }
    let (mut fields, mut way) = (fields, Vec::new());
    for step in &steps {
        let Segment::Key(key) = step else {
            return Err(format!("column `{source}`: places in an array are not read; read the whole as a super"));
        };
        let index = find(&fields, key, source)?.ok_or_else(|| missing(source, key, &fields))?;
        way.push(index);
        fields = fields.get(index).map(|(_, at)| tree.fields(*at)).unwrap_or_default();
    }
    Ok(way)
}

/// A field by its name: as it is written, else the only one that differs in case alone.
fn find<A>(fields: &[(&str, A)], name: &str, source: &str) -> Result<Option<usize>, String> {
    let numbered = || fields.iter().map(|(field, _)| *field).enumerate();
    let exact: Vec<usize> = numbered().filter(|(_, field)| *field == name).map(|(index, _)| index).collect();
    let alike = || numbered().filter(|(_, field)| fold(field) == fold(name)).map(|(index, _)| index).collect();
    let found: Vec<usize> = if exact.is_empty() { alike() } else { exact };
    match found.as_slice() {
        [] => Ok(None),
        [index] => Ok(Some(*index)),
        _ => {
            let times = found.len();
            Err(format!("the file has the column `{source}` {times} times, but for case: `from` says which is meant"))
        }
    }
}

/// The words of a CSV header's fault.
fn missing<A>(source: &str, name: &str, fields: &[(&str, A)]) -> String {
    let known: Vec<String> = fields.iter().map(|(field, _)| fold(field)).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let place = if name == source { String::new() } else { format!(": there is no `{name}`") };
    match nearest(&fold(name), &known) {
        Some(near) => format!("the file has no column `{source}`{place}; the nearest is `{near}`"),
        None => format!("the file has no column `{source}`{place}"),
    }
}
