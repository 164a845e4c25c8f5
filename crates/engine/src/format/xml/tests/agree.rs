//! Generated and spoiled documents, read by us and by another parser, which shares no line with ours.

use proptest::prelude::*;
use roxmltree::{Document, Node, ParsingOptions};

use super::*;

/// What another parser makes of the rows: the same fields, or that the document is not well-formed.
fn oracle(document: &str) -> Result<Vec<Vec<String>>, String> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let document = Document::parse_with_options(document, options).map_err(|error| error.to_string())?;
    let is_row = |node: &Node| node.tag_name().name() == "r";
    let rows =
        document.descendants().filter(|node| is_row(node) && !node.ancestors().skip(1).any(|outer| is_row(&outer)));
    Ok(rows.map(|row| FIELDS.iter().map(|path| field(row, path)).collect()).collect())
}

const FIELDS: [&str; 4] = ["x", "y/z", "@x", "."];
const COLUMNS: &str = "a from x, b from y/z, c from @x, d from .";

/// A name with a prefix comes after one without.
fn field(row: Node, path: &str) -> String {
    let input = row.document().input_text();
    let ranked: Vec<(Vec<bool>, String)> = match path {
        "." => vec![(Vec::new(), row.children().filter(Node::is_text).filter_map(|node| node.text()).collect())],
        "@x" => row
            .attributes()
            .filter(|attribute| attribute.name() == "x")
            .map(|attribute| (vec![input[attribute.range_qname()].contains(':')], attribute.value().to_owned()))
            .collect(),
        path => {
            let mut nodes = vec![(Vec::new(), row)];
            for name in path.split('/') {
                nodes = nodes.into_iter().flat_map(|(rank, node)| children(node, name, rank)).collect();
            }
            let text = |node: Node| node.descendants().filter(Node::is_text).filter_map(|node| node.text()).collect();
            nodes.into_iter().map(|(rank, node)| (rank, text(node))).collect()
        }
    };
    let best = ranked.iter().map(|(rank, _)| rank).min();
    let texts: Vec<&String> = ranked.iter().filter(|(rank, _)| Some(rank) == best).map(|(_, text)| text).collect();
    match texts.as_slice() {
        [] => "(null)".to_owned(),
        [text] if text.bytes().all(|byte| b" \t\r\n".contains(&byte)) => "(null)".to_owned(),
        [text] => (*text).clone(),
        _ => "(repeated)".to_owned(),
    }
}

fn children<'a, 'i>(node: Node<'a, 'i>, name: &str, rank: Vec<bool>) -> Vec<(Vec<bool>, Node<'a, 'i>)> {
    let named = node.children().filter(|child| child.is_element() && child.tag_name().name() == name);
    let tag = |child: Node| node.document().input_text()[child.range()].split(['>', '/', ' ', '\t', '\r', '\n']).next();
    let rank_of = |child: Node| [rank.clone(), vec![tag(child).is_some_and(|tag| tag.contains(':'))]].concat();
    named.map(|child| (rank_of(child), child)).collect()
}

fn ours(document: &str) -> Result<Vec<Vec<String>>, String> {
    let dataset = dataset("r", COLUMNS, "");
    let same = |result: Result<Vec<TextBatch>, String>| {
        result.map(|batches| {
            let mut rows: Vec<(u64, Vec<String>)> = Vec::new();
            for batch in &batches {
                rows.extend((0..batch.rows()).map(|row| {
                    let place = batch.reject(row, None, Fault::new(Reason::BadQuote, "")).unwrap().position.byte_offset;
                    (place, texts(batch, row).into_iter().map(str::to_owned).collect())
                }));
                rows.extend(batch.rejects.iter().map(|reject| (reject.position.byte_offset, Vec::new())));
            }
            rows.sort_by_key(|(place, _)| *place);
            rows.into_iter().map(|(_, row)| row).collect()
        })
    };
    let whole = same(read(&dataset, UTF8, document.as_bytes(), usize::MAX, 1 << 20));
    for (push, piece) in [(1, 1), (5, 20), (usize::MAX, 1)] {
        assert_eq!(same(read(&dataset, UTF8, document.as_bytes(), push, piece)), whole, "{document}");
    }
    whole
}

