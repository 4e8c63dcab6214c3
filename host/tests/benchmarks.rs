//! What the benchmarks send gets the verdict that they time, in the sizes that they say.

#[path = "../../benches/material/mod.rs"]
mod material;

use rollgate_policy::cluster::Objects;
use rollgate_policy::protocol;
use serde_json::value::RawValue;

use material::{SIZES, SUBJECTS, Size, examples, request};

#[test]
fn every_request_gets_the_verdict_that_is_timed() {
    let mut cluster = Objects::default();
    for object in examples() {
        cluster.insert(RawValue::from_string(object.to_string()).expect("JSON")).expect("an object");
    }
    for subject in &SUBJECTS {
        for size in SIZES {
            let request = request(&size.of(&subject.object()));
            let payload = format!(r#"{{"request":{request},"settings":{{}}}}"#);
            let answer = protocol::validate(payload.as_bytes(), 0, &cluster);
            let accepted = answer.starts_with(br#"{"accepted":true"#);
            let answer = String::from_utf8_lossy(&answer);
            assert_eq!(accepted, subject.accepted, "{}, {}: {answer}", subject.name, size.name());
            assert!(accepted || answer.contains("no-bypass"), "{}: {answer}", subject.name);
        }
    }
}

#[test]
fn objects_are_as_large_as_they_are_said_to_be() {
    for subject in &SUBJECTS {
        let bytes = |size: Size| size.of(&subject.object()).to_string().len();
        let (small, typical, huge) = (bytes(Size::Small), bytes(Size::Typical), bytes(Size::Huge));
        assert!((500..1_700).contains(&small), "{}: {small}", subject.name);
        assert!((5_800..6_300).contains(&typical), "{}: {typical}", subject.name);
        assert!((249_500..250_500).contains(&huge), "{}: {huge}", subject.name);
    }
}
