//! Texts of a common format that are written in full: each number in its full width, so that everything stands in a
//! place of its own, and is looked for nowhere else.
//!
//! It is a shortcut: what it does not read may still be a text of the format, and `steps` reads that too.

use chrono::format::{Item, Numeric};

use super::civil::{self, Reading, two_digits};

/// Where everything stands.
#[derive(Debug, Default)]
pub struct Layout {
    width: usize,
    /// Characters of the format itself.
    literals: Vec<(usize, u8)>,
    year: usize,
    month: usize,
    day: usize,
    /// Hour and minute.
    time: Option<(usize, usize)>,
    second: Option<usize>,
}

impl Layout {
    /// A day, and a time of day if there is one, as numbers; `None` for any other format. The format is one that gives
    /// a day and says nothing twice.
    pub fn new(items: &[Item<'static>]) -> Option<Self> {
        let mut layout = Self::default();
        let (mut year, mut month, mut day, mut hour, mut minute) = (None, None, None, None, None);
        for item in items {
            let place = layout.width;
            let (slot, width) = match item {
                Item::Numeric(Numeric::Year, _) => (&mut year, 4),
                Item::Numeric(Numeric::Month, _) => (&mut month, 2),
                Item::Numeric(Numeric::Day, _) => (&mut day, 2),
                Item::Numeric(Numeric::Hour, _) => (&mut hour, 2),
                Item::Numeric(Numeric::Minute, _) => (&mut minute, 2),
                Item::Numeric(Numeric::Second, _) => (&mut layout.second, 2),
                Item::Literal(literal) | Item::Space(literal) => {
                    layout.add(literal);
                    continue;
                }
                Item::OwnedLiteral(literal) | Item::OwnedSpace(literal) => {
                    layout.add(literal);
                    continue;
                }
                _ => return None,
            };
            *slot = Some(place);
            layout.width += width;
        }
        (layout.year, layout.month, layout.day) = (year?, month?, day?);
        layout.time = hour.zip(minute);
        Some(layout)
    }

    fn add(&mut self, literal: &str) {
        self.literals.extend((self.width..).zip(literal.bytes()));
        self.width += literal.len();
    }

    /// What the text says, if it is written in full.
    #[inline]
    pub fn read(&self, text: &[u8]) -> Option<Reading> {
        if text.len() != self.width || self.literals.iter().any(|(place, byte)| text.get(*place) != Some(byte)) {
            return None;
        }
        let pair = |place: usize| match text.get(place..) {
            Some([tens, ones, ..]) => two_digits(*tens, *ones),
            _ => None,
        };
        let year = pair(self.year)? * 100 + pair(self.year + 2)?;
        // A year of fewer digits is none; the steps say so.
        if year < 1000 {
            return None;
        }
        let days = civil::day(i32::try_from(year).ok()?, pair(self.month)?, pair(self.day)?)?;
        let Some((hour, minute)) = self.time else { return Some(Reading::midnight(days)) };
        let second = match self.second {
            Some(place) => pair(place)?,
            None => 0,
        };
        let seconds = civil::seconds(pair(hour)?, pair(minute)?, second)?;
        Some(Reading { days, seconds, nanos: 0, offset: None })
    }
}