/// What ours refuses and the other takes: it does not look at these.
const STRICTER: &[&str] = &[
    "declaration",
    "version of XML",
    "standalone",
    "processing instruction",
    "entity declarations are refused",
    "default in the document type",
    "document type",
    "literal",
    "the limit",
    "no element is a `r`",
    "colon",
    "is closed by `</:",
    "to mean no namespace",
    "the prefix `xmlns`",
];

fn agree(document: &str) -> Result<(), TestCaseError> {
    match (ours(document), oracle(document)) {
        // Where a reference follows a CR by itself, the other parser leaves the CR as it is.
        (Ok(_), Ok(_)) if document.replace("\r\n", "").contains('\r') => {}
        (Ok(ours), Ok(theirs)) => {
            let theirs: Vec<Vec<String>> = theirs
                .into_iter()
                .map(|row| if row.iter().any(|field| field == "(repeated)") { Vec::new() } else { row })
                .collect();
            prop_assert_eq!(ours, theirs, "{}", document);
        }
        (Ok(_), Err(error)) => prop_assert!(false, "only the other refuses {document:?}: {error}"),
        (Err(error), Ok(_)) => {
            // Nor does it look at characters inside of a document type.
            let is_stricter = STRICTER.iter().any(|reason| error.contains(reason))
                || (document.contains("<!DOCTYPE") && error.contains("which XML does not have"));
            prop_assert!(is_stricter, "only we refuse {document:?}: {error}");
        }
        (Err(_), Err(_)) => {}
    }
    Ok(())
}

fn text() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "a",
        " ",
        "é",
        "\r\n",
        "\t",
        "&lt;",
        "&amp;",
        "&#65;",
        "&#x20AC;",
        "&#13;",
        "&quot;",
        "]]",
        ">",
        "'",
        "\"",
        "=",
        "/",
        "<![CDATA[<r>&]]>",
        "<![CDATA[]]>",
        "<!-- <r> -->",
        "<?p <r>?>",
    ]);
    prop::collection::vec(part, 0..5).prop_map(|parts| parts.concat())
}

fn value() -> impl Strategy<Value = String> {
    let part =
        prop::sample::select(vec!["a", " ", "é", "\r\n", "\t", "&lt;", "&#10;", "&apos;", ">", "\"", "/>", "]]>"]);
    prop::collection::vec(part, 0..4).prop_map(|parts| parts.concat())
}

fn element() -> impl Strategy<Value = String> {
    let name = || prop::sample::select(vec!["r", "x", "y", "z", "n:x", "w"]);
    let attributes = || {
        let attribute = (prop::sample::select(vec!["x", "y", "n:x", "xmlns"]), value());
        prop::collection::vec(attribute, 0..3).prop_map(|attributes| {
            let mut names = Vec::new();
            let mut text = String::new();
            for (name, value) in attributes {
                if !names.contains(&name) {
                    text += &format!(" {name}='{value}'");
                    names.push(name);
                }
            }
            text
        })
    };
    let leaf =
        (name(), attributes(), text(), any::<bool>()).prop_map(|(name, attributes, text, is_empty)| match is_empty {
            true => format!("<{name}{attributes}/>"),
            false => format!("<{name}{attributes}>{text}</{name} >"),
        });
    leaf.prop_recursive(4, 24, 4, move |inner| {
        (name(), attributes(), prop::collection::vec((inner, text()), 0..4)).prop_map(|(name, attributes, content)| {
            let content: String = content.into_iter().map(|(element, text)| element + &text).collect();
            format!("<{name}{attributes}>{content}</{name}>")
        })
    })
}

