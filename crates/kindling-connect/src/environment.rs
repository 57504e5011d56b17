//! What the Environment page shows: posted once, when the engine starts (Spark's `SparkContext.postEnvironmentUpdate`).

use std::collections::BTreeMap;

use kindling_common::{RuntimeConfig, conf};
use kindling_events::{
    ExecutorResourceRequest, SparkListenerEnvironmentUpdate, SparkListenerResourceProfileAdded, TaskResourceRequest,
};
use kindling_executor::Engine;

/// Task metrics of Spark's events that have no counterpart outside a JVM or are not taken. Spark's format has no way to leave them
/// out, so the pages are told not to show their zeros as measured.
const UNMEASURED: &str = "JVM GC Time,Result Serialization Time,Memory Bytes Spilled,Executor CPU Time,\
                          Executor Deserialize CPU Time";

/// Posts the environment and the default resource profile of an application.
pub(crate) fn post_environment(engine: &Engine, values: &RuntimeConfig) {
    engine.post(default_profile(values));
    let pairs = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| ((*key).to_string(), (*value).to_string())).collect()
    };
    engine.post(SparkListenerEnvironmentUpdate {
        jvm_information: pairs(&[
            ("Runtime", concat!("Kindling ", env!("CARGO_PKG_VERSION"))),
            ("Architecture", std::env::consts::ARCH),
        ]),
        spark_properties: values.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect(),
        system_properties: pairs(&[("kindling.unmeasured.metrics", UNMEASURED)]),
        ..SparkListenerEnvironmentUpdate::default()
    });
}

/// `ResourceProfile.getOrCreateDefaultProfile`
fn default_profile(values: &RuntimeConfig) -> SparkListenerResourceProfileAdded {
    let executor = |name: &str, amount: i64| {
        let request = ExecutorResourceRequest {
            resource_name: name.to_string(),
            amount,
            discovery_script: String::new(),
            vendor: String::new(),
        };
        (name.to_string(), request)
    };
    SparkListenerResourceProfileAdded {
        resource_profile_id: 0,
        executor_resources: BTreeMap::from([
            executor("cores", values.integer(&conf::EXECUTOR_CORES).max(1)),
            executor("memory", values.bytes(&conf::EXECUTOR_MEMORY) >> 20),
            executor("offHeap", 0),
        ]),
        task_resources: BTreeMap::from([(
            "cpus".to_string(),
            TaskResourceRequest { resource_name: "cpus".to_string(), amount: 1.0 },
        )]),
    }
}
