use std::io::Write;

use proptest::prelude::*;

use super::*;
use crate::recognise::recognise;

/// What the sink of a test fails with.
#[derive(Debug, PartialEq)]
struct Failed(String);

impl From<NotUnpacked> for Failed {
    fn from(error: NotUnpacked) -> Self {
        Self(error.to_string())
    }
}

/// What comes of bytes that come in parts, whose sizes are given, over and over: what they expand to, and the error.
fn pass(limits: Limits, bytes: &[u8], sizes: &[usize]) -> (Vec<u8>, Result<(), String>) {
    let mut unpacker = Unpacker::new(limits);
    let mut unpacked = Vec::new();
    let mut sink = |piece: &[u8]| {
        assert!(!piece.is_empty() && piece.len() <= PIECE_BYTES.max(bytes.len()));
        unpacked.extend_from_slice(piece);
        Ok::<(), Failed>(())
    };
    let (mut rest, mut sizes) = (bytes, sizes.iter().cycle());
    let mut push_all = || {
        while !rest.is_empty() {
            let (now, later) = rest.split_at(sizes.next().copied().unwrap_or(1).clamp(1, rest.len()));
            unpacker.push(now, &mut sink)?;
            rest = later;
        }
        unpacker.end(&mut sink)
    };
    let ended = push_all().map_err(|Failed(what)| what);
    (unpacked, ended)
}

fn unpack_with(limits: Limits, bytes: &[u8], sizes: &[usize]) -> Result<Vec<u8>, String> {
    let (unpacked, ended) = pass(limits, bytes, sizes);
    ended.map(|()| unpacked)
}

/// Unpacks bytes whole and in small parts; what comes of it is to be the same.
fn unpack(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let whole = pass(Limits::default(), bytes, &[usize::MAX]);
    for size in [1, 3, 7, 100] {
        let parts = pass(Limits::default(), bytes, &[size]);
        assert_eq!(parts.1, whole.1, "in parts of {size}");
        assert!(parts.0 == whole.0, "in parts of {size} other bytes come out");
    }
    whole.1.map(|()| whole.0)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(zstd_safe::compress_bound(bytes.len()));
    let mut context = zstd_safe::CCtx::create();
    context.set_parameter(zstd_safe::CParameter::ChecksumFlag(true)).unwrap();
    context.compress2(&mut packed, bytes).unwrap();
    packed
}

fn skippable(bytes: &[u8]) -> Vec<u8> {
    [&[0x5a, 0x2a, 0x4d, 0x18], &u32::try_from(bytes.len()).unwrap().to_le_bytes()[..], bytes].concat()
}

type Pack = fn(&[u8]) -> Vec<u8>;

const PACKS: &[(&str, Pack)] = &[("gzip member", gzip), ("zstd frame", zstd), ("bzip2 stream", bzip2)];

const TEXT: &[u8] = b"id,name\n1,Ada\n2,Grace\n";