fn document() -> impl Strategy<Value = String> {
    let prolog = prop::sample::select(vec![
        "",
        "<?xml version='1.0'?>\n",
        "<!-- a --><?b c?>",
        "<!DOCTYPE c [<!ELEMENT r ANY>]>",
        "\n",
    ]);
    let epilog = prop::sample::select(vec!["", "\n", "<!-- z -->", "<?p?>\n"]);
    (prolog, prop::collection::vec(element(), 0..6), epilog)
        .prop_map(|(prolog, elements, epilog)| format!("{prolog}<c xmlns:n='u'>{}</c>{epilog}", elements.join("\n")))
}

/// Rows that are alike, as most are.
fn alike() -> impl Strategy<Value = String> {
    let names = prop::collection::vec(prop::sample::select(vec!["x", "y", "z", "n:x", "w"]), 1..4);
    let rows = prop::collection::vec((prop::collection::vec(text(), 4), prop::sample::select(vec!["", "\n  "])), 2..6);
    (names, rows).prop_map(|(names, rows)| {
        let row = |(texts, space): &(Vec<String>, &str)| {
            let field = |(name, text): (&&str, &String)| match text.is_empty() {
                true => format!("{space}<{name}/>"),
                false => format!("{space}<{name}>{text}</{name}>"),
            };
            format!("<r>{}</r>", names.iter().zip(texts).map(field).collect::<String>())
        };
        format!("<c xmlns:n='u'>{}</c>", rows.iter().map(row).collect::<String>())
    })
}

fn spoils() -> impl Strategy<Value = Vec<(prop::sample::Index, usize, &'static str)>> {
    prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize, prop::sample::select(SPOILS)), 1..4)
}

fn spoil(document: &str, spoils: Vec<(prop::sample::Index, usize, &str)>) -> String {
    let mut characters: Vec<char> = document.chars().collect();
    for (place, removed, spoil) in spoils {
        let start = place.index(characters.len() + 1);
        let end = (start + removed).min(characters.len());
        characters.splice(start..end, spoil.chars());
    }
    characters.into_iter().collect()
}

/// What is put into a document, or in the place of something, to spoil it.
const SPOILS: &[&str] = &[
    "",
    "<",
    ">",
    "&",
    ";",
    "'",
    "\"",
    "/",
    "=",
    " ",
    "]]>",
    "--",
    "<!--",
    "-->",
    "<![CDATA[",
    "<?",
    "?>",
    "<r>",
    "</r>",
    "<r/>",
    "</c>",
    "<c>",
    "x",
    "x='1'",
    " x='1'",
    "\u{1}",
    "\u{FFFE}",
    "é",
    "&#0;",
    "&x;",
    "&#x41;",
    "n:",
    ":",
    "!",
    "<!DOCTYPE c>",
    "xmlns:n=''",
    "1",
    "-",
    "\n",
    "<?xml version='1.0'?>",
    "</x>",
    "]",
];

proptest! {
    #[test]
    fn well_formed_documents_read_as_another_parser_reads_them(document in document()) {
        agree(&document)?;
    }

    #[test]
    fn rows_that_are_alike_read_as_another_parser_reads_them(document in alike()) {
        agree(&document)?;
    }

    #[test]
    fn spoiled_documents_are_refused_as_another_parser_refuses_them(document in document(), spoils in spoils()) {
        agree(&spoil(&document, spoils))?;
    }

    #[test]
    fn spoiled_rows_among_rows_that_are_alike_are_refused_too(document in alike(), spoils in spoils()) {
        agree(&spoil(&document, spoils))?;
    }

    #[test]
    fn any_bytes_are_rows_or_an_error_however_they_are_cut(
        bytes in prop::collection::vec(prop::sample::select(b"<>/r!?-[]CDAT'\"=& x;#\n\xC3\xA9\xFF\0".to_vec()), 0..60),
    ) {
        let dataset = dataset("r", "x, s: super from .", "");
        let _ = outcome(&dataset, &bytes);
        let _ = outcome(&dataset, &[b"<r>", bytes.as_slice(), b"</r>"].concat());
    }
}
