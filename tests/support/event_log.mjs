// Event logs made for tests and benchmarks.

/** A log of one stage of so many tasks, as Spark writes it. */
export function eventLog(tasks) {
  const stage = (more) => ({
    "Stage ID": 0, "Stage Attempt ID": 0, "Stage Name": "count at cell 1, line 1", "Number of Tasks": tasks, "RDD Info": [], "Parent IDs": [], Details: "", Accumulables: [], "Resource Profile Id": 0, ...more,
  });
  const info = (index, finish) => ({
    "Task ID": index, Index: index, Attempt: 0, "Partition ID": index, "Launch Time": 1000 + index * 10, "Executor ID": String(index % 2), Host: "tab", Locality: "PROCESS_LOCAL",
    Speculative: false, "Getting Result Time": 0, "Finish Time": finish, Failed: false, Killed: false, Accumulables: [],
  });
  const metrics = (index) => ({
    "Executor Deserialize Time": 1, "Executor Deserialize CPU Time": 0, "Executor Run Time": 5 + (index % 13), "Executor CPU Time": 0, "Peak Execution Memory": 1000 + index, "Result Size": 10,
    "JVM GC Time": 0, "Result Serialization Time": 0, "Memory Bytes Spilled": 0, "Disk Bytes Spilled": 0,
    "Shuffle Read Metrics": { "Remote Blocks Fetched": 0, "Local Blocks Fetched": 4, "Fetch Wait Time": 0, "Remote Bytes Read": 0, "Remote Bytes Read To Disk": 0, "Local Bytes Read": 4000 + index, "Total Records Read": 40 },
    "Shuffle Write Metrics": { "Shuffle Bytes Written": 300 + index, "Shuffle Write Time": 100, "Shuffle Records Written": 5 },
    "Input Metrics": { "Bytes Read": 0, "Records Read": 0 }, "Output Metrics": { "Bytes Written": 0, "Records Written": 0 }, "Updated Blocks": [],
  });
  const events = [
    { Event: "SparkListenerLogStart", "Spark Version": "4.2.0" },
    { Event: "SparkListenerApplicationStart", "App Name": "many tasks", "App ID": "local-1", Timestamp: 900, User: "notebook" },
    { Event: "SparkListenerJobStart", "Job ID": 0, "Submission Time": 1000, "Stage Infos": [stage({})], "Stage IDs": [0], Properties: {} },
    { Event: "SparkListenerStageSubmitted", "Stage Info": stage({ "Submission Time": 1000 }), Properties: {} },
  ];
  for (let index = 0; index < tasks; index++) {
    events.push({ Event: "SparkListenerTaskStart", "Stage ID": 0, "Stage Attempt ID": 0, "Task Info": info(index, 0) });
    events.push({
      Event: "SparkListenerTaskEnd", "Stage ID": 0, "Stage Attempt ID": 0, "Task Type": "ResultTask", "Task End Reason": { Reason: "Success" }, "Task Info": info(index, 1010 + index * 10 + (index % 7)),
      "Task Executor Metrics": {}, "Task Metrics": metrics(index),
    });
  }
  events.push({ Event: "SparkListenerStageCompleted", "Stage Info": stage({ "Submission Time": 1000, "Completion Time": 60_000 }) });
  events.push({ Event: "SparkListenerJobEnd", "Job ID": 0, "Completion Time": 60_000, "Job Result": { Result: "JobSucceeded" } });
  return events.map((event) => JSON.stringify(event)).join("\n");
}
