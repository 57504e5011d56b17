//! The shapes of Spark's REST API (`/api/v1/applications/…`), as JSON.

use kindling_events::{ExecutorMetrics, TaskMetrics};
use serde_json::{Map, Value, json};

use crate::{
    AppStatusStore, ExecutorSummary, JobData, JobStatus, SqlExecution, StageData, StageStatus, TaskData,
    format::rest_timestamp, sql_metrics::metric_text,
};

/// An object whose absent values are left out, as Jackson does it for options.
struct Object(Map<String, Value>);

impl Object {
    fn of(value: Value) -> Self {
        match value {
            Value::Object(map) => Object(map),
            _ => Object(Map::new()),
        }
    }

    fn opt(mut self, key: &str, value: Option<impl Into<Value>>) -> Self {
        if let Some(value) = value {
            self.0.insert(key.to_string(), value.into());
        }
        self
    }

    fn time(self, key: &str, value: Option<i64>) -> Self {
        self.opt(key, value.map(rest_timestamp))
    }

    fn done(self) -> Value {
        Value::Object(self.0)
    }
}

impl AppStatusStore {
    /// `/jobs`, the newest first.
    pub fn rest_jobs(&self) -> Value {
        self.jobs.values().rev().map(rest_job).collect()
    }

    /// `/stages`, the newest first.
    pub fn rest_stages(&self) -> Value {
        self.stages.values().rev().map(rest_stage).collect()
    }

    /// `/allexecutors`.
    pub fn rest_executors(&self) -> Value {
        self.executors.values().map(rest_executor).collect()
    }

    /// `/stages/<id>/<attempt>/taskList` of one attempt.
    pub fn rest_tasks(&self, stage: &StageData) -> Value {
        stage.tasks.values().map(rest_task).collect()
    }

    /// `/sql?details=true&planDescription=false`.
    pub fn rest_sql(&self) -> Value {
        self.executions.values().map(|execution| self.rest_execution(execution)).collect()
    }

    fn rest_execution(&self, execution: &SqlExecution) -> Value {
        let graph = &execution.plan().graph;
        let nodes: Vec<Value> = graph
            .nodes
            .iter()
            .rev()
            .map(|node| {
                let metrics: Vec<Value> = node
                    .metrics
                    .iter()
                    .filter_map(|metric| {
                        let summary = self.metric(execution, metric.accumulator_id)?;
                        Some(json!({ "name": metric.name, "value": metric_text(&metric.metric_type, Some(&summary)) }))
                    })
                    .collect();
                let codegen = node.in_cluster.and_then(|cluster| graph.codegen_id(cluster));
                Object::of(json!({ "nodeId": node.id, "nodeName": node.name, "metrics": metrics }))
                    .opt("wholeStageCodegenId", codegen)
                    .done()
            })
            .collect();
        let edges: Vec<Value> = graph.edges.iter().map(|(from, to)| json!({ "fromId": from, "toId": to })).collect();
        let ids = |status| -> Vec<i32> { execution.jobs_in(status).into_iter().map(|id| id.0).collect() };
        Object::of(json!({
            "id": execution.execution_id,
            "status": execution.status().as_str(),
            "description": execution.description,
            "planDescription": "",
            "submissionTime": rest_timestamp(execution.submission_time),
            "duration": execution.duration(self.last_event_time),
            "runningJobIds": ids(JobStatus::Running),
            "successJobIds": ids(JobStatus::Succeeded),
            "failedJobIds": ids(JobStatus::Failed),
            "nodes": nodes,
            "edges": edges,
            "rootExecutionId": execution.root_execution_id,
        }))
        .opt("queryId", execution.query_id.clone())
        .opt("errorMessage", execution.error_message.clone())
        .done()
    }
}

fn rest_job(job: &JobData) -> Value {
    let mut tags = job.job_tags.clone();
    tags.sort();
    Object::of(json!({
        "jobId": job.job_id,
        "name": job.name,
        "stageIds": job.stage_ids,
        "jobTags": tags,
        "status": job.status.as_str(),
        "numTasks": job.num_tasks,
        "numActiveTasks": job.num_active_tasks,
        "numCompletedTasks": job.num_completed_tasks,
        "numSkippedTasks": job.num_skipped_tasks,
        "numFailedTasks": job.num_failed_tasks,
        "numKilledTasks": job.num_killed_tasks,
        "numCompletedIndices": job.completed_indices.len(),
        "numActiveStages": job.num_active_stages,
        "numCompletedStages": job.completed_stages.len(),
        "numSkippedStages": job.skipped_stages.len(),
        "numFailedStages": job.num_failed_stages,
        "killedTasksSummary": job.killed_tasks_summary,
    }))
    .opt("description", job.description.clone())
    .opt("jobGroup", job.job_group.clone())
    .time("submissionTime", job.submission_time)
    .time("completionTime", job.completion_time)
    .done()
}

