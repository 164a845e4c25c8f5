//! The steps against chrono, and the zones against its database, for texts that no one thought of.

use chrono::format::StrftimeItems;
use chrono::{DateTime, LocalResult, NaiveDate, Offset, TimeZone};
use chrono_tz::TZ_VARIANTS;
use proptest::prelude::*;

use super::civil::{self, Reading};
use super::format::{Wanted, by_chrono};
use super::layout::Layout;
use super::steps::Steps;
use super::zone::{Memo, Zone};
use crate::reject::Reason;

/// Formats of common letters; none has `%f`, which chrono takes for something else.
const FORMATS: &[&str] = &[
    "%Y-%m-%d",
    "%d/%m/%Y",
    "%m/%d/%y",
    "%Y%m%d",
    "%d.%m.%Y %H:%M",
    "%d %b %Y",
    "%B %e, %Y",
    "%A, %d %B %Y",
    "%a %d-%b-%y %I:%M %p",
    "%Y-%j",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.3f",
    "%F %T%.6f%z",
    "%F %T%9f %:z",
    "%F%t%R %#z",
    "%F %T%z tail",
    "%c",
    "%D %r",
    "%s",
    "%v",
    "%k:%M %l%p %F",
    "%+",
    "%m-%d-%Y %T",
];

/// What mutations put in: what numbers, names, signs and white space are made of.
const PIECES: &[&str] = &[
    "", "0", "1", "9", "60", "  ", "\t", "\u{a0}", "\u{3000}", "+", "-", "−", ":", ".", "/", "Z", "PM", "may", "é", "%",
];

