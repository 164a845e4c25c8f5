//! Objects.

use aws_sdk_s3::config::{Builder, RequestChecksumCalculation};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart, Delete, MetadataDirective, ObjectIdentifier,
};

use crate::{Laptop, answered};

/// The MD5 of `hello`.
const HELLO: &str = "\"5d41402abc4b2a76b9719d911017c592\"";

#[tokio::test]
async fn an_object_is_read_as_it_was_written() {
    let laptop = Laptop::start().await;
    let key = "a folder/red flower+ü?&=%.csv";
    let put = laptop.s3().put_object().bucket("landing").key(key).content_type("text/csv").metadata("who", "me");
    let put = put.body(ByteStream::from_static(b"hello")).send().await.unwrap();
    assert_eq!(put.e_tag(), Some(HELLO));

    let got = laptop.s3().get_object().bucket("landing").key(key).send().await.unwrap();
    assert_eq!((got.e_tag(), got.content_type(), got.content_length()), (Some(HELLO), Some("text/csv"), Some(5)));
    assert_eq!(got.metadata().unwrap()["who"], "me");
    let head = laptop.s3().head_object().bucket("landing").key(key).send().await.unwrap();
    assert_eq!((head.e_tag(), head.content_length()), (Some(HELLO), Some(5)));
    assert_eq!(head.last_modified(), got.last_modified());
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"hello");

    let missing = laptop.s3().get_object().bucket("landing").key("missing").send().await.unwrap_err();
    assert_eq!(answered(&missing).unwrap(), (404, "NoSuchKey".to_owned()));
    let missing = laptop.s3().head_object().bucket("landing").key("missing").send().await.unwrap_err();
    assert_eq!(answered(&missing).unwrap().0, 404);
    let missing = laptop.s3().get_object().bucket("elsewhere").key("a").send().await.unwrap_err();
    assert_eq!(answered(&missing).unwrap(), (404, "NoSuchBucket".to_owned()));
}

#[tokio::test]
async fn a_range_is_part_of_the_bytes() {
    let laptop = Laptop::start().await;
    laptop.put("lake", "digits", "0123456789").await;
    for (range, bytes, content_range) in [
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-2", "89", "bytes 8-9/10"),
        ("bytes=8-99", "89", "bytes 8-9/10"),
    ] {
        let got = laptop.s3().get_object().bucket("lake").key("digits").range(range).send().await.unwrap();
        assert_eq!(got.content_range(), Some(content_range));
        assert_eq!(got.body.collect().await.unwrap().to_vec(), bytes.as_bytes(), "{range}");
    }
    let beyond = laptop.s3().get_object().bucket("lake").key("digits").range("bytes=10-").send().await.unwrap_err();
    assert_eq!(answered(&beyond).unwrap(), (416, "InvalidRange".to_owned()));
    laptop.put("lake", "empty", "").await;
    let empty = laptop.s3().get_object().bucket("lake").key("empty").range("bytes=-1").send().await.unwrap_err();
    assert_eq!(answered(&empty).unwrap(), (416, "InvalidRange".to_owned()));
    assert_eq!(laptop.get("lake", "empty").await, "");
}

#[tokio::test]
async fn a_listing_has_etags_and_follows_the_keys() {
    let laptop = Laptop::start().await;
    // A key may be the beginning of another, which no folder of files could hold.
    for key in ["a", "a/b", "a/b/c", "a/d", "a b/1", "z"] {
        laptop.put("lake", key, "hello").await;
    }
    let all = laptop.s3().list_objects_v2().bucket("lake").send().await.unwrap();
    let keys: Vec<_> = all.contents().iter().filter_map(|object| object.key()).collect();
    assert_eq!(keys, ["a", "a b/1", "a/b", "a/b/c", "a/d", "z"]);
    assert!(all.contents().iter().all(|object| object.e_tag() == Some(HELLO) && object.size() == Some(5)));

    let rolled = laptop.s3().list_objects_v2().bucket("lake").prefix("a/").delimiter("/").send().await.unwrap();
    let keys: Vec<_> = rolled.contents().iter().filter_map(|object| object.key()).collect();
    let prefixes: Vec<_> = rolled.common_prefixes().iter().filter_map(|prefix| prefix.prefix()).collect();
    assert_eq!((keys, prefixes), (vec!["a/b", "a/d"], vec!["a/b/"]));

    let pages = laptop.s3().list_objects_v2().bucket("lake").delimiter("/").max_keys(1).into_paginator();
    let mut pages = pages.send();
    let mut entries = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        entries.extend(page.contents().iter().filter_map(|object| object.key()).map(str::to_owned));
        entries.extend(page.common_prefixes().iter().filter_map(|prefix| prefix.prefix()).map(str::to_owned));
    }
    assert_eq!(entries, ["a", "a b/", "a/", "z"]);

    let first_version = laptop.s3().list_objects().bucket("lake").delimiter("/").marker("a b/").send().await.unwrap();
    let prefixes: Vec<_> = first_version.common_prefixes().iter().filter_map(|prefix| prefix.prefix()).collect();
    assert_eq!(prefixes, ["a/"]);
}