fn rest_stage(stage: &StageData) -> Value {
    let StageData { info, metrics, .. } = stage;
    let (read, push) = (&metrics.shuffle_read, &metrics.shuffle_read.push_based_shuffle);
    // A skipped stage never had tasks of its own.
    let num_tasks = info.num_tasks;
    let mut rdd_ids: Vec<i32> = info.rdd_infos.iter().map(|rdd| rdd.id.0).collect();
    rdd_ids.sort();
    let submitted = if stage.status == StageStatus::Skipped { None } else { info.submission_time };
    Object::of(json!({
        "status": stage.status.as_str(),
        "stageId": info.stage_id,
        "attemptId": info.attempt,
        "numTasks": num_tasks,
        "numActiveTasks": stage.num_active_tasks,
        "numCompleteTasks": stage.num_complete_tasks,
        "numFailedTasks": stage.num_failed_tasks,
        "numKilledTasks": stage.num_killed_tasks,
        "numCompletedIndices": stage.completed_indices.len(),
        "executorDeserializeTime": metrics.executor_deserialize_time,
        "executorDeserializeCpuTime": metrics.executor_deserialize_cpu_time,
        "executorRunTime": metrics.executor_run_time,
        "executorCpuTime": metrics.executor_cpu_time,
        "resultSize": metrics.result_size,
        "jvmGcTime": metrics.jvm_gc_time,
        "resultSerializationTime": metrics.result_serialization_time,
        "memoryBytesSpilled": metrics.memory_bytes_spilled,
        "diskBytesSpilled": metrics.disk_bytes_spilled,
        "peakExecutionMemory": metrics.peak_execution_memory,
        "inputBytes": metrics.input.bytes_read,
        "inputRecords": metrics.input.records_read,
        "outputBytes": metrics.output.bytes_written,
        "outputRecords": metrics.output.records_written,
        "shuffleRemoteBlocksFetched": read.remote_blocks_fetched,
        "shuffleLocalBlocksFetched": read.local_blocks_fetched,
        "shuffleFetchWaitTime": read.fetch_wait_time,
        "shuffleRemoteBytesRead": read.remote_bytes_read,
        "shuffleRemoteBytesReadToDisk": read.remote_bytes_read_to_disk,
        "shuffleLocalBytesRead": read.local_bytes_read,
        "shuffleReadBytes": read.total_bytes_read(),
        "shuffleReadRecords": read.records_read,
        "shuffleCorruptMergedBlockChunks": push.corrupt_merged_block_chunks,
        "shuffleMergedFetchFallbackCount": push.merged_fetch_fallback_count,
        "shuffleMergedRemoteBlocksFetched": push.remote_merged_blocks_fetched,
        "shuffleMergedLocalBlocksFetched": push.local_merged_blocks_fetched,
        "shuffleMergedRemoteChunksFetched": push.remote_merged_chunks_fetched,
        "shuffleMergedLocalChunksFetched": push.local_merged_chunks_fetched,
        "shuffleMergedRemoteBytesRead": push.remote_merged_bytes_read,
        "shuffleMergedLocalBytesRead": push.local_merged_bytes_read,
        "shuffleRemoteReqsDuration": read.remote_reqs_duration,
        "shuffleMergedRemoteReqsDuration": push.remote_merged_reqs_duration,
        "shuffleWriteBytes": metrics.shuffle_write.bytes_written,
        "shuffleWriteTime": metrics.shuffle_write.write_time,
        "shuffleWriteRecords": metrics.shuffle_write.records_written,
        "name": info.name,
        "details": info.details,
        "schedulingPool": stage.scheduling_pool,
        "rddIds": rdd_ids,
        "killedTasksSummary": stage.killed_tasks_summary,
        "resourceProfileId": info.resource_profile_id,
        "peakExecutorMetrics": rest_peaks(&stage.peak_executor_metrics),
        "isShufflePushEnabled": info.shuffle_push_enabled,
        "shuffleMergersCount": info.shuffle_push_mergers_count,
    }))
    .opt("description", stage.description.clone())
    .opt("failureReason", info.failure_reason.clone())
    .time("submissionTime", submitted)
    .time("firstTaskLaunchedTime", stage.first_task_launched_time)
    .time("completionTime", info.completion_time)
    .done()
}

fn rest_peaks(metrics: &ExecutorMetrics) -> Value {
    ExecutorMetrics::NAMES.iter().map(|name| (name.to_string(), Value::from(metrics.get(name)))).collect()
}

fn rest_task(task: &TaskData) -> Value {
    let TaskData { info, .. } = task;
    let duration = (!task.is_running()).then(|| task.wall_time(0));
    Object::of(json!({
        "taskId": info.task_id,
        "index": info.index,
        "attempt": info.attempt,
        "partitionId": info.partition_id,
        "launchTime": rest_timestamp(info.launch_time),
        "executorId": info.executor_id,
        "host": info.host,
        "status": info.status(),
        "taskLocality": info.locality.as_str(),
        "speculative": info.speculative,
        "accumulatorUpdates": [],
        "executorLogs": {},
        "schedulerDelay": task.scheduler_delay().unwrap_or(0),
        "gettingResultTime": task.getting_result_time(),
    }))
    .opt("duration", duration)
    .opt("errorMessage", task.error_message.clone())
    .opt("taskMetrics", task.metrics.as_deref().map(rest_metrics))
    .done()
}

