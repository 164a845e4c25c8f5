//! One page of a listing: keys in order, keys with a common prefix rolled into one entry.

use std::sync::Arc;

use super::store::Object;

/// What is asked for, beside bucket and prefix.
#[derive(Debug, Default)]
pub struct Query<'a> {
    /// The length of the prefix that all keys have.
    pub prefix: &'a str,
    /// Keys that hold this behind the prefix are rolled up to it.
    pub delimiter: Option<&'a str>,
    /// Only keys behind this one.
    pub after_key: Option<&'a str>,
    /// Only entries behind this one: where the page before ended.
    pub after_entry: Option<&'a str>,
    /// At most so many entries.
    pub limit: usize,
}

/// One page.
#[derive(Debug, Default)]
pub struct Page {
    /// Objects.
    pub objects: Vec<(String, Arc<Object>)>,
    /// Common prefixes.
    pub prefixes: Vec<String>,
    /// The last entry, where there are more behind it.
    pub next: Option<String>,
}

impl Page {
    /// How many entries it holds.
    pub fn len(&self) -> usize {
        self.objects.len() + self.prefixes.len()
    }

    /// Takes a page from the objects under the prefix, in the order of their keys.
    pub fn of(objects: Vec<(String, Arc<Object>)>, query: &Query<'_>) -> Self {
        let mut page = Self::default();
        let mut last = None;
        for (key, object) in objects {
            if query.after_key.is_some_and(|after| key.as_str() <= after) {
                continue;
            }
            let rolled = roll(&key, query);
            let entry = rolled.unwrap_or(&key);
            if query.after_entry.is_some_and(|after| entry <= after) || last.as_deref() == Some(entry) {
                continue;
            }
            if page.len() == query.limit {
                page.next = last;
                return page;
            }
            last = Some(entry.to_owned());
            match rolled {
                Some(prefix) => page.prefixes.push(prefix.to_owned()),
                None => page.objects.push((key, object)),
            }
        }
        page
    }
}

/// The common prefix that a key is rolled up to, if it is.
fn roll<'k>(key: &'k str, query: &Query<'_>) -> Option<&'k str> {
    let delimiter = query.delimiter.filter(|delimiter| !delimiter.is_empty())?;
    let behind = key.strip_prefix(query.prefix)?;
    let end = query.prefix.len() + behind.find(delimiter)? + delimiter.len();
    key.get(..end)
}
