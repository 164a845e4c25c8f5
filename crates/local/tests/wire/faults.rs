//! Faults at the wire: each kind does what it says, to the call it is about.

use local::{Called, Fault, Rule};

use crate::{Laptop, answered, http};

/// What a put meets, and whether the object is there after it.
async fn put_under(laptop: &Laptop, fault: Fault) -> (Option<(u16, String)>, bool) {
    laptop.local.faults().set(vec![Rule::nth_of("S3", "PutObject", 1, fault)]);
    let put = laptop.s3().put_object().bucket("lake").key("a").body(b"hello".to_vec().into()).send().await;
    let met = put.map_or_else(|error| answered(&error), |_| Some((200, String::new())));
    let there = laptop.s3().head_object().bucket("lake").key("a").send().await.is_ok();
    laptop.s3().delete_object().bucket("lake").key("a").send().await.unwrap();
    (met, there)
}

#[tokio::test]
async fn each_fault_does_what_it_says() {
    let laptop = Laptop::start().await;
    let met = async |fault| put_under(&laptop, fault).await;
    assert_eq!(met(Fault::Error).await, (Some((500, "InternalError".to_owned())), false));
    assert_eq!(met(Fault::Throttle).await, (Some((503, "SlowDown".to_owned())), false));
    assert_eq!(met(Fault::DropBefore).await, (None, false));
    assert_eq!(met(Fault::DropAfter).await, (None, true), "carried out, the answer lost");
    let began = std::time::Instant::now();
    assert_eq!(met(Fault::Slow { milliseconds: 30 }).await, (Some((200, String::new())), true));
    assert!(began.elapsed().as_millis() >= 30);
}

#[tokio::test]
async fn json_services_fail_in_their_own_shape() {
    let laptop = Laptop::start().await;
    let describe = || laptop.local.clients().sfn.describe_execution().execution_arn("arn:aws:states:a").send();
    laptop.local.faults().set(vec![Rule::nth(1, Fault::Throttle), Rule::nth(2, Fault::Error)]);
    assert_eq!(answered(&describe().await.unwrap_err()).unwrap(), (400, "ThrottlingException".to_owned()));
    assert_eq!(answered(&describe().await.unwrap_err()).unwrap(), (500, "InternalServerException".to_owned()));
    let called = |number, fault| Called {
        number,
        service: "AWSStepFunctions".to_owned(),
        operation: "DescribeExecution".to_owned(),
        fault: Some(fault),
    };
    assert_eq!(laptop.local.faults().calls(), [called(1, Fault::Throttle), called(2, Fault::Error)]);
}

#[tokio::test]
async fn a_program_sets_faults_too() {
    let laptop = Laptop::start().await;
    let url = laptop.local.url();
    let rules = r#"[{"service":"S3","operation":"PutObject","nth":1,"fault":"error"}]"#;
    let (head, body) = http(url, "PUT /_sluice/faults", &[], rules).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert_eq!(body, r#"[{"fault":"error","nth":1,"operation":"PutObject","service":"S3"}]"#);
    let put = laptop.s3().put_object().bucket("lake").key("a").send().await.unwrap_err();
    assert_eq!(answered(&put).unwrap().0, 500);
    let (_, calls) = http(url, "GET /_sluice/calls", &[], "").await;
    assert_eq!(calls, r#"[{"fault":"error","number":1,"operation":"PutObject","service":"S3"}]"#);
    let (head, body) = http(url, "PUT /_sluice/faults", &[], r#"[{"every":1,"fault":"error"}]"#).await;
    assert!(head.starts_with("HTTP/1.1 400") && body.contains("every"), "{head} {body}");
    let (head, _) = http(url, "GET /_sluice/other", &[], "").await;
    assert!(head.starts_with("HTTP/1.1 404"), "{head}");
}

#[tokio::test]
async fn a_large_body_meets_the_fault_and_not_a_broken_pipe() {
    let laptop = Laptop::start().await;
    laptop.local.faults().set(vec![Rule::nth(1, Fault::Throttle)]);
    let body = vec![0_u8; 8 * 1024 * 1024];
    let put = laptop.s3().put_object().bucket("lake").key("a").body(body.into()).send().await.unwrap_err();
    assert_eq!(answered(&put).unwrap(), (503, "SlowDown".to_owned()));
}
