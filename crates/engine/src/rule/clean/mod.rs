//! `clean`: words that each turn texts into texts, in the order in which the column has them.

pub(crate) mod case;
mod lower;
mod squeeze;
mod trim;
mod upper;

use model::dataset::Column;

use self::case::Case;
use super::{Rule, Step, TextRule, rewrite};
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

    fn case(&self) -> Option<Case> {
        self.0.case()
    }
}

/// Changes the case of texts; where that is the last rule, their column does it itself as it writes them.
fn change<'a>(case: Case, texts: &mut [Option<&'a str>], buffer: &'a mut String) {
    let write = |_: usize, text: &str, buffer: &mut String| match text.is_ascii() {
        true => buffer.push_str(text),
        false => buffer.push_str(&case.of(text)),
    };
    rewrite(texts, buffer, write, |texts| match case {
        Case::Lower => texts.make_ascii_lowercase(),
        Case::Upper => texts.make_ascii_uppercase(),
    });
}