fn rest_metrics(metrics: &TaskMetrics) -> Value {
    let (read, push) = (&metrics.shuffle_read, &metrics.shuffle_read.push_based_shuffle);
    json!({
        "executorDeserializeTime": metrics.executor_deserialize_time,
        "executorDeserializeCpuTime": metrics.executor_deserialize_cpu_time,
        "executorRunTime": metrics.executor_run_time,
        "executorCpuTime": metrics.executor_cpu_time,
        "resultSize": metrics.result_size,
        "jvmGcTime": metrics.jvm_gc_time,
        "resultSerializationTime": metrics.result_serialization_time,
        "memoryBytesSpilled": metrics.memory_bytes_spilled,
        "diskBytesSpilled": metrics.disk_bytes_spilled,
        "peakExecutionMemory": metrics.peak_execution_memory,
        "inputMetrics": { "bytesRead": metrics.input.bytes_read, "recordsRead": metrics.input.records_read },
        "outputMetrics": {
            "bytesWritten": metrics.output.bytes_written,
            "recordsWritten": metrics.output.records_written,
        },
        "shuffleReadMetrics": {
            "remoteBlocksFetched": read.remote_blocks_fetched,
            "localBlocksFetched": read.local_blocks_fetched,
            "fetchWaitTime": read.fetch_wait_time,
            "remoteBytesRead": read.remote_bytes_read,
            "remoteBytesReadToDisk": read.remote_bytes_read_to_disk,
            "localBytesRead": read.local_bytes_read,
            "recordsRead": read.records_read,
            "remoteReqsDuration": read.remote_reqs_duration,
            "shufflePushReadMetrics": {
                "corruptMergedBlockChunks": push.corrupt_merged_block_chunks,
                "mergedFetchFallbackCount": push.merged_fetch_fallback_count,
                "remoteMergedBlocksFetched": push.remote_merged_blocks_fetched,
                "localMergedBlocksFetched": push.local_merged_blocks_fetched,
                "remoteMergedChunksFetched": push.remote_merged_chunks_fetched,
                "localMergedChunksFetched": push.local_merged_chunks_fetched,
                "remoteMergedBytesRead": push.remote_merged_bytes_read,
                "localMergedBytesRead": push.local_merged_bytes_read,
                "remoteMergedReqsDuration": push.remote_merged_reqs_duration,
            },
        },
        "shuffleWriteMetrics": {
            "bytesWritten": metrics.shuffle_write.bytes_written,
            "writeTime": metrics.shuffle_write.write_time,
            "recordsWritten": metrics.shuffle_write.records_written,
        },
    })
}

fn rest_executor(executor: &ExecutorSummary) -> Value {
    let stages: Vec<i32> = executor.excluded_in_stages.iter().map(|id| id.0).collect();
    let memory = executor.max_on_heap_memory.map(|on_heap| {
        json!({
            "usedOnHeapStorageMemory": executor.memory_used,
            "usedOffHeapStorageMemory": 0,
            "totalOnHeapStorageMemory": on_heap,
            "totalOffHeapStorageMemory": executor.max_off_heap_memory.unwrap_or(0),
        })
    });
    let peaks = (!executor.peak_memory_metrics.is_zero()).then(|| rest_peaks(&executor.peak_memory_metrics));
    Object::of(json!({
        "id": executor.id,
        "hostPort": executor.host_port,
        "isActive": executor.is_active,
        "rddBlocks": executor.rdd_blocks,
        "memoryUsed": executor.memory_used,
        "diskUsed": executor.disk_used,
        "totalCores": executor.info.total_cores,
        "maxTasks": executor.info.total_cores,
        "activeTasks": executor.active_tasks,
        "failedTasks": executor.failed_tasks,
        "completedTasks": executor.completed_tasks,
        "totalTasks": executor.total_tasks,
        "totalDuration": executor.total_duration,
        "totalGCTime": executor.total_gc_time,
        "totalInputBytes": executor.total_input_bytes,
        "totalShuffleRead": executor.total_shuffle_read,
        "totalShuffleWrite": executor.total_shuffle_write,
        "isBlacklisted": executor.is_excluded,
        "maxMemory": executor.max_memory.unwrap_or(0),
        "addTime": rest_timestamp(executor.add_time),
        "executorLogs": executor.info.log_urls,
        "blacklistedInStages": stages,
        "attributes": executor.info.attributes,
        "resources": executor.info.resources,
        "resourceProfileId": executor.info.resource_profile_id,
        "isExcluded": executor.is_excluded,
        "excludedInStages": stages,
    }))
    .opt("memoryMetrics", memory)
    .opt("peakMemoryMetrics", peaks)
    .time("removeTime", executor.remove_time)
    .opt("removeReason", executor.remove_reason.clone())
    .done()
}
