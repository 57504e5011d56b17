//! The log that the real Spark 4.2.0 wrote goes through unchanged.

use kindling_events::{SparkListenerEvent, event_from_json, event_to_json};
use serde_json::Value;

const LOG: &str = include_str!("fixtures/spark-4.2.0.eventlog");

#[test]
fn every_line_survives_parse_and_write() {
    for (at, line) in LOG.lines().enumerate() {
        let event = event_from_json(line).unwrap();
        assert!(!matches!(event, SparkListenerEvent::Other(_)), "line {}: {} is not known", at + 1, event.name());
        let written: Value = serde_json::from_str(&event_to_json(&event).unwrap()).unwrap();
        let expected: Value = serde_json::from_str(line).unwrap();
        assert_eq!(written, expected, "line {}", at + 1);
    }
}

#[test]
fn fields_are_written_in_sparks_order() {
    let ordered = ["SparkListenerTaskEnd", "SparkListenerTaskStart", "SparkListenerBlockManagerAdded"];
    for line in LOG.lines() {
        let event = event_from_json(line).unwrap();
        if ordered.contains(&event.name()) {
            assert_eq!(event_to_json(&event).unwrap(), line);
        }
    }
}
