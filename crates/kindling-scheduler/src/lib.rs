//! The DAGScheduler and the TaskScheduler: events in, actions out.