#[tokio::test]
async fn of_two_writers_that_create_one_wins() {
    let laptop = Laptop::start().await;
    for round in 0..20 {
        let key = format!("claims/{round}");
        let create = |body: &'static str| {
            let put = laptop.s3().put_object().bucket("control").key(&key).if_none_match("*");
            put.body(ByteStream::from_static(body.as_bytes())).send()
        };
        let (one, two) = tokio::join!(create("one"), create("two"));
        let won = match (&one, &two) {
            (Ok(_), Err(lost)) => {
                assert_eq!(answered(lost).unwrap(), (412, "PreconditionFailed".to_owned()));
                "one"
            }
            (Err(lost), Ok(_)) => {
                assert_eq!(answered(lost).unwrap(), (412, "PreconditionFailed".to_owned()));
                "two"
            }
            both => panic!("{both:?}"),
        };
        assert_eq!(laptop.get("control", &key).await, won);
    }
}

#[tokio::test]
async fn conditions_hold_or_fail() {
    let laptop = Laptop::start().await;
    laptop.put("lake", "a", "hello").await;
    let get = || laptop.s3().get_object().bucket("lake").key("a");
    assert!(get().if_match(HELLO).send().await.is_ok());
    assert_eq!(answered(&get().if_match("\"0\"").send().await.unwrap_err()).unwrap().0, 412);
    assert_eq!(answered(&get().if_none_match(HELLO).send().await.unwrap_err()).unwrap().0, 304);
    let put = |etag: &str, body: &'static str| {
        laptop
            .s3()
            .put_object()
            .bucket("lake")
            .key("a")
            .if_match(etag)
            .body(ByteStream::from_static(body.as_bytes()))
            .send()
    };
    assert_eq!(answered(&put("\"0\"", "no").await.unwrap_err()).unwrap().0, 412);
    put(HELLO, "yes").await.unwrap();
    assert_eq!(laptop.get("lake", "a").await, "yes");
}

#[tokio::test]
async fn parts_become_one_object() {
    let laptop = Laptop::start().await;
    let s3 = laptop.s3();
    let begin = || async { s3.create_multipart_upload().bucket("lake").key("big").send().await.unwrap() };
    let upload = begin().await;
    let id = upload.upload_id().unwrap();
    let bodies = [vec![b'a'; 5 * 1024 * 1024], b"the end".to_vec()];
    let mut parts = Vec::new();
    for (number, body) in (1..).zip(&bodies) {
        let part = s3.upload_part().bucket("lake").key("big").upload_id(id).part_number(number);
        let part = part.body(body.clone().into()).send().await.unwrap();
        parts.push(CompletedPart::builder().part_number(number).e_tag(part.e_tag().unwrap()).build());
    }
    let complete = |id: &str, parts: Vec<CompletedPart>| {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let complete = s3.complete_multipart_upload().bucket("lake").key("big").upload_id(id).if_none_match("*");
        complete.multipart_upload(parts).send()
    };
    let reversed = complete(id, parts.iter().rev().cloned().collect()).await.unwrap_err();
    assert_eq!(answered(&reversed).unwrap().1, "InvalidPartOrder");
    let done = complete(id, parts.clone()).await.unwrap();
    assert!(done.e_tag().unwrap().ends_with("-2\""), "{:?}", done.e_tag());
    let got = s3.get_object().bucket("lake").key("big").send().await.unwrap();
    assert_eq!(got.e_tag(), done.e_tag());
    assert_eq!(got.body.collect().await.unwrap().to_vec(), bodies.concat());

    let gone = complete(id, parts.clone()).await.unwrap_err();
    assert_eq!(answered(&gone).unwrap().0, 412, "the object is there now");
    let other = begin().await;
    let id = other.upload_id().unwrap();
    s3.abort_multipart_upload().bucket("lake").key("big").upload_id(id).send().await.unwrap();
    // A large body, so that the answer comes before all is sent.
    let aborted = s3.upload_part().bucket("lake").key("big").upload_id(id).part_number(1);
    let aborted = aborted.body(bodies.concat().into()).send().await.unwrap_err();
    assert_eq!(answered(&aborted).unwrap(), (404, "NoSuchUpload".to_owned()));
}

