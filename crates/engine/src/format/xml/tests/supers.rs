//! Columns of type super.

use expect_test::expect;

use super::*;

#[test]
fn one_is_itself_and_several_are_an_array() {
    let input = "<c><r><tag>red</tag></r><r><tag>red</tag><tag/><tag>\"blue\"</tag></r><r><tag/></r><r/><r><tag/><tag/></r></c>";
    check(
        "r",
        "tag: super",
        input,
        expect![[r#"
        line 1 at 3+21: ["\"red\""]
        line 1 at 24+44: ["[\"red\",null,\"\\\"blue\\\"\"]"]
        line 1 at 68+13: ["(null)"]
        line 1 at 81+4: ["(null)"]
        line 1 at 85+19: ["[null,null]"]
    "#]],
    );
}

#[test]
fn elements_with_elements_are_objects() {
    let input =
        "<c><r><author id='1'><name>A &amp; B</name></author><author><name>C</name><name>D</name></author></r></c>";
    check(
        "r",
        "author: super, names: super from author/name, ids: super from author/@id, r: super from .",
        input,
        expect![[r#"
        line 1 at 3+98: ["[{\"@id\":\"1\",\"name\":\"A & B\"},{\"name\":[\"C\",\"D\"]}]", "[\"A & B\",\"C\",\"D\"]", "\"1\"", "{\"author\":[{\"@id\":\"1\",\"name\":\"A & B\"},{\"name\":[\"C\",\"D\"]}]}"]
    "#]],
    );
}

#[test]
fn namespaces_that_the_document_declares_are_known_inside() {
    let input = "<c xmlns:i='http://www.w3.org/2001/XMLSchema-instance'><r><a><b i:nil='true'/><i:c/></a></r></c>";
    check(
        "r",
        "a: super",
        input,
        expect![[r#"
        line 1 at 55+37: ["{\"b\":null,\"i:c\":null}"]
    "#]],
    );
}

#[test]
fn an_exact_name_comes_before_others() {
    check(
        "r",
        "tag: super",
        "<c><r><Tag>1</Tag><tag>2</tag><TAG>3</TAG></r><r><Tag>1</Tag><TAG>3</TAG></r></c>",
        expect![[r#"
        line 1 at 3+43: ["\"2\""]
        line 1 at 46+31: ["[\"1\",\"3\"]"]
    "#]],
    );
}

#[test]
fn too_many_elements_are_a_reject() {
    let told = |row: &str| {
        let batches =
            read(&dataset("r", "tag: super, all: super from .", ""), UTF8, row.as_bytes(), usize::MAX, 1 << 20);
        batches
            .unwrap()
            .iter()
            .flat_map(|batch| batch.rejects.clone())
            .map(|reject| (reject.reason.code(), reject.message))
            .collect::<Vec<_>>()
    };
    let limit = "it has more than 100000 elements, which is the limit of a super column".to_owned();
    assert_eq!(told(&format!("<r>{}</r>", "<tag/>".repeat(100_001))), [("too_long", limit.clone())]);
    assert_eq!(told(&format!("<r><tag>{}</tag></r>", "<b/>".repeat(100_000))), [("too_long", limit)]);
    assert_eq!(told(&format!("<r><tag>{}</tag></r>", "<b/>".repeat(99_990))), []);
}
