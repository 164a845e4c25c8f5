//! Numbers against slow and obvious versions of themselves, for texts that no one thought of.

use arrow::array::AsArray;
use arrow::array::types::{ArrowPrimitiveType, Decimal128Type};
use proptest::prelude::*;

use super::*;

/// What one text becomes in a column, or the reason of its reject.
fn one<T: ArrowPrimitiveType>(column: &str, text: &str) -> Result<Option<T::Native>, &'static str> {
    let typed = cast(&dataset(&format!("c: {{{column}}}")), &batch(&[vec![text]]));
    match typed.rejects.first() {
        Some(reject) => Err(reject.reason.code()),
        None => Ok(typed.columns.column(0).as_primitive::<T>().iter().next().unwrap()),
    }
}

/// Sign, digits before the point, digits behind it, exponent: character by character.
fn taken_apart(text: &str) -> Option<(bool, String, Option<String>, Option<i64>)> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit()) {
                return None;
            }
            (mantissa, Some(exponent.parse::<i64>().ok()?))
        }
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = whole.to_owned() + fraction.unwrap_or("");
    if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    Some((text.starts_with('-'), whole.to_owned(), fraction.map(str::to_owned), exponent))
}

/// The number with the point moved, as it would be written by hand, at a scale: digits kept, digits dropped.
fn shifted(whole: &str, fraction: &str, exponent: i64, scale: i64) -> (String, String) {
    let (mut kept, mut dropped) = (whole.to_owned(), fraction.to_owned());
    for _ in 0..(exponent + scale).max(0) {
        kept.push(if dropped.is_empty() { '0' } else { dropped.remove(0) });
    }
    for _ in (exponent + scale).min(0)..0 {
        dropped.insert(0, kept.pop().unwrap_or('0'));
    }
    (kept, dropped)
}

fn decimal_model(text: &str, precision: u32, scale: i64, rounds: bool) -> Result<Option<i128>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    let (is_negative, whole, fraction, exponent) = taken_apart(text).ok_or("not_a_number")?;
    let (kept, dropped) = shifted(&whole, &fraction.unwrap_or_default(), exponent.unwrap_or(0), scale);
    if !rounds && dropped.contains(|digit| digit != '0') {
        return Err("too_precise");
    }
    let up = rounds && dropped.chars().next().is_some_and(|digit| digit >= '5');
    let kept = kept.trim_start_matches('0');
    // A number of 39 digits has too many for any type.
    let value = if kept.len() > 38 { i128::MAX - 1 } else { format!("0{kept}").parse::<i128>().unwrap() };
    let value = value + i128::from(up);
    let most = if precision == 19 { i128::from(i64::MAX) } else { 10i128.pow(precision) - 1 };
    if value > most { Err("out_of_range") } else { Ok(Some(if is_negative { -value } else { value })) }
}

fn whole_model(text: &str, least: i128, most: i128, rounds: bool) -> Result<Option<i128>, &'static str> {
    match taken_apart(text) {
        Some((_, _, _, Some(_))) => return Err("not_a_number"),
        Some((_, _, Some(_), None)) if !rounds => return Err("not_a_number"),
        _ => {}
    }
    let value = decimal_model(text, 38, 0, rounds)?;
    if value.is_some_and(|value| value < least || value > most) { Err("out_of_range") } else { Ok(value) }
}

/// A number, as its digits and marks may be mixed, mostly well.
fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[+-]?[0-9]{0,22}(\\.[0-9]{0,8})?([eE][+-]?[0-9]{1,2})?",
        2 => "[+-]?[0-9]{30,42}(\\.[0-9]{0,40})?",
        1 => "[+-]?(32767|32768|2147483647|2147483648|9223372036854775807|9223372036854775808|0)(\\.[0459]{1,3})?",
        1 => "[-+.eE0-9 ]{0,9}",
        1 => "\\PC{0,5}",
    ]
}