#[tokio::test]
async fn an_upload_begun_with_a_checksum_wants_it_of_every_part_twice() {
    let laptop = Laptop::start().await;
    let s3 = laptop.s3();
    let upload = s3.create_multipart_upload().bucket("lake").key("big").checksum_algorithm(ChecksumAlgorithm::Crc32);
    let upload = upload.send().await.unwrap();
    assert_eq!(upload.checksum_type().unwrap().as_str(), "COMPOSITE");
    let id = upload.upload_id().unwrap();
    let part = || {
        let part = s3.upload_part().bucket("lake").key("big").upload_id(id).part_number(1);
        part.body(ByteStream::from_static(b"hello"))
    };
    let other = part().checksum_algorithm(ChecksumAlgorithm::Sha256).send().await.unwrap_err();
    assert_eq!(answered(&other).unwrap(), (400, "InvalidRequest".to_owned()));
    let quiet = Builder::new().request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
    let none = part().customize().config_override(quiet).send().await.unwrap_err();
    assert_eq!(answered(&none).unwrap(), (400, "InvalidRequest".to_owned()));
    let wrong = part().checksum_crc32("AAAAAA==").send().await.unwrap_err();
    assert_eq!(answered(&wrong).unwrap(), (400, "BadDigest".to_owned()));
    let sent = part().send().await.unwrap();
    // The CRC32 of `hello`.
    assert_eq!(sent.checksum_crc32(), Some("NhCmhg=="));

    let complete = |part: CompletedPart| {
        let parts = CompletedMultipartUpload::builder().parts(part).build();
        s3.complete_multipart_upload().bucket("lake").key("big").upload_id(id).multipart_upload(parts).send()
    };
    let named = || CompletedPart::builder().part_number(1).e_tag(HELLO);
    let without = complete(named().build()).await.unwrap_err();
    assert_eq!(answered(&without).unwrap(), (400, "InvalidRequest".to_owned()));
    let another = complete(named().checksum_crc32("AAAAAA==").build()).await.unwrap_err();
    assert_eq!(answered(&another).unwrap(), (400, "InvalidPart".to_owned()));
    complete(named().checksum_crc32("NhCmhg==").build()).await.unwrap();
    assert_eq!(laptop.get("lake", "big").await, "hello");
}

#[tokio::test]
async fn an_upload_is_open_until_it_is_completed_or_aborted() {
    let laptop = Laptop::start().await;
    let s3 = laptop.s3();
    assert_eq!(laptop.local.open_uploads(), 0);
    let mut ids = Vec::new();
    for _ in 0..2 {
        let upload = s3.create_multipart_upload().bucket("lake").key("big").send().await.unwrap();
        ids.push(upload.upload_id().unwrap().to_owned());
    }
    assert_eq!(laptop.local.open_uploads(), 2);
    s3.abort_multipart_upload().bucket("lake").key("big").upload_id(&ids[0]).send().await.unwrap();
    assert_eq!(laptop.local.open_uploads(), 1);
    let part = s3.upload_part().bucket("lake").key("big").upload_id(&ids[1]).part_number(1);
    part.body(ByteStream::from_static(b"hello")).send().await.unwrap();
    let parts = CompletedPart::builder().part_number(1).e_tag(HELLO).build();
    let parts = CompletedMultipartUpload::builder().parts(parts).build();
    let complete = s3.complete_multipart_upload().bucket("lake").key("big").upload_id(&ids[1]).multipart_upload(parts);
    complete.send().await.unwrap();
    assert_eq!(laptop.local.open_uploads(), 0);
}

