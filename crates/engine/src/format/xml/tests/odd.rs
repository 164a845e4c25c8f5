//! Documents that look odd, what is no text, and what is not told.

use expect_test::expect;
use model::encoding::Encoding;

use super::*;

#[test]
fn odd_documents_that_are_well_formed_are_read() {
    for document in [
        "<a/>",
        "<?xml version='1.0'?>\n<!-- a --><?b c?><!DOCTYPE a [<!ELEMENT a ANY>]>\n<a/>\n<!-- z --><?y?>\n",
        "<a b = 'c'\n\td='e' ></a >",
        "<a b='>' c='/>' d=\"'\" e='\"'/>",
        "<a>]]</a>",
        "<a>]]&gt;</a>",
        "<a>></a>",
        "<a><![CDATA[]]]]><![CDATA[>]]></a>",
        "<a><![CDATA[<r>&nbsp;</r><!--]]></a>",
        "<a><!----><!--- --><!-- - --><!-- <b> & --></a>",
        "<a><?p?><?p ?><?p-q ?? > ?><?xml-stylesheet href='a'?></a>",
        "<имя атрибут='значение'/>",
        "<a xml:lang='en' xml:space='preserve'/>",
        "<x:a xmlns:x='u' x:b='' b=''/>",
        "<a xmlns='u'><b xmlns=''/></a>",
        "<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>",
        "<a xmlns:x='u'><b xmlns:x='v' x:c=''/></a>",
        "<_.-1/>",
        "<a>&#x9;&#xA;&#xD;&#x20;&#xD7FF;&#xE000;&#xFFFD;&#x10FFFF;</a>",
        "<a>\u{7F}\u{85}\u{2028}</a>",
        "<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN' 'http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd'><a/>",
    ] {
        assert_eq!(
            outcome(&dataset("nothing/at", "x", ""), document.as_bytes()).map_err(|error| {
                assert!(error.contains("no element stands at `nothing/at`"), "{document}: {error}");
            }),
            Err(()),
            "{document}"
        );
    }
}

#[test]
fn bytes_that_are_no_text_are_told_by_line_and_column() {
    let dataset = dataset("r", "x", "");
    let told = |bytes: &[u8]| outcome(&dataset, bytes).unwrap_err();
    expect!["2:8: bytes that are no utf-8; a document is read whole or not at all"]
        .assert_eq(&told(b"<a>\n<r><x>\xC3\xA9\xFF</x></r></a>"));
    expect!["1:13: bytes that are no utf-8; a document is read whole or not at all"]
        .assert_eq(&told(b"<a><r><x>caf\xE9</x></r></a>"));
    expect!["1:4: bytes that are no utf-8; a document is read whole or not at all"]
        .assert_eq(&told(b"<a>\xED\xA0\x80</a>"));
    expect!["1:3: bytes that are no utf-8; a document is read whole or not at all"].assert_eq(&told(b"<a\xC3/>"));
}

#[test]
fn a_declaration_of_another_encoding_is_refused_unless_the_dataset_says_which() {
    let input = b"<?xml version='1.0' encoding='ISO-8859-1'?><a><r><x>1</x></r></a>";
    let plain = dataset("r", "x", "");
    expect![[r#"
        1:1: the XML declaration says `ISO-8859-1`, and the file was read as utf-8; set `encoding: latin-1` in the dataset if it is that, or `encoding: utf-8` if the declaration is wrong
    "#]].assert_eq(&show(&plain, input));
    let told = dataset("r", "x", ", encoding: latin-1");
    let latin = Origin { encoding: Encoding::Latin1, byte_offset: 0 };
    assert_eq!(texts(&read(&told, latin, input, 7, 10).unwrap()[1], 0), ["1"]);
    let utf16 = Origin { encoding: Encoding::Utf16Le, byte_offset: 2 };
    let input = b"<?xml version='1.0' encoding='utf-16'?><a><r><x>1</x></r></a>";
    assert!(read(&plain, utf16, input, 7, 1000).is_ok(), "its byte order mark said so");
    assert!(read(&plain, UTF8, input, 7, 1000).unwrap_err().starts_with("1:1: the XML declaration says `utf-16`"));
}

#[test]
fn where_a_column_is_masked_messages_hold_no_word_of_the_document() {
    let plain = dataset("r", "x", "");
    let yaml = "{dataset: x, landing: x/, format: xml, xml: {row: r}, columns: {x: {type: varchar(9), mask: redact}}}";
    let masked = DatasetFile::parse(yaml, "x.yaml").unwrap().dataset;
    for document in ["<a><r><x>&Smith;</x></r></a>", "<a><r><x><Smith></x></r></a>", "<a><r><x><Smith:S/></x></r></a>"]
    {
        let told = outcome(&masked, document.as_bytes()).unwrap_err();
        assert!(!told.contains("Smith"), "{told}");
        assert!(outcome(&plain, document.as_bytes()).unwrap_err().contains("Smith"));
    }
}
