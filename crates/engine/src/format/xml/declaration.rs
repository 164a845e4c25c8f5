//! The XML declaration, and whether the encoding it names is the one the text was read in.

use model::encoding::Encoding;

use super::chars::is_space;
use super::fault::Fault;
use super::token::{Lexed, literal_end};

/// How the object's bytes became text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decoded {
    /// The encoding.
    pub encoding: Encoding,
    /// Whether the dataset names it: then it holds, whatever a declaration says.
    pub is_told: bool,
}

/// Checks the declaration that the document begins with, if it does; returns where it ends.
pub fn check(text: &str, decoded: Decoded) -> Lexed<usize> {
    let Some(behind) = text.strip_prefix("<?xml").filter(|behind| behind.bytes().next().is_some_and(is_space)) else {
        return Ok(0);
    };
    let fault = |what: &'static str| Err(Fault::new(0, what));
    let Some((parts, _)) = behind.split_once("?>") else {
        return fault("the XML declaration is not closed by `?>`");
    };
    let mut cursor = Cursor { text: parts, at: 0 };
    let Some(version) = cursor.pseudo_attribute("version") else {
        return fault("the XML declaration has no version: it is written <?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    };
    if version
        .strip_prefix("1.")
        .is_none_or(|minor| minor.is_empty() || !minor.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return Err(Fault::new(0, "the version of XML is `{}`, not 1.0").quoting(version));
    }
    if let Some(encoding) = cursor.pseudo_attribute("encoding") {
        check_encoding(encoding, decoded)?;
    }
    if let Some(standalone) = cursor.pseudo_attribute("standalone")
        && !matches!(standalone, "yes" | "no")
    {
        return fault("`standalone` in the XML declaration is neither yes nor no");
    }
    cursor.skip_space();
    match cursor.rest().is_empty() {
        true => Ok("<?xml".len() + parts.len() + "?>".len()),
        false => {
            fault("the XML declaration holds more or less than a version, an encoding and `standalone`, in this order")
        }
    }
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_space(&mut self) -> bool {
        let length = self.rest().bytes().take_while(|byte| is_space(*byte)).count();
        self.at += length;
        length > 0
    }

    /// The value of a part of the declaration, if it is next.
    fn pseudo_attribute(&mut self, name: &str) -> Option<&'a str> {
        let start = self.at;
        let value = self.value_of(name);
        if value.is_none() {
            self.at = start;
        }
        value
    }

    fn value_of(&mut self, name: &str) -> Option<&'a str> {
        if !self.skip_space() || !self.rest().starts_with(name) {
            return None;
        }
        self.at += name.len();
        self.skip_space();
        if !self.rest().starts_with('=') {
            return None;
        }
        self.at += 1;
        self.skip_space();
        let end = literal_end(self.text, self.at)?;
        let value = self.text.get(self.at + 1..end - 1);
        self.at = end;
        value
    }
}

/// Names of encodings, in lower case, and what to write for them in a dataset file.
const NAMES: &[(&str, &str)] = &[
    ("iso-8859-1", "latin-1"),
    ("iso8859-1", "latin-1"),
    ("iso_8859-1", "latin-1"),
    ("latin1", "latin-1"),
    ("latin-1", "latin-1"),
    ("l1", "latin-1"),
    ("windows-1252", "windows-1252"),
    ("cp1252", "windows-1252"),
    ("cp-1252", "windows-1252"),
    ("utf-16", "utf-16le` or `encoding: utf-16be"),
    ("utf-16le", "utf-16le"),
    ("utf-16be", "utf-16be"),
    ("utf-8", "utf-8"),
    ("utf8", "utf-8"),
];