proptest! {
    #[test]
    fn decimals_are_those_made_by_hand(text in number(), type_of in 0usize..6, rounds: bool) {
        let (precision, scale) = [(5, 2), (18, 0), (19, 4), (38, 0), (38, 37), (20, 10)][type_of];
        let round = if rounds { ", round: half_up" } else { "" };
        let column = format!("type: 'decimal({precision},{scale})'{round}");
        let found = one::<Decimal128Type>(&column, &text);
        prop_assert_eq!(found, decimal_model(&text, precision, scale, rounds), "{} as {}", text, column);
    }

    #[test]
    fn whole_numbers_are_those_made_by_hand(text in number(), rounds: bool) {
        let round = if rounds { ", round: half_up" } else { "" };
        let model = |least: i128, most: i128| whole_model(&text, least, most, rounds);
        let found = one::<Int16Type>(&format!("type: smallint{round}"), &text).map(|value| value.map(i128::from));
        prop_assert_eq!(found, model(i16::MIN.into(), i16::MAX.into()), "{}", text);
        let found = one::<Int32Type>(&format!("type: integer{round}"), &text).map(|value| value.map(i128::from));
        prop_assert_eq!(found, model(i32::MIN.into(), i32::MAX.into()), "{}", text);
        let found = one::<Int64Type>(&format!("type: bigint{round}"), &text).map(|value| value.map(i128::from));
        prop_assert_eq!(found, model(i64::MIN.into(), i64::MAX.into()), "{}", text);
    }

    #[test]
    fn a_grouped_number_is_the_number(digits in "[0-9]{1,30}", fraction in "(,[0-9]{1,8})?", sign in "[+-]?") {
        // Groups are made from the right, one digit at a time.
        let mut grouped = String::new();
        for (nth, digit) in digits.chars().rev().enumerate() {
            if nth > 0 && nth % 3 == 0 {
                grouped.insert(0, '.');
            }
            grouped.insert(0, digit);
        }
        let plain = format!("{sign}{digits}{}", fraction.replace(',', "."));
        let here = "type: 'decimal(38,8)', decimal_mark: ',', thousands: '.'";
        let expected = one::<Decimal128Type>("type: 'decimal(38,8)'", &plain);
        prop_assert_eq!(one::<Decimal128Type>(here, &format!("{sign}{grouped}{fraction}")), expected);
        prop_assert_eq!(one::<Decimal128Type>(here, &format!("{sign}{digits}{fraction}")), expected);
    }

    #[test]
    fn a_separator_in_another_place_makes_it_no_number(digits in "[0-9]{2,12}", place in 1usize..12, fraction in "(,[0-9]{4})?") {
        let place = place.min(digits.len());
        prop_assume!(digits.len() - place != 3);
        let text = format!("{}.{}{fraction}", &digits[..place], &digits[place..]);
        let here = "type: 'decimal(38,8)', decimal_mark: ',', thousands: '.'";
        prop_assert_eq!(one::<Decimal128Type>(here, &text), Err("not_a_number"), "{}", text);
        let text = format!("1,2{}.{}", &digits[..place], &digits[place..]);
        prop_assert_eq!(one::<Decimal128Type>(here, &text), Err("not_a_number"), "{}", text);
    }

    #[test]
    fn floats_are_those_of_the_standard_library(bits: u64, text in number()) {
        let value = f64::from_bits(bits);
        if value.is_finite() {
            prop_assert_eq!(one::<Float64Type>("type: double", &format!("{value:e}")), Ok(Some(value + 0.0)));
            #[expect(clippy::cast_possible_truncation, reason = "that is what a real is")]
            let narrow = value as f32;
            let found = one::<Float32Type>("type: real", &format!("{value}"));
            match narrow.is_finite() && (narrow != 0.0 || value == 0.0) {
                true => prop_assert_eq!(found, Ok(Some(narrow + 0.0))),
                false => prop_assert_eq!(found, Err("out_of_range")),
            }
        }
        let found = one::<Float64Type>("type: double", &text);
        prop_assert_eq!(found.is_ok(), taken_apart(&text).is_some() || text.is_empty(), "{}", text);
    }
}
