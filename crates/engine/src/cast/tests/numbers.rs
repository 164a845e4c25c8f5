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