#[tokio::test]
async fn copies_and_deletes() {
    let laptop = Laptop::start().await;
    let s3 = laptop.s3();
    laptop.put("lake", "from here", "hello").await;
    let copy = || s3.copy_object().bucket("control").key("to").copy_source("lake/from%20here");
    let copied = copy().send().await.unwrap();
    assert_eq!(copied.copy_object_result().unwrap().e_tag(), Some(HELLO));
    assert_eq!(laptop.get("control", "to").await, "hello");
    let again = copy().customize().mutate_request(|request| {
        request.headers_mut().insert("if-none-match", "*");
    });
    assert_eq!(answered(&again.send().await.unwrap_err()).unwrap().0, 412);
    let onto_itself = s3.copy_object().bucket("lake").key("from here").copy_source("lake/from%20here");
    let replaced = onto_itself.clone().metadata_directive(MetadataDirective::Replace).metadata("a", "b");
    assert_eq!(answered(&onto_itself.send().await.unwrap_err()).unwrap().1, "InvalidRequest");
    replaced.send().await.unwrap();

    s3.delete_object().bucket("control").key("to").send().await.unwrap();
    s3.delete_object().bucket("control").key("to").send().await.unwrap();
    let key = |key: &str| ObjectIdentifier::builder().key(key).build().unwrap();
    let delete = Delete::builder().objects(key("from here")).objects(key("never there")).build().unwrap();
    let deleted = s3.delete_objects().bucket("lake").delete(delete).send().await.unwrap();
    assert_eq!((deleted.deleted().len(), deleted.errors().len()), (2, 0));
    assert!(s3.list_objects_v2().bucket("lake").send().await.unwrap().contents().is_empty());
}

#[tokio::test]
async fn what_is_not_known_is_refused_by_name() {
    let laptop = Laptop::start().await;
    laptop.put("lake", "a", "hello").await;
    let versions = laptop.s3().list_object_versions().bucket("lake").send().await.unwrap_err();
    assert_eq!(answered(&versions).unwrap(), (501, "NotImplemented".to_owned()));
    let text = format!("{:?}", versions.into_service_error());
    assert!(text.contains("ListObjectVersions of S3 is not known to the double"), "{text}");
    let version = laptop.s3().get_object().bucket("lake").key("a").version_id("1").send().await.unwrap_err();
    let text = format!("{:?}", version.into_service_error());
    assert!(text.contains("parameter versionId of GetObject is not known to the double"), "{text}");
    let renamed = laptop.s3().get_object().bucket("lake").key("a").response_content_type("text/csv").send().await;
    let text = format!("{:?}", renamed.unwrap_err().into_service_error());
    assert!(text.contains("parameter response-content-type of GetObject is not known to the double"), "{text}");
    let in_part = laptop.s3().get_object().bucket("lake").key("a").part_number(1).send().await.unwrap_err();
    let text = format!("{:?}", in_part.into_service_error());
    assert!(text.contains("parameter partNumber of GetObject is not known to the double"), "{text}");
    let buckets = laptop.s3().list_buckets().prefix("la").send().await.unwrap_err();
    let text = format!("{:?}", buckets.into_service_error());
    assert!(text.contains("parameter prefix of ListBuckets is not known to the double"), "{text}");
    let tagged = laptop.s3().put_object().bucket("lake").key("a").tagging("a=b").send().await.unwrap_err();
    let text = format!("{:?}", tagged.into_service_error());
    assert!(text.contains("header x-amz-tagging of PutObject is not known to the double"), "{text}");
    assert_eq!(laptop.get("lake", "a").await, "hello");
}

#[tokio::test]
async fn a_stranger_is_turned_away() {
    let laptop = Laptop::start().await;
    let (head, _) = crate::http(laptop.local.url(), "GET /lake/a", &[], "").await;
    assert!(head.starts_with("HTTP/1.1 403"), "{head}");
}
