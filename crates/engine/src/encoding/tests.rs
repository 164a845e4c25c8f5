use proptest::prelude::*;

use super::*;

/// What the sink of a test fails with.
#[derive(Debug, PartialEq)]
struct Failed(String);

impl From<NotText> for Failed {
    fn from(error: NotText) -> Self {
        Self(error.to_string())
    }
}

/// The bytes transcoded, coming in parts of these sizes over and over; and the length of the mark.
fn transcode_with(encoding: Option<Encoding>, bytes: &[u8], sizes: &[usize]) -> Result<(Vec<u8>, u64), String> {
    let mut transcoder = Transcoder::new(encoding);
    let mut text = Vec::new();
    let mut sink = |piece: &[u8]| {
        assert!(!piece.is_empty() && piece.len() <= PIECE_BYTES.max(bytes.len()));
        text.extend_from_slice(piece);
        Ok::<(), Failed>(())
    };
    let (mut rest, mut sizes) = (bytes, sizes.iter().cycle());
    let mut push_all = || {
        while !rest.is_empty() {
            let (now, later) = rest.split_at(sizes.next().copied().unwrap_or(1).clamp(1, rest.len()));
            transcoder.push(now, &mut sink)?;
            rest = later;
        }
        transcoder.end(&mut sink)
    };
    push_all().map_err(|Failed(what)| what)?;
    Ok((text, transcoder.mark_bytes()))
}

/// The bytes transcoded, whole and in small parts.
fn transcode(encoding: Option<Encoding>, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let whole = transcode_with(encoding, bytes, &[usize::MAX]);
    for size in [1, 3, 7, 100] {
        assert_eq!(transcode_with(encoding, bytes, &[size]), whole, "in parts of {size}");
    }
    whole.map(|(text, _)| text)
}

fn utf_16(order: Encoding, units: impl IntoIterator<Item = u16>) -> Vec<u8> {
    let bytes = if order == Encoding::Utf16Be { u16::to_be_bytes } else { u16::to_le_bytes };
    units.into_iter().flat_map(bytes).collect()
}

const UTF_16: [Encoding; 2] = [Encoding::Utf16Le, Encoding::Utf16Be];

#[test]
fn encodings_are_those_a_user_may_write() {
    let listed: Vec<_> = ENCODINGS.iter().map(|codec| codec.encoding()).collect();
    assert_eq!(listed, Encoding::ALL);
}

#[test]
fn the_mark_decides_where_the_dataset_says_nothing() {
    for (bytes, text, mark_bytes) in [
        (&b"a,\xc3\xa9\n"[..], "a,é\n", 0),
        (b"\xef\xbb\xbfa,\xc3\xa9\n", "a,é\n", 3),
        (b"\xff\xfea\0,\0\xe9\0\n\0", "a,é\n", 2),
        (b"\xfe\xff\0a\0,\0\xe9\0\n", "a,é\n", 2),
        (b"\xff\xfe", "", 2),
        (b"\xef\xbb\xbf", "", 3),
        (b"", "", 0),
        (b"\xef\xbb\xbf\xef\xbb\xbfa", "\u{feff}a", 3),
    ] {
        assert_eq!(transcode(None, bytes), Ok(text.as_bytes().to_vec()), "{bytes:?}");
        assert_eq!(transcode_with(None, bytes, &[1]).unwrap().1, mark_bytes, "{bytes:?}");
    }
}

#[test]
fn a_mark_that_is_of_the_encoding_is_dropped_and_another_refused() {
    let text = "a,é\n".as_bytes().to_vec();
    for (encoding, bytes) in [
        (Encoding::Utf8, &b"\xef\xbb\xbfa,\xc3\xa9\n"[..]),
        (Encoding::Utf16Le, b"\xff\xfea\0,\0\xe9\0\n\0"),
        (Encoding::Utf16Be, b"\xfe\xff\0a\0,\0\xe9\0\n"),
    ] {
        assert_eq!(transcode(Some(encoding), bytes), Ok(text.clone()));
        for other in Encoding::ALL.iter().filter(|other| **other != encoding) {
            let (marked, named) = (encoding.name(), other.name());
            let expected = format!(
                "the object begins with the byte order mark of {marked}, and the dataset says `encoding: {named}`; leave \
                 `encoding` out, or deliver {named}"
            );
            assert_eq!(transcode(Some(*other), bytes), Err(expected));
        }
    }
}

#[test]
fn encodings_need_no_mark_where_the_dataset_names_them() {
    for (encoding, bytes) in [
        (Encoding::Utf8, &b"a,\xc3\xa9\n"[..]),
        (Encoding::Utf16Le, b"a\0,\0\xe9\0\n\0"),
        (Encoding::Utf16Be, b"\0a\0,\0\xe9\0\n"),
        (Encoding::Latin1, b"a,\xe9\n"),
        (Encoding::Windows1252, b"a,\xe9\n"),
    ] {
        assert_eq!(transcode(Some(encoding), bytes), Ok("a,é\n".as_bytes().to_vec()), "{}", encoding.name());
        assert_eq!(transcode(Some(encoding), b""), Ok(Vec::new()));
    }
}

