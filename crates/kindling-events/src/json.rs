//! One event, one JSON object on one line (`JsonProtocol`).

use std::fmt;

use serde::Deserialize;

use crate::SparkListenerEvent;

/// A line that is no event.
#[derive(Debug)]
pub struct EventError(serde_json::Error);

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a listener event: {}", self.0)
    }
}

impl std::error::Error for EventError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

/// Parses one line of an event log.
pub fn event_from_json(json: &str) -> Result<SparkListenerEvent, EventError> {
    // The tag is looked up first: an internally tagged enum would copy every event into a buffer.
    #[derive(Deserialize)]
    struct Tag {
        #[serde(rename = "Event")]
        event: String,
    }
    let name = match leading_name(json) {
        Some(name) => name.to_string(),
        None => serde_json::from_str::<Tag>(json).map_err(EventError)?.event,
    };
    SparkListenerEvent::parse_named(&name, json).map_err(EventError)
}

/// The event's name when the line starts with it, as every writer does.
fn leading_name(json: &str) -> Option<&str> {
    let rest = json.strip_prefix("{\"Event\":\"")?;
    let (name, _) = rest.split_once('"')?;
    (!name.contains('\\')).then_some(name)
}

/// Writes an event as one line without its line feed.
pub fn event_to_json(event: &SparkListenerEvent) -> Result<String, EventError> {
    let payload = event.payload_to_json().map_err(EventError)?;
    if matches!(event, SparkListenerEvent::Other(_)) {
        return Ok(payload);
    }
    let fields = payload.strip_prefix('{').unwrap_or(&payload);
    let comma = if fields == "}" { "" } else { "," };
    Ok(format!("{{\"Event\":\"{}\"{comma}{fields}", event.name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BlockManagerId, ShuffleId, TaskEndReason};

    #[test]
    fn unknown_events_are_kept_whole() {
        let line = r#"{"Event":"org.example.Custom","answer":42}"#;
        let event = event_from_json(line).unwrap();
        assert_eq!(event.name(), "org.example.Custom");
        assert_eq!(event_to_json(&event).unwrap(), line);
    }

    #[test]
    fn unknown_fields_are_ignored_and_the_tag_may_stand_last() {
        let line = r#"{"Timestamp":7,"New Field":{"a":[1]},"Event":"SparkListenerApplicationEnd"}"#;
        let event = event_from_json(line).unwrap();
        assert_eq!(event_to_json(&event).unwrap(), r#"{"Event":"SparkListenerApplicationEnd","Timestamp":7}"#);
    }

    #[test]
    fn every_task_end_reason_round_trips() {
        let reasons = [
            (TaskEndReason::Success, r#"{"Reason":"Success"}"#),
            (TaskEndReason::Resubmitted, r#"{"Reason":"Resubmitted"}"#),
            (TaskEndReason::TaskResultLost, r#"{"Reason":"TaskResultLost"}"#),
            (TaskEndReason::UnknownReason, r#"{"Reason":"UnknownReason"}"#),
            (
                TaskEndReason::TaskKilled { reason: "another attempt succeeded".into(), accum_updates: vec![] },
                r#"{"Reason":"TaskKilled","Kill Reason":"another attempt succeeded","Accumulator Updates":[]}"#,
            ),
            (
                TaskEndReason::FetchFailed {
                    block_manager: Some(BlockManagerId { executor_id: "1".into(), host: "tab".into(), port: 1 }),
                    shuffle_id: ShuffleId(3),
                    map_id: 17,
                    map_index: 2,
                    reduce_id: 0,
                    message: "gone".into(),
                },
                r#"{"Reason":"FetchFailed","Block Manager Address":{"Executor ID":"1","Host":"tab","Port":1},"Shuffle ID":3,"Map ID":17,"Map Index":2,"Reduce ID":0,"Message":"gone"}"#,
            ),
            (
                TaskEndReason::TaskCommitDenied { job_id: 1, partition_id: 2, attempt_number: 3 },
                r#"{"Reason":"TaskCommitDenied","Job ID":1,"Partition ID":2,"Attempt Number":3}"#,
            ),
            (
                TaskEndReason::ExecutorLostFailure {
                    executor_id: "0".into(),
                    exit_caused_by_app: false,
                    reason: Some("Killed".into()),
                },
                r#"{"Reason":"ExecutorLostFailure","Executor ID":"0","Exit Caused By App":false,"Loss Reason":"Killed"}"#,
            ),
        ];
        for (reason, json) in reasons {
            assert_eq!(serde_json::to_string(&reason).unwrap(), json);
            assert_eq!(serde_json::from_str::<TaskEndReason>(json).unwrap(), reason);
        }
        let unheard = r#"{"Reason":"SolarFlare"}"#;
        assert_eq!(serde_json::from_str::<TaskEndReason>(unheard).unwrap(), TaskEndReason::UnknownReason);
    }
}
