//! What we say of the frozen log is what Spark 4.2.0's History Server says of it.
#![allow(clippy::unwrap_used, reason = "a test, its helpers too")]

use kindling_events::{StageAttempt, StageId};
use kindling_status::{AppStatusStore, QUANTILES, StatusLimits, replay_event_log};
use serde_json::Value;

const LOG: &str = include_str!("../../kindling-events/tests/fixtures/spark-4.2.0.eventlog");

fn store() -> AppStatusStore {
    let replayed = replay_event_log(LOG, StatusLimits::default());
    assert!(replayed.bad_lines.is_empty());
    replayed.store
}

/// Compares field by field, for the fields that Spark gave.
fn check(ours: &Value, expected: &str, id: &[&str]) {
    let expected: Value = serde_json::from_str(expected).unwrap();
    let (ours, expected) = (ours.as_array().unwrap(), expected.as_array().unwrap());
    let key = |value: &Value| id.iter().map(|field| value[*field].to_string()).collect::<Vec<_>>().join(".");
    let mut wrong = vec![];
    for expected in expected {
        let Some(own) = ours.iter().find(|own| key(own) == key(expected)) else {
            wrong.push(format!("{} is missing", key(expected)));
            continue;
        };
        for (field, value) in expected.as_object().unwrap() {
            let own = normal(field, &own[field]);
            let value = normal(field, value);
            if own != value {
                wrong.push(format!("{} {field}:\n{}", key(expected), difference(&own, &value)));
            }
        }
    }
    assert_eq!(ours.len(), expected.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Sorts what Spark keeps in hash order.
fn normal(field: &str, value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(map) = value.as_object_mut()
        && field == "peakExecutorMetrics"
    {
        map.retain(|_, value| *value != 0);
    }
    if let Some(list) = value.as_array_mut() {
        for entry in list.iter_mut() {
            if let Some(metrics) = entry.get_mut("metrics").and_then(Value::as_array_mut) {
                metrics.sort_by_key(Value::to_string);
            }
        }
        list.sort_by_key(Value::to_string);
    }
    value
}

#[test]
fn jobs() {
    check(&store().rest_jobs(), include_str!("fixtures/rest-jobs.json"), &["jobId"]);
}

#[test]
fn stages() {
    check(&store().rest_stages(), include_str!("fixtures/rest-stages.json"), &["stageId", "attemptId"]);
}

#[test]
fn executors() {
    // Spark adds the size of a broadcast block once more when the block is removed (its level still says memory, with
    // replication 0). We take it off.
    let spark: Value = serde_json::from_str(include_str!("fixtures/rest-executors.json")).unwrap();
    assert_eq!(spark[0]["memoryUsed"], 55_588);
    let ours = store().rest_executors();
    assert_eq!(ours[0]["memoryUsed"], 55_588 - 2 * 15_686);
    let text = spark.to_string().replace("55588", "24216");
    check(&ours, &text, &["id"]);
}

#[test]
fn tasks_of_a_stage() {
    let store = store();
    let stage = &store.stages[&StageAttempt { stage_id: StageId(0), attempt: 0 }];
    check(&store.rest_tasks(stage), include_str!("fixtures/rest-tasks.json"), &["taskId"]);
}

#[test]
fn sql_executions_with_plan_graph_and_metrics() {
    check(&store().rest_sql(), include_str!("fixtures/rest-sql.json"), &["id"]);
}

#[test]
fn quantiles_of_a_stage() {
    let store = store();
    let stage = &store.stages[&StageAttempt { stage_id: StageId(0), attempt: 0 }];
    let expected: Value = serde_json::from_str(include_str!("fixtures/rest-task-summary.json")).unwrap();
    let numbers = |name: &str| -> Vec<i64> {
        expected[name].as_array().unwrap().iter().map(|value| value.as_f64().unwrap() as i64).collect()
    };
    assert_eq!(stage.quantiles(&QUANTILES, |_, metrics| metrics.executor_run_time), numbers("executorRunTime"));
    assert_eq!(stage.quantiles(&QUANTILES, |task, _| task.wall_time(0)), numbers("duration"));
    let delay = stage.quantiles(&QUANTILES, |task, _| task.scheduler_delay().unwrap_or(0));
    assert_eq!(delay, numbers("schedulerDelay"));
}

/// The entries of two lists that the other has not, or the two values.
fn difference(ours: &Value, spark: &Value) -> String {
    let (Some(own), Some(other)) = (ours.as_array(), spark.as_array()) else {
        return format!("  ours  {ours}\n  spark {spark}");
    };
    let only = |these: &[Value], those: &[Value], name: &str| -> String {
        these.iter().filter(|entry| !those.contains(entry)).map(|entry| format!("  {name} {entry}\n")).collect()
    };
    only(own, other, "ours ") + &only(other, own, "spark")
}