#[test]
fn utf_8_passes_without_a_copy_and_unchecked() {
    let bytes = [&b"\xef\xbb\xbf"[..], &b"\xe9\xff,\0\n".repeat(50_000)].concat();
    let mut seen = Vec::new();
    let mut transcoder = Transcoder::new(None);
    for part in bytes.chunks(100_000) {
        transcoder
            .push(part, &mut |piece: &[u8]| {
                seen.push((piece.as_ptr(), piece.len()));
                Ok::<(), Failed>(())
            })
            .unwrap();
    }
    assert_eq!(transcoder.encoding(), Some(Encoding::Utf8));
    let mut parts: Vec<_> = bytes.chunks(100_000).map(|part| (part.as_ptr(), part.len())).collect();
    parts[0] = (bytes[3..].as_ptr(), 100_000 - 3);
    assert_eq!(seen, parts);
}

#[test]
fn windows_1252_is_as_published() {
    let bytes: Vec<u8> = (0..=255).collect();
    // What Python's cp1252 makes of the upper half.
    let upper = "€\u{fffd}‚ƒ„…†‡ˆ‰Š‹Œ\u{fffd}Ž\u{fffd}\u{fffd}‘’“”•–—˜™š›œ\u{fffd}žŸ\u{a0}¡¢£¤¥¦§¨©ª«¬\u{ad}®¯°±²³´µ¶·¸¹º»¼½¾¿\
                 ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ";
    let lower: String = bytes[..128].iter().copied().map(char::from).collect();
    let mut expected = lower.into_bytes();
    for character in upper.chars() {
        match character {
            '\u{fffd}' => expected.push(INVALID),
            other => expected.extend(other.to_string().bytes()),
        }
    }
    assert_eq!(transcode(Some(Encoding::Windows1252), &bytes), Ok(expected));
}

#[test]
fn what_is_no_unit_becomes_one_invalid_byte() {
    let (high, low) = (0xd83d_u16, 0xde00_u16);
    let a = u16::from(b'a');
    for order in UTF_16 {
        for (units, expected) in [
            (&[a, high, a][..], &b"a\xffa"[..]),
            (&[a, low, a], b"a\xffa"),
            (&[high, high, low], b"\xff\xf0\x9f\x98\x80"),
            (&[low, high, a], b"\xff\xffa"),
            (&[a, high], b"a\xff"),
            (&[high], b"\xff"),
            (&[0xffff, 0xfffe, 0xd7ff, 0xe000], "\u{ffff}\u{fffe}\u{d7ff}\u{e000}".as_bytes()),
        ] {
            let bytes = utf_16(order, units.iter().copied());
            assert_eq!(transcode(Some(order), &bytes), Ok(expected.to_vec()), "{units:x?}");
            let odd = [&bytes[..], b"x"].concat();
            assert_eq!(transcode(Some(order), &odd), Ok([expected, &[INVALID]].concat()), "{units:x?} and a byte");
        }
    }
}

#[test]
fn what_is_no_text_is_refused_by_name_however_short_it_is() {
    let zip = b"PK\x03\x04\x14\0\0\0";
    for encoding in std::iter::once(None).chain(Encoding::ALL.iter().copied().map(Some)) {
        let what = "the object is no text but a zip archive or an Office document; deliver the files in it";
        assert_eq!(transcode(encoding, zip), Err(what.to_owned()));
        assert_eq!(transcode(encoding, &[&zip[..], &[0; 5000]].concat()), Err(what.to_owned()));
    }
}

#[test]
fn utf_16_without_a_mark_is_refused_unless_the_dataset_names_it() {
    for order in UTF_16 {
        let bytes = utf_16(order, "id,name\r\n1,Ada\r\n".repeat(100).encode_utf16());
        let expected =
            format!("the object is no text but UTF-16 without a byte order mark; say `encoding: {}`", order.name());
        for encoding in [None, Some(Encoding::Utf8), Some(Encoding::Latin1)] {
            assert_eq!(transcode(encoding, &bytes), Err(expected.clone()));
        }
        assert!(transcode(Some(order), &bytes).is_ok());
    }
}

#[test]
fn the_sinks_error_comes_back() {
    for encoding in [Encoding::Utf8, Encoding::Latin1] {
        let mut full = |_: &[u8]| Err(Failed("full".to_owned()));
        assert_eq!(Transcoder::new(Some(encoding)).push(&[b'a'; 1000], &mut full), Err(Failed("full".to_owned())));
    }
}

