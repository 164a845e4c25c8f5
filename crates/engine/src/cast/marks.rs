//! Numbers as another locale writes them: `1.234.567,89`.
//!
//! A separator of thousands stands between digits of the whole part only, each third from the right; a number without
//! any is as good. Indian groups (12,34,567) are no such number. What a mark is not given for stays what it is: with a
//! decimal comma, a point is no part of a number.

use model::dataset::Column;

/// The marks of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Marks {
    pub decimal: char,
    pub thousands: Option<char>,
}

impl Marks {
    /// `None` where numbers are written plainly.
    pub fn of(column: &Column) -> Option<Self> {
        let marks = Self { decimal: column.decimal_mark.unwrap_or('.'), thousands: column.thousands };
        (marks != Self { decimal: '.', thousands: None }).then_some(marks)
    }

    /// The number with a point before its decimals and no separators, or something that is no number either; `None`
    /// where the marks stand where they may not.
    pub fn plain<'a>(marks: Option<&Self>, text: &'a str, scratch: &'a mut String) -> Option<&'a str> {
        let Some(marks) = marks else { return Some(text) };
        scratch.clear();
        // Digits since the last separator, or since the start where there was none yet.
        let mut group = 0;
        let mut is_grouped = false;
        let mut is_whole = true;
        for character in text.chars() {
            let closes_group = is_whole && !character.is_ascii_digit();
            if Some(character) == marks.thousands {
                let is_group = if is_grouped { group == 3 } else { (1..=3).contains(&group) };
                if !is_whole || !is_group {
                    return None;
                }
                (is_grouped, group) = (true, 0);
                continue;
            }
            if closes_group && is_grouped && group != 3 {
                return None;
            }
            match character {
                // Where there is an exponent, a point is as likely the other mark: 1.234E2 is no 123,400.
                'e' | 'E' if is_grouped => return None,
                '0'..='9' => group += 1,
                '+' | '-' => {}
                _ => is_whole = false,
            }
            match character {
                mark if mark == marks.decimal => scratch.push('.'),
                '.' => return None,
                other => scratch.push(other),
            }
        }
        let is_open = is_whole && is_grouped && group != 3;
        (!is_open).then_some(scratch)
    }
}