#[test]
fn every_compression_is_tested_and_told_by_few_bytes() {
    let names: Vec<_> = COMPRESSIONS.iter().map(|one| format!("{} {}", one.name(), one.member())).collect();
    assert_eq!(names, PACKS.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for ((_, pack), compression) in PACKS.iter().zip(COMPRESSIONS) {
        for packed in [pack(TEXT), pack(b"")] {
            assert_eq!(compression.begins(&packed[..MARK_BYTES.min(packed.len())]), Begins::Yes);
            let mut unpacker = Unpacker::new(Limits::default());
            unpacker.push(&packed, &mut |_: &[u8]| Ok::<(), Failed>(())).unwrap();
            assert_eq!(unpacker.compression(), Some(compression.name()));
        }
    }
}

#[test]
fn files_of_other_tools_are_read() {
    let rows = Ok(b"a,b\n1,2\n".to_vec());
    // Python's gzip, with the name of a file; a header with every field there is, made by hand and checked by gzip(1).
    assert_eq!(
        unpack(b"\x1f\x8b\x08\x08\x01\0\0\0\x02\xffa.csv\0K\xd4I\xe22\xd41\xe2\x02\0{\x07\x97\n\x08\0\0\0"),
        rows
    );
    assert_eq!(
        unpack(
            b"\x1f\x8b\x08\x1e\0\0\0\0\0\xff\x06\0XX\x02\0hiname\0comment\0\x12\xd5\
              K\xd4I\xe22\xd41\xe2\x02\0{\x07\x97\n\x08\0\0\0"
        ),
        rows
    );
    // Python's bz2.
    assert_eq!(
        unpack(
            b"BZh91AY&SY\xbf\x87@\x7f\0\0\x03Y\0\0\x10\0\x040\x000\0 \x000\xc0\x08i\xb2\x88#'\x8b\xb9\"\x9c(H_\xc3\
              \xa0?\x80"
        ),
        rows
    );
    // zstd(1), level 19.
    assert_eq!(unpack(b"\x28\xb5\x2f\xfd\x04\x68\x41\0\0a,b\n1,2\n\x35\xe7\xca\xce"), rows);
}

#[test]
fn plain_bytes_pass_without_a_copy() {
    let bytes = vec![b'a'; 3 * PIECE_BYTES];
    let mut seen = Vec::new();
    let mut unpacker = Unpacker::new(Limits { expansion_ratio: 0, expanded_bytes: 0, ..Limits::default() });
    for part in bytes.chunks(PIECE_BYTES * 2) {
        unpacker
            .push(part, &mut |piece: &[u8]| {
                seen.push((piece.as_ptr(), piece.len()));
                Ok::<(), Failed>(())
            })
            .unwrap();
    }
    assert_eq!(unpacker.compression(), None);
    let parts = bytes.chunks(PIECE_BYTES * 2).map(|part| (part.as_ptr(), part.len()));
    assert_eq!(seen, parts.collect::<Vec<_>>());
}

#[test]
fn too_few_bytes_to_tell_pass_as_they_are() {
    for bytes in [&b""[..], b"B", b"BZh9", b"BZh91AY&S", b"BZh9 is no bzip2", b"Z*M", &[0x1f], &[0x28, 0xb5, 0x2f]] {
        assert_eq!(unpack(bytes), Ok(bytes.to_vec()), "{bytes:?}");
    }
}

#[test]
fn members_are_read_one_after_the_other() {
    for (name, pack) in PACKS {
        let packed = [pack(b""), pack(b"a,b\n"), pack(b""), pack(TEXT), pack(b"")].concat();
        assert_eq!(unpack(&packed), Ok([b"a,b\n", TEXT].concat()), "{name}");
        assert_eq!(unpack(&pack(b"")), Ok(Vec::new()), "{name}");
    }
}

#[test]
fn skippable_frames_are_skipped_wherever_they_stand() {
    let [first, middle, last] = [&b""[..], &[7; 300], b"index"].map(skippable);
    let packed = [&first[..], &zstd(b"a,b\n"), &middle, &middle, &zstd(TEXT), &last].concat();
    assert_eq!(unpack(&packed), Ok([b"a,b\n", TEXT].concat()));
    assert_eq!(unpack(&middle), Ok(Vec::new()));
    let cut = &packed[..packed.len() - 1];
    let at = packed.len() - last.len();
    let what = format!("zstd frame 6 (from compressed byte {at}) is cut off: the object ends inside it");
    assert!(unpack(cut).unwrap_err().starts_with(&what));
}

#[test]
fn a_cut_off_object_is_an_error_wherever_it_is_cut() {
    for (name, pack) in PACKS {
        let (first, second) = (pack(TEXT), pack(&TEXT.repeat(9)));
        let packed = [&first[..], &second].concat();
        for length in MARK_BYTES..packed.len() {
            let what = unpack(&packed[..length]);
            let start = if length > first.len() { first.len() } else { 0 };
            let inside = length - start;
            if inside == 0 || length == first.len() {
                assert_eq!(what, Ok(TEXT.to_vec()));
            } else if start == 0 || inside >= MARK_BYTES {
                let member = if start == 0 { 1 } else { 2 };
                let expected = format!(
                    "{name} {member} (from compressed byte {start}) is cut off: the object ends inside it, at \
                     compressed byte {length}; deliver it again"
                );
                assert_eq!(what, Err(expected));
            } else {
                let what = what.unwrap_err();
                assert!(
                    what.contains(&format!("{name} 2 (from compressed byte {start}) is cut off"))
                        || what == format!("what follows {name} 1, at compressed byte {start}, is no {name}"),
                    "{what}"
                );
            }
        }
    }
}

#[test]
fn no_flipped_bit_goes_unseen() {
    for (name, pack) in PACKS {
        let packed = pack(&TEXT.repeat(3));
        for (place, bit) in (MARK_BYTES..packed.len()).flat_map(|place| (0..8).map(move |bit| (place, bit))) {
            let mut packed = packed.clone();
            packed[place] ^= 1 << bit;
            match unpack(&packed) {
                Ok(unpacked) => assert_eq!(unpacked, TEXT.repeat(3), "{name}, byte {place}, bit {bit}"),
                Err(what) => assert!(what.contains(name) && what.contains(" compressed byte"), "{what}"),
            }
        }
    }
}

#[test]
fn a_wrong_checksum_is_named_with_its_member_and_place() {
    let (first, mut second) = (gzip(TEXT), gzip(TEXT));
    let crc = second.len() - 8;
    second[crc] ^= 1;
    let (start, at) = (first.len(), first.len() + crc + 4);
    let expected = format!(
        "gzip member 2 (from compressed byte {start}) is damaged at compressed byte {at}: its checksum is another"
    );
    assert_eq!(unpack(&[first, second].concat()), Err(expected));

    let mut frame = zstd(TEXT);
    let checksum = frame.len() - 4;
    frame[checksum] ^= 1;
    let at = checksum + 1;
    let expected = format!(
        "zstd frame 1 (from compressed byte 0) is damaged at compressed byte {at}: Restored data doesn't match \
         checksum"
    );
    assert_eq!(unpack(&frame), Err(expected));

    let mut stream = bzip2(TEXT);
    stream[10] ^= 1;
    let what = unpack(&stream).unwrap_err();
    assert_eq!(
        what,
        "bzip2 stream 1 (from compressed byte 0) is damaged between compressed bytes 0 and 65536: its data are invalid, or their checksum is another"
    );
}

#[test]
fn zeros_behind_gzip_are_padding_and_anything_else_is_garbage() {
    let packed = gzip(TEXT);
    let end = packed.len();
    for zeros in [1, 2, 511, 100_000] {
        assert_eq!(unpack(&[&packed[..], &vec![0; zeros]].concat()), Ok(TEXT.to_vec()));
    }
    let garbage = |at: usize| format!("what follows gzip member 1, at compressed byte {at}, is no gzip member");
    for rest in [&b"\n"[..], b"id,name\n", &[0x1f], &[0x1f, 0], &zstd(TEXT)] {
        assert_eq!(unpack(&[&packed[..], rest].concat()), Err(garbage(end)), "{rest:?}");
        assert_eq!(unpack(&[&packed[..], &[0; 9], rest].concat()), Err(garbage(end + 9)), "{rest:?}");
    }
    assert_eq!(unpack(&[&packed[..], &[0], &packed].concat()), Err(garbage(end + 1)), "padding is behind the last");
    for (name, pack) in &PACKS[1..] {
        let end = pack(TEXT).len();
        let expected = format!("what follows {name} 1, at compressed byte {end}, is no {name}");
        assert_eq!(unpack(&[&pack(TEXT)[..], &[0]].concat()), Err(expected));
    }
}

#[test]
fn one_compression_is_taken_off_and_the_next_is_named() {
    for (name, pack) in PACKS {
        let inner = pack(TEXT);
        let unpacked = unpack(&gzip(&inner)).unwrap();
        assert_eq!(unpacked, inner);
        let (compression, _) = name.split_once(' ').unwrap();
        assert!(recognise(&unpacked).unwrap().starts_with(compression), "{name}");
    }
}

#[test]
fn a_bomb_is_refused_by_its_ratio() {
    let limits = Limits { expansion_ratio: 5, ..Limits::default() };
    let allowed = 5 * 64 * 1024;
    for (name, pack) in PACKS {
        for sizes in [&[usize::MAX][..], &[1], &[10, 1000]] {
            let small = vec![0; allowed];
            assert_eq!(unpack_with(limits, &pack(&small), sizes).as_ref(), Ok(&small));
            let expected = format!(
                "{name} 1 (from compressed byte 0) brings the object to more than 5 times its size, by compressed byte \
                 65536 at the latest; raise `limits.expansion_ratio` if that is meant"
            );
            assert_eq!(unpack_with(limits, &pack(&vec![0; allowed + 1]), sizes), Err(expected));
        }
    }
}

#[test]
fn the_ratio_is_that_of_the_object_so_far_and_not_of_a_member() {
    let limits = Limits { expansion_ratio: 2, ..Limits::default() };
    let mut state = 1_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        state.to_be_bytes()[0]
    })
    .take(200_000)
    .collect();
    for (name, pack) in PACKS {
        let (dense, zeros) = (pack(&noise), pack(&vec![0; 150_000]));
        assert!(dense.len() > 150_000, "{name}");
        assert!(unpack_with(limits, &[&dense[..], &zeros].concat(), &[77_777]).is_ok(), "{name}");
        let what = unpack_with(limits, &[zeros, dense].concat(), &[77_777]).unwrap_err();
        assert!(what.contains("2 times its size, by compressed byte 65536"), "{what}");
    }
}

