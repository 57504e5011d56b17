//! Sums of task metrics, and the phases of a task.

use kindling_events::TaskMetrics;

/// Adds a task's metrics to a total (`LiveEntityHelpers.addMetrics`).
pub fn add_metrics(total: &mut TaskMetrics, task: &TaskMetrics) {
    total.executor_deserialize_time += task.executor_deserialize_time;
    total.executor_deserialize_cpu_time += task.executor_deserialize_cpu_time;
    total.executor_run_time += task.executor_run_time;
    total.executor_cpu_time += task.executor_cpu_time;
    total.peak_execution_memory += task.peak_execution_memory;
    total.result_size += task.result_size;
    total.jvm_gc_time += task.jvm_gc_time;
    total.result_serialization_time += task.result_serialization_time;
    total.memory_bytes_spilled += task.memory_bytes_spilled;
    total.disk_bytes_spilled += task.disk_bytes_spilled;
    total.input.add(&task.input);
    total.output.add(&task.output);
    total.shuffle_write.add(&task.shuffle_write);
    let (read, more) = (&mut total.shuffle_read, &task.shuffle_read);
    read.remote_blocks_fetched += more.remote_blocks_fetched;
    read.local_blocks_fetched += more.local_blocks_fetched;
    read.fetch_wait_time += more.fetch_wait_time;
    read.remote_bytes_read += more.remote_bytes_read;
    read.remote_bytes_read_to_disk += more.remote_bytes_read_to_disk;
    read.local_bytes_read += more.local_bytes_read;
    read.records_read += more.records_read;
    read.remote_reqs_duration += more.remote_reqs_duration;
    read.push_based_shuffle.add(&more.push_based_shuffle);
}
