//! The English names of months and weekdays, in any case.

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// How many letters a short name has.
const SHORT: usize = 3;

/// A month's name in front, from 0, and what is behind it.
pub fn month(rest: &[u8], long: bool) -> Option<(u32, &[u8])> {
    name(&MONTHS, rest, long)
}

/// A weekday's name in front, from 0 for Monday, and what is behind it.
pub fn weekday(rest: &[u8], long: bool) -> Option<(u32, &[u8])> {
    name(&WEEKDAYS, rest, long)
}

/// A short name; with `long`, the whole name where it stands there.
fn name<'a>(names: &[&str], rest: &'a [u8], long: bool) -> Option<(u32, &'a [u8])> {
    let (start, behind) = rest.split_at_checked(SHORT)?;
    for (name, number) in names.iter().zip(0u32..) {
        let (short, more) = name.as_bytes().split_at_checked(SHORT)?;
        if !start.eq_ignore_ascii_case(short) {
            continue;
        }
        let is_whole = long && behind.get(..more.len()).is_some_and(|letters| letters.eq_ignore_ascii_case(more));
        return Some((number, if is_whole { behind.get(more.len()..)? } else { behind }));
    }
    None
}
