//! Events in, actions compared, `assert_empty()` at the end.

mod aqe_map_stages;
mod failures;
mod harness;
mod jobs_and_stages;
mod offers;
