//! Character data as it is meant: references resolved, line ends made one, attribute values normalised.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memchr3};

use super::chars::{is_allowed, is_space, is_whole_name};
use super::fault::Fault;

/// The character that a reference means, and the bytes it takes; `text` is all that stands behind its `&`, at `at`.
pub fn resolve(text: &str, at: usize) -> Result<(char, usize), Fault> {
    let end = text.bytes().position(|byte| matches!(byte, b';' | b'<' | b'&' | b'"' | b'\'') || is_space(byte));
    let name = end.and_then(|end| text.get(..end)).filter(|name| text.as_bytes().get(name.len()) == Some(&b';'));
    let Some(name) = name else {
        return Err(Fault::new(at, "a `&` that begins no reference; write `&amp;`"));
    };
    let length = name.len() + 1;
    let character = match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "apos" => '\'',
        "quot" => '"',
        _ => match name.strip_prefix('#') {
            Some(number) => by_number(number, at)?,
            None => return Err(unknown(name, at)),
        },
    };
    Ok((character, length))
}

fn by_number(number: &str, at: usize) -> Result<char, Fault> {
    let (digits, radix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    // `from_str_radix` would take a sign, too.
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return Err(Fault::new(at, "the character reference `&#{};` has no number").quoting(number));
    }
    // Too many digits for a u32 are too many for a character; leading zeros are none of them. Zero itself is forbidden.
    let code = u32::from_str_radix(digits.trim_start_matches('0'), radix).ok();
    let character = code.and_then(char::from_u32).filter(|character| is_allowed(*character));
    character.ok_or_else(|| Fault::new(at, "the character reference `&#{};` means no character of XML").quoting(number))
}

fn unknown(name: &str, at: usize) -> Fault {
    if is_whole_name(name) {
        let what = "the entity `&{};` is not known; only `&lt;`, `&gt;`, `&amp;`, `&apos;` and `&quot;` are, and \
                    character references (`&#160;`)";
        Fault::new(at, what).quoting(name)
    } else {
        Fault::new(at, "a `&` that begins no reference; write `&amp;`")
    }
}

/// Appends a text: references resolved, CR and CRLF made LF. Its references were checked.
pub fn append_text(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(found) = memchr2(b'&', b'\r', rest.as_bytes()) {
        out.push_str(rest.get(..found).unwrap_or_default());
        let (is_return, behind) = split(rest, found);
        rest = behind;
        if is_return {
            out.push('\n');
            rest = rest.strip_prefix('\n').unwrap_or(rest);
        } else {
            rest = append_reference(rest, out);
        }
    }
    out.push_str(rest);
}

/// Appends a CDATA section's text: CR and CRLF made LF.
pub fn append_cdata(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(found) = memchr(b'\r', rest.as_bytes()) {
        out.push_str(rest.get(..found).unwrap_or_default());
        out.push('\n');
        let behind = split(rest, found).1;
        rest = behind.strip_prefix('\n').unwrap_or(behind);
    }
    out.push_str(rest);
}

/// Appends an attribute's value: references resolved; a tab or line end that stands there as such is a space.
pub fn append_value(value: &str, out: &mut String) {
    let is_special = |byte: u8| matches!(byte, b'&' | b'\r' | b'\n' | b'\t');
    let mut rest = value;
    while let Some(found) = rest.bytes().position(is_special) {
        out.push_str(rest.get(..found).unwrap_or_default());
        let is_reference = rest.as_bytes().get(found) == Some(&b'&');
        let (is_return, behind) = split(rest, found);
        rest = behind;
        if is_reference {
            rest = append_reference(rest, out);
        } else {
            out.push(' ');
            rest = if is_return { rest.strip_prefix('\n').unwrap_or(rest) } else { rest };
        }
    }
    out.push_str(rest);
}

/// Whether an attribute's value is its text as it stands in the file.
pub fn is_plain_value(value: &[u8]) -> bool {
    memchr(b'&', value).is_none() && memchr3(b'\r', b'\n', b'\t', value).is_none()
}

/// An attribute's value.
pub fn attribute_value(value: &str) -> Cow<'_, str> {
    if is_plain_value(value.as_bytes()) {
        return Cow::Borrowed(value);
    }
    let mut made = String::with_capacity(value.len());
    append_value(value, &mut made);
    Cow::Owned(made)
}

/// Whether the byte found is a CR, and what stands behind it.
fn split(text: &str, found: usize) -> (bool, &str) {
    (text.as_bytes().get(found) == Some(&b'\r'), text.get(found + 1..).unwrap_or_default())
}

fn append_reference<'a>(behind: &'a str, out: &mut String) -> &'a str {
    match resolve(behind, 0) {
        Ok((character, length)) => {
            out.push(character);
            behind.get(length..).unwrap_or_default()
        }
        // It was checked before; were it not, the text would at least stay as it is.
        Err(_) => {
            out.push('&');
            behind
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, at: usize) -> Result<(), Fault> {
        let mut from = 0;
        while let Some(found) = text.as_bytes().get(from..).and_then(|rest| memchr(b'&', rest)) {
            let behind = from + found + 1;
            let (_, length) = resolve(text.get(behind..).unwrap_or_default(), at + behind - 1)?;
            from = behind + length;
        }
        Ok(())
    }

    fn text(text: &str) -> String {
        check(text, 0).unwrap();
        let mut out = String::new();
        append_text(text, &mut out);
        out
    }

    fn value(value: &str) -> String {
        check(value, 0).unwrap();
        let mut out = String::new();
        append_value(value, &mut out);
        out
    }

    #[test]
    fn five_entities_and_characters_by_number_are_known() {
        assert_eq!(text("&lt;&gt;&amp;&apos;&quot;"), "<>&'\"");
        assert_eq!(text("a&#233;b&#xE9;c&#x1F600;&#0000000000000000000000065;"), "aébéc😀A");
        assert_eq!(text("&#x10FFFF;&#9;"), "\u{10FFFF}\t");
        assert_eq!(text("&amp;lt;"), "&lt;", "what a reference makes is not read again");
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        for text in
            ["&", "& ", "a & b;", "&;", "&#;", "&#x;", "&#xG;", "&#-1;", "&#+65;", "&#X41;", "&nbsp;", "&lt", "&#1;"]
        {
            assert!(check(text, 0).is_err(), "{text}");
        }
        for text in
            ["&#0;", "&#x0;", "&#xD800;", "&#xFFFE;", "&#xFFFF;", "&#x110000;", "&#99999999999999999999;", "&#11;"]
        {
            assert!(check(text, 0).is_err(), "{text}");
        }
        assert_eq!(check("ab&lt;&x;", 10).unwrap_err().at, 16);
    }

    #[test]
    fn line_ends_become_one_and_references_to_them_stay() {
        assert_eq!(text("a\r\nb\rc\n\r\r\nd&#13;\ne&#13;&#10;"), "a\nb\nc\n\n\nd\r\ne\r\n");
        let mut out = String::new();
        append_cdata("a\r\n&lt;\r", &mut out);
        assert_eq!(out, "a\n&lt;\n");
    }

    #[test]
    fn white_space_in_values_is_spaces_and_references_to_it_stay() {
        assert_eq!(value("a\r\nb\tc\n\rd&#10;e&#9;f&#13;"), "a b c  d\ne\tf\r");
        assert!(is_plain_value(b"a b<'"));
        assert!(!is_plain_value(b"a\tb") && !is_plain_value(b"a&lt;"));
    }
}