/// A text that a format has written, with some of it written over.
fn texts() -> impl Strategy<Value = (usize, String)> {
    let moments = (-62_135_596_800i64..253_402_300_800, 0u32..1_000_000_000, 0..FORMATS.len(), 0..FORMATS.len());
    let changes = proptest::collection::vec((0usize..40, 0usize..3, 0..PIECES.len()), 0..3);
    (moments, changes).prop_map(|((seconds, nanos, format, written), changes)| {
        // Often the format is the one that wrote the text, and often another.
        let format = if seconds % 2 == 0 { written } else { format };
        let moment = DateTime::from_timestamp(seconds, nanos - nanos % 1000).unwrap();
        let mut text = moment.format(&FORMATS[written].replace("%#z", "%z")).to_string();
        for (place, length, piece) in changes {
            let at = |place: usize| text.char_indices().nth(place).map_or(text.len(), |(at, _)| at);
            text.replace_range(at(place)..at(place + length), PIECES[piece]);
        }
        (format, text)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]
    #[test]
    fn steps_read_what_chrono_reads((format, text) in texts()) {
        let items = StrftimeItems::new(FORMATS[format]).parse_to_owned().unwrap();
        let Some(steps) = Steps::new(&items) else { return Ok(()) };
        let (found, expected) = (steps.read(&text), by_chrono(&text, &items, Wanted::Day));
        // chrono drops digits behind the ninth.
        let has_more = |reading: &Reading| !reading.nanos.is_multiple_of(1000);
        if !found.as_ref().is_some_and(has_more) {
            prop_assert_eq!(found, expected, "{:?} by {}", text, FORMATS[format]);
            let short = Layout::new(&items).and_then(|layout| layout.read(text.as_bytes()));
            prop_assert!(short.is_none() || short == found, "{:?} by {}: {:?}", text, FORMATS[format], short);
        }
    }

    #[test]
    fn days_are_those_of_chrono(year in 0u32..262_143, month in 0u32..14, day in 0u32..33, nth in 0u32..368) {
        let days = |date: NaiveDate| i32::try_from(date.signed_duration_since(NaiveDate::default()).num_days()).unwrap();
        prop_assert_eq!(civil::day(year, month, day), NaiveDate::from_ymd_opt(year.cast_signed(), month, day).map(days));
        prop_assert_eq!(civil::day_of_year(year, nth), NaiveDate::from_yo_opt(year.cast_signed(), nth).map(days));
    }

    #[test]
    fn offsets_are_those_of_the_database(zone in 0..TZ_VARIANTS.len(), near in 0i64..8, seconds in -7_000_000_000i64..3_900_000_000) {
        let zone = TZ_VARIANTS[zone];
        let mut memo = Memo::default();
        // Times close to each other share a memo, and days 1,024 apart a place in it.
        for shown in [seconds, seconds + near * 3600, seconds + 86_400, seconds + 1024 * 86_400, seconds] {
            let local = DateTime::from_timestamp(shown, 0).unwrap().naive_utc();
            let expected = match zone.offset_from_local_datetime(&local) {
                LocalResult::Single(offset) => Ok(offset.fix().local_minus_utc()),
                LocalResult::Ambiguous(..) => Err(Reason::AmbiguousTime),
                LocalResult::None => Err(Reason::SkippedTime),
            };
            prop_assert_eq!(Zone::Named(zone).offset(shown, &mut memo), expected, "{} {}", zone, local);
        }
    }
}

#[test]
fn most_common_formats_are_steps() {
    let by_steps =
        FORMATS.iter().filter(|format| Steps::new(&StrftimeItems::new(format).parse_to_owned().unwrap()).is_some());
    let others: Vec<_> = FORMATS.iter().filter(|format| !by_steps.clone().any(|other| other == *format)).collect();
    assert_eq!(others, [&"%s", &"%k:%M %l%p %F", &"%+"]);
}

#[test]
fn formats_of_numbers_have_a_layout_and_use_it() {
    let moment = DateTime::from_timestamp(1_388_534_399, 0).unwrap();
    let with_layout = FORMATS.iter().filter(|format| {
        let layout = Layout::new(&StrftimeItems::new(format).parse_to_owned().unwrap());
        layout.is_some_and(|layout| layout.read(moment.format(format).to_string().as_bytes()).is_some())
    });
    assert_eq!(with_layout.collect::<Vec<_>>(), [&"%Y-%m-%d", &"%d/%m/%Y", &"%d.%m.%Y %H:%M", &"%m-%d-%Y %T"]);
}

#[test]
fn summer_time_goes_on_behind_the_database() {
    let berlin = Zone::new("Europe/Berlin").unwrap();
    for year in 2050..2500 {
        let at = |month: u32, day: u32, hour: i64| {
            i64::from(civil::day(year, month, day).unwrap()) * civil::SECONDS_PER_DAY + hour * 3600
        };
        let mut memo = Memo::default();
        assert_eq!(berlin.offset(at(1, 15, 12), &mut memo), Ok(3600), "{year}");
        assert_eq!(berlin.offset(at(7, 15, 12), &mut memo), Ok(7200), "{year}");
        // The last Sunday of March has no hour from 2 to 3, that of October has it twice.
        let last_sunday = |month: u32| (25..=31).find(|day| (at(month, *day, 0) / 86_400 + 4) % 7 == 0).unwrap();
        assert_eq!(berlin.offset(at(3, last_sunday(3), 2), &mut memo), Err(Reason::SkippedTime), "{year}");
        assert_eq!(berlin.offset(at(10, last_sunday(10), 2), &mut memo), Err(Reason::AmbiguousTime), "{year}");
    }
}

#[test]
fn zones_are_names_or_offsets() {
    assert_eq!(Zone::new("+01:00"), Ok(Zone::Fixed(3600)));
    assert_eq!(Zone::new("-0530"), Ok(Zone::Fixed(-19_800)));
    assert_eq!(Zone::new("UTC").unwrap().offset(0, &mut Memo::default()), Ok(0));
    assert_eq!(
        Zone::new("Europe/Berln").unwrap_err(),
        "there is no time zone `Europe/Berln`; the nearest is `Europe/Berlin`"
    );
    assert_eq!(Zone::new("+25:00").unwrap_err(), "`+25:00` is no offset: write it as +01:00");
}
