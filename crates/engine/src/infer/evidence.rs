//! What the values of one column could be.

use model::dataset::{Column, Dataset, Format};
use model::schema::wider;
use model::types::Type;

use crate::cast::Probe;
use crate::text::{Field, TextBatch};
use crate::typed::known::{ANY_BYTES, ANY_TEXT};

/// Values are tried in blocks of so many.
const BLOCK_ROWS: usize = 1024;

/// Lengths that text columns are given: at least twice what was seen, so that the next file's texts fit, too.
const LENGTHS: &[usize] = &[16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65535];

/// Decimals have this precision where that holds them: Redshift keeps it in 64 bits.
const NARROW_PRECISION: usize = 18;
const MOST_PRECISION: usize = 38;

/// More digits behind the point than this are those of a number in binary.
const DECIMAL_SCALE: usize = 9;

const DATES: &[&[&str]] =
    &[&[], &["%d/%m/%Y"], &["%m/%d/%Y"], &["%d.%m.%Y"], &["%d-%m-%Y"], &["%m-%d-%Y"], &["%Y/%m/%d"], &["%d %b %Y"]];
const TIMESTAMPS: &[&[&str]] = &[
    &[],
    &["%d/%m/%Y %H:%M:%S"],
    &["%m/%d/%Y %H:%M:%S"],
    &["%d.%m.%Y %H:%M:%S"],
    &["%d/%m/%Y %H:%M"],
    &["%m/%d/%Y %H:%M"],
    &["%d.%m.%Y %H:%M"],
    &["%Y-%m-%d %H:%M"],
    &["%Y/%m/%d %H:%M:%S"],
];

/// What the values of one column have in common.
#[derive(Debug)]
pub struct Evidence {
    values: u64,
    nulls: u64,
    longest: usize,
    /// Digits before and behind the point, at most.
    digits: (usize, usize),
    /// Whether a number is written with an exponent, as those in binary are.
    has_exponent: bool,
    /// The type that the files' own schemas say; then the values tell nothing but lengths.
    known: Option<Type>,
    /// Whether every value is an object or an array of the format's own.
    is_nested: bool,
    /// Types that no value has contradicted, by what they are tried by.
    candidates: Vec<(Meaning, Column, Probe)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Whole,
    Decimal,
    Double,
    Boolean,
    Date,
    Timestamp,
}

impl Evidence {
    pub fn new(dataset: &Dataset) -> Self {
        let of = |meaning, kind, formats: &[&str]| {
            let column =
                Column { formats: formats.iter().map(|text| (*text).to_owned()).collect(), ..Column::new(kind) };
            // What is tried here is known to be well made.
            Probe::new(&column).ok().map(|probe| (meaning, column, probe))
        };
        let scale = u8::try_from(DECIMAL_SCALE).unwrap_or(u8::MAX);
        let plain = [
            of(Meaning::Whole, Type::Bigint, &[]),
            of(Meaning::Decimal, Type::Decimal { precision: 38, scale }, &[]),
            of(Meaning::Double, Type::Double, &[]),
            of(Meaning::Boolean, Type::Boolean, &[]),
        ];
        let dates = DATES.iter().map(|formats| of(Meaning::Date, Type::Date, formats));
        let timestamps = TIMESTAMPS.iter().map(|formats| of(Meaning::Timestamp, Type::Timestamp, formats));
        Self {
            values: 0,
            nulls: 0,
            longest: 0,
            digits: (0, 0),
            has_exponent: false,
            known: None,
            is_nested: matches!(dataset.format, Format::Json | Format::Xml),
            candidates: plain.into_iter().chain(dates).chain(timestamps).flatten().collect(),
        }
    }

    /// Takes in what a file's schema says.
    pub fn know(&mut self, kind: Option<Type>) {
        self.known = [self.known, kind].into_iter().flatten().reduce(wider);
        if self.known.is_some() {
            self.candidates.clear();
        }
    }

    /// Takes in the column's values of a batch's first rows.
    pub fn take(&mut self, batch: &TextBatch, column: usize, rows: usize) {
        let mut block = Vec::with_capacity(BLOCK_ROWS);
        for field in batch.column(column).take(rows) {
            match field {
                Field::Text(text) if !text.is_empty() => block.push(Some(text)),
                _ => self.nulls += 1,
            }
            if block.len() == BLOCK_ROWS {
                self.try_out(&block);
                block.clear();
            }
        }
        self.try_out(&block);
    }

