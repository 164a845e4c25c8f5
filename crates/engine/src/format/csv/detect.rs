//! The dialect of a file, told from its first bytes.
//!
//! Every delimiter and quote that files are known to have is tried on the sample, unless its first line says the
//! delimiter, as Excel has it (`sep=;`). Of those whose records agree on a number of fields wins the one that finds the
//! dataset's columns, else quotes, else a first record like all others, else the largest number of fields. Lines before
//! the first such record are a preamble. The first record is a header if it names the dataset's columns; where those are
//! not known, if it reads as names and the records below do not, or at least never repeat it.

use std::collections::{BTreeMap, HashSet};

use memchr::{memchr, memmem};

use super::dialect::{Dialect, Escape};
use super::header;
use super::scan::scan;
use crate::text::Span;

/// So many bytes are looked at.
pub const SAMPLE_BYTES: usize = 1024 * 1024;

/// So many records of them, at most.
const SAMPLE_RECORDS: usize = 10_000;

/// So many lines before the header are a preamble, at most.
const PREAMBLE_LINES: usize = 64;

const DELIMITERS: &[&[u8]] = &[b",", b";", b"\t", b"|", b"||", b"^", b"~", b"\x01"];
/// What stands in no text, for files of one column whose texts have delimiters in them.
const NO_DELIMITER: &[u8] = b"\x01";

const QUOTES: &[Option<u8>] = &[Some(b'"'), Some(b'\''), None];

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detected {
    pub dialect: Dialect,
    /// For people: what was found.
    pub found: String,
}

/// A record of the sample.
#[derive(Debug)]
struct Sampled {
    start: usize,
    line: u32,
    is_bad_quote: bool,
    spans: Vec<Span>,
}

/// How well a dialect fits.
#[derive(Debug)]
struct Fit {
    dialect: Dialect,
    records: Vec<Sampled>,
    /// The fields of most records, and the first record that has them.
    width: usize,
    first: usize,
    /// The share of records from there on that have them, in millionths.
    agreement: usize,
    /// Whether a field is quoted.
    has_quotes: bool,
    /// How many of the dataset's columns that first record names.
    known: usize,
}

/// The dialect of a file that begins with these bytes; `is_all` if they are the whole file. `names` are the columns',
/// as [`fold`](model::dataset::fold) leaves them, where they are known. The limits are those of `base`.
pub fn detect(sample: &[u8], is_all: bool, names: &[String], base: &Dialect) -> Detected {
    let (said, sample) = said(sample);
    let mut best: Option<Fit> = None;
    for delimiter in said.as_ref().map_or(DELIMITERS, std::slice::from_ref) {
        for quote in QUOTES {
            // Quotes that no byte of the sample shows may follow it: RFC 4180's are expected, none are not.
            let is_likely = match quote {
                Some(b'"') => true,
                Some(quote) => sample.contains(quote),
                None => sample.contains(&b'"'),
            };
            if !is_likely || !stands_alone(sample, delimiter) {
                continue;
            }
            let fit = Fit::of(sample, is_all, names, dialect(delimiter, *quote, sample, base));
            if best.as_ref().is_none_or(|best| fit.score() > best.score()) {
                best = Some(fit);
            }
        }
    }
    // Without any delimiter the file has one column; so it has where its first line names one that no delimiter finds.
    let fit_of = |delimiter| Fit::of(sample, is_all, names, dialect(delimiter, Some(b'"'), sample, base));
    let mut fit = match best.filter(|fit| fit.width > 1) {
        Some(fit) if fit.known == 0 && !names.is_empty() => {
            Some(fit_of(NO_DELIMITER)).filter(|of_one| of_one.known > 0).unwrap_or(fit)
        }
        Some(fit) => fit,
        None => fit_of(said.unwrap_or(b",")),
    };
    let lines = fit.records.get(fit.first).map_or(0, |record| record.line);
    fit.dialect.skip_lines = lines + u32::from(said.is_some());
    fit.dialect.header_records = u32::from(fit.has_header(sample, names));
    let found = fit.describe();
    Detected { dialect: fit.dialect, found }
}

/// The delimiter that a first line says, and what is behind that line.
fn said(sample: &[u8]) -> (Option<&'static [u8]>, &[u8]) {
    let Some(end) = memchr(b'\n', sample) else { return (None, sample) };
    let (line, rest) = sample.split_at(end);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let word = line.first_chunk().filter(|word: &&[u8; 4]| word.eq_ignore_ascii_case(b"sep="));
    let said = word.and_then(|word| DELIMITERS.iter().find(|known| line.get(word.len()..) == Some(**known))).copied();
    if said.is_some() { (said, rest.get(1..).unwrap_or_default()) } else { (None, sample) }
}

/// Whether the delimiter stands somewhere otherwise than as half of another: `|` where all are `||` does not.
fn stands_alone(sample: &[u8], delimiter: &[u8]) -> bool {
    let count = |of: &[u8]| memmem::find_iter(sample, of).count();
    let single = count(delimiter);
    single > 0 && (delimiter != b"|" || single != 2 * count(b"||"))
}

