//! `GROUP BY`, `HAVING`, and select lists with aggregates.

mod grouping;
mod having;
mod list;
mod pivot;
mod state;
mod time_window;

pub(super) use self::{
    grouping::{grouping_bit, grouping_id},
    state::{AggregateState, GroupingColumn},
};
