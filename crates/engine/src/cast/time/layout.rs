//! Texts of the commonest formats, written in full: a year, month and day of ten characters in one of three orders, and
//! a time of day behind them. Each number stands in a place of its own, and is looked for nowhere else.
//!
//! It is a shortcut: what it does not read may still be a text of the format, and `steps` reads that too.

use chrono::format::{Item, Numeric};

use super::civil::{self, Reading};
use crate::cast::digits;

/// Where everything stands.
#[derive(Debug, PartialEq, Eq)]
pub struct Layout {
    order: Order,
    /// What stands between year, month and day.
    between: [u8; 2],
    clock: Option<Clock>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    YearMonthDay,
    DayMonthYear,
    MonthDayYear,
}

/// A time of day.
#[derive(Debug, PartialEq, Eq)]
struct Clock {
    /// What stands before the hour.
    before: u8,
    /// What stands between hour and minute.
    between: u8,
    /// What stands before the second, if there is one.
    before_second: Option<u8>,
}

impl Layout {
    /// `None` for a format of any other shape.
    pub fn new(items: &[Item<'static>]) -> Option<Self> {
        let mut rest = items.iter();
        let (first, one, second, two, third) = (
            number(rest.next()?)?,
            literal(rest.next()?)?,
            number(rest.next()?)?,
            literal(rest.next()?)?,
            rest.next()?,
        );
        let order = match (first, second, number(third)?) {
            (Numeric::Year, Numeric::Month, Numeric::Day) => Order::YearMonthDay,
            (Numeric::Day, Numeric::Month, Numeric::Year) => Order::DayMonthYear,
            (Numeric::Month, Numeric::Day, Numeric::Year) => Order::MonthDayYear,
            _ => return None,
        };
        let mut layout = Self { order, between: [one, two], clock: None };
        let Some(item) = rest.next() else { return Some(layout) };
        let before = literal(item)?;
        let (Numeric::Hour, between, Numeric::Minute) =
            (number(rest.next()?)?, literal(rest.next()?)?, number(rest.next()?)?)
        else {
            return None;
        };
        let before_second = match rest.next() {
            None => None,
            Some(item) => {
                let before = literal(item)?;
                matches!(number(rest.next()?)?, Numeric::Second).then_some(())?;
                Some(before)
            }
        };
        layout.clock = Some(Clock { before, between, before_second });
        rest.next().is_none().then_some(layout)
    }

    /// What the text says, if it is written in full.
    #[inline]
    pub fn read(&self, text: &[u8]) -> Option<Reading> {
        let (date, rest) = text.split_first_chunk::<10>()?;
        let (digits, between) = match (self.order, *date) {
            (Order::YearMonthDay, [y1, y2, y3, y4, one, m1, m2, two, d1, d2]) => {
                ([y1, y2, y3, y4, m1, m2, d1, d2], [one, two])
            }
            (Order::DayMonthYear, [d1, d2, one, m1, m2, two, y1, y2, y3, y4])
            | (Order::MonthDayYear, [m1, m2, one, d1, d2, two, y1, y2, y3, y4]) => {
                ([y1, y2, y3, y4, m1, m2, d1, d2], [one, two])
            }
        };
        if between != self.between {
            return None;
        }
        let [century, year, month, day] = digits::pairs(digits)?;
        // A year of fewer digits is none; the steps say so.
        let year = Some(century * 100 + year).filter(|year| *year >= 1000)?;
        let days = civil::day(year, month, day)?;
        match &self.clock {
            None => rest.is_empty().then_some(Reading::midnight(days)),
            Some(clock) => Some(Reading { seconds: clock.read(rest)?, ..Reading::midnight(days) }),
        }
    }
}

impl Clock {
    #[inline]
    fn read(&self, text: &[u8]) -> Option<u32> {
        let [before, h1, h2, between, m1, m2, rest @ ..] = text else { return None };
        let [s1, s2] = match (self.before_second, rest) {
            (None, []) => [b'0', b'0'],
            (Some(wanted), [before, s1, s2]) if *before == wanted => [*s1, *s2],
            _ => return None,
        };
        if (*before, *between) != (self.before, self.between) {
            return None;
        }
        let [hour, minute, second, _] = digits::pairs([*h1, *h2, *m1, *m2, s1, s2, b'0', b'0'])?;
        civil::seconds(hour, minute, second)
    }
}

fn number<'a>(item: &'a Item<'_>) -> Option<&'a Numeric> {
    match item {
        Item::Numeric(numeric, _) => Some(numeric),
        _ => None,
    }
}

/// A literal of one byte.
fn literal(item: &Item<'_>) -> Option<u8> {
    let text: &str = match item {
        Item::Literal(text) | Item::Space(text) => text,
        Item::OwnedLiteral(text) | Item::OwnedSpace(text) => text,
        _ => return None,
    };
    match text.as_bytes() {
        [byte] => Some(*byte),
        _ => None,
    }
}
