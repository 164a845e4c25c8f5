//! `clean`: words that each turn texts into texts, in the order in which the column has them.

mod case;
mod lower;
mod squeeze;
mod trim;
mod upper;

use model::dataset::Column;

use super::{Rule, Step, TextRule};
use crate::cast::{Site, Typing};

/// The rule of the key.
#[derive(Debug)]
pub(crate) struct Clean;

/// One word. Done twice it is done once.
pub(crate) trait Word: TextRule {
    /// The word in the dataset file.
    fn name(&self) -> &'static str;
}

/// Every word.
pub(crate) static WORDS: &[&dyn Word] = &[&trim::Trim, &lower::Lower, &upper::Upper, &squeeze::Squeeze];

impl Rule for Clean {
    fn name(&self) -> &'static str {
        "clean"
    }

    fn steps(&self, column: &Column, _: &dyn Typing) -> Result<Vec<Step>, String> {
        let steps = column.clean.iter().map(|wanted| {
            let word = WORDS.iter().find(|word| word.name() == wanted.name());
            let word = word.ok_or_else(|| format!("there is no word `{}`", wanted.name()))?;
            Ok(Step::Text(Box::new(Listed(*word))))
        });
        steps.collect()
    }
}

/// A word of the list, as a column has it.
#[derive(Debug)]
struct Listed(&'static dyn Word);

impl TextRule for Listed {
    fn apply<'a>(&'a self, texts: &mut [Option<&'a str>], buffer: &'a mut String, site: &mut Site<'_>) {
        self.0.apply(texts, buffer, site);
    }
}
