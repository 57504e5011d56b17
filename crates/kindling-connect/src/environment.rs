//! What an application says of itself when its engine starts: the settings that name it, the environment and its start (Spark's
//! `SparkContext.postEnvironmentUpdate` and `postApplicationStart`).

use std::collections::BTreeMap;

use kindling_common::{RuntimeConfig, conf};
use kindling_events::{
    ExecutorResourceRequest, SparkListenerApplicationStart, SparkListenerEnvironmentUpdate,
    SparkListenerResourceProfileAdded, TaskResourceRequest,
};
use kindling_executor::Engine;

/// Task metrics of Spark's events that have no counterpart outside a JVM or are not taken. Spark's format has no way to leave them
/// out, so the pages are told not to show their zeros as measured.
const UNMEASURED: &str = "JVM GC Time,Result Serialization Time,Memory Bytes Spilled,Executor CPU Time,\
                          Executor Deserialize CPU Time";

/// Key of the application's id.
pub(crate) const APP_ID: &str = "spark.app.id";
const APP_START_TIME: &str = "spark.app.startTime";

/// Adds the settings that a `SparkContext` makes as it starts, `started` milliseconds since the epoch.
pub(crate) fn name_application(values: &mut RuntimeConfig, started: i64) {
    let name = values.get(conf::APP_NAME.key).unwrap_or_default().to_string();
    let executors = values.integer(&conf::EXECUTOR_INSTANCES);
    let cores = values.integer(&conf::EXECUTOR_CORES);
    let megabytes = values.bytes(&conf::EXECUTOR_MEMORY) >> 20;
    values.set(conf::APP_NAME.key, name);
    values.set(APP_ID, format!("local-{started}"));
    values.set(APP_START_TIME, started.to_string());
    values.set("spark.executor.id", "driver");
    values.set("spark.master", format!("local-cluster[{executors},{cores},{megabytes}]"));
    values.set("spark.submit.deployMode", "client");
}

/// Posts that an application starts, for `user`.
pub(crate) fn post_application_start(engine: &Engine, values: &RuntimeConfig, user: &str) {
    engine.post(SparkListenerApplicationStart {
        app_name: values.get(conf::APP_NAME.key).unwrap_or_default().to_string(),
        app_id: values.get(APP_ID).map(str::to_string),
        time: values.get(APP_START_TIME).and_then(|time| time.parse().ok()).unwrap_or_default(),
        spark_user: user.to_string(),
        ..SparkListenerApplicationStart::default()
    });
}

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