fn dialect(delimiter: &[u8], quote: Option<u8>, sample: &[u8], base: &Dialect) -> Dialect {
    let is_escaped = quote.is_some_and(|quote| {
        let escaped = sample.windows(2).filter(|pair| *pair == [b'\\', quote]).count();
        let doubled = sample.windows(2).filter(|pair| *pair == [quote, quote]).count();
        escaped > doubled
    });
    let escape = match quote {
        Some(_) if is_escaped => Escape::Backslash,
        Some(_) => Escape::Doubled,
        None => Escape::Missing,
    };
    Dialect {
        delimiter: delimiter.to_vec(),
        quote,
        escape,
        comment: None,
        skip_lines: 0,
        header_records: 0,
        ..base.clone()
    }
}

impl Fit {
    fn of(sample: &[u8], is_all: bool, names: &[String], dialect: Dialect) -> Self {
        let mut records = Vec::new();
        scan(sample, &dialect, &mut Vec::new(), |scanned, spans| {
            let is_whole = is_all || scanned.end < sample.len();
            if records.len() < SAMPLE_RECORDS && is_whole && !scanned.is_blank {
                let (start, line, is_bad_quote) = (scanned.start, scanned.line, scanned.is_bad_quote);
                records.push(Sampled { start, line, is_bad_quote, spans: spans.clone() });
            }
            spans.clear();
        });
        let mut counts = BTreeMap::<usize, usize>::new();
        for record in records.iter().filter(|record| !record.is_bad_quote) {
            *counts.entry(record.spans.len()).or_default() += 1;
        }
        let width = counts.iter().max_by_key(|(fields, count)| (**count, **fields)).map_or(0, |(fields, _)| *fields);
        let agrees = |record: &Sampled| record.spans.len() == width && !record.is_bad_quote;
        // A preamble has hardly any delimiters: a record with nearly as many fields is a ragged one.
        let first = records.iter().take(PREAMBLE_LINES).position(|record| record.spans.len() * 2 > width).unwrap_or(0);
        let rest = records.get(first..).unwrap_or_default();
        let agreement = rest.iter().filter(|record| agrees(record)).count() * 1_000_000 / rest.len().max(1);
        let opens = |span: &Span| span.range().start.checked_sub(1).and_then(|before| sample.get(before)).copied();
        let has_quotes = dialect.quote.is_some()
            && rest.iter().any(|record| record.spans.iter().any(|span| opens(span) == dialect.quote));
        let mut fit = Self { dialect, records, width, first, agreement, has_quotes, known: 0 };
        fit.known = fit.texts(sample, fit.first).iter().filter(|name| names.contains(name)).count();
        fit
    }

    /// What agrees well is told by the columns it finds, its quotes, its preamble and its width; what does not, by how
    /// badly.
    fn score(&self) -> (bool, usize, bool, bool, usize, usize) {
        let agrees = self.agreement >= 950_000 && self.width > 1;
        let (major, minor) = if agrees { (self.width, self.agreement) } else { (self.agreement, self.width) };
        (agrees, self.known, agrees && self.has_quotes, agrees && self.first == 0, major, minor)
    }

    /// The fields of a record, as a header has them.
    fn texts(&self, sample: &[u8], record: usize) -> Vec<String> {
        let Some(record) = self.records.get(record) else { return Vec::new() };
        let raw = sample.get(record.start..).unwrap_or_default();
        header::names(raw, record.start, &record.spans, &self.dialect).unwrap_or_default()
    }

    fn has_header(&self, sample: &[u8], names: &[String]) -> bool {
        let found = self.texts(sample, self.first);
        if found.is_empty() {
            return false;
        }
        if !names.is_empty() {
            return self.known * 2 > names.len().min(found.len());
        }
        let distinct: HashSet<&String> = found.iter().collect();
        let are_names = found.iter().all(|name| is_name(name)) && distinct.len() == found.len();
        let below = self.first + 1..self.records.len().min(self.first + 1001);
        let repeats = below.into_iter().any(|record| self.texts(sample, record) == found);
        are_names && !repeats
    }

    fn describe(&self) -> String {
        let Dialect { delimiter, quote, escape, skip_lines, header_records, .. } = &self.dialect;
        let delimiter = String::from_utf8_lossy(delimiter).into_owned();
        let quote = quote.map_or_else(|| "none".to_owned(), |quote| format!("{:?}", char::from(quote)));
        let escape = if *escape == Escape::Backslash { ", escape backslash" } else { "" };
        format!(
            "delimiter {delimiter:?}, quote {quote}{escape}, header {}, skip_lines {skip_lines}",
            *header_records > 0
        )
    }
}

