use expect_test::expect;

use super::check;

#[test]
fn whole_numbers_have_digits_only() {
    check(
        "type: smallint",
        &[
            "32767",
            "-32768",
            "+7",
            "007",
            "32768",
            "-99999999999999999999",
            "1.0",
            " 1",
            "1e3",
            "-",
            "",
            "NULL",
            "null",
        ],
        expect![[r#"
            "32767" = 32767
            "-32768" = -32768
            "+7" = 7
            "007" = 7
            "32768": out_of_range: "32768" is out of range: smallint holds -32768 to 32767
            "-99999999999999999999": out_of_range: "-99999999999999999999" is out of range: smallint holds -32768 to 32767
            "1.0": not_a_number: "1.0" is not a whole number
            " 1": not_a_number: " 1" is not a whole number
            "1e3": not_a_number: "1e3" is not a whole number
            "-": not_a_number: "-" is not a whole number
            "" = null
            "NULL" = null
            "null": not_a_number: "null" is not a whole number
        "#]],
    );
    check(
        "type: integer",
        &["2147483647", "2147483648"],
        expect![[r#"
        "2147483647" = 2147483647
        "2147483648": out_of_range: "2147483648" is out of range: integer holds -2147483648 to 2147483647
    "#]],
    );
    check(
        "type: bigint",
        &["-9223372036854775808", "9223372036854775808"],
        expect![[r#"
        "-9223372036854775808" = -9223372036854775808
        "9223372036854775808": out_of_range: "9223372036854775808" is out of range: bigint holds -9223372036854775808 to 9223372036854775807
    "#]],
    );
}

#[test]
fn decimals_are_exact_and_never_rounded() {
    check(
        "type: 'decimal(5,2)'",
        &["1", "-1.5", "+.25", "3.", "999.99", "1000", "1.234", "1.2300", "-0", ".", "-", "1e2", "1,5", "0001.10"],
        expect![[r#"
            "1" = 1.00
            "-1.5" = -1.50
            "+.25" = 0.25
            "3." = 3.00
            "999.99" = 999.99
            "1000": out_of_range: "1000" is out of range of decimal(5,2)
            "1.234": too_precise: "1.234" has more than 2 digit(s) behind the point
            "1.2300" = 1.23
            "-0" = 0.00
            ".": not_a_number: "." is not a decimal number
            "-": not_a_number: "-" is not a decimal number
            "1e2" = 100.00
            "1,5": not_a_number: "1,5" is not a decimal number
            "0001.10" = 1.10
        "#]],
    );
    check(
        "type: 'decimal(38,0)'",
        &["99999999999999999999999999999999999999", "-100000000000000000000000000000000000000"],
        expect![[r#"
            "99999999999999999999999999999999999999" = 99999999999999999999999999999999999999
            "-100000000000000000000000000000000000000": out_of_range: "-100000000000000000000000000000000000000" is out of range of decimal(38,0)
        "#]],
    );
    check(
        "type: 'decimal(19,0)'",
        &["9223372036854775807", "9223372036854775808"],
        expect![[r#"
        "9223372036854775807" = 9223372036854775807
        "9223372036854775808": out_of_range: "9223372036854775808" is out of range of decimal(19,0)
    "#]],
    );
}

#[test]
fn doubles_are_finite() {
    check(
        "type: double",
        &["1.5", "-2e-3", ".5", "5.", "1e308", "1e309", "nan", "Infinity", "-inf", "0x1", "1.797e308x"],
        expect![[r#"
            "1.5" = 1.5
            "-2e-3" = -0.002
            ".5" = 0.5
            "5." = 5.0
            "1e308" = 1e308
            "1e309": out_of_range: "1e309" is out of range of a double
            "nan": not_a_number: "nan" is not a number
            "Infinity": not_a_number: "Infinity" is not a number
            "-inf": not_a_number: "-inf" is not a number
            "0x1": not_a_number: "0x1" is not a number
            "1.797e308x": not_a_number: "1.797e308x" is not a number
        "#]],
    );
}

#[test]
fn booleans_are_words() {
    check(
        "type: boolean",
        &["TRUE", "f", "Yes", "n", "1", "0", "2", "on"],
        expect![[r#"
        "TRUE" = true
        "f" = false
        "Yes" = true
        "n" = false
        "1" = true
        "0" = false
        "2": not_a_boolean: "2" is none of true, false, t, f, yes, no, y, n, 1 or 0
        "on": not_a_boolean: "on" is none of true, false, t, f, yes, no, y, n, 1 or 0
    "#]],
    );
}

#[test]
fn numbers_of_another_locale_have_its_marks_and_no_others() {
    check(
        "type: 'decimal(12,2)', decimal_mark: ',', thousands: '.'",
        &[
            "1.234.567,89",
            "1234567,89",
            "-1.234,5",
            "+12",
            "12.34",
            "1.2345",
            "1234.567",
            ".123,4",
            "1..234",
            "1.234.",
            "1,234.5",
            "1,2,3",
            "12.34.567",
            "1.234,567",
            "1.234E1",
            "1,5e2",
            "",
            " 1",
        ],
        expect![[r#"
            "1.234.567,89" = 1234567.89
            "1234567,89" = 1234567.89
            "-1.234,5" = -1234.50
            "+12" = 12.00
            "12.34": not_a_number: "12.34" is not a decimal number
            "1.2345": not_a_number: "1.2345" is not a decimal number
            "1234.567": not_a_number: "1234.567" is not a decimal number
            ".123,4": not_a_number: ".123,4" is not a decimal number
            "1..234": not_a_number: "1..234" is not a decimal number
            "1.234.": not_a_number: "1.234." is not a decimal number
            "1,234.5": not_a_number: "1,234.5" is not a decimal number
            "1,2,3": not_a_number: "1,2,3" is not a decimal number
            "12.34.567": not_a_number: "12.34.567" is not a decimal number
            "1.234,567": too_precise: "1.234,567" has more than 2 digit(s) behind the point
            "1.234E1": not_a_number: "1.234E1" is not a decimal number
            "1,5e2" = 150.00
            "" = null
            " 1": not_a_number: " 1" is not a decimal number
        "#]],
    );
}

#[test]
fn whole_and_binary_numbers_may_have_separators_too() {
    check(
        "type: bigint, thousands: \"'\"",
        &["1'234'567", "-9'223'372'036'854'775'808", "9'223'372'036'854'775'808", "1'23", "1.234", "1'234.0"],
        expect![[r#"
            "1'234'567" = 1234567
            "-9'223'372'036'854'775'808" = -9223372036854775808
            "9'223'372'036'854'775'808": out_of_range: "9'223'372'036'854'775'808" is out of range: bigint holds -9223372036854775808 to 9223372036854775807
            "1'23": not_a_number: "1'23" is not a whole number
            "1.234": not_a_number: "1.234" is not a whole number
            "1'234.0": not_a_number: "1'234.0" is not a whole number
        "#]],
    );
    check(
        "type: double, decimal_mark: ',', thousands: ' '",
        &["1 234,5", "1 234 567", "1,5e3", "1 23"],
        expect![[r#"
        "1 234,5" = 1234.5
        "1 234 567" = 1234567.0
        "1,5e3" = 1500.0
        "1 23": not_a_number: "1 23" is not a number
    "#]],
    );
    check(
        "type: 'decimal(9,2)', thousands: \u{202f}",
        &["1\u{202f}234.5", "1 234.5", "1,234.5"],
        expect![[r#"
        "1\u{202f}234.5" = 1234.50
        "1 234.5": not_a_number: "1 234.5" is not a decimal number
        "1,234.5": not_a_number: "1,234.5" is not a decimal number
    "#]],
    );
}

#[test]
fn a_half_is_rounded_up_where_that_is_asked() {
    check(
        "type: 'decimal(4,1)', round: half_up",
        &["1.25", "1.24999999999999999999999", "-1.25", "0.05", "0.049", "-0.04", "999.94", "999.95", "1e-9", "2.5e-1"],
        expect![[r#"
            "1.25" = 1.3
            "1.24999999999999999999999" = 1.2
            "-1.25" = -1.3
            "0.05" = 0.1
            "0.049" = 0.0
            "-0.04" = 0.0
            "999.94" = 999.9
            "999.95": out_of_range: "999.95" is out of range of decimal(4,1)
            "1e-9" = 0.0
            "2.5e-1" = 0.3
        "#]],
    );
    check(
        "type: integer, round: half_up",
        &["1.5", "-1.5", "1.4999", "0.5", "-0.4", "2147483647.4", "2147483647.5", "-2147483648.5", "1.", ".5", "1e1"],
        expect![[r#"
            "1.5" = 2
            "-1.5" = -2
            "1.4999" = 1
            "0.5" = 1
            "-0.4" = 0
            "2147483647.4" = 2147483647
            "2147483647.5": out_of_range: "2147483647.5" is out of range: integer holds -2147483648 to 2147483647
            "-2147483648.5": out_of_range: "-2147483648.5" is out of range: integer holds -2147483648 to 2147483647
            "1." = 1
            ".5" = 1
            "1e1": not_a_number: "1e1" is not a whole number
        "#]],
    );
    check(
        "type: smallint, round: half_up, decimal_mark: ','",
        &["1,5", "1.5", "32767,49"],
        expect![[r#"
        "1,5" = 2
        "1.5": not_a_number: "1.5" is not a whole number
        "32767,49" = 32767
    "#]],
    );
}

#[test]
fn decimals_may_have_an_exponent() {
    check(
        "type: 'decimal(6,2)'",
        &[
            "1.5E3",
            "1.5e-1",
            "1.5e-2",
            "12e+2",
            "1e4",
            "0e999999999999",
            "1e99999999999",
            "1e-99999999999",
            "1e",
            "e1",
            "1e1.5",
        ],
        expect![[r#"
            "1.5E3" = 1500.00
            "1.5e-1" = 0.15
            "1.5e-2": too_precise: "1.5e-2" has more than 2 digit(s) behind the point
            "12e+2" = 1200.00
            "1e4": out_of_range: "1e4" is out of range of decimal(6,2)
            "0e999999999999" = 0.00
            "1e99999999999": out_of_range: "1e99999999999" is out of range of decimal(6,2)
            "1e-99999999999": too_precise: "1e-99999999999" has more than 2 digit(s) behind the point
            "1e": not_a_number: "1e" is not a decimal number
            "e1": not_a_number: "e1" is not a decimal number
            "1e1.5": not_a_number: "1e1.5" is not a decimal number
        "#]],
    );
}

#[test]
fn reals_are_of_32_bits() {
    check(
        "type: real",
        &["1.5", "3.4028235e38", "3.4028236e38", "1e-45", "1e-46", "-0", "0.1", "16777217", "nan", "1e400", "0e-999"],
        expect![[r#"
            "1.5" = 1.5
            "3.4028235e38" = 3.4028235e38
            "3.4028236e38": out_of_range: "3.4028236e38" is out of range of a real
            "1e-45" = 1e-45
            "1e-46": out_of_range: "1e-46" is out of range of a real
            "-0" = 0.0
            "0.1" = 0.1
            "16777217" = 16777216.0
            "nan": not_a_number: "nan" is not a number
            "1e400": out_of_range: "1e400" is out of range of a real
            "0e-999" = 0.0
        "#]],
    );
}

#[test]
fn a_double_too_small_is_no_zero() {
    check(
        "type: double",
        &["5e-324", "1e-400", "-1e-400", "0e-400", "0.000", "-0.0"],
        expect![[r#"
        "5e-324" = 5e-324
        "1e-400": out_of_range: "1e-400" is out of range of a double
        "-1e-400": out_of_range: "-1e-400" is out of range of a double
        "0e-400" = 0.0
        "0.000" = 0.0
        "-0.0" = 0.0
    "#]],
    );
}

#[test]
fn booleans_may_have_words_of_their_own() {
    check(
        "type: boolean, true_words: [Ja, 是], false_words: [nein, ÉTEINT]",
        &["JA", "是", "Nein", "éteint", "true", "1", ""],
        expect![[r#"
            "JA" = true
            "是" = true
            "Nein" = false
            "éteint" = false
            "true": not_a_boolean: "true" is none of ja, 是, nein, éteint
            "1": not_a_boolean: "1" is none of ja, 是, nein, éteint
            "" = null
        "#]],
    );
    check(
        "type: boolean, true_words: [on]",
        &["ON", "true", "false", "0"],
        expect![[r#"
        "ON" = true
        "true": not_a_boolean: "true" is none of on, false, f, no, n, 0
        "false" = false
        "0" = false
    "#]],
    );
}
