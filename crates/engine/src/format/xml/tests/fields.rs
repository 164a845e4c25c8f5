//! Which elements are rows, and what their fields are.

use expect_test::expect;

use super::*;

#[test]
fn rows_are_found_at_any_depth_or_at_one_place() {
    let input = "<c><a><r><x>1</x></r></a><b><r><x>2</x></r><r/></b>\n<r x='3'/><rr><x>4</x></rr></c>";
    check(
        "r",
        "x",
        input,
        expect![[r#"
        line 1 at 6+15: ["1"]
        line 1 at 28+15: ["2"]
        line 1 at 43+4: ["(null)"]
        line 2 at 52+10: ["(null)"]
    "#]],
    );
    check(
        "c/b/r",
        "x",
        input,
        expect![[r#"
        line 1 at 28+15: ["2"]
        line 1 at 43+4: ["(null)"]
    "#]],
    );
    check(
        "c/r",
        "x from @x",
        input,
        expect![[r#"
        line 2 at 52+10: ["3"]
    "#]],
    );
    check(
        "c",
        "x from a/r/x",
        input,
        expect![[r#"
        line 1 at 0+83: ["1"]
    "#]],
    );
}

#[test]
fn a_row_inside_of_a_row_is_a_part_of_the_outer_one() {
    let input = "<c><r id='1'><r id='1.1'><x>a</x></r><x>b</x></r><r id='2'><s><r/></s></r></c>";
    check(
        "r",
        "id from @id, x, inner from r/@id",
        input,
        expect![[r#"
        line 1 at 3+46: ["1", "b", "1.1"]
        line 1 at 49+25: ["2", "(null)", "(null)"]
    "#]],
    );
}

#[test]
fn fields_are_elements_attributes_and_the_text_of_the_row() {
    let input = "<c><r id=' 7 '>own <author id='9'><name>N</name>x</author> text</r>\n\n<r>only</r>\n<r id=''/></c>";
    check(
        "r",
        "id from @id, author, author_id from author/@id, name from author/name, own from .",
        input,
        expect![[r#"
        line 1 at 3+64: [" 7 ", "Nx", "9", "N", "own  text"]
        line 3 at 69+11: ["(null)", "(null)", "(null)", "(null)", "only"]
        line 4 at 81+10: ["(null)", "(null)", "(null)", "(null)", "(null)"]
    "#]],
    );
}

#[test]
fn text_is_all_text_of_the_element_decoded() {
    let input = "<c><r><x>a &lt;b&gt; &#233;</x></r><r><x><![CDATA[<i> & ]]>]]&gt;</x></r><r><x>1<!-- 2 -->3<?p 4?>5</x></r>\
                 <r><x>Hello <b>big</b> world</x></r><r><x> a\r\nb\rc </x></r><r><x>\r\n \t</x></r><r><x>&#32;</x></r>\
                 <r><x>&#160;</x></r><r><x></x></r><r><x/></r><r/></c>";
    check(
        "r",
        "x",
        input,
        expect![[r#"
        line 1 at 3+32: ["a <b> é"]
        line 1 at 35+38: ["<i> & ]]>"]
        line 1 at 73+34: ["135"]
        line 1 at 107+36: ["Hello big world"]
        line 1 at 143+22: [" a\nb\nc "]
        line 3 at 165+18: ["(null)"]
        line 4 at 183+19: ["(null)"]
        line 4 at 202+20: ["\u{a0}"]
        line 4 at 222+14: ["(null)"]
        line 4 at 236+11: ["(null)"]
        line 4 at 247+4: ["(null)"]
    "#]],
    );
}

#[test]
fn attributes_are_normalised() {
    let input = "<c><r x='a\n\tb\r\nc&#10;d'/><r x=\"it's &quot;q&quot; > \"/><r\n  x = '1'\n/><r x=' '></r></c>";
    check(
        "r",
        "x from @x",
        input,
        expect![[r#"
        line 1 at 3+22: ["a  b c\nd"]
        line 3 at 25+30: ["it's \"q\" > "]
        line 3 at 55+15: ["1"]
        line 5 at 70+13: ["(null)"]
    "#]],
    );
}

#[test]
fn names_match_in_another_case_where_none_is_exact() {
    check(
        "r",
        "title",
        "<c><r><TITLE>a</TITLE></r><r><Title>b</Title><title>c</title><TITLE>d</TITLE></r></c>",
        expect![[r#"
        line 1 at 3+23: ["a"]
        line 1 at 26+55: ["c"]
    "#]],
    );
    check(
        "r",
        "id from @ID",
        "<c><r id='1'/><r id='1' ID='2'/><r id='1' Id='2'/></c>",
        expect![[r#"
        line 1 at 3+11: ["1"]
        line 1 at 14+18: ["2"]
        line 1 at 32+18: repeated_element in id: the row has 2 of it; only a super column takes more than one: "<r id='1' Id='2'/>"
    "#]],
    );
    check(
        "R",
        "x",
        "<c><r><x>1</x></r></c>",
        expect![[r#"
        1:23: no element is a `R`; there is `r`, and the name of a row matches as it is written
    "#]],
    );
}

#[test]
fn prefixes_are_ignored_unless_they_are_asked_for() {
    let input = "<c xmlns='u' xmlns:m='v' xmlns:n='w'><n:r><title>a</title><m:title>b</m:title></n:r>\
                 <m:r m:id='1'><m:title>c</m:title></m:r><r id='2'><m:title>d</m:title><n:title>e</n:title></r></c>";
    check(
        "r",
        "title, m from m:title, id from @id",
        input,
        expect![[r#"
        line 1 at 37+47: ["a", "b", "(null)"]
        line 1 at 84+40: ["c", "c", "1"]
        line 1 at 124+54: repeated_element in title: the row has 2 of it; only a super column takes more than one: "<r id='2'><m:title>d</m:title><n:title>e</n:title></r>"
    "#]],
    );
    check(
        "m:r",
        "title, id from @m:id",
        input,
        expect![[r#"
        line 1 at 84+40: ["c", "1"]
    "#]],
    );
}

#[test]
fn what_stands_there_again_is_a_reject() {
    check(
        "r",
        "x, y from a/y, z from @z",
        "<c>\n<r><x>1</x><x>1</x></r>\n<r><x/><x>1</x></r><r><a><y>1</y></a><a/></r>\n<r><a><y>1</y></a><a><y>2</y></a></r></c>",
        expect![[r#"
            line 2 at 4+23: repeated_element in x: the row has 2 of it; only a super column takes more than one: "<r><x>1</x><x>1</x></r>"
            line 3 at 28+19: repeated_element in x: the row has 2 of it; only a super column takes more than one: "<r><x/><x>1</x></r>"
            line 3 at 47+26: ["(null)", "1", "(null)"]
            line 4 at 74+37: repeated_element in y: the row has 2 of it; only a super column takes more than one: "<r><a><y>1</y></a><a><y>2</y></a></r>"
        "#]],
    );
}

#[test]
fn nil_is_null() {
    let input = "<c xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xmlns:other='u'>\
                 <r><x xsi:nil='true'>a</x></r><r><x xsi:nil='1'/></r><r><x xsi:nil='false'>b</x></r><r><x other:nil='true'>c</x></r>\
                 <r><x xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:nil='true'>d</x></r></c>";
    check(
        "r",
        "x",
        input,
        expect![[r#"
        line 1 at 73+30: ["(null)"]
        line 1 at 103+23: ["(null)"]
        line 1 at 126+31: ["b"]
        line 1 at 157+32: ["c"]
        line 1 at 189+80: ["(null)"]
    "#]],
    );
}

#[test]
fn rows_may_be_empty_and_hold_nothing_known() {
    check(
        "r",
        "x",
        "<c><r/><r></r><r> </r><r><y>1</y></r><r>text</r></c>",
        expect![[r#"
        line 1 at 3+4: ["(null)"]
        line 1 at 7+7: ["(null)"]
        line 1 at 14+8: ["(null)"]
        line 1 at 22+15: ["(null)"]
        line 1 at 37+11: ["(null)"]
    "#]],
    );
    check(
        "r",
        "x",
        "<r><x>the root</x></r>",
        expect![[r#"
        line 1 at 0+22: ["the root"]
    "#]],
    );
}

#[test]
fn positions_are_those_of_the_element() {
    let input =
        "<?xml version='1.0'?>\r\n<c>\r\n  <r>\r\n<x>é</x></r><r/>\r<!-- \n\n --><r>\n<x>1</x><x>2</x>\n</r>\n</c>";
    check(
        "r",
        "x",
        input,
        expect![[r#"
            line 3 at 30+18: ["é"]
            line 4 at 48+4: ["(null)"]
            line 7 at 64+25: repeated_element in x: the row has 2 of it; only a super column takes more than one: "<r>\n<x>1</x><x>2</x>\n</r>"
        "#]],
    );
}

#[test]
fn a_field_over_its_limit_is_a_reject() {
    let dataset = dataset("r", "x, y: super", ", limits: {field_bytes: 3}");
    let input = "<c><r><x>abc</x></r><r><x>abcd</x></r><r><x>&amp;&amp;&amp;</x></r><r><y>abc</y></r></c>";
    expect![[r#"
        line 1 at 3+17: ["abc", "(null)"]
        line 1 at 20+18: too_long in x: a field has 4 bytes, limits.field_bytes is 3: "<r><x>abcd</x></r>"
        line 1 at 38+29: ["&&&", "(null)"]
        line 1 at 67+17: too_long in y: a field has 5 bytes, limits.field_bytes is 3: "<r><y>abc</y></r>"
    "#]]
    .assert_eq(&show(&dataset, input.as_bytes()));
}

#[test]
fn a_row_or_what_lies_between_over_its_limit_ends_the_reading() {
    let dataset = dataset("r", "x", ", limits: {field_bytes: 20, record_bytes: 20}");
    let text = |input: &str| show(&dataset, input.as_bytes());
    expect![[r#"
        2:1: the row, or the text, comment or tag between rows, that starts here has more than 20 bytes (limits.record_bytes); is it closed?
    "#]].assert_eq(&text("<c>\n<r><x>12345678</x></r>\n</c>"));
    expect![[r#"
        line 2 at 4+20: ["123456"]
    "#]]
    .assert_eq(&text("<c>\n<r><x>123456</x></r>\n</c>"));
    expect![[r#"
        2:6: the row, or the text, comment or tag between rows, that starts here has more than 20 bytes (limits.record_bytes); is it closed?
    "#]].assert_eq(&text("<c>\n<r/> <!-- 123456789012345 --></c>"));
    expect![[r#"
        2:1: the row, or the text, comment or tag between rows, that starts here has more than 20 bytes (limits.record_bytes); is it closed?
    "#]].assert_eq(&text("<c>\n<r>never closed at all, and so on"));
    expect![[r#"
        1:1: the row, or the text, comment or tag between rows, that starts here has more than 20 bytes (limits.record_bytes); is it closed?
    "#]].assert_eq(&text("no XML at all, but long enough to be too much"));
}

#[test]
fn a_document_without_rows_says_whether_it_may() {
    let text = |row: &str, input: &str| show(&dataset(row, "x", ""), input.as_bytes());
    expect![[""]].assert_eq(&text("r", "<c/>"));
    expect![[""]].assert_eq(&text("r", "<c> \n </c>"));
    expect![[""]].assert_eq(&text("c/r", "<c><meta/></c>"));
    expect![[r#"
        2:12: no element is a `r`; is `xml.row` right? Where a document may have no row, write its path from the root (catalog/book)
    "#]].assert_eq(&text("r", "<c>\n<meta/></c>"));
    expect![[r#"
        1:12: no element is a `r`; there is `R`, and the name of a row matches as it is written
    "#]]
    .assert_eq(&text("r", "<c><R/></c>"));
    expect![[r#"
        1:19: no element stands at `d/r`, nor is there what should be around it; is `xml.row` right?
    "#]]
    .assert_eq(&text("d/r", "<c><e><r/></e></c>"));
    expect![[r#"
        1:7: the element `d` is closed by `</c>`
    "#]]
    .assert_eq(&text("r", "<c><d></c>"));
}

#[test]
fn a_text_of_many_megabytes_is_one_text() {
    let text = "0123456789".repeat(1_100_000);
    let document = format!("<c><r><x>{text}</x></r><r><x>{text}&amp;</x></r></c>");
    let batches = read(&dataset("r", "x", ""), UTF8, document.as_bytes(), 1 << 16, 1 << 19).unwrap();
    let lengths = batches.iter().flat_map(|batch| (0..batch.rows()).map(|row| texts(batch, row)[0].len()));
    assert_eq!(lengths.collect::<Vec<_>>(), [11_000_000, 11_000_001]);
}

#[test]
fn rows_that_are_not_like_those_before_lose_nothing() {
    let input = "<c xmlns:p='u'><r><a>1</a><p:b>2</p:b><d>3</d></r>\n<r>\n <a>4</a>\n <p:b>5</p:b>\n <d>6</d>\n</r><r><d>7</d><a>8</a></r>\
                 <r><a/><p:b>9</p:b><d>x&amp;y</d></r><r><a>10</a><e>-</e><d k='v'>11</d></r><r><a>12</a><d>13</d><p:b/></r>\
                 <r><a>a\r\nb</a><d><![CDATA[14]]></d></r><r><a>15</a><a>16</a></r></c>";
    check(
        "r",
        "a, b, d",
        input,
        expect![[r#"
        line 1 at 15+35: ["1", "2", "3"]
        line 2 at 51+42: ["4", "5", "6"]
        line 6 at 93+23: ["8", "(null)", "7"]
        line 6 at 116+37: ["(null)", "9", "x&y"]
        line 6 at 153+39: ["10", "(null)", "11"]
        line 6 at 192+31: ["12", "(null)", "13"]
        line 6 at 223+39: ["a\nb", "(null)", "14"]
        line 7 at 262+25: repeated_element in a: the row has 2 of it; only a super column takes more than one: "<r><a>15</a><a>16</a></r>"
    "#]],
    );
}
