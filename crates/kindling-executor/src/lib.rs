//! Runs tasks: executors, shuffle blocks, the BlockManager and task metrics.