#[test]
fn a_bomb_is_refused_by_its_size_and_nothing_beyond_it_is_handed_on() {
    let size = 1_000_000;
    for (name, pack) in PACKS {
        let packed = pack(&vec![b'x'; size]);
        let limit = |expanded_bytes| Limits { expanded_bytes, ..Limits::default() };
        for sizes in [&[usize::MAX][..], &[1]] {
            assert_eq!(unpack_with(limit(1_000_000), &packed, sizes).map(|bytes| bytes.len()), Ok(size));
            let what = unpack_with(limit(999_999), &packed, sizes).unwrap_err();
            assert!(
                what.contains("more than 999999 bytes") && what.contains("`limits.expanded_bytes`"),
                "{name}: {what}"
            );
        }
        let (unpacked, ended) = pass(limit(300_000), &packed, &[usize::MAX]);
        assert!(ended.is_err());
        assert_eq!(unpacked.len(), 300_000);
    }
}

/// A frame of one block of 256 bytes, with this descriptor of its window.
fn frame_with_window(window: u8) -> Vec<u8> {
    [&[0x28, 0xb5, 0x2f, 0xfd, 0x40, window, 0, 0][..], &[0x03, 0x08, 0x00, b'x']].concat()
}

#[test]
fn a_window_over_128_mib_is_refused_however_small_the_frame_is() {
    let exponent = |log: u8| (log - 10) << 3;
    assert_eq!(unpack(&frame_with_window(exponent(27))), Ok(vec![b'x'; 256]));
    for window in [exponent(27) + 1, exponent(28), exponent(31)] {
        let what = unpack(&frame_with_window(window)).unwrap_err();
        assert!(what.ends_with("its window is larger than 128 MiB; compress it with --long=27 or less"), "{what}");
    }
}