    fn try_out(&mut self, texts: &[Option<&str>]) {
        for text in texts.iter().flatten() {
            self.values += 1;
            self.longest = self.longest.max(text.len());
            self.is_nested &= text.starts_with(['{', '[']);
            let digits = text.strip_prefix('-').unwrap_or(text);
            let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
            self.digits = (self.digits.0.max(whole.len()), self.digits.1.max(fraction.len()));
        }
        let reads_as_code = texts.iter().flatten().any(|text| is_code(text));
        self.has_exponent |= texts.iter().flatten().any(|text| text.contains(['e', 'E']));
        let has_exponent = self.has_exponent;
        self.candidates.retain(|(meaning, _, probe)| {
            let is_number = matches!(meaning, Meaning::Whole | Meaning::Decimal | Meaning::Double);
            let is_exact = matches!(meaning, Meaning::Whole | Meaning::Decimal);
            !(is_number && reads_as_code || is_exact && has_exponent) && probe.takes(texts)
        });
    }

    /// The column, and why.
    pub fn column(&self) -> (Column, String) {
        let counted = format!("{} values, {} nulls", self.values, self.nulls);
        if let Some(kind) = self.known {
            return self.told(kind, &counted);
        }
        if self.values == 0 {
            let column = Column::new(text_type(self.longest));
            return (column, format!("{counted}: no value tells the type"));
        }
        if self.is_nested {
            return (Column::new(Type::Super), format!("{counted}: objects or arrays"));
        }
        let mut ambiguous = None;
        for meaning in
            [Meaning::Whole, Meaning::Decimal, Meaning::Double, Meaning::Boolean, Meaning::Date, Meaning::Timestamp]
        {
            let mut of_meaning = self.candidates.iter().filter(|(candidate, ..)| *candidate == meaning);
            match (of_meaning.next(), of_meaning.next()) {
                (Some(_), None) if meaning == Meaning::Double && self.is_wide() => {
                    let column = Column::new(text_type(self.longest));
                    return (column, format!("{counted}: numbers of more digits than a decimal holds"));
                }
                (Some((_, column, _)), None) => return (self.sized(column), counted),
                (Some((_, one, _)), Some((_, other, _))) => {
                    ambiguous = Some((one.formats.concat(), other.formats.concat()));
                }
                (None, _) => {}
            }
        }
        let column = Column::new(text_type(self.longest));
        let longest = format!("{counted}, the longest has {} bytes", self.longest);
        match ambiguous {
            Some((one, other)) => {
                (column, format!("{longest}; dates by {one:?} and by {other:?} alike: say which in `formats`"))
            }
            None => (column, longest),
        }
    }

    /// The column that the files' schemas say, as long as its values ask for.
    fn told(&self, kind: Type, counted: &str) -> (Column, String) {
        let length = |bytes| format!("by the files' schema; {counted}, the longest has {bytes} bytes");
        match kind {
            ANY_TEXT => (Column::new(text_type(self.longest)), length(self.longest)),
            ANY_BYTES => {
                // Two hex digits for each byte.
                let Type::Varchar(bytes) = text_type(self.longest / 2) else { return (Column::new(kind), length(0)) };
                let why = format!("{}; if they are text, say varchar", length(self.longest / 2));
                (Column::new(Type::Varbyte(bytes.into())), why)
            }
            kind => (Column::new(kind), "by the files' schema".to_owned()),
        }
    }

    /// Whether these are numbers that a double would make others of: of more digits than any exact type has, none of
    /// which says that it was a double.
    fn is_wide(&self) -> bool {
        let (whole, scale) = self.digits;
        !self.has_exponent && (whole > MOST_PRECISION - DECIMAL_SCALE || whole + scale > MOST_PRECISION)
    }

    /// A decimal as wide as its digits ask for, or a double where they are too many.
    fn sized(&self, column: &Column) -> Column {
        if !matches!(column.kind, Type::Decimal { .. }) {
            return column.clone();
        }
        let (whole, scale) = self.digits;
        let precision = if whole + scale <= NARROW_PRECISION { NARROW_PRECISION } else { MOST_PRECISION };
        match (u8::try_from(precision), u8::try_from(scale)) {
            (Ok(precision), Ok(scale)) => Column::new(Type::Decimal { precision, scale }),
            _ => Column::new(Type::Double),
        }
    }
}

/// A number that is a name: its first digits carry meaning that a number's would not.
fn is_code(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    matches!(digits, [b'+', ..] | [b'0', b'0'..=b'9', ..])
}

fn text_type(longest: usize) -> Type {
    let length = LENGTHS.iter().find(|length| **length >= longest * 2).or(LENGTHS.last());
    Type::Varchar(length.and_then(|length| u16::try_from(*length).ok()).unwrap_or(u16::MAX))
}
