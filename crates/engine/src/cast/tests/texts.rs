use expect_test::expect;

use super::check;

#[test]
fn lengths_are_bytes_after_cleaning() {
    check(
        "type: varchar(4), clean: [trim, upper], nulls: ['-']",
        &["  ab ", "éé", "ééa", "   ", "-", " - ", "straß", "NULL"],
        expect![[r#"
            "  ab " = AB
            "éé" = ÉÉ
            "ééa": too_long: "ÉÉA" has 5 bytes, varchar(4) holds 4
            "   " = null
            "-" = null
            " - " = -
            "straß": too_long: "STRASS" has 6 bytes, varchar(4) holds 4
            "NULL" = null
        "#]],
    );
}

#[test]
fn null_is_a_reject_where_a_value_is_required() {
    check(
        "type: integer, required: true",
        &["1", "", "NULL"],
        expect![[r#"
        "1" = 1
        "": missing_value: it is required, and null here
        "NULL": missing_value: it is required, and null here
    "#]],
    );
}
