//! One column: its texts, through the rules that are before the type, the type, and the rules behind it.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use model::Result;
use model::dataset::{self, Dataset};
use model::types::Type;

use super::{Faults, Sink, Typing, bug, typing, typing_in_case};
use crate::mask::{self, MaskKey, Masker};
use crate::rule::{Checks, RULES, Step, TextRule};
use crate::text::{Field, TextBatch};

/// How one column's texts are cleaned, typed and checked.
#[derive(Debug)]
pub(super) struct Column {
    /// Which column of the dataset it is.
    index: usize,
    nulls: Nulls,
    rules: Vec<Box<dyn TextRule>>,
    /// What is taken for null.
    default: Option<String>,
    typing: Box<dyn Typing>,
    checks: Checks,
    /// Whether a text without characters may be a value of the type.
    is_text: bool,
    /// What is written for its values.
    mask: Option<Box<dyn Masker>>,
    is_written: bool,
}

impl Column {
    /// Fails where one of the column's options cannot be carried out.
    pub fn new(dataset: &Dataset, index: usize, mask_key: Option<&MaskKey>) -> Result<Self, String> {
        let (name, options) = dataset.columns.get_index(index).ok_or("it is not in its dataset")?;
        let most = match options.kind {
            Type::Char(most) | Type::Varchar(most) => usize::from(most),
            _ => 0,
        };
        let mask = options.mask.map(|mask| mask::find(mask, most, mask_key)).transpose();
        let mask = mask.map_err(|error| model::error::chain(&error))?.flatten();
        // The type is that of what is written: a value may be longer than its mask.
        let typing = match mask {
            Some(_) => typing(&dataset::Column { kind: Type::Varchar(u16::MAX), ..options.clone() })?,
            None => typing(options)?,
        };
        let mut column = Self {
            index,
            nulls: Nulls::new(dataset.nulls.iter().chain(&options.nulls)),
            rules: Vec::new(),
            default: None,
            typing,
            checks: Checks::default(),
            is_text: options.kind.is_text(),
            mask,
            is_written: options.is_written(),
        };
        // Rows without a key cannot be told apart.
        let mut options = options.clone();
        options.required = dataset.requires(name);
        for rule in RULES {
            let steps = rule.steps(&options, &*column.typing);
            for step in steps.map_err(|what| format!("`{}`: {what}", rule.name()))? {
                match step {
                    Step::Text(rule) => column.rules.push(rule),
                    Step::Default(text) => column.default = Some(text),
                    Step::CheckTexts(check) => column.checks.of_texts.push(check),
                    Step::CheckValues(check) => column.checks.of_values.push(check),
                }
            }
        }
        column.leave_case_to_type(&options);
        column.check_default()?;
        Ok(column)
    }

    /// The last text rule of many columns changes the case, which their type can do while it writes the texts. Not
    /// where something else looks at them before, and not where a default is to stay as it is.
    fn leave_case_to_type(&mut self, options: &dataset::Column) {
        let Some(case) = self.rules.last().and_then(|rule| rule.case()) else { return };
        let is_seen = options.pattern.is_some() || options.default.is_some() || self.mask.is_some();
        if let (false, Some(typing)) = (is_seen, typing_in_case(options, case)) {
            self.typing = typing;
            self.rules.pop();
        }
    }

    /// A default that is no value of the column would make a reject of every null.
    fn check_default(&self) -> Result<(), String> {
        let Some(default) = &self.default else { return Ok(()) };
        let texts = [Some(default.as_str())];
        let mut faults = Faults::new(texts.len(), super::Values::Shown);
        let mut sink = self.typing.sink(texts.len());
        self.type_texts(&texts, &mut *sink, &mut faults.at(self.index, 0));
        let array = sink.finish().map_err(|error| error.to_string())?;
        self.checks.check_values(&array, &mut faults.at(self.index, 0)).map_err(|error| error.to_string())?;
        faults.first().map_or(Ok(()), |fault| Err(format!("`default`: {}", fault.message)))
    }

