//! Documents that are not well-formed, and those that are and look odd.

use expect_test::expect;

use super::*;

fn faults(documents: &[&str]) -> String {
    let dataset = dataset("r", "x", "");
    let told = documents.iter().map(|document| {
        let told = outcome(&dataset, document.as_bytes());
        format!("{document:?}\n  {}\n", told.expect_err(document))
    });
    told.collect()
}

#[test]
fn one_root_and_nothing_around_it() {
    expect![[r#"
        ""
          1:1: the document ends and has no root element
        " \n "
          2:2: the document ends and has no root element
        "<!-- -->"
          1:9: the document ends and has no root element
        "<a/><a/>"
          1:5: a second root element, `a`, begins here; a document has one
        "<a></a>\n<b></b>"
          2:1: a second root element, `b`, begins here; a document has one
        "text<a/>"
          1:1: text stands before the root element; is it XML?
        "\n <a/> text"
          2:7: text stands behind the root element, where only comments may
        "<a/>&#32;"
          1:5: text stands behind the root element, where only comments may
        "<a/><![CDATA[ ]]>"
          1:5: a CDATA section stands outside of the root element
        "</a>"
          1:1: `</a>` closes no element
        "<a/></a>"
          1:5: `</a>` closes no element
        "<a>"
          1:4: the document ends and the element `a` is not closed; was its upload cut off?
        "<a><r><x>1</x></r>"
          1:19: the document ends and the element `a` is not closed; was its upload cut off?
        "<a>\n<r>"
          2:4: the document ends and the element `r` is not closed; was its upload cut off?
        "\u{feff}<a/>"
          1:1: text stands before the root element; is it XML?
        "<a/>\0"
          1:5: text stands behind the root element, where only comments may
    "#]]
    .assert_eq(&faults(&[
        "",
        " \n ",
        "<!-- -->",
        "<a/><a/>",
        "<a></a>\n<b></b>",
        "text<a/>",
        "\n <a/> text",
        "<a/>&#32;",
        "<a/><![CDATA[ ]]>",
        "</a>",
        "<a/></a>",
        "<a>",
        "<a><r><x>1</x></r>",
        "<a>\n<r>",
        "\u{FEFF}<a/>",
        "<a/>\u{0}",
    ]));
}

#[test]
fn tags_match_and_are_written_as_they_should() {
    expect![[r#"
        "<a></b>"
          1:4: the element `a` is closed by `</b>`
        "<a><b></a></b>"
          1:7: the element `b` is closed by `</a>`
        "<a></A>"
          1:4: the element `a` is closed by `</A>`
        "<a><r>\n<x>1</y></r></a>"
          2:5: the element `x` is closed by `</y>`
        "<a"
          1:1: the tag that begins here is not finished: the document ends in it
        "<a b"
          1:1: the tag that begins here is not finished: the document ends in it
        "<a b="
          1:1: the tag that begins here is not finished: the document ends in it
        "<a b='"
          1:6: the value of the attribute `b` is opened by a quote here and never closed
    "#]]
    .assert_eq(&faults(&[
        "<a></b>",
        "<a><b></a></b>",
        "<a></A>",
        "<a><r>\n<x>1</y></r></a>",
        "<a",
        "<a b",
        "<a b=",
        "<a b='",
    ]));
}

#[test]
fn tags_have_names_and_ends() {
    expect![[r#"
        "<"
          1:2: the document ends in a tag
        "<a></a"
          1:4: the tag that begins here is not finished: the document ends in it
        "<a><"
          1:5: the document ends in a tag
        "<a><1/></a>"
          1:5: a tag has no name here, or its name begins with a character that no name may begin with; a `<` in text is written `&lt;`
        "<a>1 < 2</a>"
          1:7: a tag has no name here, or its name begins with a character that no name may begin with; a `<` in text is written `&lt;`
        "<a>1 <2</a>"
          1:7: a tag has no name here, or its name begins with a character that no name may begin with; a `<` in text is written `&lt;`
        "< a/>"
          1:2: a tag has no name here, or its name begins with a character that no name may begin with; a `<` in text is written `&lt;`
        "<a></ a>"
          1:6: an end tag has no name here, or its name begins with a character that no name may begin with
        "<a></a b='c'>"
          1:8: the end tag of `a` does not end in `>`
        "<a/ >"
          1:4: a `/` in a tag that is not followed by `>`
        "<a / b='c'>"
          1:5: a `/` in a tag that is not followed by `>`
        "<a$/>"
          1:3: no white space stands before this attribute, or the name of the tag holds a character that no name may hold
        "<é·/><·é/>"
          1:7: a tag has no name here, or its name begins with a character that no name may begin with; a `<` in text is written `&lt;`
    "#]].assert_eq(&faults(&[
        "<",
        "<a></a",
        "<a><",
        "<a><1/></a>",
        "<a>1 < 2</a>",
        "<a>1 <2</a>",
        "< a/>",
        "<a></ a>",
        "<a></a b='c'>",
        "<a/ >",
        "<a / b='c'>",
        "<a$/>",
        "<é·/><·é/>",
    ]));
}

#[test]
fn attributes_are_quoted_once_there_and_without_a_bracket() {
    expect![[r#"
        "<a b=c/>"
          1:6: the value of the attribute `b` is not quoted
        "<a b='c\"/>"
          1:6: the value of the attribute `b` is opened by a quote here and never closed
        "<a b/>"
          1:5: the attribute `b` has no `=` and value
        "<a b='1' b='2'/>"
          1:10: the element has two attributes `b`
        "<a b='1' c='2' d='3' b='4'/>"
          1:22: the element has two attributes `b`
        "<a b='1'c='2'/>"
          1:9: no white space stands before this attribute, or the name of the tag holds a character that no name may hold
        "<a b='<'/>"
          1:7: a `<` in the value of the attribute `b`; write `&lt;`, or is a quote missing?
        "<a b='&'/>"
          1:7: a `&` that begins no reference; write `&amp;`
        "<a b='&c;'/>"
          1:7: the entity `&c;` is not known; only `&lt;`, `&gt;`, `&amp;`, `&apos;` and `&quot;` are, and character references (`&#160;`)
        "<a\n b='\n&c'/>"
          3:1: a `&` that begins no reference; write `&amp;`
        "<a 1='c'/>"
          1:4: an attribute has no name here, or its name begins with a character that no name may begin with
        "<a =''/>"
          1:4: an attribute has no name here, or its name begins with a character that no name may begin with
    "#]].assert_eq(&faults(&[
        "<a b=c/>",
        "<a b='c\"/>",
        "<a b/>",
        "<a b='1' b='2'/>",
        "<a b='1' c='2' d='3' b='4'/>",
        "<a b='1'c='2'/>",
        "<a b='<'/>",
        "<a b='&'/>",
        "<a b='&c;'/>",
        "<a\n b='\n&c'/>",
        "<a 1='c'/>",
        "<a =''/>",
    ]));
    let many: String = (0..1025).map(|n| format!(" a{n}=''")).collect();
    let told = outcome(&dataset("r", "x", ""), format!("<a><r{many}/></a>").as_bytes());
    expect!["1:8113: the element has more than 1024 attributes, which is the limit"].assert_eq(&told.unwrap_err());
}

#[test]
fn references_are_to_what_is_known() {
    expect![[r#"
        "<a>&nbsp;</a>"
          1:4: the entity `&nbsp;` is not known; only `&lt;`, `&gt;`, `&amp;`, `&apos;` and `&quot;` are, and character references (`&#160;`)
        "<a>\n<r><x>&nbsp;</x></r></a>"
          2:7: the entity `&nbsp;` is not known; only `&lt;`, `&gt;`, `&amp;`, `&apos;` and `&quot;` are, and character references (`&#160;`)
        "<a>a & b</a>"
          1:6: a `&` that begins no reference; write `&amp;`
        "<a>&</a>"
          1:4: a `&` that begins no reference; write `&amp;`
        "<a>&#0;</a>"
          1:4: the character reference `&#0;` means no character of XML
        "<a>&#xFFFE;</a>"
          1:4: the character reference `&#xFFFE;` means no character of XML
        "<a>&#xD800;</a>"
          1:4: the character reference `&#xD800;` means no character of XML
        "<a>&#x;</a>"
          1:4: the character reference `&#x;` has no number
        "<a>&amp</a>"
          1:4: a `&` that begins no reference; write `&amp;`
        "<!DOCTYPE a SYSTEM 'a.dtd'><a>&known_there;</a>"
          1:31: the entity `&known_there;` is not known; only `&lt;`, `&gt;`, `&amp;`, `&apos;` and `&quot;` are, and character references (`&#160;`)
    "#]].assert_eq(&faults(&[
        "<a>&nbsp;</a>",
        "<a>\n<r><x>&nbsp;</x></r></a>",
        "<a>a & b</a>",
        "<a>&</a>",
        "<a>&#0;</a>",
        "<a>&#xFFFE;</a>",
        "<a>&#xD800;</a>",
        "<a>&#x;</a>",
        "<a>&amp</a>",
        "<!DOCTYPE a SYSTEM 'a.dtd'><a>&known_there;</a>",
    ]));
}

#[test]
fn comments_sections_and_instructions_end() {
    expect![[r#"
        "<a><!-- -- --></a>"
          1:9: `--` stands in a comment, which may not hold it
        "<a><!-- --"
          1:9: `--` stands in a comment, which may not hold it
        "<a><!--></a>"
          1:4: a comment is opened here and never closed
        "<a><!-- ---></a>"
          1:9: `--` stands in a comment, which may not hold it
        "<a><![CDATA[</a>"
          1:4: a CDATA section is opened here and never closed
        "<a>]]></a>"
          1:4: `]]>` stands in text; write `]]&gt;`
        "<a><r><x>]]></x></r><![CDATA[]]></a>"
          1:10: `]]>` stands in text; write `]]&gt;`
        "<a><! ></a>"
          1:4: `<!` begins no comment, no CDATA section and no document type
        "<a><![cdata[]]></a>"
          1:4: `<!` begins no comment, no CDATA section and no document type
        "<a><?p</a>"
          1:4: a processing instruction is opened here and never closed
        "<a><? p?></a>"
          1:4: a processing instruction has no target, or its target is not a name without a colon
        "<a><?p:q?></a>"
          1:4: a processing instruction has no target, or its target is not a name without a colon
        "<a><?XML version='1.0'?></a>"
          1:4: an XML declaration stands elsewhere than at the very start of the document
        " <?xml version='1.0'?><a/>"
          1:2: an XML declaration stands elsewhere than at the very start of the document
        "<a/><?xml version='1.0'?>"
          1:5: an XML declaration stands elsewhere than at the very start of the document
        "<?xml version='1.0'?><?xml version='1.0'?><a/>"
          1:22: an XML declaration stands elsewhere than at the very start of the document
        "<?xml?><a/>"
          1:1: an XML declaration stands elsewhere than at the very start of the document
        "<a><?p'q'?></a>"
          1:4: the target of a processing instruction is not a name
    "#]]
    .assert_eq(&faults(&[
        "<a><!-- -- --></a>",
        "<a><!-- --",
        "<a><!--></a>",
        "<a><!-- ---></a>",
        "<a><![CDATA[</a>",
        "<a>]]></a>",
        "<a><r><x>]]></x></r><![CDATA[]]></a>",
        "<a><! ></a>",
        "<a><![cdata[]]></a>",
        "<a><?p</a>",
        "<a><? p?></a>",
        "<a><?p:q?></a>",
        "<a><?XML version='1.0'?></a>",
        " <?xml version='1.0'?><a/>",
        "<a/><?xml version='1.0'?>",
        "<?xml version='1.0'?><?xml version='1.0'?><a/>",
        "<?xml?><a/>",
        "<a><?p'q'?></a>",
    ]));
}

#[test]
fn characters_are_those_of_xml() {
    expect![[r#"
        "<a>\u{1}</a>"
          1:4: the character U+0001, which XML does not have
        "<a>\n<r><x>\u{b}</x></r></a>"
          2:7: the character U+000B, which XML does not have
        "<a b='\u{1b}'/>"
          1:7: the character U+001B, which XML does not have
        "<a><!-- \u{8} --></a>"
          1:9: the character U+0008, which XML does not have
        "<a>é\u{fffe}</a>"
          1:5: the character U+FFFE, which XML does not have
        "<a>\u{ffff}</a>"
          1:4: the character U+FFFF, which XML does not have
        "<a>\0</a>"
          1:4: the character U+0000, which XML does not have
    "#]]
    .assert_eq(&faults(&[
        "<a>\u{1}</a>",
        "<a>\n<r><x>\u{B}</x></r></a>",
        "<a b='\u{1B}'/>",
        "<a><!-- \u{8} --></a>",
        "<a>é\u{FFFE}</a>",
        "<a>\u{FFFF}</a>",
        "<a>\u{0}</a>",
    ]));
}

#[test]
fn namespaces_are_declared() {
    expect![[r#"
        "<x:a/>"
          1:2: the prefix `x` is not declared by an `xmlns` attribute
        "<a x:b=''/>"
          1:4: the prefix `x` is not declared by an `xmlns` attribute
        "<a><x:b xmlns:x='u'/><x:b/></a>"
          1:23: the prefix `x` is not declared by an `xmlns` attribute
        "<a xmlns:x=''/>"
          1:4: a prefix is declared to mean no namespace
        "<a xmlns:xmlns='u'/>"
          1:4: the prefix `xmlns` may not be declared
        "<a xmlns:xml='u'/>"
          1:4: the prefix `xml` means one namespace always, and this is another
        "<a xmlns:x='http://www.w3.org/XML/1998/namespace'/>"
          1:4: the namespace of the prefix `xml` may have no other prefix
        "<a xmlns='http://www.w3.org/XML/1998/namespace'/>"
          1:4: the namespace of the prefix `xml` may have no other prefix
        "<a xmlns='http://www.w3.org/2000/xmlns/'/>"
          1:4: the namespace of the prefix `xmlns` may not be declared
        "<a xmlns:x='u' xmlns:y='u' x:b='' y:b=''/>"
          1:35: two attributes are `b` in one namespace, under two prefixes
        "<a:b:c xmlns:a='u'/>"
          1:2: the name `a:b:c` has a colon that does not stand between a prefix and a local name
        "<:a/>"
          1:2: the name `:a` has a colon that does not stand between a prefix and a local name
        "<a:/>"
          1:2: the name `a:` has a colon that does not stand between a prefix and a local name
        "<a:1 xmlns:a='u'/>"
          1:2: the name `a:1` has a colon that does not stand between a prefix and a local name
        "<a xmlns:='u'/>"
          1:4: a prefix is declared that is not a name without a colon
        "<xmlns:a/>"
          1:2: the prefix `xmlns` is not declared by an `xmlns` attribute
        "<a xmlns:x='u' xmlns:x='v'/>"
          1:16: the element has two attributes `xmlns:x`
        "<a><r xmlns:x='u'><x:x>1</x:x></r><r><x:x>2</x:x></r></a>"
          1:39: the prefix `x` is not declared by an `xmlns` attribute
    "#]]
    .assert_eq(&faults(&[
        "<x:a/>",
        "<a x:b=''/>",
        "<a><x:b xmlns:x='u'/><x:b/></a>",
        "<a xmlns:x=''/>",
        "<a xmlns:xmlns='u'/>",
        "<a xmlns:xml='u'/>",
        "<a xmlns:x='http://www.w3.org/XML/1998/namespace'/>",
        "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
        "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
        "<a xmlns:x='u' xmlns:y='u' x:b='' y:b=''/>",
        "<a:b:c xmlns:a='u'/>",
        "<:a/>",
        "<a:/>",
        "<a:1 xmlns:a='u'/>",
        "<a xmlns:='u'/>",
        "<xmlns:a/>",
        "<a xmlns:x='u' xmlns:x='v'/>",
        "<a><r xmlns:x='u'><x:x>1</x:x></r><r><x:x>2</x:x></r></a>",
    ]));
}

#[test]
fn document_types_stand_once_and_before_the_root_and_declare_no_entities() {
    expect![[r#"
        "<a/><!DOCTYPE a>"
          1:5: a document type stands once, and before the root element
        "<a><!DOCTYPE a></a>"
          1:4: a document type stands once, and before the root element
        "<!DOCTYPE a><!DOCTYPE a><a/>"
          1:13: a document type stands once, and before the root element
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"
          1:14: entity declarations are refused: they make a small document large, and read other files; write the text itself in their place
        "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>"
          1:14: entity declarations are refused: they make a small document large, and read other files; write the text itself in their place
        "<!DOCTYPE a [<!ATTLIST a b CDATA 'c'>]><a/>"
          1:34: an attribute with a default in the document type is refused: the default would be lost
        "<!ENTITY b 'c'><a/>"
          1:1: entity declarations are refused: they make a small document large, and read other files; write the text itself in their place
        "<!DOCTYPE a [<!-- -- -->]><a/>"
          1:19: `--` stands in a comment, which may not hold it
        "<!doctype a><a/>"
          1:1: `<!` begins no comment, no CDATA section and no document type
        "<!DOCTYPE a ["
          1:1: a document type is opened here and never closed
    "#]].assert_eq(&faults(&[
        "<a/><!DOCTYPE a>",
        "<a><!DOCTYPE a></a>",
        "<!DOCTYPE a><!DOCTYPE a><a/>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
        "<!DOCTYPE a [<!ATTLIST a b CDATA 'c'>]><a/>",
        "<!ENTITY b 'c'><a/>",
        "<!DOCTYPE a [<!-- -- -->]><a/>",
        "<!doctype a><a/>",
        "<!DOCTYPE a [",
    ]));
}

#[test]
fn limits_are_named() {
    let deep = format!("{}{}", "<a>".repeat(257), "</a>".repeat(257));
    let deep_row = format!("<r>{deep}</r>");
    let name = "n".repeat(1025);
    let named = format!("<{name}/>");
    let dataset = dataset("r", "x", "");
    let told = |document: &str| outcome(&dataset, document.as_bytes()).unwrap_err();
    expect!["1:769: elements are nested deeper than 256, which is the limit"].assert_eq(&told(&deep));
    expect!["1:769: elements are nested deeper than 256, which is the limit"].assert_eq(&told(&deep_row));
    expect!["1:2: a name has more than 1024 bytes, which is the limit"].assert_eq(&told(&named));
    let wide = format!("<a b='{}'>", "x".repeat(600_000)).repeat(2);
    expect![
        "1:600009: the start tags of the elements that are open here have more than 1048576 bytes, which is the limit"
    ]
    .assert_eq(&read(&dataset, UTF8, wide.as_bytes(), usize::MAX, 1 << 20).unwrap_err());
}