#[test]
fn a_frame_that_needs_a_dictionary_says_so() {
    let frame = [&[0x28, 0xb5, 0x2f, 0xfd, 0x41, 0x88, 7, 0, 0][..], &[0x03, 0x08, 0x00, b'x']].concat();
    assert!(unpack(&frame).unwrap_err().ends_with("it needs a dictionary; compress it without one"));
}

#[test]
fn the_sinks_error_comes_back() {
    for bytes in [TEXT.to_vec(), gzip(TEXT)] {
        let pushed = Unpacker::new(Limits::default()).push(&bytes, &mut |_: &[u8]| Err(Failed("full".to_owned())));
        assert_eq!(pushed, Err(Failed("full".to_owned())));
    }
}

#[test]
fn an_unpacker_may_be_moved_to_another_thread() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&Unpacker::new(Limits::default()));
}

/// Bytes that compress well, or badly, or in between.
fn content() -> impl Strategy<Value = Vec<u8>> {
    let alphabet = prop_oneof![Just(1_u8), Just(4), Just(255)];
    alphabet.prop_flat_map(|letters| prop::collection::vec(0..letters, 0..3000)).prop_flat_map(|content| {
        (Just(content), prop_oneof![4 => Just(1_usize), 1 => Just(100)])
            .prop_map(|(content, times)| content.repeat(times))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn cut_anywhere_what_was_packed_comes_out(
        members in prop::collection::vec(content(), 1..4),
        sizes in prop::collection::vec(1_usize..5000, 1..20),
        which in 0..PACKS.len(),
    ) {
        let (_, pack) = PACKS[which];
        let packed: Vec<u8> = members.iter().flat_map(|member| pack(member)).collect();
        prop_assert_eq!(unpack_with(Limits::default(), &packed, &sizes), Ok(members.concat()));
    }

    #[test]
    fn cut_anywhere_damage_is_told_alike(
        content in content(),
        sizes in prop::collection::vec(1_usize..500, 1..20),
        which in 0..PACKS.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let (_, pack) = PACKS[which];
        let mut packed = [pack(TEXT), pack(&content)].concat();
        for (place, byte) in changes {
            let place = place.index(packed.len());
            packed[place] = byte;
        }
        let limits = Limits { expansion_ratio: 3, ..Limits::default() };
        let whole = pass(limits, &packed, &[usize::MAX]);
        prop_assert_eq!(pass(limits, &packed, &sizes), whole);
    }

    #[test]
    fn any_bytes_are_unpacked_or_refused_alike(
        which in 0..PACKS.len(),
        mark in 0..MARK_BYTES + 4,
        noise in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let (_, pack) = PACKS[which];
        let mut bytes = pack(TEXT);
        bytes.truncate(mark);
        bytes.extend(noise);
        prop_assert!(COMPRESSIONS.iter().all(|one| bytes.len() < MARK_BYTES || one.begins(&bytes) != Begins::Unknown));
        // Compares what comes of it in parts of several sizes.
        let _either = unpack(&bytes);
    }
}