#[test]
fn an_odd_byte_at_the_end_counts_as_a_unit() {
    let text = transcode(Some(Encoding::Utf16Le), b"a\0b").unwrap();
    assert_eq!((&text[..], Encoding::Utf16Le.source_bytes(&text)), (&b"a\xff"[..], 4));
}

/// Characters of every length, in runs: texts of one script, and mixed ones.
fn text() -> impl Strategy<Value = String> {
    let run = prop_oneof![
        3 => prop::collection::vec(prop::char::range(' ', '~'), 0..60),
        1 => prop::collection::vec(prop::char::range('\u{80}', '\u{7ff}'), 0..20),
        1 => prop::collection::vec(prop::char::range('\u{800}', '\u{ffff}'), 0..20),
        1 => prop::collection::vec(prop::char::range('\u{10000}', '\u{10ffff}'), 0..20),
        1 => prop::collection::vec(any::<char>(), 0..20),
    ];
    prop::collection::vec(run, 0..8).prop_map(|runs| runs.concat().into_iter().collect())
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1_usize..300, 1..10)
}

proptest! {
    #[test]
    fn cut_anywhere_utf_16_is_the_text(text in text(), sizes in sizes(), which in 0..2_usize, times in 1..60_usize) {
        let (order, text) = (UTF_16[which], text.repeat(times));
        let marked = utf_16(order, std::iter::once(0xfeff).chain(text.encode_utf16()));
        // A mark and NUL would be taken for UTF-32's.
        prop_assume!(recognise::kind(&marked).is_none());
        prop_assert_eq!(transcode_with(None, &marked, &sizes), Ok((text.clone().into_bytes(), 2)));
        let bare = utf_16(order, text.trim_start_matches(['\u{feff}', '\u{fffe}']).encode_utf16());
        if let Ok((transcoded, _)) = transcode_with(Some(order), &bare, &sizes) {
            prop_assert_eq!(transcoded, text.trim_start_matches(['\u{feff}', '\u{fffe}']).as_bytes());
        } else {
            prop_assert!(recognise::kind(&bare).is_some());
        }
    }

    #[test]
    fn cut_anywhere_any_units_are_what_the_standard_library_makes_of_them(
        units in prop::collection::vec(prop_oneof![any::<u16>(), 0xd7f0..0xe010_u16, 0x20..0x7f_u16], 0..200),
        sizes in sizes(),
        which in 0..2_usize,
        is_odd in any::<bool>(),
    ) {
        let mut bytes = utf_16(UTF_16[which], std::iter::once(0xfeff).chain(units.iter().copied()));
        let mut expected = Vec::new();
        for character in char::decode_utf16(units) {
            match character {
                Ok(character) => expected.extend(character.to_string().bytes()),
                Err(_) => expected.push(INVALID),
            }
        }
        if is_odd {
            bytes.push(0);
            expected.push(INVALID);
        }
        prop_assume!(recognise::kind(&bytes).is_none());
        prop_assert_eq!(transcode_with(None, &bytes, &sizes), Ok((expected, 2)));
    }

    #[test]
    fn cut_anywhere_latin_1_is_the_characters_of_its_bytes(
        bytes in prop::collection::vec(prop_oneof![2 => 0x20..0x7f_u8, 1 => any::<u8>()], 0..600),
        sizes in sizes(),
        times in 1..200_usize,
    ) {
        let bytes = [b"a", &bytes.repeat(times)[..]].concat();
        prop_assume!(recognise::recognise(&bytes).is_none());
        let text: String = bytes.iter().copied().map(char::from).collect();
        prop_assert_eq!(transcode_with(Some(Encoding::Latin1), &bytes, &sizes), Ok((text.into_bytes(), 0)));
    }

    #[test]
    fn a_place_in_the_text_is_a_place_in_the_object(
        units in prop::collection::vec(prop_oneof![any::<u16>(), 0xd7f0..0xe010_u16, 0x20..0x7f_u16], 0..200),
        encoding in prop::sample::select(Encoding::ALL),
        before in any::<prop::sample::Index>(),
    ) {
        // Some units, and then a character: the text before it is as long as the units.
        let (bytes, unit_bytes): (Vec<u8>, usize) = match encoding {
            Encoding::Utf16Le | Encoding::Utf16Be => (utf_16(encoding, units), 2),
            _ => (units.iter().map(|unit| unit.to_le_bytes()[0]).collect(), 1),
        };
        let codec = codec(encoding).unwrap();
        let mut output = vec![0; 4096];
        let decoded = codec.decode(&bytes, &mut output);
        let text = &output[..decoded.given];
        prop_assert!(bytes.len() - decoded.taken < 4);
        prop_assert_eq!(encoding.source_bytes(text), decoded.taken as u64);
        prop_assert_eq!(decoded.taken % unit_bytes, 0);
        let (first, second) = text.split_at(before.index(text.len() + 1));
        prop_assert_eq!(encoding.source_bytes(first) + encoding.source_bytes(second), decoded.taken as u64);
    }
}
