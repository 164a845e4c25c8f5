use super::*;
use model::error::chain;

/// The sample of this name in `events/`.
macro_rules! sample {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../../../events/", $name, ".json"))).unwrap()
    };
}

fn only(event: &Value) -> Notice {
    match parse(event).unwrap() {
        Event::Notices(mut notices) if notices.len() == 1 => notices.remove(0),
        other => panic!("not one notice: {other:?}"),
    }
}

fn arrived(event: &Value) -> Arrived {
    match only(event) {
        Notice::Arrived(arrived) => arrived,
        other => panic!("no arrival: {other:?}"),
    }
}

fn ignored_why(event: &Value) -> String {
    match only(event) {
        Notice::Ignored { why, .. } => why,
        other => panic!("not ignored: {other:?}"),
    }
}

fn key(event: &Value) -> String {
    arrived(event).arrival.url.key().to_owned()
}

#[test]
fn a_put_is_an_arrival() {
    let Arrived { arrival, at } = arrived(&sample!("starter-s3-put"));
    assert_eq!(arrival.url.to_string(), "s3://landing/flights/2013-01-01/_manifest.json");
    assert_eq!(arrival.etag.as_deref(), Some("6805f2cfc46c0f04559748bb039d69ae"));
    assert_eq!(arrival.sequencer, Some(Sequencer::new("0055AED6DCD90281E5")));
    assert_eq!(arrival.version_id, None);
    assert_eq!(at.unwrap().to_rfc3339(), "2013-01-02T05:00:01.250+00:00");
}

#[test]
fn every_way_to_create_an_object_is_an_arrival() {
    assert_eq!(key(&sample!("starter-s3-complete-multipart-upload")), "flights/2013-01-02/_manifest.json");
    assert_eq!(key(&sample!("starter-s3-copy")), "flights/2013-01-03/_manifest.json");
    assert_eq!(key(&sample!("starter-s3-success-marker")), "flights/2013-01-04/_SUCCESS");
}

#[test]
fn a_versioned_bucket_names_the_version() {
    let arrival = arrived(&sample!("starter-s3-put-versioned")).arrival;
    assert_eq!(arrival.version_id.as_deref(), Some("096fKKXTRTtl3on89fVO.nfljtsv6qko"));
}

#[test]
fn s3_writes_keys_as_forms_do_and_eventbridge_as_they_are() {
    let odd = "flights/2013-01-05+New York été/_manifest.json";
    assert_eq!(key(&sample!("starter-s3-odd-key")), odd);
    assert_eq!(key(&sample!("starter-eventbridge-object-created")), odd);
}

#[test]
fn the_same_event_twice_is_the_same_arrival() {
    let event = sample!("starter-s3-put");
    assert_eq!(only(&event), only(&event));
}

#[test]
fn all_records_are_read() {
    let Event::Notices(notices) = parse(&sample!("starter-s3-several-records")).unwrap() else { panic!() };
    let arrived: Vec<bool> = notices.iter().map(|notice| matches!(notice, Notice::Arrived(_))).collect();
    assert_eq!(arrived, [true, true, false], "the third is a file");
}

#[test]
fn what_creates_no_manifest_is_ignored_and_says_why() {
    assert!(ignored_why(&sample!("starter-s3-not-a-manifest")).starts_with("its key names no manifest"));
    assert_eq!(ignored_why(&sample!("starter-s3-object-removed")), "ObjectRemoved:Delete creates nothing");
    assert_eq!(ignored_why(&sample!("starter-eventbridge-object-deleted")), "\"Object Deleted\" creates nothing");
    assert_eq!(ignored_why(&sample!("starter-s3-test-event")), "it is S3's s3:TestEvent");
}

#[test]
fn a_message_holds_any_event_of_s3() {
    let messages = |event: Value| match parse(&event).unwrap() {
        Event::Messages(messages) => messages,
        Event::Notices(notices) => panic!("no messages: {notices:?}"),
    };
    let direct = arrived(&sample!("starter-s3-put"));
    let put = messages(sample!("starter-sqs-s3-put"));
    assert_eq!(put[0].id, "059f36b4-87a3-44ab-83d2-661975830a7d");
    assert_eq!(put[0].notices.as_ref().unwrap(), &[Notice::Arrived(direct)]);

    let test = messages(sample!("starter-sqs-test-event"));
    assert!(matches!(test[0].notices.as_ref().unwrap().as_slice(), [Notice::Ignored { .. }]));
}

#[test]
fn a_message_that_does_not_read_leaves_the_others_alone() {
    let Event::Messages(messages) = parse(&sample!("starter-sqs-one-bad-message")).unwrap() else { panic!() };
    let error = messages[0].notices.as_ref().unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
    assert!(chain(error).contains("is not JSON"), "{}", chain(error));
    assert_eq!(messages[1].notices.as_ref().unwrap().len(), 1);
}

#[test]
fn a_shape_that_is_not_known_is_refused_by_name() {
    let message = |event: &Value| {
        let error = parse(event).unwrap_err();
        assert_eq!(error.kind(), Kind::Config);
        chain(&error)
    };
    assert!(message(&sample!("starter-sns")).contains(r#"events of "aws:sns" are not supported"#));
    let request = message(&sample!("transform"));
    assert!(request.contains(r#"its keys are ["item", "run"]"#), "{request}");
    let mut event = sample!("starter-s3-put");
    event["Records"][0]["eventVersion"] = "3.0".into();
    assert!(message(&event).contains(r#"version "3.0" of S3's event is not known"#));
}
