use super::*;
use model::arrival::Arrival;

fn arrived(version_id: Option<&str>, at: i64) -> Arrived {
    let arrival = Arrival {
        url: S3Url::parse("s3://landing/flights/_manifest.json").unwrap(),
        version_id: version_id.map(str::to_owned),
        etag: Some("e1".to_owned()),
        sequencer: Some(Sequencer::new("01")),
    };
    Arrived { arrival, at: DateTime::from_timestamp(at, 0) }
}

fn pin(version_id: Option<&str>, etag: &str, last_modified: i64) -> Pin {
    Pin {
        version_id: version_id.map(str::to_owned),
        etag: etag.to_owned(),
        size_bytes: 1,
        last_modified: DateTime::from_timestamp(last_modified, 0).unwrap(),
    }
}

#[test]
fn the_sequencer_of_the_object_that_was_found_is_kept() {
    assert!(sequencer(&arrived(None, 10), &pin(None, "e1", 10)).is_some());
    assert!(sequencer(&arrived(Some("v1"), 10), &pin(Some("v1"), "e1", 10)).is_some());
}

#[test]
fn the_sequencer_of_an_object_that_was_replaced_is_dropped() {
    assert_eq!(sequencer(&arrived(None, 10), &pin(None, "e2", 10)), None, "other bytes");
    assert_eq!(sequencer(&arrived(None, 10), &pin(None, "e1", 11)), None, "the same bytes, written again");
}
