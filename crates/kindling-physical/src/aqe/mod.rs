//! Adaptive query execution: finished stages in a plan, and the rules that re-plan from their sizes.

mod query_stage;

pub use query_stage::{
    AqeShuffleReadExec, BroadcastQueryStageExec, MapOutputStatistics, ShuffleQueryStageExec, stage_size,
};