fn check_encoding(declared: &str, decoded: Decoded) -> Lexed<()> {
    let is_name = declared.starts_with(|first: char| first.is_ascii_alphabetic())
        && declared.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    if !is_name {
        return Err(Fault::new(0, "the XML declaration names no encoding: `{}` is no name of one").quoting(declared));
    }
    let name = declared.to_lowercase();
    let is_same = match decoded.encoding {
        // ASCII is UTF-8, too.
        Encoding::Utf8 => matches!(name.as_str(), "utf-8" | "utf8" | "us-ascii" | "ascii"),
        Encoding::Utf16Le => matches!(name.as_str(), "utf-16" | "utf-16le" | "ucs-2" | "iso-10646-ucs-2"),
        Encoding::Utf16Be => matches!(name.as_str(), "utf-16" | "utf-16be" | "ucs-2" | "iso-10646-ucs-2"),
        Encoding::Latin1 | Encoding::Windows1252 => false,
    };
    if is_same || decoded.is_told {
        return Ok(());
    }
    let used = decoded.encoding.name();
    let what = match NAMES.iter().find(|(known, _)| *known == name) {
        Some((_, word)) => format!(
            "the XML declaration says `{{}}`, and the file was read as {used}; set `encoding: {word}` in the dataset if it is \
             that, or `encoding: {used}` if the declaration is wrong"
        ),
        None => format!(
            "the XML declaration says `{{}}`, which Sluice does not read; there is utf-8, utf-16, latin-1 and windows-1252. \
             Set `encoding: {used}` in the dataset if the declaration is wrong"
        ),
    };
    Err(Fault::new(0, what).quoting(declared))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_as(text: &str, encoding: Encoding, is_told: bool) -> Result<usize, String> {
        check(text, Decoded { encoding, is_told }).map_err(|fault| fault.message(true))
    }

    fn plainly(text: &str) -> Result<usize, String> {
        check_as(text, Encoding::Utf8, false)
    }

    #[test]
    fn declarations_as_the_standard_has_them() {
        for text in [
            "<?xml version='1.0'?>",
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone='yes' ?>",
            "<?xml\tversion = '1.1'\nstandalone='no'?>",
            "<?xml version='1.0' encoding='utf8'?>",
            "<?xml version='1.0' encoding='US-ASCII'?>",
        ] {
            assert_eq!(plainly(text), Ok(text.len()), "{text}");
        }
        assert_eq!(plainly("<a/>"), Ok(0));
        assert_eq!(plainly("<?xml-stylesheet href='a'?>"), Ok(0));
    }

    #[test]
    fn broken_declarations_are_refused() {
        for text in [
            "<?xml ?>",
            "<?xml version=1.0?>",
            "<?xml version='1.0'encoding='UTF-8'?>",
            "<?xml version='1.0' standalone='yes' encoding='UTF-8'?>",
            "<?xml encoding='UTF-8'?>",
            "<?xml version='1.0' standalone='maybe'?>",
            "<?xml version='2.0'?>",
            "<?xml version='1.'?>",
            "<?xml version='1.0' encoding=''?>",
            "<?xml version='1.0' encoding='-8'?>",
            "<?xml version='1.0'>",
            "<?xml version='1.0",
            "<?xml version='1.0' a='b'?>",
        ] {
            assert!(plainly(text).is_err(), "{text}");
        }
    }

    #[test]
    fn another_encoding_than_the_one_in_use_is_refused_with_what_to_set() {
        let text = |encoding: &str| format!("<?xml version='1.0' encoding='{encoding}'?>");
        assert_eq!(
            plainly(&text("ISO-8859-1")).unwrap_err(),
            "the XML declaration says `ISO-8859-1`, and the file was read as utf-8; set `encoding: latin-1` in the dataset \
             if it is that, or `encoding: utf-8` if the declaration is wrong"
        );
        assert!(plainly(&text("utf-16")).unwrap_err().contains("`encoding: utf-16le` or `encoding: utf-16be`"));
        assert!(plainly(&text("Shift_JIS")).unwrap_err().contains("does not read"));
        assert!(check_as(&text("utf-8"), Encoding::Utf16Le, false).is_err(), "its byte order mark says UTF-16");
        assert!(check_as(&text("UTF-16"), Encoding::Utf16Be, false).is_ok());
        for encoding in Encoding::ALL {
            assert!(check_as(&text("ISO-8859-1"), *encoding, true).is_ok(), "what the dataset says holds");
        }
    }
}