/// Whether a text is a name rather than a value: it has a letter, and is no date and no number.
fn is_name(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_word = matches!(text, "true" | "false" | "null" | "yes" | "no");
    letters > 0 && digits <= letters && text.len() <= 128 && !text.contains('@') && !is_word
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn the_datasets_columns_tell_what_the_records_leave_open() {
        let base = Dialect::of(&model::dataset::Dialect::default(), &model::dataset::Limits::default());
        let found = |names: &[&str], input: &str| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            detect(input.as_bytes(), true, &names, &base).found
        };
        // Each record has as many commas as semicolons.
        let input = "a,x;b,y\n1,2;3,4\n5,6;7,8\n";
        assert_eq!(found(&["a,x", "b,y"], input), "delimiter \";\", quote '\"', header true, skip_lines 0");
        assert_eq!(found(&["a", "x;b", "y"], input), "delimiter \",\", quote '\"', header true, skip_lines 0");
        let input = "text\nhello, world\ngood, bye\n";
        assert_eq!(found(&["text"], input), "delimiter \"\\u{1}\", quote '\"', header true, skip_lines 0");
    }

    /// What is told of a file.
    fn detected(input: &str) -> String {
        let base = Dialect::of(&model::dataset::Dialect::default(), &model::dataset::Limits::default());
        detect(input.as_bytes(), true, &[], &base).found
    }

    #[test]
    fn dialects_are_told_from_content() {
        let lines: Vec<_> = [
            "id;name;price\n1;a;1,5\n2;b;2,5\n",
            "id\tname\n1\ta, b\n2\tc\n",
            "a|b|c\n1|2|3\n",
            "x||y\n1|2||3\n",
            "'a','b'\n'1,2','it''s'\n",
            "Export of 2024-01-01\n\nid,name\n1,a\n2,b\n",
            "1,2013-01-01,x\n2,2013-01-02,y\n",
            "name,city\nanna,berlin\nbob,rome\n",
            "name\nanna\nbob\n",
            "a,b\n\"x \\\"y\\\"\",1\n",
            "a,b\n5\" pipe,1\n6\" pipe,2\n",
            "id,note\n1,\"a;b;c\"\n2,\"d;e;f\"\n",
            "a;b;c\n1;2;3\n4;5\n6;7;8\n",
            "name;preis\nA 1;1,01\nA 2;1,02\n",
            "a\tb\nx, y\t1\nz, w\t2\n",
            "a|b\nx0, y|z0\nx1, y|z1\n",
            "a||b\n1||2\n3||4\n",
            "a|b|c\n1||2\n3||4\n",
            "sep=;\r\na;b\r\n1,5;2,5\r\n",
            "sep=,x\n1,2\n",
            "",
        ]
        .iter()
        .map(|input| format!("{input:?}: {}\n", detected(input)))
        .collect();
        expect![[r#"
            "id;name;price\n1;a;1,5\n2;b;2,5\n": delimiter ";", quote '"', header true, skip_lines 0
            "id\tname\n1\ta, b\n2\tc\n": delimiter "\t", quote '"', header true, skip_lines 0
            "a|b|c\n1|2|3\n": delimiter "|", quote '"', header true, skip_lines 0
            "x||y\n1|2||3\n": delimiter "||", quote '"', header true, skip_lines 0
            "'a','b'\n'1,2','it''s'\n": delimiter ",", quote '\'', header true, skip_lines 0
            "Export of 2024-01-01\n\nid,name\n1,a\n2,b\n": delimiter ",", quote '"', header true, skip_lines 2
            "1,2013-01-01,x\n2,2013-01-02,y\n": delimiter ",", quote '"', header false, skip_lines 0
            "name,city\nanna,berlin\nbob,rome\n": delimiter ",", quote '"', header true, skip_lines 0
            "name\nanna\nbob\n": delimiter ",", quote '"', header true, skip_lines 0
            "a,b\n\"x \\\"y\\\"\",1\n": delimiter ",", quote '"', escape backslash, header true, skip_lines 0
            "a,b\n5\" pipe,1\n6\" pipe,2\n": delimiter ",", quote '"', header true, skip_lines 0
            "id,note\n1,\"a;b;c\"\n2,\"d;e;f\"\n": delimiter ",", quote '"', header true, skip_lines 0
            "a;b;c\n1;2;3\n4;5\n6;7;8\n": delimiter ";", quote '"', header true, skip_lines 0
            "name;preis\nA 1;1,01\nA 2;1,02\n": delimiter ";", quote '"', header true, skip_lines 0
            "a\tb\nx, y\t1\nz, w\t2\n": delimiter "\t", quote '"', header true, skip_lines 0
            "a|b\nx0, y|z0\nx1, y|z1\n": delimiter "|", quote '"', header true, skip_lines 0
            "a||b\n1||2\n3||4\n": delimiter "||", quote '"', header true, skip_lines 0
            "a|b|c\n1||2\n3||4\n": delimiter "|", quote '"', header true, skip_lines 0
            "sep=;\r\na;b\r\n1,5;2,5\r\n": delimiter ";", quote '"', header true, skip_lines 1
            "sep=,x\n1,2\n": delimiter ",", quote '"', header true, skip_lines 0
            "": delimiter ",", quote '"', header false, skip_lines 0
        "#]]
        .assert_eq(&lines.concat());
    }
}