    /// The column's values of a batch, in the making.
    pub fn begin<'a>(&'a self, batch: &'a TextBatch) -> Filling<'a, impl Iterator<Item = Field<'a>>> {
        Filling {
            column: self,
            fields: batch.column(self.index),
            buffers: vec![String::new(); self.rules.len()],
            sink: self.typing.sink(batch.rows()),
            // Formats without nulls of their own have none but the empty text.
            keeps_empty: self.is_text && batch.has_nulls(),
        }
    }

    fn type_texts(&self, texts: &[Option<&str>], sink: &mut dyn Sink, site: &mut super::Site<'_>) {
        sink.push(texts, site);
        self.checks.check_texts(texts, site);
    }
}

/// A column of a batch in the making.
pub(super) struct Filling<'a, I> {
    column: &'a Column,
    fields: I,
    /// What rules write, one buffer for each.
    buffers: Vec<String>,
    sink: Box<dyn Sink + 'a>,
    keeps_empty: bool,
}

impl<'a, I: Iterator<Item = Field<'a>>> Filling<'a, I> {
    /// Takes the column's next rows, of which the first is the batch's nth.
    pub fn take_block(&mut self, rows: usize, first_row: usize, faults: &mut Faults) -> Result<()> {
        let column = self.column;
        let mut texts = vec![None; rows];
        let mut found = 0;
        for (slot, field) in texts.iter_mut().zip(&mut self.fields) {
            // The one place that knows what a field looks like.
            let text = match field {
                Field::Text(text) => text,
                Field::Null => {
                    found += 1;
                    continue;
                }
                Field::Torn => return Err(bug("a field stands outside of its batch")),
            };
            let is_null = (text.is_empty() && !self.keeps_empty) || column.nulls.contains(text);
            *slot = if is_null { None } else { Some(text) };
            found += 1;
        }
        if found != rows {
            return Err(bug("a column has fewer fields than its batch has rows"));
        }
        let mut site = faults.at(column.index, first_row);
        for (rule, buffer) in column.rules.iter().zip(&mut self.buffers) {
            rule.apply(&mut texts, buffer, &mut site);
        }
        if !column.rules.is_empty() && !self.keeps_empty {
            texts.iter_mut().for_each(|text| *text = text.filter(|text| !text.is_empty()));
        }
        if let Some(default) = &column.default {
            texts.iter_mut().for_each(|text| *text = text.or(Some(default)));
        }
        column.type_texts(&texts, &mut *self.sink, &mut site);
        Ok(())
    }

    /// The array, if the column is written.
    pub fn finish(self, faults: &mut Faults) -> Result<Option<ArrayRef>> {
        let array = self.sink.finish()?;
        self.column.checks.check_values(&array, &mut faults.at(self.column.index, 0))?;
        let array = match &self.column.mask {
            Some(mask) => masked(&**mask, &array).ok_or_else(|| bug("a masked column holds no text"))?,
            None => array,
        };
        Ok(self.column.is_written.then_some(array))
    }
}

/// What a mask makes of a column's texts. Null hides nothing, and stays.
fn masked(mask: &dyn Masker, array: &ArrayRef) -> Option<ArrayRef> {
    let texts = array.as_string_opt::<i32>()?;
    let mut masked = StringBuilder::with_capacity(texts.len(), texts.len() * 16);
    let mut buffer = String::new();
    for text in texts {
        buffer.clear();
        masked.append_option(text.map(|text| {
            mask.mask(text, &mut buffer);
            &buffer
        }));
    }
    Some(Arc::new(masked.finish()))
}

/// The texts that mean null.
#[derive(Debug)]
struct Nulls {
    texts: Vec<String>,
    /// A bit for each length that one of them has, and the last for all that are longer.
    lengths: u64,
}

impl Nulls {
    const LAST_BIT: usize = 63;

    fn new<'a>(texts: impl Iterator<Item = &'a String>) -> Self {
        let texts: Vec<_> = texts.cloned().collect();
        let lengths = texts.iter().fold(0, |bits, text| bits | 1 << text.len().min(Self::LAST_BIT));
        Self { texts, lengths }
    }

    #[inline]
    fn contains(&self, text: &str) -> bool {
        self.lengths >> text.len().min(Self::LAST_BIT) & 1 == 1 && self.texts.iter().any(|null| null == text)
    }
}
